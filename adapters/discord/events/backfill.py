"""Read what came and went while no process listened, in the channels of recent conversations."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from adapters.discord.api.directory import PLATFORM
from adapters.discord.api.errors import DiscordApiError
from adapters.discord.api.limits import MESSAGES_AT_ONCE, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE
from adapters.discord.api.names import names_in
from adapters.discord.api.snowflakes import at_time, made_at
from adapters.discord.context import DiscordContext
from adapters.discord.events.messages import DiscordMessageHandler
from adapters.discord.events.parse import Names, no_names
from adapters.discord.payloads import Message
from bot.errors import BotError, PlatformError, StorageError
from bot.ports import Bot
from bot.types import ConversationKey

logger = logging.getLogger(__name__)

SEEN: Final = "seen"
"""The name of the state that holds the newest message that was heard."""

CATCHING_UP: Final = "catching up"
"""The kind of what goes wrong here."""

REMEMBER_SECONDS: Final = 10.0
LOOK_BACK: Final = timedelta(days=7)
"""Conversations that rested longer are not looked at."""

OLDEST: Final = timedelta(hours=12)
"""What is older is not answered any more: nobody waits for it."""

MARGIN: Final = timedelta(minutes=5)
HEARD_KEPT: Final = 5_000
"""How far before the newest message is looked while this process runs, since shards are cut apart from each other;
what was heard is known by its id."""

REQUESTS_A_CHANNEL: Final = 3

MOST_CHECKED: Final = 100
MOST_CONVERSATIONS: Final = 50
"""Messages of a conversation, and conversations, the latest first, that are looked up for deletions after one gap."""


class DiscordBackfill:
    """Reads after a gap, and remembers where it ends."""

    def __init__(self, bot: Bot, around: DiscordContext, hearing: DiscordMessageHandler) -> None:
        self._bot = bot
        self._around = around
        self._hearing = hearing
        self._newest = 0
        self._heard: deque[int] = deque(maxlen=HEARD_KEPT)
        self._remembered = 0
        self._remembered_at = float("-inf")

    async def seen(self, message: int) -> None:
        """Remember the newest message, once in a while."""
        self._newest = max(self._newest, message)
        self._heard.append(message)
        if asyncio.get_running_loop().time() - self._remembered_at >= REMEMBER_SECONDS:
            await self.remember()

    async def remember(self) -> None:
        """Store the newest message; one that cannot be stored now is stored later."""
        if self._newest <= self._remembered:
            return
        self._remembered_at = asyncio.get_running_loop().time()
        try:
            await self._around.store.put_state(PLATFORM, SEEN, str(self._newest))
        except StorageError as error:
            logger.warning("position of the newest message not stored", extra={"error": str(error)})
        else:
            self._remembered = self._newest

    async def run(self) -> None:
        """Hear what was missed, and forget what was deleted, since the newest message that was heard."""
        try:
            seen = int(await self._around.store.get_state(PLATFORM, SEEN) or 0)
            if self._newest:
                seen = int(at_time(made_at(self._newest) - MARGIN))
            if seen:
                await self._hear_since(seen)
        except BotError as error:
            logger.warning("backfill incomplete", extra={"error": str(error)})
        except Exception as error:  # noqa: BLE001 - told by its kind; what comes next is heard
            self._around.errors.note(CATCHING_UP, error)

    async def _hear_since(self, seen: int) -> None:
        now = self._around.clock()
        active = await self._bot.recent_conversations(PLATFORM, since=made_at(seen) - LOOK_BACK)
        for key in sorted(active, key=lambda key: active[key], reverse=True)[:MOST_CONVERSATIONS]:
            await self._forget_deleted(key)
        start = max(str(seen), at_time(now - OLDEST), key=int)
        heard, known = 0, set(self._heard)
        channels = dict.fromkeys(item for key in active for item in (key.thread, key.channel) if item)
        for channel in channels:
            missed = [item for item in await self._missed(channel, start) if int(item.id) not in known]
            names = await self._names_in(missed, channel)
            for message in missed:
                await self._hear(message, names)
            heard += len(missed)
        logger.info(
            "backfill finished", extra={"conversations": len(active), "channels": len(channels), "messages": heard}
        )

    async def _forget_deleted(self, key: ConversationKey) -> None:
        """Follow the deletion of messages of a conversation: those that its channel no longer has."""
        ids = [id for id in await self._bot.kept_messages(key, limit=MOST_CHECKED) if id.isdecimal()]
        missing = dict.fromkeys(ids)
        places = [place for place in (key.thread, key.channel) if place]
        for place in places:
            if missing:  # else this is one request less
                found = await self._missed(place, str(int(min(missing, key=int)) - 1))
                for message in found:
                    missing.pop(message.id, None)
        gone = [id for id in missing if await self._is_gone(id, places)]
        if gone:
            guild = int(key.workspace) if key.workspace.isdecimal() else None
            await self._hearing.deleted(guild, int(key.channel), gone)
            logger.info("messages were deleted", extra={"conversation": str(key), "messages": len(gone)})

    async def _is_gone(self, message: str, places: Sequence[str]) -> bool:
        """Return whether Discord says that none of the places has a message; it may also not tell."""
        for place in places:
            try:
                await self._around.rest.message(place, message)
            except DiscordApiError as error:
                if error.code not in {UNKNOWN_MESSAGE, UNKNOWN_CHANNEL}:
                    return False
            except PlatformError:
                return False
            else:
                return False
        return True

    async def _names_in(self, messages: Sequence[Message], channel: str) -> Names:
        if not messages:
            return no_names
        directory = self._around.directory
        return await names_in(messages, (await directory.place(channel)).guild, directory)

    async def _hear(self, message: Message, names: Names) -> None:
        try:
            await self._hearing.hear(message, names=names)
        except PlatformError as error:
            logger.warning("missed message not stored", extra={"id": message.id, "error": str(error)})
        except BotError:
            raise
        except Exception as error:  # noqa: BLE001 - told by its kind; what comes next is heard
            self._around.errors.note(CATCHING_UP, error)

    async def _missed(self, channel: str, start: str) -> list[Message]:
        """Return the messages since then, oldest first; none where the bot may not read, or where there is no such
        channel.
        """
        found: list[Message] = []
        for _ in range(REQUESTS_A_CHANNEL):
            try:
                page = await self._around.rest.history(channel, limit=MESSAGES_AT_ONCE, after=start)
            except PlatformError:
                break
            found += reversed(page)
            if len(page) < MESSAGES_AT_ONCE:
                break
            start = page[0].id
        return found
