"""Log what is passed over, without a line for each message."""

from __future__ import annotations

import logging
from typing import Final

from bot.chat.ttl_cache import TtlCache
from bot.types import ConversationKey

logger = logging.getLogger(__name__)

TOLD_EVERY_SECONDS: Final = 3_600.0
"""How often the log tells of one kind of thing that is passed over in one place."""

PLACES_KEPT: Final = 10_000


class IgnoredLog:
    """Tells once an hour of each kind and place: what is passed over may be all that a busy channel says."""

    def __init__(self) -> None:
        self._told: TtlCache[tuple[str, ...], None] = TtlCache(seconds=TOLD_EVERY_SECONDS, size=PLACES_KEPT)

    async def note(self, key: ConversationKey, reason: str) -> None:
        """Log that something was passed over there, unless that was told lately."""
        place = (key.platform, key.workspace, key.channel)

        async def tell() -> None:
            logger.info("messages ignored", extra={"place": "/".join(place), "reason": reason})

        await self._told.get((*place, reason), tell)
