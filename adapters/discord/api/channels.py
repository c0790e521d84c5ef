"""Read channels and threads on demand, and check who may read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from adapters.discord.api import permissions
from adapters.discord.api.client import DiscordClient, Json, may_read_content
from adapters.discord.api.directory import DiscordDirectory
from adapters.discord.api.errors import DiscordApiError
from adapters.discord.api.limits import MESSAGES_AT_ONCE, PRIVATE_THREAD
from adapters.discord.api.messages import is_spoken, read_message
from adapters.discord.api.snowflakes import at_time, made_at
from adapters.discord.events.parse import Names, no_names
from bot.errors import InvalidInput
from bot.types import ConversationKey, Person, ReadMessage

LINK: Final = "https://discord.com/channels/{place}/{channel}/{message}"
"""How Discord's clients name a message (reference)."""

CANNOT_READ: Final = (
    "I may not read what people write here without mentioning me: the administrator of the bot has to switch on "
    "the message content intent."
)


class DiscordChannelReader:
    """The `ChannelReader` part of the platform."""

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
        return [read_message(item, self.names(key)) for item in found]

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
        return [read_message(item, self.names(key), thread=thread) for item in found]

    async def link(self, key: ConversationKey, message: ReadMessage) -> str:
        """Return the address under which people open a message."""
        place = "@me" if key.workspace.startswith("@") else key.workspace
        channel = message.thread or key.channel
        return LINK.format(place=place, channel=channel, message=message.source_id)

    async def may_read(self, key: ConversationKey, person: Person) -> bool:
        """Return whether somebody may read the channel, and the private thread if that is where the conversation is."""
        try:
            channel = await self._directory.channel(key.channel)
            if key.workspace.startswith("@"):
                return any(str(recipient["id"]) == person.id for recipient in channel.get("recipients", ()))
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

    def names(self, _: ConversationKey) -> Names:
        """Return the names of roles and channels there; REST tells none with a message."""
        return no_names

    async def _may_enter(self, key: ConversationKey, person: Person) -> bool:
        """Return whether somebody is in the thread, where that is private. Raises `DiscordApiError` for who is not."""
        if not key.thread or not await self._is_private(key.thread):
            return True
        path = "/channels/{channel_id}/thread-members/{user_id}"
        await self._rest.call("GET", path, channel_id=key.thread, user_id=person.id)
        return True

    async def _is_private(self, thread: str) -> bool:
        try:
            return int((await self._directory.channel(thread))["type"]) == PRIVATE_THREAD
        except DiscordApiError as error:
            if error.status == 404:  # a conversation outside threads is named by its first message
                return False
            raise

    async def _check_content(self, key: ConversationKey) -> None:
        if not key.workspace.startswith("@") and not await self.reads_content():
            raise InvalidInput(CANNOT_READ)

    async def _newest(
        self, channel: str, *, since: datetime | None, before: datetime | None, limit: int, but: str = ""
    ) -> list[Json]:
        """Return the newest messages that somebody wrote, oldest first, read page by page from the end."""
        found: list[Json] = []
        bounds = {"before": at_time(before)} if before is not None else {}
        while len(found) < limit:
            page = await self._rest.history(channel, limit=MESSAGES_AT_ONCE, **bounds)
            inside = [item for item in page if since is None or made_at(item["id"]) >= since]
            found += [item for item in inside if is_spoken(item) and str(item["id"]) != but]
            if len(inside) < MESSAGES_AT_ONCE:
                break
            bounds = {"before": str(page[-1]["id"])}
        return found[:limit][::-1]
