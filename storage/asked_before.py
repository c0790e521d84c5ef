"""Find the turn with which a question was asked before it was told.

Who asks first in a thread asks with all that stands above, and a platform may tell of a question there only after that.
Each function is part of a larger unit of work.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.context.transcript import MESSAGE_ID, answering_turn
from bot.types import ConversationKey, Incoming, NewEntry, Task, TurnId, TurnState, joins_others, takes_others
from storage.tables import HAS_SOURCE, IS_OPEN, ConversationRow, EntryRow, TurnRow, in_place, place_of

_PLACE_OF_ENTRY = (
    sa.select(col(EntryRow.conversation_id), col(EntryRow.position))
    .join(ConversationRow, col(ConversationRow.id) == col(EntryRow.conversation_id))
    .where(in_place(ConversationRow), col(EntryRow.entry_id) == sa.bindparam("of_entry"))
)
_ANSWER_BEHIND = (
    sa.select(col(EntryRow.entry_id))
    .where(
        col(EntryRow.conversation_id) == sa.bindparam("of_id"),
        col(EntryRow.position) > sa.bindparam("of_position"),
        col(EntryRow.role) == "assistant",
    )
    .order_by(col(EntryRow.position))
    .limit(1)
)
_IS_ANSWERING = (col(TurnRow.state) == TurnState.RUNNING) & col(TurnRow.outcome).is_(None) & ~col(TurnRow.withdrawn)
_ANSWERING = select(TurnRow).where(in_place(TurnRow), IS_OPEN, _IS_ANSWERING)
_WAITING = sa.select(col(TurnRow.source_id)).where(
    in_place(TurnRow), IS_OPEN, HAS_SOURCE, col(TurnRow.state) == TurnState.QUEUED, col(TurnRow.task) == Task.ANSWER
)


def carrier_of(session: Session, incoming: Incoming) -> TurnId | None:
    """Return the turn whose request carried a question that is told only now, None for none.

    It is the one that was answered next, or that is being answered: as with several questions at once, its answer is
    one to all that was said before it.
    """
    if not (incoming.message_id and joins_others(incoming)):
        return None
    connection = session.connection()
    where = {**place_of(incoming.key), "of_entry": f"{MESSAGE_ID}{incoming.message_id}"}
    entry = connection.execute(_PLACE_OF_ENTRY, where).one_or_none()
    if entry is None:
        return None
    behind = {"of_id": entry.conversation_id, "of_position": entry.position}
    answer = connection.execute(_ANSWER_BEHIND, behind).scalar_one_or_none()
    if answer is None:
        carrier = session.exec(_ANSWERING, params=place_of(incoming.key)).first()
    else:
        carrier = session.get(TurnRow, answering_turn(answer) or 0)
    return carrier.id if carrier is not None and takes_others(carrier.to_incoming()) else None


def unasked(session: Session, key: ConversationKey, entries: Sequence[NewEntry]) -> Sequence[NewEntry]:
    """Return entries of messages that were read but for those that wait as questions: they enter with their answers."""
    waiting = set(session.connection().execute(_WAITING, place_of(key)).scalars())
    return [entry for entry in entries if not (entry.message_id in waiting and entry.id.startswith(MESSAGE_ID))]
