"""Divide the account's limits a minute among the processes that ask the model."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from adapters.seed.request_limits import RequestLimiter
from bot.errors import StorageError

logger = logging.getLogger(__name__)

EVERY: Final = timedelta(seconds=15)


async def keep_dividing(limits: RequestLimiter, running: Callable[[], Awaitable[int]]) -> None:
    """Keep the part of this process equal to that of all others that live, until cancelled.

    `running` tells how many there are. A process that was killed asks nothing, so it must not count: one that is
    started again and again would be left with a small part of what the account gives.
    """
    while True:
        try:
            processes = await running()
        except StorageError as error:
            logger.debug("the processes could not be counted", extra={"error": str(error)})
        else:
            limits.share_with(max(1, processes))
        await asyncio.sleep(EVERY.total_seconds())
