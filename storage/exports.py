"""Read from a database what operators take out of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.ports.exports import THREAD_LENGTH
from bot.types import Entry, Purpose, RatedAnswer, TurnId
from storage.codec import as_utc
from storage.database import SqlPart, chunks, unit_of_work
from storage.exact_sum import exact_sum
from storage.tables import IS_ASKED, ConversationRow, EntryRow, FeedbackRow, LedgerRow, TurnRow, is_of


class SqlExports(SqlPart):
    """An `ExportStore` over a database."""

    @unit_of_work
    def rated_answers(self, session: Session, *, since: datetime, limit: int) -> Sequence[RatedAnswer]:
        return _rated(session, col(FeedbackRow.at) >= as_utc(since), limit=limit)


def _rated(session: Session, *which: sa.ColumnElement[bool], limit: int | None = None) -> Sequence[RatedAnswer]:
    newest = (col(FeedbackRow.at).desc(), col(FeedbackRow.turn_id).desc(), col(FeedbackRow.person).desc())
    answers = select(FeedbackRow, TurnRow).join(TurnRow, col(TurnRow.id) == col(FeedbackRow.turn_id))
    rows = session.exec(answers.where(*which).order_by(*newest).limit(limit)).all()
    ids = {turn.id for _, turn in rows}
    asked, paid = _asked_with(session, ids), _requests(session, ids)
    rated = []
    for rating, turn in reversed(rows):
        questions, lines = [turn, *asked[turn.id]], paid[turn.id]
        rated.append(
            RatedAnswer(
                turn=turn.id,
                key=turn.key,
                person=rating.person,
                good=rating.good,
                at=rating.at,
                question="\n\n".join(filter(None, (row.text for row in questions))),
                answer="" if turn.draft is None else turn.to_turn().draft.text,
                model=lines[-1].model if lines else "",
                parameters=turn.parameters,
                cost=exact_sum(Decimal(line.cost or 0) for line in lines),
                thread=_thread_before(session, questions),
            )
        )
    return rated


def _asked_with(session: Session, ids: set[TurnId]) -> Mapping[TurnId, list[TurnRow]]:
    """Return the questions that were answered together with these, in order."""
    found: defaultdict[TurnId, list[TurnRow]] = defaultdict(list)
    for some in chunks(sorted(ids)):
        merged = select(TurnRow).where(col(TurnRow.merged_into).in_(some), IS_ASKED)
        for row in session.exec(merged.order_by(col(TurnRow.at), col(TurnRow.id))):
            found[row.merged_into or 0].append(row)
    return found


def _requests(session: Session, ids: set[TurnId]) -> Mapping[TurnId, list[LedgerRow]]:
    """Return the requests that were made for these turns' answers, in order."""
    found: defaultdict[TurnId, list[LedgerRow]] = defaultdict(list)
    for some in chunks(sorted(ids)):
        lines = select(LedgerRow).where(col(LedgerRow.turn_id).in_(some), col(LedgerRow.purpose) != Purpose.NOTES)
        for line in session.exec(lines.order_by(col(LedgerRow.id))):
            found[line.turn_id].append(line)
    return found


def _thread_before(session: Session, questions: Sequence[TurnRow]) -> tuple[Entry, ...]:
    """Return the end of what stood in the transcript before these questions and their answer."""
    here = sa.select(col(ConversationRow.id)).where(is_of(ConversationRow, questions[0].key)).scalar_subquery()
    names = [f"a:{questions[0].id}", *(f"m:{row.dedupe_key}" for row in questions)]
    begin = (
        sa.select(sa.func.min(EntryRow.position))
        .where(col(EntryRow.conversation_id) == here, col(EntryRow.entry_id).in_(names))
        .scalar_subquery()
    )
    before = select(EntryRow).where(col(EntryRow.conversation_id) == here, col(EntryRow.position) < begin)
    rows = session.exec(before.order_by(col(EntryRow.position).desc()).limit(THREAD_LENGTH)).all()
    return tuple(row.to_entry(()).entry for row in reversed(rows))
