"""The durable inbox and queue over a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select, update

from bot.errors import ClaimLost
from bot.types import (
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
from storage.database import SqlPart, put, unit_of_work, upsert
from storage.tables import (
    ANSWER,
    IS_OPEN,
    IS_REMARKABLE,
    KEY_COLUMNS,
    FeedbackRow,
    LedgerRow,
    TurnRow,
    in_place,
    is_of,
    place_of,
)
from storage.tables.base import JSON
from storage.transcripts import append
from storage.turn_rules import ending, is_plain

# ---------------------------------------------------------------- statements of every turn
# Built once, since building one costs several times what running it does.

_IN_ORDER = (col(TurnRow.at), col(TurnRow.id))
_IS_HERE = in_place(TurnRow) & IS_OPEN
_IS_CLAIMED = (
    (col(TurnRow.id) == sa.bindparam("of_id"))
    & (col(TurnRow.epoch) == sa.bindparam("of_epoch"))
    & (col(TurnRow.state) == TurnState.RUNNING)
)

_STOPPABLE = IS_OPEN & col(TurnRow.outcome).is_(None)

_WAITING = select(TurnRow.accepted_at, TurnRow.not_before).where(_IS_HERE).order_by(*_IN_ORDER)
# A turn that waits holds up those behind it: they are answered in the order in which they were asked.
_CLAIM = (
    update(TurnRow)
    .where(col(TurnRow.id) == select(TurnRow.id).where(_IS_HERE).order_by(*_IN_ORDER).limit(1).scalar_subquery())
    .where(sa.or_(col(TurnRow.not_before).is_(None), col(TurnRow.not_before) <= sa.bindparam("now")))
    .values(
        state=TurnState.RUNNING,
        epoch=TurnRow.epoch + 1,
        attempt=TurnRow.attempt + 1,
        worker=sa.bindparam("by"),
        claimed_at=sa.bindparam("now"),
    )
    .returning(TurnRow)
    .execution_options(synchronize_session=False)
)
_HOLD = select(TurnRow.stop).where(_IS_CLAIMED)
_CHANGE = update(TurnRow).where(_IS_CLAIMED).returning(col(TurnRow.stop))
# A draft on its way while the answer is recorded comes too late: it would be shown in the answer's place.
_DRAFT = _CHANGE.values(
    draft=sa.case((col(TurnRow.outcome).is_(None), sa.bindparam("newest", type_=JSON)), else_=col(TurnRow.draft))
)
_IS_RECORDED = col(TurnRow.outcome).is_not(None)
_POSTPONE = _CHANGE.values(
    retries=TurnRow.retries + sa.case((_IS_RECORDED, 0), else_=1),
    showings=TurnRow.showings + sa.case((_IS_RECORDED, 1), else_=0),
)
_RELEASE = _CHANGE.values(attempt=TurnRow.attempt - 1)
_ANY = select(TurnRow.id).where(in_place(TurnRow)).limit(1)
_LOCK = _CHANGE.values(stop=TurnRow.stop)
_TOGETHER = select(TurnRow).where(_IS_HERE | (col(TurnRow.merged_into) == sa.bindparam("of_id"))).order_by(*_IN_ORDER)
_CLOSE = (
    update(TurnRow)
    .where(_IS_CLAIMED)
    .values(state=sa.func.coalesce(TurnRow.outcome, TurnRow.state), ended_at=sa.bindparam("now"))
    .returning(col(TurnRow.stop), col(TurnRow.outcome))
)


def _counted(part: sa.TextClause, *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(TurnRow).where(part, *conditions).scalar_subquery()


# Each from an index over few turns, but for the number of all. One statement, so that the figures are of one moment.
_FIGURES = sa.select(
    _counted(sa.text("true")).label("turns"),
    _counted(IS_OPEN, col(TurnRow.state) == TurnState.QUEUED).label("queued"),
    _counted(IS_OPEN, col(TurnRow.state) == TurnState.RUNNING).label("running"),
    sa.select(sa.func.min(TurnRow.accepted_at)).where(IS_OPEN).scalar_subquery().label("oldest_accepted_at"),
    _counted(IS_REMARKABLE, col(TurnRow.retries) > 0).label("retried"),
    _counted(IS_REMARKABLE, col(TurnRow.attempt) > TurnRow.retries + TurnRow.showings + 1).label("recovered"),
    _counted(IS_REMARKABLE, col(TurnRow.state) == TurnState.FAILED).label("failed"),
    _counted(IS_REMARKABLE, col(TurnRow.state) == TurnState.CANCELLED).label("cancelled"),
)


class SqlTurns(SqlPart):
    """A `TurnStore` over a database."""

    @unit_of_work
    def accept(self, session: Session, incoming: Incoming) -> TurnId | None:
        row = TurnRow.from_incoming(incoming, accepted_at=self._clock())
        insert = upsert(session, TurnRow).on_conflict_do_nothing().returning(col(TurnRow.id))
        id: TurnId | None = session.connection().execute(insert, row.model_dump(exclude={"id"})).scalar_one_or_none()
        if id is not None and self._database.has_queue:
            jobs.add(session, incoming.key)
        return id

    @unit_of_work
    def claim(self, session: Session, key: ConversationKey, *, worker: str) -> Turn | None:
        given = {**place_of(key), "by": worker, "now": as_utc(self._clock())}
        row = session.exec(_CLAIM, params=given).scalar_one_or_none()
        if row is None:
            return None
        turn: Turn = row.to_turn()
        return replace(turn, burst=_burst(session, turn.id)) if turn.epoch > 1 else turn  # nobody gathered before

    @unit_of_work
    def note_reply(self, session: Session, turn: Turn, ref: str) -> bool:
        return _update_claimed(session, turn, reply_ref=ref)

    @unit_of_work
    def save_draft(self, session: Session, turn: Turn, draft: Draft) -> bool:
        return _update_claimed(session, turn, _DRAFT, newest=draft_to_json(draft))

    @unit_of_work
    def check_claim(self, session: Session, turn: Turn) -> bool:
        return _still_ours(turn, session.connection().execute(_HOLD, _claim_of(turn)).one_or_none())

    @unit_of_work
    def postpone(self, session: Session, turn: Turn, until: datetime) -> None:
        _update_claimed(session, turn, _POSTPONE, state=TurnState.QUEUED, not_before=as_utc(until))

    @unit_of_work
    def release(self, session: Session, turn: Turn) -> None:
        _update_claimed(session, turn, _RELEASE, state=TurnState.QUEUED)
        if self._database.has_queue:
            jobs.add(session, turn.incoming.key)

    @unit_of_work
    def get_turn(self, session: Session, id: TurnId) -> Turn | None:
        row = session.get(TurnRow, id)
        return None if row is None else replace(row.to_turn(), burst=_burst(session, row.id))

    @unit_of_work
    def waiting(self, session: Session, key: ConversationKey) -> Waiting | None:
        turns = session.connection().execute(_WAITING, place_of(key)).all()
        if not turns:
            return None
        accepted = [accepted_at for accepted_at, _ in turns]
        return Waiting(first_accepted_at=min(accepted), last_accepted_at=max(accepted), not_before=turns[0][1])

    @unit_of_work
    def gather(self, session: Session, turn: Turn) -> Turn:
        rows = session.exec(_TOGETHER, params={**place_of(turn.incoming.key), "of_id": turn.id}).all()
        _still_ours(turn, next((row for row in rows if (row.id, row.epoch) == (turn.id, turn.epoch)), None))
        queued = [row for row in rows if row.state is TurnState.QUEUED and is_plain(row.to_turn())]
        if queued:
            _update_claimed(session, turn, _LOCK)
        for row in queued:
            row.state, row.merged_into = TurnState.DONE, turn.id
        return replace(turn, burst=tuple(row.to_incoming() for row in rows if row.merged_into == turn.id))

    @unit_of_work
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
            put(session, LedgerRow, [line.model_dump()])
        append(session, turn.incoming.key, settlement.entries, now=settlement.conversation)

    @unit_of_work
    def record_memory(self, session: Session, turn: Turn, condensation: Condensation) -> None:
        _update_claimed(session, turn, error=condensation.error)
        line = LedgerRow.from_condensation(turn, condensation, at=as_utc(self._clock()))
        put(session, LedgerRow, [line.model_dump()])
        append(session, turn.incoming.key, condensation.entries, now=condensation.conversation)

    @unit_of_work
    def close(self, session: Session, turn: Turn, *, error: str = "", cancelled: bool = False) -> None:
        now = as_utc(self._clock())
        if error or cancelled:
            _update_claimed(session, turn, state=ending(turn, error, cancelled), ended_at=now, error=error)
            return
        row = session.connection().execute(_CLOSE, {**_claim_of(turn), "now": now}).one_or_none()
        _still_ours(turn, row)
        ending(replace(turn, outcome=None if row is None else row.outcome))

    @unit_of_work
    def recent_requests(self, session: Session, key: ConversationKey, *, limit: int) -> Sequence[RequestRecord]:
        is_answer_of_turn = (col(LedgerRow.turn_id) == TurnRow.id) & (col(LedgerRow.purpose) == ANSWER)
        rows = session.exec(
            select(TurnRow, LedgerRow)
            .join(LedgerRow, is_answer_of_turn, isouter=True)
            .where(is_of(TurnRow, key), col(TurnRow.recorded_at).is_not(None), col(TurnRow.request).is_not(None))
            .order_by(col(TurnRow.accepted_at).desc(), col(TurnRow.id).desc())  # as their index has them
            .limit(limit)
        )
        return [row.to_record(line) for row, line in reversed(rows.all())]

    @unit_of_work
    def request_stop(self, session: Session, key: ConversationKey, *, author: str = "") -> Sequence[TurnId]:
        theirs = col(TurnRow.author_id) == author if author else sa.true()
        marked = session.exec(
            update(TurnRow)
            .where(is_of(TurnRow, key), _STOPPABLE, theirs)
            .values(stop=True, not_before=None)
            .returning(col(TurnRow.at), col(TurnRow.id))
        )
        ids = [id for _, id in sorted(tuple(row) for row in marked)]
        if ids and self._database.has_queue:
            jobs.announce_stop(session, key, ids)
        return ids

    @unit_of_work
    def stoppable_by(self, session: Session, key: ConversationKey) -> Set[str]:
        return set(session.exec(select(TurnRow.author_id).where(is_of(TurnRow, key), _STOPPABLE)))

    @unit_of_work
    def queue_figures(self, session: Session) -> QueueFigures:
        row = session.connection().execute(_FIGURES).one()._asdict()
        others = row["queued"] + row["running"] + row["failed"] + row["cancelled"]
        return QueueFigures(done=row.pop("turns") - others, **row)

    @unit_of_work
    def takes_part(self, session: Session, key: ConversationKey) -> bool:
        return session.exec(_ANY, params=place_of(key)).first() is not None

    @unit_of_work
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

    @unit_of_work
    def note_feedback(self, session: Session, id: TurnId, person: str, *, good: bool) -> None:
        put(session, FeedbackRow, [{"turn_id": id, "person": person, "good": good, "at": as_utc(self._clock())}])

    @unit_of_work
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


def _update_claimed(session: Session, turn: Turn, change: sa.Executable = _CHANGE, **columns: Any) -> bool:
    """Change a turn as the runner that claimed it, and nobody else; whether it is to be stopped."""
    return _still_ours(turn, session.connection().execute(change, {**_claim_of(turn), **columns}).one_or_none())


def _claim_of(turn: Turn) -> dict[str, int]:
    """The parameters of `_IS_CLAIMED`."""
    return {"of_id": turn.id, "of_epoch": turn.epoch}


def _still_ours(turn: Turn, row: Any) -> bool:
    """Whether to stop, as the row of a claimed turn says; there is none for those who lost it."""
    if row is None:
        raise ClaimLost(f"Turn {turn.id} is no longer run under epoch {turn.epoch}.")
    return bool(row.stop)
