"""Read channels and threads on demand, and check who may read them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from adapters.discord.api import permissions
from adapters.discord.api.client import DiscordClient, may_read_content
from adapters.discord.api.directory import DiscordDirectory
from adapters.discord.api.errors import DiscordApiError
from adapters.discord.api.limits import FORUMS, MESSAGES_AT_ONCE, PRIVATE_THREAD
from adapters.discord.api.messages import is_told, read_message, thread_message
from adapters.discord.api.names import names_in
from adapters.discord.api.snowflakes import at_time, made_at
from adapters.discord.events.parse import Names
from adapters.discord.message_content import THREAD_STARTER, read_content
from adapters.discord.payloads import Message
from bot.errors import InvalidInput, PlatformRefused, ThreadNotWhole
from bot.language import gettext, gettext_noop
from bot.types import ConversationKey, Person, ReadMessage, ThreadMessage

logger = logging.getLogger(__name__)

LINK: Final = "https://discord.com/channels/{place}/{channel}/{message}"
"""How Discord's clients name a message (reference)."""

CANNOT_READ: Final = (
    "I may not read what people write here without mentioning me: the administrator of the bot has to switch on "
    "the message content intent."
)


THREAD_UNREAD: Final = gettext_noop("I could not read this thread")


class DiscordChannelReader:
    """The `ChannelReader` part of the platform, and the reading of its threads."""

    def __init__(self, rest: DiscordClient, directory: DiscordDirectory) -> None:
        self._rest = rest
        self._directory = directory

    async def read_channel(
        self, key: ConversationKey, *, since: datetime | None = None, before: datetime | None = None, limit: int
    ) -> Sequence[ReadMessage]:
        """Return the newest messages outside threads, oldest first. Raises `PlatformError`, `InvalidInput` without
        content.
        """
        await self._check_content(key)
        found = await self._newest(key.channel, since=since, before=before, limit=limit)
        if not found and (reason := await self._why_unread(key.channel)):
            raise PlatformRefused(f"nothing to read in {key.channel}: {reason}", reason=reason)
        names = await self.names_in(found, key)
        return [read_message(item, names) for item in found]

    async def read_replies(
        self, key: ConversationKey, thread: str, *, since: datetime | None = None, limit: int
    ) -> Sequence[ReadMessage]:
        """Return the newest messages of a thread without its root, oldest first; [] where there is no such thread."""
        await self._check_content(key)
        try:
            found = await self._newest(thread, since=since, before=None, limit=limit, but=thread)
        except DiscordApiError as error:
            if error.status == 404:
                return []
            raise
        names = await self.names_in(found, key)
        return [read_message(item, names, thread=thread) for item in found]

    async def read_thread(self, key: ConversationKey, *, limit: int) -> Sequence[ThreadMessage]:
        """Return the newest messages of a thread or direct conversation without the bot's own, oldest first.

        What the thread began with comes first, however long it is and whoever wrote it; of a post in a forum with its
        title and tags. [] where Discord refuses. Raises `ThreadNotWhole` without the right to the history, and
        `PlatformError` when Discord is away.
        """
        channel = key.thread or (key.channel if key.workspace.startswith("@") else "")
        if not channel or limit < 1:
            return []
        try:
            root, rest = await self._whole(key, channel, limit)
            post = await self._directory.post(key.thread) if root else None
            reason = "" if rest else await self._why_unread(channel)
        except DiscordApiError as error:
            logger.info("thread not read", extra={"conversation": str(key), "code": error.code})
            return []
        me = await self._rest.user_id()
        told = [item for item in rest if is_told(item) and item.author.id != me]
        names = await self.names_in((*root, *told), key)
        begun = [thread_message(item, names, replace(read_content(item, names), post=post)) for item in root]
        messages = [*begun, *(thread_message(item, names) for item in told)]
        if reason:
            raise ThreadNotWhole(f"{gettext(THREAD_UNREAD)}: {reason}.", messages)
        return messages

    async def _why_unread(self, channel: str) -> str:
        """Return the right without which Discord lists no messages, and refuses nothing (resources/channel), "" for
        none that is missing. Raises `PlatformError`.
        """
        return permissions.lacking(await self._directory.own_permissions(channel), "read_message_history")

    async def _whole(self, key: ConversationKey, channel: str, limit: int) -> tuple[list[Message], list[Message]]:
        """Return the message that a thread began with, if it is there, and the newest others, oldest first."""
        found: list[Message] = []
        before: dict[str, str] = {}
        is_whole = False
        while len(found) < limit and not is_whole:
            page = await self._rest.history(channel, limit=MESSAGES_AT_ONCE, **before)
            found += page
            is_whole = len(page) < MESSAGES_AT_ONCE
            before = {"before": page[-1].id} if page else {}
        rest = [item for item in found if item.type != THREAD_STARTER and item.id != key.thread]
        if not key.thread:
            return [], rest[:limit][::-1]
        root = _root_in(found, key.thread) or await self._root(key)
        return [root] if root else [], rest[: limit - bool(root)][::-1]

    async def _root(self, key: ConversationKey) -> Message | None:
        """Return the message that a thread hangs on, or that a post begins with; None where there is none."""
        try:
            parent = await self._directory.channel(key.channel)
            channel = key.thread if parent.type in FORUMS else key.channel
            return await self._rest.message(channel, key.thread)
        except DiscordApiError as error:
            logger.info("thread without a beginning", extra={"conversation": str(key), "code": error.code})
            return None

    async def link(self, key: ConversationKey, message: ReadMessage) -> str:
        """Return the address under which people open a message."""
        place = "@me" if key.workspace.startswith("@") else key.workspace
        channel = message.thread or key.channel
        return LINK.format(place=place, channel=channel, message=message.message_id)

    async def may_read(self, key: ConversationKey, person: Person) -> bool:
        """Return whether somebody may read the channel, and the private thread if that is where the conversation is."""
        try:
            channel = await self._directory.channel(key.channel)
            if key.workspace.startswith("@"):
                return any(recipient.id == person.id for recipient in channel.recipients)
            guild = await self._directory.guild(key.workspace)
            member = await self._directory.member(key.workspace, person.id)
            held = permissions.of_member(guild, channel, member)
            return permissions.may_read(held) and (held.manage_threads or await self._may_enter(key, person))
        except DiscordApiError:
            return False

    async def is_public(self, key: ConversationKey) -> bool:
        """Return whether everybody in the server may read the channel."""
        if key.workspace.startswith("@"):
            return False
        try:
            channel, guild = await self._directory.channel(key.channel), await self._directory.guild(key.workspace)
            private = bool(key.thread) and await self._is_private(key.thread)
        except DiscordApiError:
            return False
        return permissions.may_read(permissions.of_everyone(guild, channel)) and not private

    async def reads_content(self) -> bool:
        """Return whether the bot may read what does not mention it. Raises `PlatformError`."""
        return may_read_content((await self._rest.application()).flags)

    async def names_in(self, messages: Sequence[Message], key: ConversationKey) -> Names:
        """Return the names of members, roles and channels for messages that were read there."""
        guild = "" if key.workspace.startswith("@") else key.workspace
        return await names_in(messages, guild, self._directory)

    async def _may_enter(self, key: ConversationKey, person: Person) -> bool:
        """Return whether somebody is in the thread, where that is private. Raises `DiscordApiError` for who is not."""
        if not key.thread or not await self._is_private(key.thread):
            return True
        path = "/channels/{channel_id}/thread-members/{user_id}"
        await self._rest.call("GET", path, channel_id=key.thread, user_id=person.id)
        return True

    async def _is_private(self, thread: str) -> bool:
        try:
            return (await self._directory.channel(thread)).type == PRIVATE_THREAD
        except DiscordApiError as error:
            if error.status == 404:  # a conversation outside threads is named by its first message
                return False
            raise

    async def _check_content(self, key: ConversationKey) -> None:
        if not key.workspace.startswith("@") and not await self.reads_content():
            raise InvalidInput(CANNOT_READ)

    async def _newest(
        self, channel: str, *, since: datetime | None, before: datetime | None, limit: int, but: str = ""
    ) -> list[Message]:
        """Return the newest messages that somebody wrote, oldest first, read page by page from the end."""
        found: list[Message] = []
        bounds = {"before": at_time(before)} if before is not None else {}
        while len(found) < limit:
            page = await self._rest.history(channel, limit=MESSAGES_AT_ONCE, **bounds)
            inside = [item for item in page if since is None or made_at(item.id) >= since]
            found += [item for item in inside if is_told(item) and item.id != but]
            if len(inside) < MESSAGES_AT_ONCE:
                break
            bounds = {"before": page[-1].id}
        return found[:limit][::-1]


def _root_in(messages: Iterable[Message], thread: str) -> Message | None:
    """Return the message that a thread began with, if it is among its messages or one of them stands for it."""
    for item in messages:
        told = item.referenced_message if item.type == THREAD_STARTER else item
        if told and told.id == thread:
            return told
    return None
