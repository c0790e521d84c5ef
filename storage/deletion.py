"""Remove what people wrote, wherever it is kept: messages, places, conversations, notes.

Copies of a message are: its turn with attachments, overrides, draft and error; what was asked again of that turn; the
draft and the entry of the answer, which may quote it; its entries in every conversation of the channel; the notes made
after it; parts of summaries that cover it and the summaries told since; an edit that waits; a command whose author is
still to be told something; in the playground the message itself. Whatever else comes to hold what people wrote is to
be removed here, and in `storage.in_memory.deletion`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select, update

from bot.context.cache_breaks import CacheBreak, mark_prefix_broken
from bot.turns.followups import follow_up_keys
from bot.types import (
    OPEN_STATES,
    SOURCES_ID,
    ConversationKey,
    DeletionOutcome,
    Edit,
    Task,
    TurnId,
    TurnState,
    Within,
)
from storage import edits, jobs
from storage.adapter_state import forget_places
from storage.codec import as_utc
from storage.database import SqlPart, chunks, put, unit_of_work
from storage.deletion_fences import hold_alone
from storage.replies import answered_by
from storage.summaries import forget_in_parts
from storage.tables import (
    HAS_SOURCE,
    IS_CONTEXT,
    IS_OPEN,
    IS_SUMMARY,
    KEY_COLUMNS,
    NOTHING_OWED,
    ChannelMessageRow,
    ConversationRow,
    DeliveryRow,
    EntryRow,
    MessageChangeRow,
    ScheduleRow,
    SummaryMarkRow,
    SummaryPartRow,
    TurnRow,
    in_channel,
    is_of,
)
from storage.transcripts import delete_entries
from storage.turn_rules import BLANK, FORGOTTEN, PLAYGROUND, WORDLESS

KEPT: Final = timedelta(days=7)
"""How long a deletion is remembered: no platform delivers later, and after a gap no older message is read."""

Of = Callable[[type[Any]], sa.ColumnElement[bool]]
"""Which rows of a table with the columns of a conversation's key are meant."""


class SqlDeletion(SqlPart):
    """A `DeletionStore` over a database."""

    @unit_of_work
    def delete_messages(self, session: Session, channel: ConversationKey, ids: Sequence[str]) -> DeletionOutcome:
        ids = sorted(set(ids) - {""})
        if not ids:
            return DeletionOutcome()
        now = as_utc(self._clock())
        hold_alone(session, channel.platform, channel.workspace)
        _remember_deletion(session, [_change(channel, message_id=id, at=now) for id in ids], now)
        removal = Removal(session, now, queued=self._database.has_queue)
        asked = edits.asked_in(session, channel, ids)
        questions = [row for row in asked if row.task is not Task.CONTEXT]
        for row in (*asked, *_follow_ups(session, questions)):
            removal.question(row)
        for row in answered_by(session, channel, ids):
            removal.answer(row)
        _remove_from_summaries(session, channel, ids, removal)
        removal.entries(*in_channel(ConversationRow, channel), col(EntryRow.source_id).in_(ids), HAS_SOURCE)
        _forget_owed_for(session, channel, ids)
        if channel.platform == PLAYGROUND:
            self._empty_in_playground(session, channel, ids)
        return removal.outcome()

    def _empty_in_playground(self, session: Session, channel: ConversationKey, ids: Collection[str]) -> None:
        """Leave nothing of messages but that they were there, so that their threads stay."""
        row = ChannelMessageRow
        here = (col(row.workspace) == channel.workspace, col(row.channel) == channel.channel, col(row.id).in_(ids))
        emptied = session.exec(select(row).where(*here)).all()
        for item in emptied:
            item.text, item.attachments, item.answer = "", [], None
        if self._database.has_queue:
            jobs.announce_messages(session, self.origin, [item.to_message() for item in emptied], ids)

    @unit_of_work
    def delete_answer(self, session: Session, turn: TurnId) -> DeletionOutcome:
        row = session.get(TurnRow, turn)
        if row is None:
            return DeletionOutcome()
        hold_alone(session, row.platform, row.workspace)
        session.refresh(row, with_for_update=True)
        removal = Removal(session, as_utc(self._clock()), queued=self._database.has_queue)
        removal.answer(row)
        return removal.outcome()

    @unit_of_work
    def delete_place(self, session: Session, place: Within) -> DeletionOutcome:
        now = as_utc(self._clock())
        hold_alone(session, place.platform, place.workspace)
        gone = ConversationKey(**{name: getattr(place, name) for name in KEY_COLUMNS})
        _remember_deletion(session, [_change(gone, message_id="", at=now)], now)
        around = _within(replace(place, thread=""))
        if not place.thread:
            session.exec(delete(ScheduleRow).where(around(ScheduleRow)))
            forget_places(session, place)
        edits.forget_edits(session, around(MessageChangeRow))
        session.exec(delete(SummaryMarkRow).where(_within(place)(SummaryMarkRow)))
        removal = Removal(session, now, queued=self._database.has_queue)
        forget(session, removal, _within(place))
        return removal.outcome()

    @unit_of_work
    def edit_message(
        self, session: Session, channel: ConversationKey, edit: Edit, *, is_directed: bool = False
    ) -> None:
        edits.edit_message(session, channel, edit, is_directed=is_directed, now=as_utc(self._clock()))

    @unit_of_work
    def edit_waiting(self, session: Session, channel: ConversationKey, edit: Edit, *, asked: bool = False) -> None:
        edits.edit_waiting(session, channel, edit, asked=asked)

    @unit_of_work
    def forget_memory(self, session: Session, key: ConversationKey) -> bool:
        hold_alone(session, key.platform, key.workspace)
        row = session.exec(select(ConversationRow).where(is_of(ConversationRow, key)).with_for_update()).one_or_none()
        if row is None:
            return False
        had_notes = bool(row.memory)
        row.memory, row.notes_until, row.revision = "", 0, row.revision + 1
        row.notes_from = row.condensed_until = row.window_start
        row.condensed_in_vain = 0
        return had_notes


