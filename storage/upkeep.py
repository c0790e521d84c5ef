"""Forgetting: text, media and names go, the ledger's sums stay."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select, update

from bot.types import OPEN_STATES, ConversationKey
from storage.codec import as_utc
from storage.database import SqlPart, unit_of_work
from storage.summaries import forget_person_in_parts
from storage.tables import (
    KEY_COLUMNS,
    ChannelMessageRow,
    ConversationRow,
    EntryMediaRow,
    EntryRow,
    LedgerRow,
    MediaRow,
    PersonRow,
    SummaryPartRow,
    TurnRow,
    is_of,
)
from storage.turn_rules import FORGOTTEN, NOBODY, PLAYGROUND


class SqlUpkeep(SqlPart):
    """A `ForgetStore` over a database."""

    @unit_of_work
    def forget_conversation(self, session: Session, key: ConversationKey) -> int:
        if key.platform == PLAYGROUND:
            session.exec(delete(ChannelMessageRow).where(_stands_in(key)))
        return _forget(session, key)

    @unit_of_work
    def authors(self, session: Session, key: ConversationKey) -> Set[str]:
        here = select(ConversationRow.id).where(is_of(ConversationRow, key))
        found = {
            *session.exec(select(TurnRow.author_id).where(is_of(TurnRow, key)).distinct()),
            *session.exec(select(EntryRow.author).where(col(EntryRow.conversation_id).in_(here)).distinct()),
        }
        if key.platform == PLAYGROUND:
            of_people = col(ChannelMessageRow.author_is_bot).is_(False)
            found.update(session.exec(select(ChannelMessageRow.author_id).where(_stands_in(key), of_people)))
        return found - NOBODY

    @unit_of_work
    def forget_person(self, session: Session, platform: str, id: str) -> int:
        theirs = sa.and_(col(TurnRow.platform) == platform, col(TurnRow.author_id) == id)
        places = select(TurnRow.platform, TurnRow.workspace, TurnRow.channel, TurnRow.thread).where(theirs).distinct()
        # Answers, and what was condensed, may repeat what they wrote: their conversations go as a whole.
        keys = [ConversationKey(**dict(zip(KEY_COLUMNS, place, strict=True))) for place in session.exec(places)]
        if platform == PLAYGROUND:  # what others have written stays theirs
            answers = col(ChannelMessageRow.turn_id).in_(select(TurnRow.id).where(theirs))
            session.exec(delete(ChannelMessageRow).where(sa.or_(col(ChannelMessageRow.author_id) == id, answers)))
            session.exec(delete(PersonRow).where(col(PersonRow.id) == id))
        gone = sum([_forget(session, key) for key in keys])
        elsewhere = select(ConversationRow.id).where(ConversationRow.platform == platform)
        read = session.exec(
            delete(EntryRow).where(col(EntryRow.author) == id, col(EntryRow.conversation_id).in_(elsewhere))
        )
        session.exec(
            update(LedgerRow)
            .where(col(LedgerRow.platform) == platform, col(LedgerRow.author_id) == id)
            .values(author_id=FORGOTTEN)
        )
        forget_person_in_parts(session, platform, id)
        _forget_unused_media(session)
        return gone + read.rowcount

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


_BLANK: dict[str, Any] = {
    "text": "",
    "author_id": FORGOTTEN,
    "author_name": "",
    "attachments": [],
    "overrides": {},
    "details": {},
    "draft": None,
    "error": "",
}


def _is_open() -> sa.ColumnElement[bool]:
    return col(TurnRow.state).in_(OPEN_STATES)


def _forget(session: Session, key: ConversationKey) -> int:
    """Blank ended turns, which stay as the names of deliveries, and remove transcript and memory."""
    conversation = is_of(ConversationRow, key)
    session.exec(update(TurnRow).where(is_of(TurnRow, key), ~_is_open()).values(**_BLANK))
    session.exec(delete(SummaryPartRow).where(is_of(SummaryPartRow, key)))
    ids = select(ConversationRow.id).where(conversation)
    gone = session.exec(delete(EntryRow).where(col(EntryRow.conversation_id).in_(ids)))
    start = ConversationRow.next_position
    session.exec(update(ConversationRow).where(conversation).values(memory="", head_digest="", window_start=start))
    _forget_unused_media(session)
    return gone.rowcount


def _stands_in(key: ConversationKey) -> sa.ColumnElement[bool]:
    """The playground's messages of a conversation: those in its thread, and its root."""
    row = ChannelMessageRow
    of_thread = sa.or_(col(row.thread) == key.thread, sa.and_(col(row.id) == key.thread, col(row.thread) == ""))
    return sa.and_(col(row.workspace) == key.workspace, col(row.channel) == key.channel, of_thread)


def _forget_unused_media(session: Session) -> None:
    used = select(EntryMediaRow.digest)
    session.exec(delete(MediaRow).where(col(MediaRow.digest).not_in(used)))
