"""Look at questions that may have changed while nobody listened before they are sent to the model.

People edit and delete then, and their platform tells nothing of it afterwards. The reading of a gap comes to it as well
(`bot.chat.backfill`), but later than an answer may begin.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from bot.errors import BotError, StorageError
from bot.ports import AdapterStateStore, Bot, ChangeReader, Platform, Store
from bot.types import ConversationKey

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 3.0
"""How long a conversation waits for it; where its platform is away or makes us wait, what is stored is answered."""

MOST_LOOKED_AT: Final = 100
"""Messages of one conversation, the newest."""

LISTENING: Final = "listening"
"""The name of a state that is another one each time somebody begins or ceases to listen to a platform."""


async def note_listening(state: AdapterStateStore, platform: str) -> None:
    """Tell those who run turns that somebody begins or ceases to listen: in between nobody may have."""
    try:
        await state.put_state(platform, LISTENING, secrets.token_hex(8))
    except StorageError as error:
        logger.warning("not told who listens", extra={"platform": platform, "error": str(error)})


class MissedChanges:
    """Follows what became of what waits in each conversation that was open when somebody began to listen.

    That is known by the beginning of this process, which looks at each once, and where listeners `are_apart` by what
    they tell.
    """

    def __init__(self, bot: Bot, store: Store, platforms: Mapping[str, Platform], *, are_apart: bool = False) -> None:
        self._bot = bot
        self._store = store
        self._readers = {name: item for name, item in platforms.items() if isinstance(item, ChangeReader)}
        self._are_apart = are_apart
        self._listening: dict[str, str | None] = {}
        self._left_open: set[ConversationKey] = set()

    async def begin(self) -> None:
        """Note what is open before anything is claimed here. Raises `StorageError`."""
        for platform in self._readers if self._are_apart else ():
            self._listening[platform] = await self._store.get_state(platform, LISTENING)
        self._left_open.update(await self._store.open_conversations())

    async def follow(self, key: ConversationKey) -> None:
        """Follow what was changed in a conversation, unless that was done; a failure keeps no answer away.

        Raises `StorageError` alone.
        """
        reader = self._readers.get(key.platform)
        if reader is None:
            return
        if self._are_apart:
            await self._follow_listeners(key.platform)
        if key not in self._left_open:
            return
        messages = await self._store.unsent_messages(key, limit=MOST_LOOKED_AT)
        if messages:
            await self._look(reader, key, messages)
        self._left_open.discard(key)

    async def _follow_listeners(self, platform: str) -> None:
        listening = await self._store.get_state(platform, LISTENING)
        if listening != self._listening.get(platform):
            self._left_open.update(key for key in await self._store.open_conversations() if key.platform == platform)
            self._listening[platform] = listening

    async def _look(self, reader: ChangeReader, key: ConversationKey, messages: Sequence[str]) -> None:
        extra = {"conversation": str(key)}
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await reader.follow_changes(self._bot, key, messages)
        except StorageError:
            raise
        except (BotError, TimeoutError) as error:
            told = {"error": f"{type(error).__name__}: {error}"}
            logger.warning("could not look whether a question was changed", extra=extra | told)
        except Exception:
            logger.exception("a bug kept a question from being looked at", extra=extra)
