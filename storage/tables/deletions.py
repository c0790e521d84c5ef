"""Tables of deleted and edited messages, and of where answers stand, so that deletions find every copy."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa
from sqlmodel import Field

from bot.types import ConversationKey, Edit, Entry, NewEntry
from storage.codec import Json, as_utc
from storage.tables.base import JSON, BaseTable, Keyed

IS_WAITING = sa.text("NOT deleted")
"""Whether a change is an edit that waits; few are."""


class MessageChangeRow(Keyed, table=True):
    """A deletion, or the newest edit that still waits for its message or for the end of its turn.

    `thread` is "" for a message; without `message_id` it is the place itself that is gone, "" standing for all.
    `author` wrote the edit. Rows are kept for some days, since deliveries come late and more than once.
    """

    __tablename__ = "message_change"
    __table_args__ = (
        sa.Index(None, "kept_at"),
        sa.Index(
            "ix_message_change_waiting",
            "platform",
            "workspace",
            "channel",
            sqlite_where=IS_WAITING,
            postgresql_where=IS_WAITING,
        ),
    )

    platform: str = Field(primary_key=True)
    workspace: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    thread: str = Field(primary_key=True)
    message_id: str = Field(primary_key=True)
    deleted: bool
    at: datetime
    text: str = ""
    author: str = ""
    correction: Json | None = Field(default=None, sa_type=JSON)
    kept_at: datetime

    @classmethod
    def from_edit(cls, channel: ConversationKey, edit: Edit, *, kept_at: datetime) -> Self:
        entry = edit.correction
        return cls(
            platform=channel.platform,
            workspace=channel.workspace,
            channel=channel.channel,
            thread="",
            message_id=edit.message_id,
            deleted=False,
            at=as_utc(edit.at),
            text=edit.text,
            author=entry.author,
            correction={"id": entry.id, "text": entry.entry.text, "tokens": entry.tokens},
            kept_at=as_utc(kept_at),
        )

    def to_correction(self) -> NewEntry:
        """Return the entry that tells of the edit. Raises `ValueError` for a deletion."""
        if self.correction is None:
            raise ValueError(f"message {self.message_id!r} was not edited")
        told: dict[str, Any] = self.correction
        return NewEntry(
            id=told["id"],
            entry=Entry(role="user", text=told["text"]),
            tokens=told["tokens"],
            at=self.at,
            author=self.author,
            message_id=self.message_id,
        )


class ReplyMessageRow(BaseTable, table=True):
    """A message of an answer; `ordinal` is its place among them, from 0."""

    __tablename__ = "reply_message"
    __table_args__ = (sa.Index(None, "turn_id"),)

    platform: str = Field(primary_key=True)
    workspace: str = Field(primary_key=True)
    message_id: str = Field(primary_key=True)
    turn_id: int = Field(primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False})
    ordinal: int
