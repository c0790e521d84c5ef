"""What is remembered for the next question: turns that are never claimed, until one takes them along.

Each is part of a larger unit of work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select, update
from sqlmodel.sql.sqltypes import UTCDateTime

from bot.types import ConversationKey, Task, Turn, TurnId, TurnState
from storage.tables import IS_CONTEXT, IS_REMEMBERED, TurnRow, in_place, place_of
from storage.turn_rules import CONTEXT_KEPT, WORDLESS

_IS_REMEMBERED_HERE = in_place(TurnRow) & IS_REMEMBERED
_REMEMBERED = (
    select(TurnRow)
    .where(_IS_REMEMBERED_HERE, col(TurnRow.at) <= sa.bindparam("until", type_=UTCDateTime()))
    .order_by(col(TurnRow.at), col(TurnRow.id))
)
_DISPLACED = (
    select(TurnRow.id)
    .where(_IS_REMEMBERED_HERE)
    .order_by(col(TurnRow.at).desc(), col(TurnRow.id).desc())
    .limit(1)
    .offset(CONTEXT_KEPT)
)
_DISPLACE = (
    update(TurnRow)
    .where(col(TurnRow.id) == _DISPLACED.scalar_subquery())
    .values(**WORDLESS)
    .execution_options(synchronize_session=False)
)
_REMEMBER_AGAIN = (
    update(TurnRow)
    .where(col(TurnRow.merged_into) == sa.bindparam("of_id"), IS_CONTEXT)
    .values(state=TurnState.REMEMBERED, merged_into=None)
    .execution_options(synchronize_session=False)
)
_MERGED = (
    select(TurnRow).where(col(TurnRow.merged_into) == sa.bindparam("of_id")).order_by(col(TurnRow.at), col(TurnRow.id))
)


def displace(session: Session, key: ConversationKey) -> None:
    """Drop the words of what is remembered longest, when one more than `CONTEXT_KEPT` messages are."""
    session.exec(_DISPLACE, params=place_of(key))


def remembered(session: Session, key: ConversationKey, *, until: datetime) -> Sequence[TurnRow]:
    """Return what waits for the next question of a conversation and was said until then, in order."""
    return session.exec(_REMEMBERED, params={**place_of(key), "until": until}).all()


def remember_again(session: Session, turn: TurnId) -> None:
    """Keep what was sent with a turn that ends without an answer for the next one."""
    session.exec(_REMEMBER_AGAIN, params={"of_id": turn})


def merged(session: Session, turn: TurnId) -> Sequence[TurnRow]:
    """Return what is answered together with a turn, or sent with it, in order."""
    return session.exec(_MERGED, params={"of_id": turn}).all()


def with_merged(turn: Turn, rows: Sequence[TurnRow]) -> Turn:
    """Return a turn with what is answered together with it, and what is sent with it."""
    said = [row.to_incoming() for row in rows]
    return replace(
        turn,
        coalesced=tuple(item for item in said if item.task is not Task.CONTEXT),
        context=tuple(item for item in said if item.task is Task.CONTEXT),
    )
