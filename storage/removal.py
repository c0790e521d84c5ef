"""Remove turns and entries from a database, as parts of one deletion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select, update

from bot.chat.message_markdown import without_replied_to
from bot.context.new_entries import without_reply_words
from bot.context.tokens import estimate_entry
from bot.context.transcript import REMOVED_ANSWER
from bot.context.window import CacheBreak, mark_prefix_broken
from bot.types import (
    OPEN_STATES,
    SOURCES_ID,
    THREAD_EXPORT,
    ConversationKey,
    DeletionOutcome,
    Entry,
    Task,
    TurnId,
    TurnState,
)
from storage import jobs
from storage.database import chunks
from storage.summaries import forget_in_parts
from storage.tables import (
    HAS_SOURCE,
    IS_CONTEXT,
    IS_OPEN,
    IS_REPLY,
    IS_SUMMARY,
    NOTHING_OWED,
    ConversationRow,
    DeliveryRow,
    EntryRow,
    SummaryPartRow,
    TurnRow,
    in_channel,
    is_of,
)
from storage.transcripts import delete_entries
from storage.turn_rules import ANEW, BLANK, FORGOTTEN, WORDLESS

Of = Callable[[type[Any]], sa.ColumnElement[bool]]
"""Which rows of a table with the columns of a conversation's key are meant."""


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
            if _can_begin_anew(row):
                self._take_back_entries(row)
                self._set_free(row)
            self._drop_answer(row, without=row)
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

    def summary(self, row: TurnRow) -> None:
        """Remove a summary of what is gone; one that may not have been shown whole is made anew of what is left."""
        if _can_begin_anew(row):
            self._reopen(row)
        else:
            self.answer(row)

    def shown(self, row: TurnRow) -> None:
        """Open a closed turn that has no question any more: its next runner takes back the answer that stands."""
        is_shown = row.state not in OPEN_STATES and row.outcome is not None and bool(row.reply_ref)
        if is_shown and not row.withdrawn:
            row.state, row.ended_at = TurnState.QUEUED, None
            row.attempt -= 1  # it is claimed once more, which no crash is to blame for
            row.withdrawn, row.stop, row.not_before = True, True, None
            self._interrupt(row)

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
        if carrier is not None and carrier.outcome is None and carrier.state in OPEN_STATES:
            self.anew(carrier)
        elif carrier is not None and row.task is not Task.CONTEXT:
            if _can_begin_anew(carrier):
                self._reopen(carrier)
            else:
                self._drop_answer(carrier, without=row)
        row.merged_into, row.state = None, TurnState.CANCELLED

    def _reopen(self, carrier: TurnRow) -> None:
        """Let a turn whose answer is recorded begin again; whoever shows that answer finds out when closing it."""
        self._take_back_entries(carrier)
        self._break(carrier.key)
        _set(carrier, **{**ANEW, "stale": carrier.state is TurnState.RUNNING, "not_before": None})
        self._wake(carrier.key)

    def _take_back_entries(self, carrier: TurnRow) -> None:
        """Remove what was recorded of a turn whose questions are asked again: they enter with their next answer."""
        merged = select(TurnRow).where(TurnRow.merged_into == carrier.id)
        rows = [carrier, *self._session.exec(merged)]
        names = [f"a:{carrier.id}", f"{SOURCES_ID}{carrier.id}", *(f"m:{row.dedupe_key}" for row in rows)]
        messages = [row.source_id for row in rows if row.source_id]
        here = is_of(ConversationRow, carrier.key)
        self.entries(here, col(EntryRow.entry_id).in_(names))
        self.entries(here, col(EntryRow.source_id).in_(messages), HAS_SOURCE)

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

    def _drop_answer(self, row: TurnRow, *, without: TurnRow | None = None) -> None:
        """Remove a recorded answer; where a question to it stays, but for `without`, a mark says that there was one."""
        row.draft = None
        if row.state in OPEN_STATES:  # recorded, and perhaps not shown whole yet
            self._withdraw(row)
        names = [f"{SOURCES_ID}{row.id}", *([] if row.source_id else [f"m:{row.dedupe_key}"])]
        answer, here = col(EntryRow.entry_id) == f"a:{row.id}", is_of(ConversationRow, row.key)
        if self.stays_asked(row, without):
            self._mark_removed(here, answer, col(EntryRow.text) != REMOVED_ANSWER)
        else:
            names.append(f"a:{row.id}")
        self.entries(here, col(EntryRow.entry_id).in_(names))

    def stays_asked(self, carrier: TurnRow, without: TurnRow | None = None) -> bool:
        """Return whether a turn has a question that is a message and stays, beside `without`."""
        merged = select(TurnRow).where(TurnRow.merged_into == carrier.id, TurnRow.task != Task.CONTEXT)
        asked = [carrier, *self._session.exec(merged)]
        return any(row is not without and row.source_id and (row.text or row.attachments) for row in asked)

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
            row.head_digest = mark_prefix_broken(row.to_conversation(), CacheBreak.DELETED).prompt_digest

    def entries(self, *which: sa.ColumnElement[bool] | sa.TextClause) -> None:
        """Remove entries of conversations, and the notes that rest on them, to be made anew of what is left."""
        found = self._session.exec(select(ConversationRow, EntryRow.position).join(EntryRow).where(*which)).all()
        positions: defaultdict[int, set[int]] = defaultdict(set)
        for row, position in found:
            positions[row.id].add(position)
        for row in {row.id: row for row, _ in found}.values():
            self._remove(row, positions[row.id])

    def _mark_removed(self, *which: sa.ColumnElement[bool] | sa.TextClause) -> None:
        """Leave nothing of an answer but that it was there."""
        for row, entry in self._session.exec(select(ConversationRow, EntryRow).join(EntryRow).where(*which)).all():
            entry.text, entry.tokens = REMOVED_ANSWER, estimate_entry(Entry(role="assistant", text=REMOVED_ANSWER))
            self.removed += 1
            _break_at(row, {entry.position})

    def replies(self, channel: ConversationKey, ids: Collection[str]) -> None:
        """Remove the words of messages from what repeats them, since it replies to them, and is not gone itself."""
        asked = select(TurnRow).where(*in_channel(TurnRow, channel), col(TurnRow.replies_to).in_(ids), IS_REPLY)
        for turn in self._session.exec(asked.order_by(col(TurnRow.id)).with_for_update()):
            turn.text = without_replied_to(turn.text)
            into = turn.merged_into
            self.anew(turn if into is None else self._session.get(TurnRow, into, with_for_update=True) or turn)
        told = select(ConversationRow, EntryRow).join(EntryRow).where(*in_channel(ConversationRow, channel))
        for row, entry in self._session.exec(told.where(col(EntryRow.replies_to).in_(ids), IS_REPLY)).all():
            left = without_reply_words(entry.to_entry(()))
            entry.text, entry.tokens = left.entry.text, left.tokens
            self.removed += 1
            _break_at(row, {entry.position})

    def _remove(self, row: ConversationRow, positions: set[int]) -> None:
        here = col(EntryRow.conversation_id) == row.id
        for some in chunks(sorted(positions)):
            self.removed += delete_entries(self._session, here, col(EntryRow.position).in_(some))
        _break_at(row, positions)

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


