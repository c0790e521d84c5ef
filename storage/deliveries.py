"""Store deliveries with an effect in a database: carried out together with their name, and answered once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select, update

from bot.access.audit_trail import audit_records
from bot.turns.effects import TELLING, CarriedOut, Change, change_made
from bot.types import Incoming, PendingAnswer
from storage.access import write_audit
from storage.changes import SqlChanges, changed, check_expected, check_newest, hold, values_before
from storage.codec import as_utc
from storage.database import unit_of_work, upsert
from storage.deletion_fences import change_of, hold_together
from storage.parameter_values import note_change
from storage.tables import MessageChangeRow
from storage.tables.deliveries import NOTHING_OWED, DeliveryRow, owing
from storage.turn_rules import PLAYGROUND, without_words

R = TypeVar("R")

_IS_OWED = col(DeliveryRow.due).is_not(None)
_KEY = ["platform", "dedupe_key"]


class SqlDeliveries(SqlChanges):
    """A `DeliveryStore` over a database, together with the stores that it changes."""

    @unit_of_work
    def begin(self, session: Session, incoming: Incoming) -> bool:
        hold_together(session, incoming.key)
        if _is_deleted(session, incoming):
            return False
        row = owing(incoming) | self._taken()
        insert = upsert(session, DeliveryRow).values(**row, at=as_utc(self._clock()))
        taken_over = insert.on_conflict_do_update(
            index_elements=_KEY, set_=row, where=self._is_free() & col(DeliveryRow.answer).is_(None)
        )
        return session.connection().execute(taken_over.returning(col(DeliveryRow.due))).one_or_none() is not None

    @unit_of_work
    def carry_out(
        self, session: Session, incoming: Incoming, change: Change[R], tell: Callable[[R], str]
    ) -> CarriedOut[R] | None:
        hold(session, change, incoming)
        if _is_deleted(session, incoming) or not self._claimed(session, incoming):
            return None
        check_newest(session, change, incoming, now=as_utc(self._clock()))
        before = values_before(session, change, self)
        check_expected(session, change, before)
        result: R = changed(change, self, session)
        if (undoable := change_made(change, before, at=self._clock())) is not None:
            note_change(session, incoming.key.platform, incoming.author.id, undoable)
        write_audit(session, audit_records(change, incoming, before, result, at=self._clock()))
        answer = tell(result)
        owed = owing(without_words(incoming)) | self._taken() | {"answer": answer} if answer else NOTHING_OWED
        session.exec(update(DeliveryRow).where(*_is(incoming.key.platform, incoming.dedupe_key)).values(owed))
        self._post(session, incoming.posted)
        return CarriedOut(result=result, answer=answer)

    @unit_of_work
    def take_answer(self, session: Session, incoming: Incoming) -> str | None:
        is_it = _is(incoming.key.platform, incoming.dedupe_key)
        is_free = _IS_OWED if incoming.key.platform == PLAYGROUND else self._is_free()  # see `PLAYGROUND`
        taken = update(DeliveryRow).where(*is_it, is_free, col(DeliveryRow.answer).is_not(None))
        answer: str | None = session.exec(
            taken.values(self._taken()).returning(col(DeliveryRow.answer))
        ).scalar_one_or_none()
        return answer

    @unit_of_work
    def take_pending_answers(self, session: Session, platform: str, *, since: datetime) -> Sequence[PendingAnswer]:
        free = (col(DeliveryRow.platform) == platform, self._is_free())
        too_late = col(DeliveryRow.at) < as_utc(since)
        session.exec(update(DeliveryRow).where(*free, too_late).values(NOTHING_OWED))
        taken = update(DeliveryRow).where(*free).values(self._taken()).returning(col(DeliveryRow.dedupe_key))
        keys = session.connection().execute(taken).scalars().all()
        rows = session.exec(
            select(DeliveryRow)
            .where(col(DeliveryRow.platform) == platform, col(DeliveryRow.dedupe_key).in_(keys))
            .order_by(col(DeliveryRow.at), col(DeliveryRow.dedupe_key))
        )
        return [row.to_owed() for row in rows]

    @unit_of_work
    def mark_answered(self, session: Session, platform: str, dedupe_key: str) -> None:
        session.exec(update(DeliveryRow).where(*_is(platform, dedupe_key)).values(NOTHING_OWED))

    @unit_of_work
    def prune_deliveries(self, session: Session, before: datetime, *, untold: datetime) -> int:
        session.exec(update(DeliveryRow).where(_IS_OWED, col(DeliveryRow.at) < as_utc(untold)).values(NOTHING_OWED))
        session.exec(delete(MessageChangeRow).where(col(MessageChangeRow.kept_at) < as_utc(before)))
        return session.exec(delete(DeliveryRow).where(col(DeliveryRow.at) < as_utc(before))).rowcount

    # ------------------------------------------------------------ whose it is

    def _claimed(self, session: Session, incoming: Incoming) -> bool:
        """Make a delivery ours until the commit; False when something was carried out for it before."""
        row = owing(without_words(incoming)) | {"answer": "", "due": as_utc(self._clock())}
        insert = upsert(session, DeliveryRow).values(**row, at=as_utc(self._clock()))
        ours = insert.on_conflict_do_update(
            index_elements=_KEY, set_={"answer": ""}, where=_IS_OWED & col(DeliveryRow.answer).is_(None)
        )
        return session.connection().execute(ours.returning(col(DeliveryRow.answer))).one_or_none() is not None

    def _taken(self) -> dict[str, Any]:
        return {"due": as_utc(self._clock()) + TELLING, "teller": self.origin}

    def _is_free(self) -> sa.ColumnElement[bool]:
        """Return whether something is owed, and nobody has come to tell it.

        On SQLite one process is at work, so that any other one has ended.
        """
        overdue = col(DeliveryRow.due) <= as_utc(self._clock())
        if self._database.is_shared:
            return _IS_OWED & overdue
        return _IS_OWED & sa.or_(overdue, col(DeliveryRow.teller) != self.origin)


def _is_deleted(session: Session, incoming: Incoming) -> bool:
    """Return whether the message of a delivery, or its place, was deleted before it came."""
    return change_of(session, incoming).refuse(incoming.message_id, incoming.sent_at)


def _is(platform: str, dedupe_key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return col(DeliveryRow.platform) == platform, col(DeliveryRow.dedupe_key) == dedupe_key
