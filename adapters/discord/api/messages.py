"""Translate messages from Discord's REST interface into the core's values. Pure.

The gateway's messages are the same objects with a little more; discord.py's classes lose what is not cached, so that
both are read from what Discord sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from adapters.discord.api.client import Json
from adapters.discord.events.parse import Names, readable
from bot.types import Attachment, Person, ReadMessage, ThreadMessage

SPOKEN: Final = frozenset({0, 19, 20, 23})
"""Types of messages that somebody wrote: plain, reply, command, context menu (resources/message)."""

REPLY: Final = 19
FORWARD: Final = 1  # type of a message reference


def person_of(message: Json) -> Person:
    """Return the author, by the name that others see."""
    author = message["author"]
    nick = (message.get("member") or {}).get("nick")
    name = nick or author.get("global_name") or author["username"]
    return Person(id=str(author["id"]), name=name, is_bot=bool(author.get("bot") or message.get("webhook_id")))


def names_in(message: Json, further: Names) -> Names:
    """Return the names of those whom a message mentions, and of whatever `further` knows."""
    users = {
        str(mention["id"]): (mention.get("member") or {}).get("nick")
        or mention.get("global_name")
        or mention["username"]
        for mention in message.get("mentions", ())
    }

    def name(kind: str, id: str) -> str | None:
        return users[id] if kind == "user" and id in users else further(kind, id)

    return name


def content_of(message: Json) -> str:
    """Return the text as Discord sent it, that of a forwarded message included."""
    content = str(message.get("content", ""))
    for snapshot in message.get("message_snapshots", ()):
        forwarded = snapshot["message"].get("content", "")
        content = f"{content}\n(forwarded)\n{forwarded}".strip()
    return content


def attachments_of(message: Json) -> tuple[Attachment, ...]:
    """Return the files of a message, those of a forwarded one included."""
    given = [*message.get("attachments", ())]
    for snapshot in message.get("message_snapshots", ()):
        given += snapshot["message"].get("attachments", ())
    return tuple(attachment_of(item) for item in given)


def attachment_of(given: Json) -> Attachment:
    """One file."""
    return Attachment(
        id=str(given["id"]),
        name=given["filename"],
        media_type=(given.get("content_type") or "").partition(";")[0],
        size=int(given["size"]),
        url=given["url"],
    )


def moment(text: str) -> datetime:
    """Return a moment as Discord writes it."""
    return datetime.fromisoformat(text).astimezone(UTC)


def thread_message(message: Json, names: Names) -> ThreadMessage:
    """Return a message as people see it."""
    return ThreadMessage(
        source_id=str(message["id"]),
        author=person_of(message),
        text=readable(content_of(message), names_in(message, names)),
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


def is_spoken(message: Json) -> bool:
    """Return whether somebody wrote it, rather than Discord itself."""
    return message.get("type", 0) in SPOKEN
