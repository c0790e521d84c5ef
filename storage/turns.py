"""Store turns in a database: the durable inbox and queue."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select, update
from sqlmodel.sql.sqltypes import UTCDateTime

from bot.chat.message_markdown import without_replied_to
from bot.context.window import merge_concurrent_changes, with_notes
from bot.errors import ClaimLost
from bot.types import (
    LONGEST_PUT_OFF,
    Condensation,
    ConversationKey,
    Draft,
    Incoming,
    Recorded,
    Settlement,
    Task,
    Turn,
    TurnId,
    TurnState,
    Waiting,
    takes_others,
)
from storage import context_turns, jobs
from storage.asked_before import carrier_of
from storage.codec import as_utc, draft_to_json, figures_to_json
from storage.database import put, unit_of_work, upsert
from storage.deletion_fences import change_of, hold_together
from storage.edits import overtake, settle_edits
from storage.ledger import settle_open
from storage.replies import note_messages
from storage.tables import (
    IS_ASKED,
    IS_CONTEXT,
    IS_OPEN,
    FeedbackRow,
    LedgerRow,
    TurnRow,
    in_place,
    is_of,
    place_of,
)
from storage.tables.base import JSON
from storage.transcripts import append, remembered
from storage.turn_queries import SqlTurnQueries
from storage.turn_rules import ANEW, BLANK, WORDLESS, ending, is_plain
from storage.workspaces import SqlWorkspaces

# ---------------------------------------------------------------- statements of every turn
# Built once, since building one costs several times what running it does.

_IN_ORDER = (col(TurnRow.at), col(TurnRow.id))
_IS_HERE = in_place(TurnRow) & IS_OPEN
_IS_CLAIMED = (
    (col(TurnRow.id) == sa.bindparam("of_id"))
    & (col(TurnRow.epoch) == sa.bindparam("of_epoch"))
    & (col(TurnRow.state) == TurnState.RUNNING)
)

_STOPPABLE = IS_OPEN & col(TurnRow.outcome).is_(None) & ~col(TurnRow.withdrawn)

_WAITING = select(TurnRow.accepted_at, TurnRow.not_before).where(_IS_HERE).order_by(*_IN_ORDER)
# A turn that waits holds up those behind it: they are answered in the order in which they were asked.
_CLAIM = (
    update(TurnRow)
    .where(col(TurnRow.id) == select(TurnRow.id).where(_IS_HERE).order_by(*_IN_ORDER).limit(1).scalar_subquery())
    .where(IS_OPEN)  # asked again once a deletion that came first is committed
    .where(
        sa.or_(
            col(TurnRow.not_before).is_(None),
            col(TurnRow.not_before) <= sa.bindparam("now"),
            col(TurnRow.not_before) > sa.bindparam("put_off_until", type_=UTCDateTime()),
        )
    )
    .values(
        state=TurnState.RUNNING,
        epoch=TurnRow.epoch + 1,
        attempt=TurnRow.attempt + 1,
        worker=sa.bindparam("by"),
        stale=False,
        claimed_at=sa.bindparam("now"),
        post_left_at=sa.case(
            (col(TurnRow.post_begun_at).is_not(None), sa.func.coalesce(TurnRow.post_left_at, sa.bindparam("now")))
        ),
    )
    .returning(TurnRow)
    .execution_options(synchronize_session=False)
)
_ENDING = (col(TurnRow.stop), col(TurnRow.withdrawn), col(TurnRow.stale), col(TurnRow.edited_at))
_HOLD = sa.select(*_ENDING).where(_IS_CLAIMED)
_CHANGE = update(TurnRow).where(_IS_CLAIMED).returning(*_ENDING)
# A draft on its way while the answer is recorded comes too late: it would be shown in the answer's place.
_DRAFT = _CHANGE.values(
    draft=sa.case(
        (
            col(TurnRow.outcome).is_(None) & ~col(TurnRow.withdrawn) & ~col(TurnRow.stale),
            sa.bindparam("newest", type_=JSON),
        ),
        else_=col(TurnRow.draft),
    )
)
_IS_RECORDED = col(TurnRow.outcome).is_not(None)
_POSTPONE = _CHANGE.values(
    retries=TurnRow.retries + sa.case((_IS_RECORDED, 0), else_=1),
    showings=TurnRow.showings + sa.case((_IS_RECORDED, 1), else_=0),
    stale=False,
    not_before=sa.case(
        (col(TurnRow.withdrawn) & ~_IS_RECORDED, sa.null()),
        else_=sa.bindparam("until", type_=UTCDateTime()),
    ),
)
_SHOWN = _CHANGE.values(shown_at=sa.func.coalesce(TurnRow.shown_at, sa.bindparam("of_now", type_=UTCDateTime())))
_RELEASE = _CHANGE.values(attempt=TurnRow.attempt - 1, stale=False)
_GATHER = _CHANGE.values(stale=False)
_LOCK = _CHANGE.values(stop=TurnRow.stop)
_WITHDRAWN: dict[str, Any] = {**WORDLESS, "outcome": TurnState.CANCELLED, "withdrawn": True}
_TOGETHER = select(TurnRow).where(_IS_HERE | (col(TurnRow.merged_into) == sa.bindparam("of_id"))).order_by(*_IN_ORDER)
_CLOSE = (
    update(TurnRow)
    .where(_IS_CLAIMED)
    .values(
        state=sa.case((col(TurnRow.withdrawn), TurnRow.state), else_=sa.func.coalesce(TurnRow.outcome, TurnRow.state)),
        ended_at=sa.bindparam("now"),
    )
    .returning(*_ENDING, col(TurnRow.outcome))
)


class SqlTurns(SqlTurnQueries, SqlWorkspaces):
    """A `TurnStore` over a database."""

    @unit_of_work
    def enqueue(self, session: Session, incoming: Incoming, *, again: bool = False) -> TurnId | None:
        hold_together(session, incoming.key)
        change = change_of(session, incoming)
        if change.refuse(incoming.message_id, incoming.sent_at):
            return None
        row = TurnRow.from_incoming(incoming, accepted_at=self._clock())
        edit = overtake(row, change)
        if change.is_deleted(row.replies_to):
            row.text = without_replied_to(row.text)
        row.merged_into = None if again else carrier_of(session, incoming)
        if row.merged_into is not None:
            row.state = TurnState.DONE
        insert = upsert(session, TurnRow).on_conflict_do_nothing().returning(col(TurnRow.id))
        id: TurnId | None = session.connection().execute(insert, row.model_dump(exclude={"id"})).scalar_one_or_none()
        if id is not None and incoming.task is Task.CONTEXT:
            context_turns.displace(session, incoming.key)
        elif id is not None and row.merged_into is None and self._database.has_queue:
            jobs.add(session, incoming.key)
        if id is not None:
            self._post(session, incoming.posted)
            if edit is not None:  # of the same message once more it is still to be told
                session.delete(edit)
        return id if row.merged_into is None else None

    @unit_of_work
    def claim(self, session: Session, key: ConversationKey, *, worker: str) -> Turn | None:
        now = as_utc(self._clock())
        given = {**place_of(key), "by": worker, "now": now, "put_off_until": now + LONGEST_PUT_OFF}
        row = session.exec(_CLAIM, params=given).scalar_one_or_none()
        if row is None:
            return None
        turn: Turn = row.to_turn()
        if turn.epoch == 1:
            return turn  # nobody gathered before, and nothing was sent
        settle_open(session, col(LedgerRow.turn_id) == turn.id, at=self._clock())
        if row.edited_at is not None and row.outcome is None:  # nobody is left who asks it as it was
            settle_edits(session, turn)
        return context_turns.with_merged(row.to_turn(), context_turns.merged(session, turn.id))

    @unit_of_work
    def begin_post(self, session: Session, turn: Turn) -> None:
        _change_claimed(session, turn, _CHANGE, post_begun_at=as_utc(self._clock()), post_left_at=None)

    @unit_of_work
    def set_reply_ref(self, session: Session, turn: Turn, ref: str, messages: Sequence[str] = ()) -> bool:
        posted = {"reply_ref": ref, "post_begun_at": None, "post_left_at": None}
        stop = _update_claimed(session, turn, _SHOWN, **posted, of_now=as_utc(self._clock()))
        note_messages(session, turn, messages)
        return stop

    @unit_of_work
    def save_draft(self, session: Session, turn: Turn, draft: Draft) -> bool:
        return _update_claimed(session, turn, _DRAFT, newest=draft_to_json(draft))

    @unit_of_work
    def check_claim(self, session: Session, turn: Turn) -> bool:
        return _is_ending(_change_claimed(session, turn, _HOLD))

    @unit_of_work
    def reschedule(self, session: Session, turn: Turn, until: datetime) -> None:
        row = _change_claimed(session, turn, _POSTPONE, state=TurnState.QUEUED, until=as_utc(until))
        if row.edited_at is not None:
            settle_edits(session, turn)

    @unit_of_work
    def release(self, session: Session, turn: Turn) -> None:
        row = _change_claimed(session, turn, _RELEASE, state=TurnState.QUEUED)
        if row.edited_at is not None:
            settle_edits(session, turn)
        if self._database.has_queue:
            jobs.add(session, turn.incoming.key)

    @unit_of_work
    def get_turn(self, session: Session, id: TurnId) -> Turn | None:
        row = session.get(TurnRow, id)
        return None if row is None else context_turns.with_merged(row.to_turn(), context_turns.merged(session, row.id))

    @unit_of_work
    def waiting(self, session: Session, key: ConversationKey) -> Waiting | None:
        turns = session.connection().execute(_WAITING, place_of(key)).all()
        if not turns:
            return None
        accepted = [accepted_at for accepted_at, _ in turns]
        return Waiting(first_accepted_at=min(accepted), last_accepted_at=max(accepted), not_before=turns[0][1])

    @unit_of_work
    def coalesce(self, session: Session, turn: Turn) -> Turn:
        hold_together(session, turn.incoming.key)
        rows = session.exec(_TOGETHER, params={**place_of(turn.incoming.key), "of_id": turn.id}).all()
        own = _still_ours(turn, next((row for row in rows if (row.id, row.epoch) == (turn.id, turn.epoch)), None))
        taken = [row for row in rows if row.state is TurnState.QUEUED and is_plain(row.to_turn())]
        taken = taken if takes_others(turn.incoming) else []
        asked = [own, *taken, *(row for row in rows if row.merged_into == turn.id and row.task is not Task.CONTEXT)]
        said = context_turns.remembered(session, turn.incoming.key, until=max(row.at for row in asked))
        taken += said
        if taken or own.stale:
            _update_claimed(session, turn, _GATHER)
        for row in taken:
            row.state, row.merged_into = TurnState.DONE, turn.id
        merged = [row for row in (*rows, *said) if row.merged_into == turn.id]
        return context_turns.with_merged(turn, sorted(merged, key=lambda row: (row.at, row.id)))

    @unit_of_work
    def record(self, session: Session, turn: Turn, settlement: Settlement) -> Recorded:
        now = as_utc(self._clock())
        key = turn.incoming.key
        hold_together(session, key)
        row = _change_claimed(
            session,
            turn,
            _CHANGE,
            outcome=settlement.state,
            draft=draft_to_json(settlement.draft),
            parameters=dict(settlement.parameters),
            request=None if settlement.request is None else figures_to_json(settlement.request),
            error=settlement.error,
            recorded_at=now,
        )
        unwritten = _unwritten(row)
        if unwritten.withdrawn if unwritten is not None else not settlement.entries:
            settle_edits(session, turn)
            context_turns.remember_again(session, turn.id)
        if unwritten is not None:
            _update_claimed(session, turn, **(ANEW if unwritten.stale else _WITHDRAWN))
            return unwritten
        remembers = settlement.conversation
        if remembers is not None:
            stored = remembered(session, key)
            remembers = merge_concurrent_changes(remembers, now=None if stored is None else stored.to_conversation())
        append(session, key, settlement.entries, now=remembers, sent_until=settlement.sent_until)
        if row.edited_at is not None and (corrections := settle_edits(session, turn)) and settlement.entries:
            append(session, key, corrections)
        return Recorded(conversation=remembers)

    @unit_of_work
    def record_memory(self, session: Session, turn: Turn, condensation: Condensation) -> None:
        key = turn.incoming.key
        hold_together(session, key)
        row = remembered(session, key, for_update=True)
        if row is not None:
            row.remember(with_notes(row.to_conversation(), condensation))

    @unit_of_work
    def close(self, session: Session, turn: Turn, *, error: str = "", retracted: bool = False) -> bool:
        now = as_utc(self._clock())
        if error:
            emptied = BLANK if _change_claimed(session, turn).withdrawn else {}
            ended = {"state": TurnState.FAILED, "ended_at": now, "error": error}
            _update_claimed(session, turn, **{**emptied, **ended})
            return True
        row = _still_ours(turn, session.connection().execute(_CLOSE, {**_claim_of(turn), "now": now}).one_or_none())
        if not row.withdrawn:
            if not row.stale:
                ending(replace(turn, outcome=row.outcome))
            return not row.stale
        if retracted:
            _update_claimed(session, turn, **{**BLANK, "state": TurnState.CANCELLED})
        return retracted

    @unit_of_work
    def request_stop(
        self, session: Session, key: ConversationKey, *, author: str = "", until: datetime | None = None
    ) -> Sequence[TurnId]:
        theirs = col(TurnRow.author_id) == author if author else sa.true()
        in_time = col(TurnRow.at) <= as_utc(until) if until is not None else sa.true()
        marked = session.exec(
            update(TurnRow)
            .where(is_of(TurnRow, key), _STOPPABLE, theirs, in_time)
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
    def is_known(self, session: Session, incoming: Incoming) -> bool:
        return session.exec(select(TurnRow.id).where(*_named(incoming), IS_ASKED)).first() is not None

    @unit_of_work
    def drop_context(self, session: Session, incoming: Incoming) -> bool:
        hold_together(session, incoming.key)
        dropped = sa.delete(TurnRow).where(*_named(incoming), IS_CONTEXT).returning(col(TurnRow.id))
        return session.connection().execute(dropped).first() is not None

    @unit_of_work
    def set_aside(self, session: Session, incoming: Incoming) -> bool:
        hold_together(session, incoming.key)
        row = TurnRow
        waits = (col(row.state) == TurnState.QUEUED, col(row.task) == Task.ANSWER, col(row.merged_into).is_(None))
        is_begun = (col(row.attempt) > 0) | col(row.reply_ref).is_not(None) | col(row.post_begun_at).is_not(None)
        aside = sa.update(row).where(*_named(incoming), *waits, ~is_begun)
        aside = aside.values(state=TurnState.REMEMBERED, task=Task.CONTEXT).returning(col(row.id))
        return session.connection().execute(aside).first() is not None

    @unit_of_work
    def turn_of(self, session: Session, incoming: Incoming) -> TurnId | None:
        named = col(TurnRow.platform) == incoming.key.platform, col(TurnRow.dedupe_key) == incoming.dedupe_key
        return session.exec(select(sa.func.coalesce(TurnRow.merged_into, TurnRow.id)).where(*named)).first()

    @unit_of_work
    def note_feedback(self, session: Session, id: TurnId, person: str, *, good: bool) -> None:
        put(session, FeedbackRow, [{"turn_id": id, "person": person, "good": good, "at": as_utc(self._clock())}])


def _update_claimed(session: Session, turn: Turn, change: sa.Executable = _CHANGE, **columns: Any) -> bool:
    """Change a turn as the runner that claimed it, and nobody else; return whether its generation is to end."""
    return _is_ending(_change_claimed(session, turn, change, **columns))


def _change_claimed(session: Session, turn: Turn, change: sa.Executable = _LOCK, **columns: Any) -> Any:
    """Change a turn as the runner that claimed it; return its row. Raises `ClaimLost`."""
    return _still_ours(turn, session.connection().execute(change, {**_claim_of(turn), **columns}).one_or_none())


def _named(incoming: Incoming) -> tuple[sa.ColumnElement[bool], ...]:
    """Return what the row of an incoming is found by, whatever became of it."""
    return col(TurnRow.platform) == incoming.key.platform, col(TurnRow.dedupe_key) == incoming.dedupe_key


def _claim_of(turn: Turn) -> dict[str, int]:
    """Return the parameters of `_IS_CLAIMED`."""
    return {"of_id": turn.id, "of_epoch": turn.epoch}


def _still_ours(turn: Turn, row: Any) -> Any:
    """Return the row of a claimed turn; there is none for those who lost it."""
    if row is None:
        raise ClaimLost(f"Turn {turn.id} is no longer run under epoch {turn.epoch}.")
    return row


def _is_ending(row: Any) -> bool:
    """Return whether generation is to end: somebody stopped it, or deleted what it is made from."""
    return bool(row.stop or row.withdrawn or row.stale)


def _unwritten(row: Any) -> Recorded | None:
    """Return why a settlement is not to be written, as the row of its turn says; None when it is."""
    if row.withdrawn or (row.stale and row.stop):  # who stopped it as well does not want it begun anew
        return Recorded(withdrawn=True)
    return Recorded(stale=True) if row.stale else None
