"""Read what came, changed and went while no session of the gateway was there, in every channel that the bot reads.

Discord tells nothing of it again (events/gateway, resuming): a new session begins with what there is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from adapters.discord.api.directory import PLATFORM
from adapters.discord.api.errors import DiscordAccessRevoked, DiscordApiError
from adapters.discord.api.limits import MESSAGES_AT_ONCE
from adapters.discord.api.names import names_in
from adapters.discord.api.snowflakes import EPOCH, at_time
from adapters.discord.context import DiscordContext
from adapters.discord.events.changes import follow_changes
from adapters.discord.events.messages import DiscordMessageHandler
from adapters.discord.events.parse import Names, no_names
from adapters.discord.payloads import Message
from bot.backoff import Backoff
from bot.chat.backfill import (
    CATCHING_UP,
    LOOK_BACK,
    MOST_CHECKED,
    MOST_CONVERSATIONS,
    OVERLAP,
    Positions,
)
from bot.chat.gap import OLDEST, RESTS, Read, Reading
from bot.errors import BotError, PlatformError, PlatformRefused, StorageError
from bot.ports import Bot
from bot.types import ConversationKey

logger = logging.getLogger(__name__)

DIRECT: Final = "@me"
"""The workspace under which the positions of all direct conversations are kept."""

SEEN: Final = "seen"
"""The state in which earlier versions kept one position for all."""

OVERLAP_IDS: Final = int(at_time(EPOCH + OVERLAP))
PAGES: Final = 5  # of one channel, 500 messages, the newest first

UNREADABLE: Final = frozenset({403, 404})
"""Statuses of HTTP by which Discord refuses a channel for good."""

AT_ONCE: Final = 4  # channels that are read beside one another, far below the limit of all requests


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableChannel:
    """A channel or thread of a server that the bot may read; `last` is its newest message, 0 where that is not known.

    `own_role` is the role that the server gave to the bot, by which people may mention it. `unstored` is the first
    message there that was told and could not be stored, 0 for none.
    """

    guild: str
    id: str
    last: int = 0
    own_role: int | None = None
    unstored: int = 0


class DiscordBackfill:
    """Reads after a gap, and remembers up to where each channel was heard; `channels` are those that can be read."""

    def __init__(
        self,
        bot: Bot,
        context: DiscordContext,
        message_handler: DiscordMessageHandler,
        channels: Callable[[], Iterable[ReadableChannel]],
    ) -> None:
        self._bot = bot
        self._context = context
        self._message_handler = message_handler
        self._channels = channels
        self._running: asyncio.Task[None] | None = None
        self._unstored: dict[str, ReadableChannel] = {}
        self._now = context.rest.clock
        self.positions = Positions(context.store, PLATFORM, clock=self._now, position_of=_position)

    async def prepare(self) -> None:
        """Read up to where was heard, before anything is: at a first start nothing was missed."""
        try:
            await self._load()
        except StorageError as error:
            logger.warning("positions not read yet", extra={"error": str(error)})

    async def _load(self) -> None:
        before = await self._context.store.get_state(PLATFORM, SEEN)
        await self.positions.load(newest=int(before or 0))

    async def heard(self, message: Message) -> None:
        """Remember a message that the gateway told."""
        workspace = message.guild_id or DIRECT
        await self.positions.heard(workspace, message.channel_id, int(message.id))

    def missed(self, message: Message, *, own_role: int | None) -> None:
        """Hear a message again that could not be stored, as soon as the database is back."""
        guild, id = message.guild_id or DIRECT, message.channel_id
        place = ReadableChannel(guild=guild, id=id, own_role=own_role, unstored=int(message.id))
        self._unstored.setdefault(id, place)
        self.positions.open_gap()
        self.start()

    def start(self) -> None:
        """Read what was missed, beside everything else, unless that is being done."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self.run(), name="Discord: catching up")

    async def close(self) -> None:
        """End the reading; what it has not come to is read at the next start."""
        if self._running is not None:
            self._running.cancel()
        await self.positions.remember()

    async def run(self) -> None:
        """Hear what was missed, and follow what was edited and deleted, until no gap is open."""
        rest = Backoff(RESTS)
        while gap := self.positions.gap:
            gap.begin(self._now())
            try:
                await self._read_gap(gap.reading())
            except StorageError as error:
                logger.warning("backfill not complete yet", extra={"error": str(error)})
            except Exception as error:  # noqa: BLE001 - told by its kind; the gap stays open
                self._context.errors.note(CATCHING_UP, error)
            else:
                if gap.trouble:
                    logger.warning("backfill not complete yet", extra={"error": gap.trouble})
                if gap.is_over(self._now()):
                    if gap is self.positions.gap:
                        self._unstored.clear()
                    await self.positions.close_gap(gap)
                    rest = Backoff(RESTS)
                    continue
            await asyncio.sleep(rest.delay())

    async def _read_gap(self, reading: Reading) -> None:
        """Follow the changes first, so that nothing that was deleted goes to the model, then hear what is new."""
        await self._load()
        active = await self._bot.recent_conversations(PLATFORM, since=self._now() - LOOK_BACK)
        conversations = sorted(active, key=lambda key: active[key], reverse=True)[:MOST_CONVERSATIONS]
        await self._some_at_once(reading, {key: partial(self._follow_changes, key) for key in conversations})
        oldest = _position(self._now() - OLDEST)
        missed: dict[Hashable, Read] = {}
        for item in self._places(conversations):
            start = max(self._start(item.guild, item.id), oldest)
            start = min(start, item.unstored - 1) if item.unstored else start
            if not item.last or item.last > start:
                missed[item.id] = partial(self._hear_since, item, start)
        messages = await self._some_at_once(reading, missed)
        extra = {"conversations": len(conversations), "channels": len(missed), "messages": messages}
        logger.info("backfill finished", extra=extra)

    def _places(self, conversations: Sequence[ConversationKey]) -> list[ReadableChannel]:
        """Return where something may have been said, the latest first: what the servers tell, and what they do not.

        Those are archived threads and direct conversations, of which Discord gives a bot no list.
        """
        told = {item.id: item for item in self._channels()}
        roles = {item.guild: item.own_role for item in told.values()}
        places = {id: ReadableChannel(guild=DIRECT, id=id) for id in self.positions.channels(DIRECT)}
        for key in conversations:
            guild, id = (DIRECT, key.channel) if is_direct(key) else (key.workspace, key.thread or key.channel)
            places[id] = ReadableChannel(guild=guild, id=id, own_role=roles.get(guild))
        return sorted(
            (places | told | self._unstored).values(), key=lambda item: item.last or int(item.id), reverse=True
        )

    def _start(self, workspace: str, channel: str = "") -> int:
        return self.positions.start(workspace, channel, overlap=OVERLAP_IDS)

    async def _some_at_once(self, reading: Reading, places: Mapping[Hashable, Read]) -> int:
        """Read places, some at once, beginning in the order given; return how much was heard. Raises `StorageError`."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(place: Hashable) -> int:
            async with slots:
                try:
                    return await reading.read(place, places[place])
                except BotError:
                    raise
                except Exception as error:  # noqa: BLE001 - told by its kind; the other channels are read
                    self._context.errors.note(CATCHING_UP, error)
                    return 0

        return sum(await asyncio.gather(*(one(place) for place in reading.in_order(places))))

    # ------------------------------------------------------------ what is new

    async def _hear_since(self, place: ReadableChannel, start: int) -> int:
        """Hear the messages of a channel since then, oldest first; return how many there were.

        Raises `PlatformError` where it must be read once more, with everything heard that can be.
        """
        missed, trouble = await self._messages(place.id, start), []
        names = await self._names_in(missed, place)
        for message in missed:
            try:
                await self._hear(message, place, names)
            except PlatformError as error:
                trouble.append(error)
        if trouble:
            raise trouble[0]
        return len(missed)

    async def _hear(self, message: Message, place: ReadableChannel, names: Names) -> None:
        try:
            admin = await self._is_admin(message, place)
            await self._message_handler.on_message(message, names=names, own_role=place.own_role, is_admin=admin)
            await self.positions.heard(place.guild, place.id, int(message.id))
        except DiscordAccessRevoked:
            raise
        except PlatformRefused as error:  # it would be refused again
            logger.warning("missed message not taken", extra={"id": message.id, "error": str(error)})
        except BotError:
            raise
        except Exception as error:  # noqa: BLE001 - told by its kind; what comes next is heard
            self._context.errors.note(CATCHING_UP, error)

    async def _is_admin(self, message: Message, place: ReadableChannel) -> bool:
        """Return whether who calls the bot may manage the server, which REST does not tell with a message."""
        if place.guild == DIRECT or not self._message_handler.is_meant(message, place.own_role) or message.webhook_id:
            return False
        return await self._context.directory.manages_guild(place.guild, message.author.id)

    async def _names_in(self, messages: Sequence[Message], place: ReadableChannel) -> Names:
        if not messages or place.guild == DIRECT:
            return no_names
        return await names_in(messages, place.guild, self._context.directory)

    async def _messages(self, channel: str, start: int) -> list[Message]:
        """Return the newest messages since then, oldest first; none where the bot may not read, or where there is no
        such channel. Raises `PlatformError`.
        """
        found: list[Message] = []
        before: dict[str, str] = {}
        for _ in range(PAGES):
            try:
                page = await self._context.rest.history(channel, limit=MESSAGES_AT_ONCE, **before)
            except DiscordApiError as refusal:
                if refusal.status not in UNREADABLE:
                    raise
                logger.info("channel not read after a gap", extra={"channel": channel, "error": str(refusal)})
                break
            newer = [item for item in page if int(item.id) > start]
            found += newer
            if len(newer) < MESSAGES_AT_ONCE:
                break
            before = {"before": page[-1].id}
        return found[::-1]

    # ------------------------------------------------------------ what has changed

    async def _follow_changes(self, key: ConversationKey) -> None:
        """Follow the edits and deletions of messages of a conversation. Raises `PlatformError`."""
        kept = await self._bot.kept_messages(key, limit=MOST_CHECKED)
        since = self._start(DIRECT if is_direct(key) else key.workspace)
        try:
            await follow_changes(self._message_handler, self._context, key, kept, since=since)
        except DiscordApiError as refusal:
            if refusal.status not in UNREADABLE:
                raise
            extra = {"conversation": str(key), "error": str(refusal)}
            logger.info("not looked at for changes", extra=extra)


def _position(at: datetime) -> int:
    return int(at_time(at))


def is_direct(key: ConversationKey) -> bool:
    """Return whether a conversation lies outside servers."""
    return key.workspace.startswith("@")
