"""Translate messages from Discord's REST interface into the core's values. Pure.

The gateway's messages are the same objects with a little more; discord.py's classes lose what is not cached, so that
both are read from what Discord sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from adapters.discord.api.client import Json
from adapters.discord.events.parse import Names
from adapters.discord.fields import Record, field, number, record, records
from adapters.discord.message_content import NOTICES, POLL_RESULT, name_of, read_content
from bot.chat.message_rendering import render
from bot.types import Attachment, Person, ReadMessage, ThreadMessage
from bot.types.content import MessageContent

SPOKEN: Final = frozenset({0, 19, 20, 23})
"""Types of messages that somebody wrote: plain, reply, command, context menu (resources/message)."""

TOLD: Final = SPOKEN | NOTICES.keys() | {POLL_RESULT}
"""Those that a history is told with: what somebody wrote, and what Discord says on one line."""


def person_of(message: Json, names: Names) -> Person:
    """Return the author, by the name that others see."""
    author = message["author"]
    is_bot = bool(author.get("bot") or message.get("webhook_id"))
    return Person(id=str(author["id"]), name=name_of(message, names), is_bot=is_bot)


def attachments_of(message: Record) -> tuple[Attachment, ...]:
    """Return the files of a message, those of a forwarded one included."""
    given = records(message, "attachments")
    for snapshot in records(message, "message_snapshots"):
        given += records(record(snapshot, "message"), "attachments")
    return tuple(attachment_of(item) for item in given if field(item, "id"))


def attachment_of(given: Record) -> Attachment:
    """Return one file."""
    return Attachment(
        id=field(given, "id"),
        name=field(given, "filename"),
        media_type=field(given, "content_type").partition(";")[0],
        size=number(given, "size"),
        url=field(given, "url"),
    )


def moment(text: str) -> datetime:
    """Return a moment as Discord writes it."""
    return datetime.fromisoformat(text).astimezone(UTC)


def thread_message(message: Json, names: Names, content: MessageContent | None = None) -> ThreadMessage:
    """Return a message as people see it; `content` replaces what it holds by itself."""
    return ThreadMessage(
        source_id=str(message["id"]),
        author=person_of(message, names),
        text=render(content or read_content(message, names)),
        at=moment(message["timestamp"]),
        attachments=attachments_of(message),
    )


def read_message(message: Json, names: Names, *, thread: str = "") -> ReadMessage:
    """Return a message as it stands in a channel, or in the thread of that name."""
    plain = thread_message(message, names)
    edited = message.get("edited_timestamp")
    hanging: Mapping[str, Json] = message.get("thread") or {}
    return ReadMessage(
        source_id=plain.source_id,
        author=plain.author,
        text=plain.text,
        at=plain.at,
        attachments=plain.attachments,
        thread=thread,
        edited_at=moment(edited) if edited else None,
        replies=int(hanging.get("message_count", 0)),
    )


def is_spoken(message: Record) -> bool:
    """Return whether somebody wrote it, rather than Discord itself."""
    return number(message, "type") in SPOKEN


def is_told(message: Record) -> bool:
    """Return whether it is a part of what was said in a channel, by people or by Discord about them."""
    return number(message, "type") in TOLD
