"""Read channels of the playground for summaries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from urllib.parse import quote

from adapters.web.playground.channel_access import is_direct, is_for
from bot.errors import PlatformError, StorageError
from bot.ports import WorkspaceStore
from bot.types import Channel, ChannelMessage, ConversationKey, Person, Place, ReadMessage

PAGE = 200
PLATFORM_NAME = "Seedling's playground in the browser"

ReadPage = Callable[[ChannelMessage | None], Awaitable[Sequence[ChannelMessage]]]


class ChannelReading:
    """The part of the playground that is a `bot.ports.ChannelReader`."""

    def __init__(self, store: WorkspaceStore) -> None:
        self._store = store

    async def read_channel(
        self, key: ConversationKey, *, since: datetime | None = None, before: datetime | None = None, limit: int
    ) -> Sequence[ReadMessage]:
        """Return the newest `limit` messages outside threads, oldest first. Raises `PlatformError`."""
        start = None if before is None else just_before(key, before)

        async def page(until: ChannelMessage | None) -> Sequence[ChannelMessage]:
            return await self._store.get_messages(key.workspace, key.channel, before=until or start, limit=PAGE)

        return await _read(page, since=since, limit=limit)

    async def read_replies(
        self, key: ConversationKey, thread: str, *, since: datetime | None = None, limit: int
    ) -> Sequence[ReadMessage]:
        """Return the newest `limit` messages of one thread, without its root, oldest first. Raises `PlatformError`."""

        async def page(until: ChannelMessage | None) -> Sequence[ChannelMessage]:
            return await self._store.get_thread(key.workspace, key.channel, thread, before=until, limit=PAGE)

        return await _read(page, since=since, limit=limit)

    async def link(self, key: ConversationKey, message: ReadMessage) -> str:
        """Return the page on which the message stands, as a path: the playground may be served under any name."""
        parts = (key.workspace, key.channel, message.thread or message.message_id)
        path = "/c/" + "/".join(quote(part, safe="") for part in parts)
        return f"{path}#{quote(message.message_id, safe='')}" if message.thread else path

    async def may_read(self, key: ConversationKey, person: Person) -> bool:
        """Return whether there is such a channel, and it is not somebody else's direct conversation."""
        channel = await self._channel(key)
        return channel is not None and is_for(channel, person)

    async def is_public(self, key: ConversationKey) -> bool:
        """Return whether it is a channel, and no direct conversation."""
        channel = await self._channel(key)
        return channel is not None and not is_direct(channel)

    async def describe(self, key: ConversationKey) -> Place:
        """Return what a channel and its workspace are called. Raises `PlatformError`."""
        channel = await self._channel(key)
        if channel is None or is_direct(channel):
            return Place(platform=PLATFORM_NAME, is_direct=channel is not None)
        name = await self._workspace_name(key.workspace)
        return Place(platform=PLATFORM_NAME, workspace=name, channel=f"#{channel.name}", topic=channel.topic)

    async def _workspace_name(self, id: str) -> str:
        try:
            workspaces = await self._store.get_workspaces()
        except StorageError as error:
            raise PlatformError("the playground could not read its workspaces") from error
        return next((workspace.name for workspace in workspaces if workspace.id == id), "")

    async def _channel(self, key: ConversationKey) -> Channel | None:
        try:
            channels = await self._store.get_channels(key.workspace)
        except StorageError as error:
            raise PlatformError("the playground could not read its channels") from error
        return next((channel for channel in channels if channel.id == key.channel), None)


async def _read(page: ReadPage, *, since: datetime | None, limit: int) -> Sequence[ReadMessage]:
    """Return the newest `limit` messages that are not older than `since`, page by page."""
    found: list[ReadMessage] = []
    until: ChannelMessage | None = None
    while len(found) < limit:
        try:
            messages = await page(until)
        except StorageError as error:
            raise PlatformError("the playground could not read a channel") from error
        young = [message for message in messages if since is None or message.at >= since]
        found[:0] = [_as_read(item) for item in young if not item.is_deleted]
        if len(young) < PAGE:
            break
        until = messages[0]
    return found[max(0, len(found) - limit) :]


def just_before(key: ConversationKey, at: datetime) -> ChannelMessage:
    """Return what stands before all messages of a moment, and behind all earlier ones."""
    nobody = Person(id="", name="")
    return ChannelMessage(workspace=key.workspace, channel=key.channel, id="", author=nobody, text="", at=at)


def _as_read(message: ChannelMessage) -> ReadMessage:
    return ReadMessage(
        message_id=message.id,
        author=message.author,
        text=message.text,
        sent_at=message.at,
        attachments=message.attachments,
        thread=message.thread,
        replies=message.replies,
    )
