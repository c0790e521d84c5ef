"""What channels are called, as the system prompt tells it: asked of the platforms, and kept where they do not tell."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from bot.errors import BotError
from bot.ports import Platform
from bot.types import ConversationKey, Place

logger = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 3.0
REMEMBERED: Final = 10_000

_Channel = tuple[str, str, str]


class Places:
    """The channels of all platforms.

    A platform that fails once must not change the system prompt and change it back, which would break the cached
    prefix twice: what it told last is used until it tells something else.
    """

    def __init__(self, platforms: Mapping[str, Platform]) -> None:
        self._platforms = platforms
        self._known: OrderedDict[_Channel, Place] = OrderedDict()

    async def describe(self, key: ConversationKey) -> Place:
        """Return what is known of the channel that `key` lies in; a blank `Place` until its platform has told it."""
        channel = (key.platform, key.workspace, key.channel)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                self._known[channel] = await self._platforms[key.platform].describe(key)
        except (BotError, TimeoutError) as error:
            logger.info("channel not described", extra={"conversation": str(key), "error": str(error)})
            return self._known.get(channel, Place())
        self._known.move_to_end(channel)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return self._known[channel]
