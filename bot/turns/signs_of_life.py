"""Show at once that a question has come in: its answer begins only after the pause in which people may add to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from bot.errors import PlatformError
from bot.ports import Acknowledging, Platform
from bot.types import Incoming

logger = logging.getLogger(__name__)


class SignsOfLife:
    """Signs that are under way; whatever goes wrong with one keeps nothing else."""

    def __init__(self, platforms: Mapping[str, Platform]) -> None:
        self._platforms = platforms
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, asked: Incoming) -> None:
        """Let the platform of a question show that it has come in, where it can."""
        platform: object = self._platforms.get(asked.key.platform)
        if isinstance(platform, Acknowledging):
            task = asyncio.create_task(_show(platform, asked), name="sign of life")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """End what is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _show(platform: Acknowledging, asked: Incoming) -> None:
    try:
        await platform.acknowledge(asked)
    except PlatformError as error:
        logger.info("no sign of life shown", extra={"conversation": str(asked.key), "error": str(error)})