class Removal:
    """One deletion under way, part of a larger unit of work: turns end, entries leave, and whoever runs is told."""

    def __init__(self, session: Session, now: datetime, *, queued: bool) -> None:
        self._session = session
        self._now = now
        self._queued = queued
        self._interrupted: defaultdict[ConversationKey, list[TurnId]] = defaultdict(list)
        self._questions: set[TurnId] = set()
        self.removed = 0

    # ------------------------------------------------------------ turns

    def question(self, row: TurnRow) -> None:
        """Remove a question, and the answer to it; those that were answered with it are asked anew without it.

        Of what was only sent with a question no more is removed once that is answered.
        """
        if row.task is not Task.CONTEXT:
            self._questions.add(row.id)
        if row.merged_into is not None:
            self._leave_burst(row, self._session.get(TurnRow, row.merged_into, with_for_update=True))
        elif row.task is Task.CONTEXT:
            row.state = TurnState.CANCELLED
        elif row.outcome is None and row.state in OPEN_STATES:
            self._set_free(row)
            self._end(row)
        else:
            self._drop_answer(row)
        _set(row, **(WORDLESS if row.state in OPEN_STATES else {**WORDLESS, "details": {}}))

    def answer(self, row: TurnRow) -> None:
        """Remove an answer that somebody took away; an open turn ends with it.

        Of a question that is no message, as by a command, the answer is all that people can delete: both go.
        """
        if not row.source_id:
            self.question(row)
        elif row.outcome is None and row.state in OPEN_STATES:
            self._withdraw(row)
        else:
            self._drop_answer(row)

    def forgotten(self, row: TurnRow) -> None:
        """Remove an open turn with its author; its runner takes back what is shown."""
        self._end(row)
        _set(row, **WORDLESS, author_id=FORGOTTEN, author_name="")

    def context(self, row: TurnRow) -> None:
        """Remove what somebody said between questions, with its author."""
        self.question(row)
        _set(row, **BLANK)

    def anew(self, row: TurnRow) -> None:
        """Let a running turn begin again, since what it is made from has changed."""
        if row.state is TurnState.RUNNING and row.outcome is None and not row.withdrawn:
            row.stale, row.draft = True, None
            self._break(row.key)
            self._interrupt(row)

    def _leave_burst(self, row: TurnRow, carrier: TurnRow | None) -> None:
        row.merged_into, row.state = None, TurnState.CANCELLED
        if carrier is None:
            return
        if carrier.outcome is None and carrier.state in OPEN_STATES:
            self.anew(carrier)
        elif row.task is not Task.CONTEXT:
            self._drop_answer(carrier)

    def _set_free(self, carrier: TurnRow) -> None:
        """Let the questions that were to be answered with this one wait again."""
        merged = select(TurnRow).where(TurnRow.merged_into == carrier.id).order_by(col(TurnRow.id)).with_for_update()
        for row in self._session.exec(merged):
            is_context = row.task is Task.CONTEXT
            row.merged_into, row.state = None, TurnState.REMEMBERED if is_context else TurnState.QUEUED
            self._wake(row.key)

    def _end(self, row: TurnRow) -> None:
        """End an open turn: at once when nothing of it can be shown anywhere, else by its runner."""
        if row.state is TurnState.QUEUED and row.epoch == 0 and not row.reply_ref:
            row.state, row.ended_at = TurnState.CANCELLED, self._now
            self._interrupt(row)
        else:
            self._withdraw(row)

    def _withdraw(self, row: TurnRow) -> None:
        row.withdrawn, row.stop, row.not_before, row.draft = True, True, None, None
        if row.epoch > 0:  # what it was asked with may have been sent
            self._break(row.key)
        self._interrupt(row)

    def _drop_answer(self, row: TurnRow) -> None:
        row.draft = None
        if row.state in OPEN_STATES:  # recorded, and perhaps not shown whole yet
            self._withdraw(row)
        names = [f"a:{row.id}", f"{SOURCES_ID}{row.id}", f"m:{row.dedupe_key}"]
        self.entries(is_of(ConversationRow, row.key), col(EntryRow.entry_id).in_(names[: 2 if row.source_id else 3]))

    def _interrupt(self, row: TurnRow) -> None:
        self._interrupted[row.key].append(row.id)
        self._wake(row.key)

    def _wake(self, key: ConversationKey) -> None:
        self._interrupted.setdefault(key, [])

    # ------------------------------------------------------------ transcripts

    def _break(self, key: ConversationKey) -> None:
        """Let the next request of a conversation know that it cannot extend the last one."""
        row = self._session.exec(select(ConversationRow).where(is_of(ConversationRow, key))).one_or_none()
        if row is not None:
            row.head_digest = mark_prefix_broken(row.to_conversation(), CacheBreak.DELETED).head_digest

    def entries(self, *which: sa.ColumnElement[bool] | sa.TextClause) -> None:
        """Remove entries of conversations, and the notes that rest on them, to be made anew of what is left."""
        found = self._session.exec(select(ConversationRow, EntryRow.position).join(EntryRow).where(*which)).all()
        positions: defaultdict[int, set[int]] = defaultdict(set)
        for row, position in found:
            positions[row.id].add(position)
        for row in {row.id: row for row, _ in found}.values():
            self._remove(row, positions[row.id])

    def _remove(self, row: ConversationRow, positions: set[int]) -> None:
        first = min(positions)
        here = col(EntryRow.conversation_id) == row.id
        for some in chunks(sorted(positions)):
            self.removed += delete_entries(self._session, here, col(EntryRow.position).in_(some))
        if first < row.notes_until:
            row.memory, row.notes_until = "", 0
            row.condensed_until, row.condensed_in_vain = row.notes_from, 0
        if any(row.window_start <= position < row.sent_until for position in positions):
            row.head_digest = mark_prefix_broken(row.to_conversation(), CacheBreak.DELETED).head_digest
        row.revision += 1

    # ------------------------------------------------------------ the outcome

    def outcome(self) -> DeletionOutcome:
        """Return what was reached; other processes hear of it once the transaction is committed."""
        if self._queued:
            for key, turns in self._interrupted.items():
                jobs.announce_stop(self._session, key, turns)
                jobs.add(self._session, key)
        return DeletionOutcome(
            interrupted={key: tuple(turns) for key, turns in self._interrupted.items()},
            questions=len(self._questions),
            entries=self.removed,
        )


