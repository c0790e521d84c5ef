"""The append-only history of each conversation over a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists
from sqlmodel import Session, col, delete, select, update

from bot.types import Conversation, ConversationKey, Media, NewEntry, StoredEntry
from storage.database import SqlPart, reads, upsert, writes
from storage.tables import (
    KEY_COLUMNS,
    ConversationRow,
    EntryMediaRow,
    EntryRow,
    MediaRow,
    conversation_columns,
    is_of,
    key_columns,
    media_rows,
)


class SqlTranscripts(SqlPart):
    """A `TranscriptStore` over a database."""

    @reads
    def get_conversation(self, session: Session, key: ConversationKey) -> Conversation | None:
        row = session.exec(select(ConversationRow).where(is_of(ConversationRow, key))).one_or_none()
        return None if row is None else row.to_conversation()

    @reads
    def get_entries(self, session: Session, key: ConversationKey, *, start: int) -> Sequence[StoredEntry]:
        conversation = session.exec(select(ConversationRow.id).where(is_of(ConversationRow, key))).one_or_none()
        if conversation is None:
            return []
        rows = session.exec(
            select(EntryRow)
            .where(EntryRow.conversation_id == conversation, EntryRow.position >= start)
            .order_by(col(EntryRow.position))
        )
        media = _read_media(session, conversation, start)
        return [row.to_entry(tuple(media[row.position])) for row in rows]

    @writes
    def append_entries(
        self, session: Session, key: ConversationKey, entries: Sequence[NewEntry]
    ) -> Sequence[StoredEntry]:
        return append(session, key, entries)

    @writes
    def save_conversation(self, session: Session, key: ConversationKey, conversation: Conversation) -> None:
        remember(session, key, conversation)

    @writes
    def remove_entries(self, session: Session, key: ConversationKey, *, source_id: str) -> int:
        if not source_id:
            return 0
        conversation = select(ConversationRow.id).where(is_of(ConversationRow, key)).scalar_subquery()
        theirs = (col(EntryRow.conversation_id) == conversation) & (col(EntryRow.source_id) == source_id)
        digests = session.exec(select(EntryMediaRow.digest).join(EntryRow, _same_place()).where(theirs))
        seen = set(digests)
        removed = session.exec(delete(EntryRow).where(theirs))
        unused = col(MediaRow.digest).in_(seen) & ~exists().where(col(EntryMediaRow.digest) == MediaRow.digest)
        session.exec(delete(MediaRow).where(unused))
        return removed.rowcount


def append(session: Session, key: ConversationKey, entries: Sequence[NewEntry]) -> Sequence[StoredEntry]:
    """Append the entries whose id is new, creating the conversation; part of a larger unit of work."""
    if not entries:
        return []
    conversation, position = _lock(session, key)
    offered = {each.id: each for each in reversed(entries)}  # of the same id the first one counts
    known = session.exec(
        select(EntryRow.entry_id).where(
            EntryRow.conversation_id == conversation, col(EntryRow.entry_id).in_(list(offered))
        )
    )
    for id in known:
        del offered[id]
    stored = []
    for new in (each for each in entries if offered.get(each.id) is each):
        row = EntryRow.from_entry(conversation, position, new)
        session.add(row)
        stored.append(row.to_entry(new.entry.media))
        position += 1
    session.flush()
    _add_media(session, conversation, stored)
    session.exec(update(ConversationRow).where(col(ConversationRow.id) == conversation).values(next_position=position))
    return stored


def remember(session: Session, key: ConversationKey, conversation: Conversation) -> None:
    """Replace what is remembered of a conversation, creating it; part of a larger unit of work."""
    columns = conversation_columns(conversation)
    insert = upsert(session, ConversationRow).values(**key_columns(key), next_position=0, **columns)
    session.exec(insert.on_conflict_do_update(index_elements=KEY_COLUMNS, set_=columns))


def _lock(session: Session, key: ConversationKey) -> tuple[int, int]:
    """The conversation's id and next position; it is there and nobody else appends to it until the commit."""
    new = upsert(session, ConversationRow).values(
        **key_columns(key), next_position=0, **conversation_columns(Conversation())
    )
    # An update that changes nothing takes the row's lock and gives the row back, new or old.
    kept = new.on_conflict_do_update(index_elements=KEY_COLUMNS, set_={"next_position": ConversationRow.next_position})
    row = session.exec(kept.returning(col(ConversationRow.id), col(ConversationRow.next_position)))
    id, position = row.one()
    return id, position


def _add_media(session: Session, conversation: int, stored: Sequence[StoredEntry]) -> None:
    pairs = [pair for each in stored for pair in media_rows(conversation, each.position, each.entry)]
    for content, _ in pairs:
        session.exec(upsert(session, MediaRow).values(content.model_dump()).on_conflict_do_nothing())
    session.add_all(use for _, use in pairs)


def _same_place() -> ColumnElement[bool]:
    """Media and the entry that they belong to."""
    same_conversation = col(EntryMediaRow.conversation_id) == EntryRow.conversation_id
    return same_conversation & (col(EntryMediaRow.position) == EntryRow.position)


def _read_media(session: Session, conversation: int, start: int) -> defaultdict[int, list[Media]]:
    uses = session.exec(
        select(EntryMediaRow, MediaRow.content)
        .join(MediaRow, col(MediaRow.digest) == EntryMediaRow.digest)
        .where(EntryMediaRow.conversation_id == conversation, EntryMediaRow.position >= start)
        .order_by(col(EntryMediaRow.position), col(EntryMediaRow.ordinal))
    )
    media: defaultdict[int, list[Media]] = defaultdict(list)
    for use, content in uses:
        media[use.position].append(use.to_media(content))
    return media
