"""Store the append-only transcripts in a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ColumnElement, bindparam, exists, insert, tuple_
from sqlmodel import Session, col, delete, select, update

from bot.types import Conversation, ConversationKey, Media, NewEntry, StoredEntry
from storage.asked_before import unasked
from storage.database import SqlPart, chunks, unit_of_work, upsert
from storage.deletion_fences import hold_together, standing
from storage.tables import (
    KEY_COLUMNS,
    ConversationRow,
    EntryMediaRow,
    EntryRow,
    MediaRow,
    conversation_columns,
    in_place,
    key_columns,
    media_rows,
    place_of,
)
from storage.turn_rules import first_answer

# Statements of every turn are built once, since building one costs several times what running it does.
_CONVERSATION = select(ConversationRow).where(in_place(ConversationRow))
_ENTRIES = (
    select(EntryRow)
    .join(ConversationRow)
    .where(in_place(ConversationRow), col(EntryRow.position) >= bindparam("start"))
    .order_by(col(EntryRow.position))
)
_MEDIA = (
    select(EntryMediaRow, MediaRow.content)
    .join(MediaRow, col(MediaRow.digest) == EntryMediaRow.digest)
    .where(col(EntryMediaRow.conversation_id) == bindparam("of_id"), col(EntryMediaRow.position) >= bindparam("start"))
    .order_by(col(EntryMediaRow.position), col(EntryMediaRow.ordinal))
)
_KNOWN = select(EntryRow.entry_id).where(
    col(EntryRow.conversation_id) == bindparam("of_id"), col(EntryRow.entry_id).in_(bindparam("ids", expanding=True))
)
_ADD = insert(EntryRow)
_MOVE_ON = update(ConversationRow).where(col(ConversationRow.id) == bindparam("of_id"))
# Corrections that came while an answer was written: they have no media, whose places would have to move with them.
_MOVE_BEHIND = (
    update(EntryRow)
    .where(
        col(EntryRow.conversation_id) == bindparam("of_id"),
        col(EntryRow.position) >= bindparam("sent_until"),
        col(EntryRow.position) < bindparam("new"),
    )
    .values(position=EntryRow.position + bindparam("by"))
    .execution_options(synchronize_session=False)
)


class SqlTranscripts(SqlPart):
    """A `TranscriptStore` over a database."""

    @unit_of_work
    def get_conversation(self, session: Session, key: ConversationKey) -> Conversation | None:
        row = remembered(session, key)
        return None if row is None else row.to_conversation()

    @unit_of_work
    def get_entries(self, session: Session, key: ConversationKey, *, start: int) -> Sequence[StoredEntry]:
        rows = session.exec(_ENTRIES, params={**place_of(key), "start": start}).all()
        if not rows:
            return []
        media = _read_media(session, rows[0].conversation_id, start)
        return [row.to_entry(tuple(media[row.position])) for row in rows]

    @unit_of_work
    def append_entries(
        self, session: Session, key: ConversationKey, entries: Sequence[NewEntry]
    ) -> Sequence[StoredEntry]:
        hold_together(session, key)
        return append(session, key, unasked(session, key, entries))

    @unit_of_work
    def save_conversation(self, session: Session, key: ConversationKey, conversation: Conversation) -> None:
        _remember(session, key, conversation)


def remembered(session: Session, key: ConversationKey, *, for_update: bool = False) -> ConversationRow | None:
    """Return the row of a conversation, locked until the commit if it is to change; part of a larger unit of work."""
    statement = _CONVERSATION.with_for_update() if for_update else _CONVERSATION
    return session.exec(statement, params=place_of(key)).one_or_none()


def append(
    session: Session,
    key: ConversationKey,
    entries: Sequence[NewEntry],
    *,
    now: Conversation | None = None,
    sent_until: int | None = None,
) -> Sequence[StoredEntry]:
    """Append the entries whose id is new, creating the conversation; part of a larger unit of work.

    What was deleted meanwhile is left out. `now` is what is to be remembered of the conversation from then on. A
    request carried the transcript to before `sent_until`, and all that stands before the answer among the entries: what
    was appended behind that meanwhile comes after them.
    """
    entries = standing(session, key, entries) if entries else entries
    if not entries:
        if now is not None:
            _remember(session, key, now, sent=sent_until is not None)
        return []
    conversation, position = _lock(session, key)
    offered = {entry.id: entry for entry in reversed(entries)}  # of the same id the first one counts
    connection = session.connection()
    for (id,) in connection.execute(_KNOWN, {"of_id": conversation, "ids": list(offered)}):
        del offered[id]
    new = [entry for entry in entries if offered.get(entry.id) is entry]
    rows = [EntryRow.from_entry(conversation, place, item) for place, item in enumerate(new, position)]
    if rows:
        connection.execute(_ADD, [row.model_dump() for row in rows])
    stored = [row.to_entry(item.entry.media) for row, item in zip(rows, new, strict=True)]
    _add_media(session, conversation, stored)
    end = position + len(new)
    columns = {} if now is None else conversation_columns(now)
    columns |= {} if sent_until is None else {"sent_until": first_answer(stored, end)}
    if sent_until is not None and sent_until < position and new:
        moved = {"of_id": conversation, "sent_until": sent_until, "new": position, "by": end - sent_until}
        connection.execute(_MOVE_BEHIND, moved)
        end += position - sent_until
    connection.execute(_MOVE_ON, {"of_id": conversation, "next_position": end, **columns})
    return stored


def delete_entries(session: Session, *which: ColumnElement[bool]) -> int:
    """Delete entries, and of their media what no other entry uses; how many; part of a larger unit of work."""
    places = tuple_(col(EntryMediaRow.conversation_id), col(EntryMediaRow.position))
    theirs = select(EntryRow.conversation_id, EntryRow.position).where(*which)
    digests = set(session.exec(select(EntryMediaRow.digest).where(places.in_(theirs))))
    deleted = session.exec(delete(EntryRow).where(*which).execution_options(synchronize_session=False))
    for some in chunks(digests):
        unused = ~exists().where(col(EntryMediaRow.digest) == MediaRow.digest)
        session.exec(delete(MediaRow).where(col(MediaRow.digest).in_(some), unused))
    return deleted.rowcount


def _remember(session: Session, key: ConversationKey, conversation: Conversation, *, sent: bool = False) -> None:
    columns = conversation_columns(conversation)
    new = upsert(session, ConversationRow).values(**key_columns(key), next_position=0, **columns)
    known = columns | ({"sent_until": ConversationRow.next_position} if sent else {})
    session.exec(new.on_conflict_do_update(index_elements=KEY_COLUMNS, set_=known))


def _lock(session: Session, key: ConversationKey) -> tuple[int, int]:
    """Return the conversation's id and next position; it is there and nobody else appends to it until the commit."""
    unchanged = {"next_position": ConversationRow.next_position}
    # An update that changes nothing takes the row's lock and gives the row back, new or old.
    kept = upsert(session, ConversationRow).on_conflict_do_update(index_elements=KEY_COLUMNS, set_=unchanged)
    row = kept.returning(col(ConversationRow.id), col(ConversationRow.next_position))
    columns = {**key_columns(key), "next_position": 0, **conversation_columns(Conversation())}
    id, position = session.connection().execute(row, columns).one()
    return id, position


def _add_media(session: Session, conversation: int, stored: Sequence[StoredEntry]) -> None:
    pairs = [pair for item in stored for pair in media_rows(conversation, item.position, item.entry)]
    for content, _ in pairs:
        session.exec(upsert(session, MediaRow).values(content.model_dump()).on_conflict_do_nothing())
    session.add_all(use for _, use in pairs)


def _read_media(session: Session, conversation: int, start: int) -> defaultdict[int, list[Media]]:
    uses = session.exec(_MEDIA, params={"of_id": conversation, "start": start})
    media: defaultdict[int, list[Media]] = defaultdict(list)
    for use, content in uses:
        media[use.position].append(use.to_media(content))
    return media
