"""Find the turn of any message that the bot has shown."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, delete, or_, select

from bot.types import OPEN_STATES, ConversationKey, Turn
from storage.database import put
from storage.tables import ReplyMessageRow, TurnRow


def note_messages(session: Session, turn: Turn, messages: Sequence[str]) -> None:
    """Remember the messages of an answer in place of those that were noted of it."""
    row, key = ReplyMessageRow, turn.incoming.key
    session.exec(delete(row).where(col(row.turn_id) == turn.id, col(row.message_id).not_in(messages)))
    place = {"platform": key.platform, "workspace": key.workspace}
    rows = [{**place, "message_id": id, "turn_id": turn.id, "ordinal": n} for n, id in enumerate(messages)]
    put(session, row, rows)


def answered_by(session: Session, channel: ConversationKey, ids: Sequence[str]) -> list[TurnRow]:
    """Return the turns of whose answers these messages are a part, locked until the commit.

    While a turn is open, only the first message of its answer names it: the others come and go as the text needs them.
    """
    row = ReplyMessageRow
    named = (
        select(TurnRow)
        .join(row, col(row.turn_id) == TurnRow.id)
        .where(
            col(row.platform) == channel.platform,
            col(row.workspace) == channel.workspace,
            col(row.message_id).in_(ids),
            col(TurnRow.platform) == channel.platform,
            col(TurnRow.workspace) == channel.workspace,
            col(TurnRow.channel) == channel.channel,
            or_(col(row.ordinal) == 0, col(TurnRow.state).not_in(OPEN_STATES)),
        )
    )
    return list(session.exec(named.order_by(col(TurnRow.id)).with_for_update()))