def forget(session: Session, removal: Removal, of: Of) -> None:
    """Remove all that was said in conversations, which can go on; turns stay as the names of deliveries."""
    for row in session.exec(select(TurnRow).where(of(TurnRow), IS_OPEN).order_by(col(TurnRow.id)).with_for_update()):
        removal.forgotten(row)
    ended = update(TurnRow).where(of(TurnRow), col(TurnRow.state).not_in(OPEN_STATES)).values(**BLANK)
    session.exec(ended.execution_options(synchronize_session=False))
    unremembered = update(TurnRow).where(of(TurnRow), IS_CONTEXT)
    session.exec(unremembered.values(merged_into=None, state=TurnState.CANCELLED))
    forget_owed(session, of(DeliveryRow))
    session.exec(delete(SummaryPartRow).where(of(SummaryPartRow)))
    ids = select(ConversationRow.id).where(of(ConversationRow))
    removal.removed += delete_entries(session, col(EntryRow.conversation_id).in_(ids))
    emptied: dict[str, Any] = {
        "memory": "",
        "notes_until": 0,
        "head_digest": "",
        "window_start": ConversationRow.next_position,
        "condensed_until": ConversationRow.next_position,
        "notes_from": ConversationRow.next_position,
        "condensed_in_vain": 0,
        "revision": ConversationRow.revision + 1,
    }
    session.exec(update(ConversationRow).where(of(ConversationRow)).values(**emptied))


