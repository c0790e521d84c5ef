"""Check whether a channel accepts answers, before the model is asked; a failed check keeps nothing back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import Final

from bot.errors import PlatformError, PlatformRefused

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0
"""How long a question waits to be told whether its channel takes an answer."""


async def raise_known_refusal(look: Awaitable[PlatformRefused | None]) -> None:
    """Raise the refusal that `look` returns; one that it fails with, or that comes too late, is only logged."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            refusal = await look
    except (PlatformError, TimeoutError) as error:
        logger.info("could not check whether answers can be posted", extra={"error": str(error)})
        return
    if refusal is not None:
        raise refusal