def remove_from_summaries(session: Session, removal: Removal, channel: ConversationKey, ids: Collection[str]) -> None:
    """Drop parts that cover a message, what was told since it was written, and threads as files, which may hold it; one
    under way begins anew.
    """
    written_at = forget_in_parts(session, channel, ids)
    told = select(TurnRow).where(*in_channel(TurnRow, channel), IS_SUMMARY)
    for row in session.exec(told.where(IS_OPEN).order_by(col(TurnRow.id)).with_for_update()):
        removal.anew(row)
    made_of_it = col(TurnRow.text) == THREAD_EXPORT
    if written_at is not None:
        made_of_it |= col(TurnRow.at) >= written_at
    since = told.where(made_of_it, col(TurnRow.outcome).is_not(None))
    for row in session.exec(since.order_by(col(TurnRow.id)).with_for_update()):
        removal.summary(row)


def forget_owed(session: Session, *whose: sa.ColumnElement[bool]) -> None:
    """Drop commands and answers that a crash has kept back; the names of the deliveries stay."""
    owed = update(DeliveryRow).where(*whose, col(DeliveryRow.due).is_not(None)).values(**NOTHING_OWED)
    session.exec(owed.execution_options(synchronize_session=False))


def _break_at(row: ConversationRow, positions: set[int]) -> None:
    """Note that entries of a conversation are gone; notes that rest on them go, to be made anew of what is left."""
    if min(positions) < row.notes_until:
        row.memory, row.notes_until = "", 0
        row.condensed_until, row.condensed_in_vain = row.notes_from, 0
    if any(row.window_start <= position < row.sent_until for position in positions):
        row.head_digest = mark_prefix_broken(row.to_conversation(), CacheBreak.DELETED).prompt_digest
    row.revision += 1


def _can_begin_anew(row: TurnRow) -> bool:
    """Return whether an answer is recorded that may not have been shown whole, and that nobody has stopped."""
    return row.state in OPEN_STATES and row.outcome is not None and not row.withdrawn and not row.stop


def _set(row: TurnRow, **columns: Any) -> None:
    for name, value in columns.items():
        setattr(row, name, value)
