"""Divide the account's limits a minute among the processes that ask the model."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

from adapters.seed.request_limits import RequestLimiter
from bot.errors import StorageError
from bot.types import Process

logger = logging.getLogger(__name__)

EVERY: Final = timedelta(seconds=15)


async def keep_dividing(limits: RequestLimiter, processes: Callable[[], Awaitable[Sequence[Process]]]) -> None:
    """Keep the part of this process equal to that of all others that live, until cancelled."""
    while True:
        try:
            asking = sum(process.runs_turns for process in await processes())
        except StorageError as error:
            logger.debug("the processes could not be counted", extra={"error": str(error)})
        else:
            limits.share_with(max(1, asking))
        await asyncio.sleep(EVERY.total_seconds())
