"""Forgetting: text, media and names go, the ledger's sums stay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select, update

from bot.types import OPEN_STATES, ConversationKey, DeletionOutcome
from storage.codec import as_utc
from storage.database import SqlPart, unit_of_work
from storage.deletion import PLAYGROUND, Removal, forget, forget_unused_media
from storage.fences import hold_alone
from storage.summaries import forget_person_in_parts
from storage.tables import (
    IS_OPEN,
    KEY_COLUMNS,
    ChannelMessageRow,
    ConversationRow,
    EntryRow,
    LedgerRow,
    MessageChangeRow,
    PersonRow,
    TurnRow,
    in_channel,
    is_of,
)
from storage.turn_rules import FORGOTTEN


class SqlUpkeep(SqlPart):
    """A `ForgetStore` over a database."""

    @unit_of_work
    def forget_conversation(self, session: Session, key: ConversationKey, *, rested: bool = False) -> DeletionOutcome:
        hold_alone(session, key.platform, key.workspace)
        removal = self._removal(session)
        if not (rested and session.exec(select(TurnRow.id).where(is_of(TurnRow, key), IS_OPEN)).first()):
            _forget(session, removal, key)
        return removal.outcome()

    def _removal(self, session: Session) -> Removal:
        return Removal(session, as_utc(self._clock()), queued=self._database.has_queue)

    @unit_of_work
    def forget_person(self, session: Session, platform: str, id: str) -> DeletionOutcome:
        theirs = sa.and_(col(TurnRow.platform) == platform, col(TurnRow.author_id) == id)
        places = select(TurnRow.platform, TurnRow.workspace, TurnRow.channel, TurnRow.thread).where(theirs).distinct()
        # Answers, and what was condensed, may repeat what they wrote: their conversations go as a whole.
        keys = [ConversationKey(**dict(zip(KEY_COLUMNS, place, strict=True))) for place in session.exec(places)]
        written = (col(ConversationRow.platform) == platform, col(EntryRow.author) == id)
        read_in = session.exec(select(ConversationRow.workspace).join(EntryRow).where(*written).distinct())
        for workspace in sorted({*read_in, *(key.workspace for key in keys)}):
            hold_alone(session, platform, workspace)
        removal = self._removal(session)
        for key in keys:
            _forget(session, removal, key)
        removal.entries(*written)
        session.exec(
            update(LedgerRow)
            .where(col(LedgerRow.platform) == platform, col(LedgerRow.author_id) == id)
            .values(author_id=FORGOTTEN)
        )
        forget_person_in_parts(session, platform, id)
        if platform == PLAYGROUND:
            session.exec(delete(ChannelMessageRow).where(col(ChannelMessageRow.author_id) == id))
            session.exec(delete(PersonRow).where(col(PersonRow.id) == id))
        edited = (col(MessageChangeRow.platform) == platform, col(MessageChangeRow.author) == id)
        session.exec(delete(MessageChangeRow).where(*edited))
        forget_unused_media(session)
        return removal.outcome()

    @unit_of_work
    def resting_since(self, session: Session, before: datetime) -> Mapping[ConversationKey, datetime]:
        row = TurnRow
        key = (col(row.platform), col(row.workspace), col(row.channel), col(row.thread))
        latest = sa.func.max(col(row.accepted_at))
        resting = (
            sa.select(*key, latest)
            .where(col(row.text) != "")
            .group_by(*key)
            .having(latest < as_utc(before))
            .having(sa.func.count().filter(_is_open()) == 0)
        )
        found = session.connection().execute(resting)
        return {ConversationKey(**dict(zip(KEY_COLUMNS, place, strict=True))): at for *place, at in found}


def _is_open() -> sa.ColumnElement[bool]:
    return col(TurnRow.state).in_(OPEN_STATES)


def _forget(session: Session, removal: Removal, key: ConversationKey) -> None:
    """Remove all that was said in a conversation, and the edits that wait in its channel."""
    forget(session, removal, lambda table: is_of(table, key))
    waiting = (*in_channel(MessageChangeRow, key), ~col(MessageChangeRow.deleted))
    session.exec(delete(MessageChangeRow).where(*waiting))
    if key.platform == PLAYGROUND:
        row = ChannelMessageRow
        of_thread = sa.or_(col(row.thread) == key.thread, sa.and_(col(row.id) == key.thread, col(row.thread) == ""))
        here = sa.and_(col(row.workspace) == key.workspace, col(row.channel) == key.channel)
        session.exec(delete(row).where(here, of_thread))
