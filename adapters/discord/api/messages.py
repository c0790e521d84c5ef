"""Translate Discord's messages into the core's values. Pure."""

from __future__ import annotations

from typing import Final

from adapters.discord.events.parse import Names
from adapters.discord.message_content import NOTICES, POLL_RESULT, name_of, read_content
from adapters.discord.payloads import AttachmentPayload, Message
from bot.chat.message_markdown import render
from bot.types import Attachment, Person, ReadMessage, ThreadMessage
from bot.types.content import MessageContent

SPOKEN: Final = frozenset({0, 19, 20, 23})
"""Types of messages that somebody wrote: plain, reply, command, context menu (resources/message)."""

TOLD: Final = SPOKEN | NOTICES.keys() | {POLL_RESULT}
"""Those that a history is told with: what somebody wrote, and what Discord says on one line."""


def person_of(message: Message, names: Names) -> Person:
    """Return the author, by the name that others see."""
    is_bot = message.author.bot or message.webhook_id != ""
    return Person(id=message.author.id, name=name_of(message, names), is_bot=is_bot)


def attachments_of(message: Message) -> tuple[Attachment, ...]:
    """Return the files of a message, those of a forwarded one included."""
    forwarded = (item.message for item in message.message_snapshots)
    given = (item for each in (message, *forwarded) if each for item in each.attachments)
    return tuple(attachment_of(item) for item in given if item.id)


def attachment_of(given: AttachmentPayload) -> Attachment:
    """Return one file."""
    return Attachment(
        id=given.id,
        name=given.filename,
        media_type=given.content_type.partition(";")[0],
        size=given.size,
        url=given.url,
    )


def thread_message(message: Message, names: Names, content: MessageContent | None = None) -> ThreadMessage:
    """Return a message as people see it; `content` replaces what it holds by itself."""
    content = content or read_content(message, names)
    return ThreadMessage(
        message_id=message.id,
        replies_to=content.reply_to.message_id if content.reply_to else "",
        author=person_of(message, names),
        text=render(content),
        sent_at=message.created_at,
        attachments=attachments_of(message),
    )


def read_message(message: Message, names: Names, *, thread: str = "") -> ReadMessage:
    """Return a message as it stands in a channel, or in the thread of that name."""
    plain = thread_message(message, names)
    return ReadMessage(
        message_id=plain.message_id,
        replies_to=plain.replies_to,
        author=plain.author,
        text=plain.text,
        sent_at=plain.sent_at,
        attachments=plain.attachments,
        thread=thread,
        edited_at=message.edited_at,
        replies=message.thread.message_count,
    )


def is_spoken(message: Message) -> bool:
    """Return whether somebody wrote it, rather than Discord itself."""
    return message.type in SPOKEN


def is_told(message: Message) -> bool:
    """Return whether it is a part of what was said in a channel, by people or by Discord about them."""
    return message.type in TOLD
