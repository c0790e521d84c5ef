"""The durable inbox and queue over a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select, update

from bot.errors import ClaimLost
from bot.types import (
    OPEN_STATES,
    Condensation,
    ConversationKey,
    Draft,
    Incoming,
    QueueFigures,
    RequestRecord,
    Settlement,
    Turn,
    TurnId,
    TurnState,
    Waiting,
)
from storage import jobs
from storage.codec import as_utc, draft_to_json
from storage.database import SqlPart, reads, upsert, writes
from storage.tables import ANSWER, IS_OPEN, KEY_COLUMNS, FeedbackRow, LedgerRow, TurnRow, is_of
from storage.tables.base import JSON
from storage.transcripts import append, remember
from storage.turn_rules import ending, is_plain


class SqlTurns(SqlPart):
    """A `TurnStore` over a database."""

    @writes
    def accept(self, session: Session, incoming: Incoming) -> TurnId | None:
        row = TurnRow.from_incoming(incoming, accepted_at=self._clock())
        insert = upsert(session, TurnRow).values(row.model_dump(exclude={"id"})).on_conflict_do_nothing()
        id: TurnId | None = session.exec(insert.returning(col(TurnRow.id))).scalar_one_or_none()
        if id is not None and self._database.has_queue:
            jobs.add(session, incoming.key)
        return id

    @writes
    def claim(self, session: Session, key: ConversationKey, *, worker: str) -> Turn | None:
        now = as_utc(self._clock())
        # A turn that waits holds up those behind it: they are answered in the order in which they were asked.
        oldest = (
            select(TurnRow.id).where(is_of(TurnRow, key), IS_OPEN).order_by(col(TurnRow.at), col(TurnRow.id)).limit(1)
        ).scalar_subquery()
        claim = (
            update(TurnRow)
            .where(col(TurnRow.id) == oldest)
            .where(sa.or_(col(TurnRow.not_before).is_(None), col(TurnRow.not_before) <= now))
            .values(
                state=TurnState.RUNNING,
                epoch=TurnRow.epoch + 1,
                attempt=TurnRow.attempt + 1,
                worker=worker,
                claimed_at=now,
            )
            .returning(TurnRow)
        )
        row = session.exec(claim).scalar_one_or_none()
        return row and replace(row.to_turn(), burst=_burst(session, row.id))

    @writes
    def note_reply(self, session: Session, turn: Turn, ref: str) -> bool:
        return _update_claimed(session, turn, reply_ref=ref)

    @writes
    def save_draft(self, session: Session, turn: Turn, draft: Draft) -> bool:
        # A draft on its way while the answer is recorded comes too late: it would be shown in the answer's place.
        newest = sa.literal(draft_to_json(draft), JSON)
        kept = sa.case((col(TurnRow.outcome).is_(None), newest), else_=col(TurnRow.draft))
        return _update_claimed(session, turn, draft=kept)

    @reads
    def check_claim(self, session: Session, turn: Turn) -> bool:
        stop = session.exec(select(TurnRow.stop).where(_is_claimed(turn))).one_or_none()
        return _still_ours(turn, stop)

    @writes
    def postpone(self, session: Session, turn: Turn, until: datetime) -> None:
        retries = TurnRow.retries + 1
        _update_claimed(session, turn, state=TurnState.QUEUED, not_before=as_utc(until), retries=retries)

    @writes
    def release(self, session: Session, turn: Turn) -> None:
        _update_claimed(session, turn, state=TurnState.QUEUED, attempt=TurnRow.attempt - 1)
        if self._database.has_queue:
            jobs.add(session, turn.incoming.key)

    @reads
    def get_turn(self, session: Session, id: TurnId) -> Turn | None:
        row = session.get(TurnRow, id)
        return None if row is None else replace(row.to_turn(), burst=_burst(session, row.id))

    @reads
    def waiting(self, session: Session, key: ConversationKey) -> Waiting | None:
        rows = session.exec(
            select(TurnRow.accepted_at, TurnRow.not_before)
            .where(is_of(TurnRow, key), IS_OPEN)
            .order_by(col(TurnRow.at), col(TurnRow.id))
        )
        turns = rows.all()
        if not turns:
            return None
        accepted = [accepted_at for accepted_at, _ in turns]
        return Waiting(first_accepted_at=min(accepted), last_accepted_at=max(accepted), not_before=turns[0][1])

    @writes
    def gather(self, session: Session, turn: Turn) -> Turn:
        _update_claimed(session, turn, stop=TurnRow.stop)
        queued = session.exec(
            select(TurnRow)
            .where(is_of(TurnRow, turn.incoming.key), IS_OPEN, TurnRow.state == TurnState.QUEUED)
            .order_by(col(TurnRow.at), col(TurnRow.id))
        )
        for row in queued.all():
            if is_plain(row.to_turn()):
                row.state, row.merged_into = TurnState.DONE, turn.id
                session.add(row)
        session.flush()
        return replace(turn, burst=_burst(session, turn.id))

    @writes
    def record(self, session: Session, turn: Turn, settlement: Settlement) -> None:
        now = as_utc(self._clock())
        _update_claimed(
            session,
            turn,
            outcome=settlement.state,
            draft=draft_to_json(settlement.draft),
            parameters=dict(settlement.parameters),
            request=None if settlement.request is None else asdict(settlement.request),
            error=settlement.error,
            recorded_at=now,
        )
        line = LedgerRow.from_settlement(turn, settlement, at=now)
        if line is not None:
            session.merge(line)
        append(session, turn.incoming.key, settlement.entries)
        if settlement.conversation is not None:
            remember(session, turn.incoming.key, settlement.conversation)

    @writes
    def record_memory(self, session: Session, turn: Turn, condensation: Condensation) -> None:
        _update_claimed(session, turn, error=condensation.error)
        session.merge(LedgerRow.from_condensation(turn, condensation, at=as_utc(self._clock())))
        append(session, turn.incoming.key, condensation.entries)
        remember(session, turn.incoming.key, condensation.conversation)

    @writes
    def close(self, session: Session, turn: Turn, *, error: str = "") -> None:
        row = session.exec(select(TurnRow).where(TurnRow.id == turn.id)).one_or_none()
        state = TurnState.FAILED if row is None else ending(row.to_turn(), error)
        columns: dict[str, Any] = {"error": error} if error else {}
        _update_claimed(session, turn, state=state, ended_at=as_utc(self._clock()), **columns)

    @reads
    def recent_requests(self, session: Session, key: ConversationKey, *, limit: int) -> Sequence[RequestRecord]:
        is_answer_of_turn = (col(LedgerRow.turn_id) == TurnRow.id) & (col(LedgerRow.purpose) == ANSWER)
        rows = session.exec(
            select(TurnRow, LedgerRow)
            .join(LedgerRow, is_answer_of_turn, isouter=True)
            .where(is_of(TurnRow, key), col(TurnRow.recorded_at).is_not(None), col(TurnRow.request).is_not(None))
            .order_by(col(TurnRow.id).desc())
            .limit(limit)
        )
        return [row.to_record(line) for row, line in reversed(rows.all())]

    @writes
    def request_stop(self, session: Session, key: ConversationKey) -> Sequence[TurnId]:
        marked = session.exec(
            update(TurnRow)
            .where(is_of(TurnRow, key), IS_OPEN, col(TurnRow.outcome).is_(None))
            .values(stop=True, not_before=None)
            .returning(col(TurnRow.at), col(TurnRow.id))
        )
        ids = [id for _, id in sorted(tuple(row) for row in marked)]
        if ids and self._database.has_queue:
            jobs.announce_stop(session, key, ids)
        return ids

    @reads
    def queue_figures(self, session: Session) -> QueueFigures:
        counted = session.connection().execute(
            sa.select(
                col(TurnRow.state),
                sa.func.count(),
                sa.func.min(col(TurnRow.accepted_at)),
                sa.func.count().filter(col(TurnRow.retries) > 0),
                sa.func.count().filter(col(TurnRow.attempt) > TurnRow.retries + 1),
            ).group_by(col(TurnRow.state))
        )
        rows: dict[TurnState, list[Any]] = {state: figures for state, *figures in counted}
        count = {state: rows[state][0] if state in rows else 0 for state in TurnState}
        return QueueFigures(
            queued=count[TurnState.QUEUED],
            running=count[TurnState.RUNNING],
            oldest_accepted_at=min((rows[state][1] for state in OPEN_STATES if state in rows), default=None),
            retried=sum(figures[2] for figures in rows.values()),
            recovered=sum(figures[3] for figures in rows.values()),
            done=count[TurnState.DONE],
            failed=count[TurnState.FAILED],
            cancelled=count[TurnState.CANCELLED],
        )

    @reads
    def takes_part(self, session: Session, key: ConversationKey) -> bool:
        any_turn = select(TurnRow.id).where(is_of(TurnRow, key)).limit(1)
        return session.exec(any_turn).first() is not None

    @reads
    def active_conversations(
        self, session: Session, platform: str, *, since: datetime
    ) -> Mapping[ConversationKey, datetime]:
        key = [col(getattr(TurnRow, name)) for name in KEY_COLUMNS]
        newest = (
            sa.select(*key, sa.func.max(col(TurnRow.at)))
            .where(col(TurnRow.platform) == platform, col(TurnRow.at) >= as_utc(since))
            .group_by(*key)
        )
        found = session.connection().execute(newest)
        return {ConversationKey(**dict(zip(KEY_COLUMNS, place, strict=True))): at for *place, at in found}

    @writes
    def note_feedback(self, session: Session, id: TurnId, person: str, *, good: bool) -> None:
        row = FeedbackRow(turn_id=id, person=person, good=good, at=as_utc(self._clock()))
        session.merge(row)

    @reads
    def open_conversations(self, session: Session) -> Sequence[ConversationKey]:
        row = TurnRow
        oldest_first = (
            select(row.platform, row.workspace, row.channel, row.thread)
            .where(IS_OPEN)
            .group_by(col(row.platform), col(row.workspace), col(row.channel), col(row.thread))
            .order_by(sa.func.min(row.at), sa.func.min(row.id))
        )
        rows = session.exec(oldest_first)
        return [
            ConversationKey(platform=platform, workspace=workspace, channel=channel, thread=thread)
            for platform, workspace, channel, thread in rows
        ]


def _burst(session: Session, turn: TurnId) -> tuple[Incoming, ...]:
    """The questions that are answered together with a turn, in order."""
    rows = session.exec(select(TurnRow).where(TurnRow.merged_into == turn).order_by(col(TurnRow.at), col(TurnRow.id)))
    return tuple(row.to_incoming() for row in rows)


def _update_claimed(session: Session, turn: Turn, **columns: Any) -> bool:
    """Change a turn as the runner that claimed it, and nobody else; whether it is to be stopped."""
    changed = update(TurnRow).where(_is_claimed(turn)).values(**columns).returning(col(TurnRow.stop))
    return _still_ours(turn, session.exec(changed).scalar_one_or_none())


def _is_claimed(turn: Turn) -> sa.ColumnElement[bool]:
    return (col(TurnRow.id) == turn.id) & (col(TurnRow.epoch) == turn.epoch) & (col(TurnRow.state) == TurnState.RUNNING)


def _still_ours(turn: Turn, stop: bool | None) -> bool:
    """Whether to stop, as read from the row of a claimed turn: None where there is no such row."""
    if stop is None:
        raise ClaimLost(f"Turn {turn.id} is no longer run under epoch {turn.epoch}.")
    return stop
