"""Undo the last change of a setting."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.commands.command import Call, Command
from bot.commands.parameter_text import place_text, value_sentence
from bot.commands.scope_args import NOT_A_MEMBER, PARAMETER, check_may_set
from bot.parameter_resolver import scopes_of
from bot.parameters import SettingChange, find
from bot.turns.effects import UNDONE_WITHIN, Effect, UndoChange, telling

HINT: Final = "`/undo` takes it back."
"""What follows a confirmation."""

NOTHING: Final = f"You have changed no setting here in the last {UNDONE_WITHIN.days} days that could be taken back."
OVERTAKEN: Final = "That was changed again since, so it stays; `/show` tells what is set."


def with_hint(answer: str) -> str:
    """Return a confirmation with how it is taken back: behind it, or below a value that has lines of its own."""
    return f"{answer}\n\n{HINT}" if "\n" in answer else f"{answer} {HINT}"


async def _undo(call: Call) -> Effect[bool] | Effect[None]:
    platform, person = call.incoming.key.platform, call.incoming.author.id
    last = await call.services.store.last_change(platform, person, scopes_of(call.incoming.key))
    if last is None:
        return telling(NOTHING)
    if call.values.get(PARAMETER.name, next(iter(last.before))) not in last.before:
        return telling(OVERTAKEN)
    for name in last.before:
        check_may_set(find(name), last.scope, call.permissions)
    undone = "\n".join(_sentence(name, value, last) for name, value in last.before.items())
    change = UndoChange(platform=platform, person=person, change=last)
    return Effect(change=change, tell=lambda done: undone if done else OVERTAKEN)


def _sentence(name: str, value: str | None, last: SettingChange) -> str:
    place = place_text(last.scope)
    if value is None:
        return f"Taken back: **{name}** is no longer set for {place}."
    parameter = find(name)
    return value_sentence(f"Taken back: **{name}** is", parameter, parameter.parse(value), f"again for {place}")


COMMAND: Final = Command(
    name="undo",
    help="Take back your last change of a setting here.",
    group="settings",
    args=(replace(PARAMETER, required=False, help="Only if it was this one."),),
    elsewhere=NOT_A_MEMBER,
    handler=_undo,
)
