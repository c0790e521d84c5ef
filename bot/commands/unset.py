"""Remove a setting."""

from __future__ import annotations

from typing import Final

from bot.commands.command import Call, Command
from bot.commands.parameter_text import origin_text, place_text, value_sentence
from bot.commands.scope_args import NOT_A_MEMBER, PARAMETER, SCOPE, parameter_to_change, scope_to_change
from bot.commands.undo import with_hint
from bot.language import gettext, gettext_noop
from bot.parameter_resolver import effective_at
from bot.turns.effects import Effect, SetParameters


async def _unset(call: Call) -> Effect[int]:
    scope = scope_to_change(call)
    parameter = parameter_to_change(call, scope)
    incoming, name = call.incoming, parameter.name
    without = (scope, name)
    now = (await effective_at(incoming.key, call.services.store, overrides=incoming.overrides, without=without))[name]

    def tell(removed: int) -> str:
        if not removed:
            return gettext("**{name}** was not set for {place_text}; nothing has changed.").format(
                name=name, place_text=place_text(scope)
            )
        begin = gettext("**{name}** is no longer set for {place_text}. Here it is now").format(
            name=name, place_text=place_text(scope)
        )
        return with_hint(value_sentence(begin, parameter, now.value, f"({origin_text(now)})"))

    return Effect(change=SetParameters(scope=scope, values={name: None}), tell=tell)


COMMAND: Final = Command(
    name="unset",
    help=gettext_noop("Remove a setting, so that the channel's, the workspace's or the default applies again."),
    group="settings",
    args=(SCOPE, PARAMETER),
    example="/unset reasoning_effort",
    elsewhere=NOT_A_MEMBER,
    handler=_unset,
)
