"""Tables of the transcripts, with the conversion of rows to values and back."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any, Self, cast

import sqlalchemy as sa
from sqlmodel import Field

from bot.types import Conversation, Entry, Media, MediaKind, NewEntry, Role, StoredEntry
from storage.codec import as_utc
from storage.tables.base import KEY_COLUMNS, SERIAL, BaseTable, Keyed

HAS_SOURCE = sa.text("source_id <> ''")  # written out, as `IS_OPEN` is
IS_REPLY = sa.text("replies_to <> ''")
"""Whether the first words of another message are repeated; few are so."""


UNKNOWN = 2**31 - 1  # of what no request is known, everything may have been sent


class ConversationRow(Keyed, table=True):
    """A conversation; `next_position` is where its next entry goes.

    Its notes may rest on what stands from `notes_from` to before `notes_until`, and its last request ended before
    `sent_until`.
    """

    __tablename__ = "conversation"
    __table_args__ = (sa.UniqueConstraint(*KEY_COLUMNS),)

    id: int = Field(default=None, primary_key=True, sa_type=SERIAL)
    next_position: int = 0
    window_start: int = 0
    last_request_at: datetime | None = None
    head_digest: str = ""  # the earlier name of `prompt_digest`, which only `removal.py` reads beside this file
    token_ratio: float = 1.0
    memory: str = ""
    condensed_until: int = 0
    condensed_in_vain: int = 0
    media_start: int = 0
    revision: int = 0
    notes_from: int = 0
    notes_until: int = 0
    sent_until: int = UNKNOWN

    def to_conversation(self) -> Conversation:
        return Conversation(
            window_start=self.window_start,
            last_request_at=self.last_request_at,
            prompt_digest=self.head_digest,
            token_ratio=self.token_ratio,
            memory=self.memory,
            condensed_until=self.condensed_until,
            condensed_in_vain=self.condensed_in_vain,
            media_start=self.media_start,
            revision=self.revision,
        )

    def remember(self, conversation: Conversation) -> None:
        """Take over what is remembered of the conversation; new notes rest on all that they cover."""
        if conversation.memory != self.memory:
            self.notes_until = conversation.condensed_until
        for name, value in conversation_columns(conversation).items():
            setattr(self, name, value)


def conversation_columns(conversation: Conversation) -> dict[str, Any]:
    """Return the columns that remember a conversation, by name; its revision is the store's."""
    return {
        "window_start": conversation.window_start,
        "last_request_at": conversation.last_request_at and as_utc(conversation.last_request_at),
        "head_digest": conversation.prompt_digest,
        "token_ratio": conversation.token_ratio,
        "memory": conversation.memory,
        "condensed_until": conversation.condensed_until,
        "condensed_in_vain": conversation.condensed_in_vain,
        "media_start": conversation.media_start,
    }


class EntryRow(BaseTable, table=True):
    """An entry of a transcript without its media."""

    __tablename__ = "entry"
    __table_args__ = (
        sa.UniqueConstraint("conversation_id", "entry_id"),
        sa.Index(None, "conversation_id", "source_id"),
        sa.Index(None, "author"),
        sa.Index("ix_entry_source_id", "source_id", sqlite_where=HAS_SOURCE, postgresql_where=HAS_SOURCE),
        sa.Index("ix_entry_replies_to", "replies_to", sqlite_where=IS_REPLY, postgresql_where=IS_REPLY),
    )

    conversation_id: int = Field(
        primary_key=True, foreign_key="conversation.id", ondelete="CASCADE", sa_type=sa.BigInteger
    )
    position: int = Field(primary_key=True)
    entry_id: str
    role: str
    text: str
    tokens: int
    at: datetime
    author: str
    source_id: str
    replies_to: str = ""
    author_is_bot: bool = False

    @classmethod
    def from_entry(cls, conversation_id: int, position: int, new: NewEntry) -> Self:
        return cls(
            conversation_id=conversation_id,
            position=position,
            entry_id=new.id,
            role=new.entry.role,
            text=new.entry.text,
            tokens=new.tokens,
            at=as_utc(new.at),
            author=new.author,
            source_id=new.message_id,
            replies_to=new.replies_to,
            author_is_bot=new.author_is_bot,
        )

    def to_entry(self, media: tuple[Media, ...]) -> StoredEntry:
        return StoredEntry(
            id=self.entry_id,
            entry=Entry(role=cast("Role", self.role), text=self.text, media=media),
            tokens=self.tokens,
            at=self.at,
            author=self.author,
            author_is_bot=self.author_is_bot,
            message_id=self.source_id,
            replies_to=self.replies_to,
            position=self.position,
        )


class MediaRow(BaseTable, table=True):
    """The bytes of media, stored once however often they are used; `digest` is their SHA-256."""

    __tablename__ = "media"

    digest: str = Field(primary_key=True, max_length=64)
    content: bytes


class EntryMediaRow(BaseTable, table=True):
    """The use of media in an entry, in the order of `ordinal`."""

    __tablename__ = "entry_media"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["conversation_id", "position"], ["entry.conversation_id", "entry.position"], ondelete="CASCADE"
        ),
    )

    conversation_id: int = Field(primary_key=True, sa_type=sa.BigInteger)
    position: int = Field(primary_key=True)
    ordinal: int = Field(primary_key=True)
    digest: str = Field(foreign_key="media.digest", max_length=64, index=True)
    kind: str
    media_type: str
    name: str
    tokens: int

    def to_media(self, content: bytes) -> Media:
        return Media(
            kind=cast("MediaKind", self.kind),
            media_type=self.media_type,
            name=self.name,
            data=content,
            tokens=self.tokens,
        )


def media_rows(conversation_id: int, position: int, entry: Entry) -> list[tuple[MediaRow, EntryMediaRow]]:
    """Return the media of an entry, each as its bytes and its use."""
    pairs = []
    for ordinal, media in enumerate(entry.media):
        digest = sha256(media.data).hexdigest()
        use = EntryMediaRow(
            conversation_id=conversation_id,
            position=position,
            ordinal=ordinal,
            digest=digest,
            kind=media.kind,
            media_type=media.media_type,
            name=media.name,
            tokens=media.tokens,
        )
        pairs.append((MediaRow(digest=digest, content=media.data), use))
    return pairs
