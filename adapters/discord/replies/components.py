"""Buttons under an answer; each names its turn, so that it works after a restart and in every process."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from adapters.discord.fields import field, records
from bot.types import Draft, Turn, TurnId

ACTION_ROW: Final = 1  # component types and button styles (components/reference)
BUTTON: Final = 2
PRIMARY: Final = 1
SECONDARY: Final = 2
DANGER: Final = 4

ENDED: Final = frozenset({"done", "stopped", "failed"})
SEARCHING: Final = "enable_web_search"


class ButtonAction(StrEnum):
    """Action of a button."""

    STOP = "stop"
    RETRY = "retry"
    REGENERATE = "regenerate"
    CONTINUE = "continue"
    GOOD = "good"
    BAD = "bad"
    DEEPER = "deeper"
    SHARE = "share"


LABELS: Final[Mapping[ButtonAction, str]] = {
    ButtonAction.STOP: "Stop",
    ButtonAction.RETRY: "Try again",
    ButtonAction.REGENERATE: "Regenerate",
    ButtonAction.CONTINUE: "Continue",
    ButtonAction.GOOD: "Helpful",
    ButtonAction.BAD: "Not helpful",
    ButtonAction.DEEPER: "Search deeper",
    ButtonAction.SHARE: "Share",
}

TEMPLATE: Final = re.compile(rf"seedling:(?P<action>{'|'.join(ButtonAction)}):(?P<turn>\d+)")

Row = Mapping[str, Any]


def custom_id(action: ButtonAction, turn: TurnId) -> str:
    """Return what Discord sends back when the button is pressed."""
    return f"seedling:{action}:{turn}"


def rows_for(draft: Draft, turn: Turn) -> tuple[Row, ...]:
    """Return the rows of buttons under the last message of an answer in this state."""
    if draft.status not in ENDED:
        return (_row(turn.id, ButtonAction.STOP),)
    if draft.status == "failed":
        return (_row(turn.id, ButtonAction.RETRY),)
    actions = [ButtonAction.REGENERATE]
    if draft.is_cut:
        actions.append(ButtonAction.CONTINUE)
    if draft.text:
        actions += [ButtonAction.GOOD, ButtonAction.BAD]
    rows = [_row(turn.id, *actions)]
    more = [ButtonAction.DEEPER] if is_search(turn) else []
    if turn.incoming.private and draft.text:
        more.append(ButtonAction.SHARE)
    if more:
        rows.append(_row(turn.id, *more))
    return tuple(rows)


def is_search(turn: Turn) -> bool:
    """Return whether web search was asked for by the question itself."""
    return turn.incoming.overrides.get(SEARCHING) == "yes"


def names_turn(components: Sequence[Row], turn: TurnId) -> bool:
    """Return whether the buttons of a message belong to that turn."""
    return str(turn) in _turns_of(components)


def are_below_answer(components: Sequence[Row]) -> bool:
    """Return whether the buttons of a message are those under an answer."""
    return bool(_turns_of(components))


def _turns_of(components: Sequence[Row]) -> frozenset[str]:
    """Return the turns that the buttons of a message name."""
    names = (field(item, "custom_id") for row in components for item in records(row, "components"))
    return frozenset(match["turn"] for name in names if (match := TEMPLATE.fullmatch(name)))


def _row(turn: TurnId, *actions: ButtonAction) -> Row:
    return {"type": ACTION_ROW, "components": [_button(action, turn) for action in actions]}


def _button(action: ButtonAction, turn: TurnId) -> Row:
    style = {ButtonAction.STOP: DANGER, ButtonAction.RETRY: PRIMARY, ButtonAction.CONTINUE: PRIMARY}.get(
        action, SECONDARY
    )
    return {"type": BUTTON, "style": style, "label": LABELS[action], "custom_id": custom_id(action, turn)}
