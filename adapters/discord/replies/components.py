"""Buttons under an answer; each names its turn, so that it works after a restart and in every process."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.discord.payloads import Component
from bot.chat.reply_actions import LABELS, UNDO, ReplyAction, actions_of, further_actions_of
from bot.language import gettext
from bot.types import Draft, Turn, TurnId

ACTION_ROW: Final = 1  # component types and button styles (components/reference)
BUTTON: Final = 2
PRIMARY: Final = 1
SECONDARY: Final = 2
DANGER: Final = 4
STYLES: Final[Mapping[ReplyAction, int]] = {
    ReplyAction.STOP: DANGER,
    ReplyAction.RETRY: PRIMARY,
    ReplyAction.CONTINUE: PRIMARY,
}

TEMPLATE: Final = re.compile(rf"seedling:(?P<action>{'|'.join(ReplyAction)}):(?P<turn>\d+)")

UNDO_TEMPLATE: Final = re.compile(r"seedling:(?P<command>/undo(?: [a-z_]+)?)")

Row = Mapping[str, Any]


def custom_id(action: ReplyAction, turn: TurnId) -> str:
    """Return what Discord sends back when the button is pressed."""
    return f"seedling:{action}:{turn}"


def rows_for(draft: Draft, turn: Turn) -> tuple[Row, ...]:
    """Return the rows of buttons under the last message of an answer in this state."""
    rows = (actions_of(draft), further_actions_of(draft, turn))
    return tuple(_row(turn.id, actions) for actions in rows if actions)


def undo_rows(command: str) -> tuple[Row, ...]:
    """Return the button that carries out the command which takes a change back; () for none."""
    if not command:
        return ()
    button = {"type": BUTTON, "style": SECONDARY, "label": gettext(UNDO), "custom_id": f"seedling:{command}"}
    return ({"type": ACTION_ROW, "components": [button]},)


def names_turn(rows: Sequence[Component], turn: TurnId) -> bool:
    """Return whether the buttons of a message belong to that turn."""
    return str(turn) in _turns_of(rows)


def are_below_answer(rows: Sequence[Component]) -> bool:
    """Return whether the buttons of a message are those under an answer."""
    return bool(_turns_of(rows))


def _turns_of(rows: Sequence[Component]) -> frozenset[str]:
    """Return the turns that the buttons of a message name."""
    names = (item.custom_id for row in rows for item in row.components)
    return frozenset(match["turn"] for name in names if (match := TEMPLATE.fullmatch(name)))


def _row(turn: TurnId, actions: Sequence[ReplyAction]) -> Row:
    return {"type": ACTION_ROW, "components": [_button(action, turn) for action in actions]}


def _button(action: ReplyAction, turn: TurnId) -> Row:
    style = STYLES.get(action, SECONDARY)
    return {"type": BUTTON, "style": style, "label": gettext(LABELS[action]), "custom_id": custom_id(action, turn)}
