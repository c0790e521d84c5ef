"""Read whole channels on demand, for people who may read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from adapters.slack.api.history import as_read, read_pages
from adapters.slack.api.limits import HISTORY_PAGE
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.message_content import BROADCAST
from adapters.slack.payloads import ListPage, SlackMessage
from bot.chat.rate_limit import Priority
from bot.errors import PlatformError
from bot.types import ConversationKey, Person, ReadMessage

PAGES: Final = 100  # of one reading, 20,000 messages
_INSTANT: Final = timedelta(microseconds=1)


def as_ts(at: datetime) -> str:
    """Return a moment as Slack writes it."""
    return f"{at.timestamp():.6f}"


async def read_channel(
    workspace: SlackWorkspace, key: ConversationKey, *, since: datetime | None, before: datetime | None, limit: int
) -> Sequence[ReadMessage]:
    """Return the newest messages outside threads, oldest first. Raises `PlatformError`."""
    found: list[SlackMessage] = []
    arguments: dict[str, Any] = {
        "channel": key.channel,
        "oldest": as_ts(since - _INSTANT) if since else None,  # both ends are left out by Slack
        "latest": as_ts(before) if before else None,
        "limit": HISTORY_PAGE,
        "include_all_metadata": True,
    }
    for _ in range(PAGES):
        page = ListPage.read(
            await workspace.calls.call("conversations.history", arguments, priority=Priority.NORMAL, patience=120)
        )
        found += filter(_is_outside, page.messages)
        arguments["cursor"] = page.next_cursor
        if not arguments["cursor"] or len(found) >= limit:
            break
    return (await as_read(workspace, sorted(found, key=lambda message: message.ts)))[-limit:]


def _is_outside(message: SlackMessage) -> bool:
    """Return whether a message stands in the channel itself; a reply does that was sent there as well."""
    return message.thread_ts in {"", message.ts} or message.subtype == BROADCAST


async def read_replies(
    workspace: SlackWorkspace, key: ConversationKey, thread: str, *, since: datetime | None, limit: int
) -> Sequence[ReadMessage]:
    """Return the newest messages of a thread without its root, oldest first. Raises `PlatformError`."""
    oldest = as_ts(since - _INSTANT) if since else ""
    found = await read_pages(workspace.calls, key.channel, thread, oldest=oldest, pages=PAGES)
    return (await as_read(workspace, [item for item in found if item.ts != thread]))[-limit:]


def link(workspace: SlackWorkspace, key: ConversationKey, message: ReadMessage) -> str:
    """Return the address of a message, as Slack itself makes it."""
    if not workspace.url:
        return ""
    address = f"{workspace.url.rstrip('/')}/archives/{key.channel}/p{message.message_id.replace('.', '')}"
    return f"{address}?{urlencode({'thread_ts': message.thread, 'cid': key.channel})}" if message.thread else address


async def may_read(workspace: SlackWorkspace, key: ConversationKey, person: Person) -> bool:
    """Return whether somebody may read a channel; False when Slack does not tell."""
    try:
        if await is_public(workspace, key):
            member = await workspace.directory.member(person.id)
            if member.is_full:
                return True
        return await workspace.directory.is_member(key.channel, person.id)
    except PlatformError:
        return False


async def is_public(workspace: SlackWorkspace, key: ConversationKey) -> bool:
    """Return whether everybody in the workspace may read a channel. Raises `PlatformError`."""
    return not (await workspace.directory.place(key.channel)).is_private
