"""Remove what people wrote, wherever it is kept: messages, places, conversations, notes.

Copies of a message are: its turn with attachments, overrides, draft and error; what was asked again of that turn; the
draft and the entry of the answer, which may quote it; its entries in every conversation of the channel; the notes made
after it; parts of summaries that cover it and the summaries told since; an edit that waits; a command whose author is
still to be told something; in the playground the message itself. Whatever else comes to hold what people wrote is to
be removed here, and in `storage.in_memory.deletion`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select

from bot.turns.followups import follow_up_keys
from bot.types import (
    ConversationKey,
    DeletionOutcome,
    Edit,
    Task,
    TurnId,
    Within,
)
from storage import edits
from storage.adapter_state import forget_places
from storage.codec import as_utc
from storage.database import put, unit_of_work
from storage.deletion_fences import hold_alone
from storage.playground import file_ids, forget_files, forget_in_events
from storage.playground_rules import events_of
from storage.removal import Of, Removal, forget, forget_owed, remove_from_summaries
from storage.replies import answered_by
from storage.tables import (
    HAS_SOURCE,
    KEY_COLUMNS,
    ChannelMessageRow,
    ConversationRow,
    DeliveryRow,
    EntryRow,
    MessageChangeRow,
    ScheduleRow,
    SummaryMarkRow,
    TurnRow,
    in_channel,
    is_of,
)
from storage.turn_rules import PLAYGROUND
from storage.workspaces import SqlWorkspaces

KEPT: Final = timedelta(days=7)
"""How long a deletion is remembered: no platform delivers later, and after a gap no older message is read."""


class SqlDeletion(SqlWorkspaces):
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
        carriers = _carriers(session, questions)
        for row in (*asked, *_follow_ups(session, questions)):
            removal.question(row)
        for row in answered_by(session, channel, ids):
            removal.answer(row)
        gone = [row for row in carriers if not removal.stays_asked(row)]
        for row in (*gone, *_follow_ups(session, gone)):
            removal.shown(row)
        remove_from_summaries(session, removal, channel, ids)
        removal.entries(*in_channel(ConversationRow, channel), col(EntryRow.source_id).in_(ids), HAS_SOURCE)
        removal.replies(channel, ids)
        _forget_owed_for(session, channel, ids)
        if channel.platform == PLAYGROUND:
            self._empty_in_playground(session, channel, ids)
        return removal.outcome()

    def _empty_in_playground(self, session: Session, channel: ConversationKey, ids: Collection[str]) -> None:
        """Leave nothing of messages but that they were there, so that their threads stay."""
        row = ChannelMessageRow
        here = (col(row.workspace) == channel.workspace, col(row.channel) == channel.channel, col(row.id).in_(ids))
        emptied = session.exec(select(row).where(*here)).all()
        forget_files(session, file_ids(emptied))
        for item in emptied:
            item.text, item.attachments, item.answer = "", [], None
        forget_in_events(session, channel)
        self._record(session, events_of([item.to_message() for item in emptied], ids))

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
    def edit_message(self, session: Session, channel: ConversationKey, edit: Edit, *, is_awaited: bool = False) -> None:
        if edits.edit_message(session, channel, edit, is_awaited=is_awaited, now=as_utc(self._clock())):
            self._post(session, edit.posted)

    @unit_of_work
    def edit_waiting(self, session: Session, channel: ConversationKey, edit: Edit, *, asked: bool = False) -> None:
        edits.edit_waiting(session, channel, edit, asked=asked, now=as_utc(self._clock()))

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


def _carriers(session: Session, asked: Sequence[TurnRow]) -> list[TurnRow]:
    """Return the turns that answer these questions, locked until the commit."""
    ids = {row.merged_into or row.id for row in asked}
    rows = session.exec(select(TurnRow).where(col(TurnRow.id).in_(ids)).order_by(col(TurnRow.id)).with_for_update())
    return list(rows)


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


def _forget_owed_for(session: Session, channel: ConversationKey, ids: Collection[str]) -> None:
    """Drop what is owed to who wrote a command in one of these messages: an answer can repeat its words."""
    owed = select(DeliveryRow).where(*in_channel(DeliveryRow, channel), col(DeliveryRow.due).is_not(None))
    names = [row.dedupe_key for row in session.exec(owed) if row.incoming and row.incoming["source_id"] in ids]
    forget_owed(session, col(DeliveryRow.platform) == channel.platform, col(DeliveryRow.dedupe_key).in_(names))
