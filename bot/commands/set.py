"""Set a parameter."""

from __future__ import annotations

from typing import Final

from bot.commands.arguments import NO_VALUE, Arg
from bot.commands.ask import QUESTION_CHARACTERS
from bot.commands.command import Call, Command, Result
from bot.commands.parameter_text import place_text, value_sentence
from bot.commands.scope_args import NOT_A_MEMBER, PARAMETER, SCOPE, parameter_to_change, scope_to_change
from bot.commands.undo import with_hint
from bot.commands.unset import COMMAND as UNSET_COMMAND
from bot.language import gettext, gettext_noop
from bot.turns.effects import Effect, SetParameters

VALUE: Final = Arg(
    name="value", kind="value", required=True, help=gettext_noop("The new value."), high=QUESTION_CHARACTERS
)


async def _set(call: Call) -> Result:
    scope = scope_to_change(call)
    parameter = parameter_to_change(call, scope)
    text = call.values[VALUE.name]
    if text == NO_VALUE:
        return await UNSET_COMMAND.handler(call)
    value = parameter.parse(text)
    answer = value_sentence(
        gettext("**{name}** is now").format(name=parameter.name),
        parameter,
        value,
        gettext("for {place_text}").format(place_text=place_text(scope)),
    )
    before = (await call.services.store.get_settings([scope]))[scope]
    if before.get(parameter.name) != text:
        answer = with_hint(answer)
    return Effect(change=SetParameters(scope=scope, values={parameter.name: text}), tell=lambda _: answer)


COMMAND: Final = Command(
    name="set",
    help=gettext_noop("Set a parameter for this thread, the channel or the whole workspace."),
    group="settings",
    args=(SCOPE, PARAMETER, VALUE),
    example="/set reasoning_effort high",
    elsewhere=NOT_A_MEMBER,
    handler=_set,
)