def forget_owed(session: Session, *whose: sa.ColumnElement[bool]) -> None:
    """Drop commands and answers that a crash has kept back; the names of the deliveries stay."""
    owed = update(DeliveryRow).where(*whose, col(DeliveryRow.due).is_not(None)).values(**NOTHING_OWED)
    session.exec(owed.execution_options(synchronize_session=False))


# ---------------------------------------------------------------- what is where


def _within(place: Within) -> Of:
    return lambda table: sa.and_(*(col(getattr(table, name)) == value for name, value in place.columns.items()))


def _change(place: ConversationKey, *, message_id: str, at: datetime) -> dict[str, Any]:
    thread = "" if message_id else place.thread
    row = MessageChangeRow(
        platform=place.platform,
        workspace=place.workspace,
        channel=place.channel,
        thread=thread,
        message_id=message_id,
        deleted=True,
        at=at,
        kept_at=at,
    )
    return row.model_dump()


def _remember_deletion(session: Session, changes: Sequence[dict[str, Any]], now: datetime) -> None:
    """Keep messages from being taken that are still to come, and drop what nothing is to come of any more."""
    session.exec(delete(MessageChangeRow).where(col(MessageChangeRow.kept_at) < now - KEPT))
    put(session, MessageChangeRow, changes)


def _follow_ups(session: Session, asked: Sequence[TurnRow]) -> list[TurnRow]:
    """Return the turns that repeat these questions: other answers, continuations, and those of them."""
    found: dict[TurnId, TurnRow] = {}
    newest = list(asked)
    while newest:
        names = [name for row in newest for name in follow_up_keys(row.merged_into or row.id)]
        theirs = (col(TurnRow.platform) == newest[0].platform, col(TurnRow.dedupe_key).in_(names))
        rows = session.exec(select(TurnRow).where(*theirs).order_by(col(TurnRow.id)).with_for_update())
        newest = [row for row in rows if row.id not in found and row not in asked]
        found |= {row.id: row for row in newest}
    return list(found.values())


def _remove_from_summaries(session: Session, channel: ConversationKey, ids: Collection[str], removal: Removal) -> None:
    """Drop parts that cover a message, and what was told since it was written; one under way begins anew."""
    written_at = forget_in_parts(session, channel, ids)
    told = select(TurnRow).where(*in_channel(TurnRow, channel), IS_SUMMARY)
    for row in session.exec(told.where(IS_OPEN).order_by(col(TurnRow.id)).with_for_update()):
        removal.anew(row)
    if written_at is None:
        return
    since = told.where(col(TurnRow.at) >= written_at, col(TurnRow.outcome).is_not(None))
    for row in session.exec(since.order_by(col(TurnRow.id)).with_for_update()):
        removal.answer(row)


def _forget_owed_for(session: Session, channel: ConversationKey, ids: Collection[str]) -> None:
    """Drop what is owed to who wrote a command in one of these messages: an answer can repeat its words."""
    owed = select(DeliveryRow).where(*in_channel(DeliveryRow, channel), col(DeliveryRow.due).is_not(None))
    names = [row.dedupe_key for row in session.exec(owed) if row.incoming and row.incoming["source_id"] in ids]
    forget_owed(session, col(DeliveryRow.platform) == channel.platform, col(DeliveryRow.dedupe_key).in_(names))


def _set(row: TurnRow, **columns: Any) -> None:
    for name, value in columns.items():
        setattr(row, name, value)
