"""Undo the last change of a setting."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.commands.command import Call, Command
from bot.commands.parameter_text import place_text, value_sentence
from bot.commands.scope_args import NOT_A_MEMBER, PARAMETER, check_may_set
from bot.errors import ChangedSince
from bot.language import gettext, gettext_noop
from bot.parameter_resolver import scopes_of
from bot.parameters import SettingChange, find
from bot.turns.effects import UNDONE_WITHIN, Effect, UndoChange, telling

HINT: Final = gettext_noop("`/undo` takes it back.")
"""What follows a confirmation."""

NOTHING: Final = gettext_noop("You have changed no setting here in the last {days} days that could be taken back.")


def with_hint(answer: str) -> str:
    """Return a confirmation with how it is taken back: behind it, or below a value that has lines of its own."""
    return f"{answer}\n\n{gettext(HINT)}" if "\n" in answer else f"{answer} {gettext(HINT)}"


async def _undo(call: Call) -> Effect[bool] | Effect[None]:
    platform, person = call.incoming.key.platform, call.incoming.author.id
    last = await call.services.store.last_change(platform, person, scopes_of(call.incoming.key))
    if last is None:
        return telling(gettext(NOTHING).format(days=UNDONE_WITHIN.days))
    if call.values.get(PARAMETER.name, next(iter(last.before))) not in last.before:
        return telling(str(ChangedSince()))
    for name in last.before:
        check_may_set(find(name), last.scope, call.permissions)
    undone = "\n".join(_sentence(name, value, last) for name, value in last.before.items())
    change = UndoChange(platform=platform, person=person, change=last)
    return Effect(change=change, tell=lambda done: undone if done else str(ChangedSince()))


def _sentence(name: str, value: str | None, last: SettingChange) -> str:
    place = place_text(last.scope)
    if value is None:
        return gettext("Taken back: **{name}** is no longer set for {place}.").format(name=name, place=place)
    parameter = find(name)
    return value_sentence(
        gettext("Taken back: **{name}** is").format(name=name),
        parameter,
        parameter.parse(value),
        gettext("again for {place}").format(place=place),
    )


COMMAND: Final = Command(
    name="undo",
    help=gettext_noop("Take back your last change of a setting here."),
    group="settings",
    args=(replace(PARAMETER, required=False, help=gettext_noop("Only if it was this one.")),),
    elsewhere=NOT_A_MEMBER,
    handler=_undo,
)
