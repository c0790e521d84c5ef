"""Tables of the playground's workspaces, with the conversion of rows to values and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from bot.types import Channel, ChannelMessage, Person, PlaygroundEvent, PlaygroundFile, Workspace
from storage.codec import Json, as_utc, attachments_from_json, attachments_to_json, draft_from_json, draft_to_json
from storage.tables.base import JSON, ORDERED, SERIAL, BaseTable


class WorkspaceRow(BaseTable, table=True):
    """A team of the playground."""

    __tablename__ = "workspace"

    id: str = Field(primary_key=True, sa_type=ORDERED)
    name: str = Field(sa_type=ORDERED)

    def to_workspace(self) -> Workspace:
        return Workspace(id=self.id, name=self.name)


class ChannelRow(BaseTable, table=True):
    """A channel of the playground."""

    __tablename__ = "channel"

    workspace: str = Field(primary_key=True, foreign_key="workspace.id", ondelete="CASCADE", sa_type=ORDERED)
    id: str = Field(primary_key=True, sa_type=ORDERED)
    name: str = Field(sa_type=ORDERED)
    topic: str
    direct: bool
    maker: str = ""

    def to_channel(self) -> Channel:
        return Channel(**self.model_dump())


class PersonRow(BaseTable, table=True):
    """Somebody who writes in the playground."""

    __tablename__ = "person"

    workspace: str = Field(primary_key=True, foreign_key="workspace.id", ondelete="CASCADE", sa_type=ORDERED)
    id: str = Field(primary_key=True, sa_type=ORDERED)
    name: str = Field(sa_type=ORDERED)
    is_bot: bool

    def to_person(self) -> Person:
        return Person(id=self.id, name=self.name, is_bot=self.is_bot)


class ChannelMessageRow(BaseTable, table=True):
    """A message of the playground with the state of the thread that hangs on it."""

    __tablename__ = "channel_message"
    __table_args__ = (
        sa.ForeignKeyConstraint(["workspace", "channel"], ["channel.workspace", "channel.id"], ondelete="CASCADE"),
        sa.Index(None, "workspace", "channel", "thread", "at", "id"),
        sa.Index(None, "author_id"),
    )

    workspace: str = Field(primary_key=True, sa_type=ORDERED)
    channel: str = Field(primary_key=True, sa_type=ORDERED)
    id: str = Field(primary_key=True, sa_type=ORDERED)
    author_id: str
    author_name: str
    author_is_bot: bool
    text: str
    at: datetime
    thread: str = Field(sa_type=ORDERED)
    attachments: list[Json] = Field(sa_type=JSON)
    answer: Json | None = Field(default=None, sa_type=JSON)
    turn_id: int
    replies: int = 0
    last_reply_at: datetime | None = None

    def to_message(self) -> ChannelMessage:
        return ChannelMessage(
            workspace=self.workspace,
            channel=self.channel,
            id=self.id,
            author=Person(id=self.author_id, name=self.author_name, is_bot=self.author_is_bot),
            text=self.text,
            at=self.at,
            thread=self.thread,
            attachments=attachments_from_json(self.attachments),
            answer=None if self.answer is None else draft_from_json(self.answer),
            turn=self.turn_id,
            replies=self.replies,
            last_reply_at=self.last_reply_at,
        )


def message_columns(message: ChannelMessage) -> dict[str, Any]:
    """Return the columns of a message that are given, by name; those of its thread are derived."""
    return {
        "workspace": message.workspace,
        "channel": message.channel,
        "id": message.id,
        "author_id": message.author.id,
        "author_name": message.author.name,
        "author_is_bot": message.author.is_bot,
        "text": message.text,
        "at": as_utc(message.at),
        "thread": message.thread,
        "attachments": attachments_to_json(message.attachments),
        "answer": None if message.answer is None else draft_to_json(message.answer),
        "turn_id": message.turn,
    }


class PlaygroundEventRow(BaseTable, table=True):
    """Something that open pages have to hear of, for an hour; ids are in the order of commits."""

    __tablename__ = "playground_event"
    __table_args__ = (sa.Index(None, "at"), sa.Index(None, "workspace", "channel"))

    id: int = Field(default=None, primary_key=True, sa_type=SERIAL)
    at: datetime
    kind: str
    workspace: str = Field(sa_type=ORDERED)
    channel: str = Field(sa_type=ORDERED)
    thread: str
    message: str
    person: str
    is_new: bool
    is_open: bool
    draft: Json | None = Field(default=None, sa_type=JSON)
    text_from: int
    reasoning_from: int

    def to_event(self) -> PlaygroundEvent:
        return PlaygroundEvent(
            kind=self.kind,  # type: ignore[arg-type]  # only `event_columns` writes it
            workspace=self.workspace,
            channel=self.channel,
            thread=self.thread,
            message=self.message,
            person=self.person,
            is_new=self.is_new,
            is_open=self.is_open,
            draft=None if self.draft is None else draft_from_json(self.draft),
            text_from=self.text_from,
            reasoning_from=self.reasoning_from,
            position=self.id,
        )


def event_columns(event: PlaygroundEvent, at: datetime) -> dict[str, Any]:
    """Return the columns of an event, by name."""
    return {
        "at": at,
        "kind": event.kind,
        "workspace": event.workspace,
        "channel": event.channel,
        "thread": event.thread,
        "message": event.message,
        "person": event.person,
        "is_new": event.is_new,
        "is_open": event.is_open,
        "draft": None if event.draft is None else draft_to_json(event.draft),
        "text_from": event.text_from,
        "reasoning_from": event.reasoning_from,
    }


class PlaygroundFileRow(BaseTable, table=True):
    """A file beside a message of the playground, or one that is about to be."""

    __tablename__ = "playground_file"
    __table_args__ = (
        sa.ForeignKeyConstraint(["workspace", "channel"], ["channel.workspace", "channel.id"], ondelete="CASCADE"),
        sa.Index(None, "workspace", "channel"),
        sa.Index(None, "author"),
        sa.Index(None, "at"),
    )

    id: str = Field(primary_key=True)
    workspace: str = Field(sa_type=ORDERED)
    channel: str = Field(sa_type=ORDERED)
    author: str
    name: str
    media_type: str
    data: bytes
    at: datetime
    is_sent: bool

    def to_file(self) -> PlaygroundFile:
        return PlaygroundFile(**self.model_dump(exclude={"is_sent"}))
