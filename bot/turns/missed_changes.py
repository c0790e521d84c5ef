"""Look at questions that an earlier process has left open before they are sent to the model.

People edit and delete while nobody listens, and the platform tells nothing of it afterwards. The reading of a gap comes
to it as well (`bot.chat.backfill`), but later than an answer may begin.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from bot.errors import BotError, StorageError
from bot.ports import Bot, ChangeReader, Platform, Store
from bot.types import ConversationKey

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 3.0
"""How long a conversation waits for it; where its platform is away or makes us wait, what is stored is answered."""

MOST_LOOKED_AT: Final = 100
"""Messages of one conversation, the newest."""


class MissedChanges:
    """Follows once, in each conversation that was open when this process began, what became of what waits there."""

    def __init__(self, bot: Bot, store: Store, platforms: Mapping[str, Platform]) -> None:
        self._bot = bot
        self._store = store
        self._platforms = platforms
        self._left_open: set[ConversationKey] = set()

    async def begin(self) -> None:
        """Note what is open before anything is claimed here. Raises `StorageError`."""
        self._left_open.update(await self._store.open_conversations())

    async def follow(self, key: ConversationKey) -> None:
        """Follow what was changed in a conversation, unless that was done; the database alone can keep it from it.

        Raises `StorageError`.
        """
        platform = self._platforms.get(key.platform)
        if key not in self._left_open or not isinstance(platform, ChangeReader):
            return
        messages = await self._store.unsent_messages(key, limit=MOST_LOOKED_AT)
        try:
            if messages:
                async with asyncio.timeout(LOOK_SECONDS):
                    await platform.follow_changes(self._bot, key, messages)
        except StorageError:
            raise
        except (BotError, TimeoutError) as error:
            extra = {"conversation": str(key), "error": f"{type(error).__name__}: {error}"}
            logger.warning("could not look whether a question was changed", extra=extra)
        except Exception:
            logger.exception("a bug kept a question from being looked at")
        self._left_open.discard(key)
