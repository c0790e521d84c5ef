"""Send the replies to commands that a crash kept back: at the start, and whenever another process has died."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from bot.errors import AccessRevoked, BotError, PlatformRefused, StorageError
from bot.language import gettext, gettext_noop
from bot.ports import Bot
from bot.turns.effects import SHOWN_WITHIN
from bot.types import PendingAnswer

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 10.0
INTERRUPTED: Final = gettext_noop("I was interrupted before I could do that. Please try again.")


async def keep_telling(
    bot: Bot,
    platform: str,
    tell: Callable[[PendingAnswer], Awaitable[None]],
    *,
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Tell what is owed on a platform, looking every `LOOK_SECONDS`, until cancelled.

    `tell` shows an answer, or finishes what was only begun. After a `BotError` it is tried again when it is due
    again; what the platform refuses for good, as its place is gone, and a bug end it.
    """
    while True:
        try:
            await asyncio.gather(*(_tell(bot, pending, tell) for pending in await bot.take_pending_answers(platform)))
        except StorageError as error:
            logger.warning("unsent replies to commands are waiting for the database", extra={"error": str(error)})
        await rest(LOOK_SECONDS)


async def _tell(bot: Bot, pending: PendingAnswer, tell: Callable[[PendingAnswer], Awaitable[None]]) -> None:
    extra = {"delivery": pending.incoming.dedupe_key, "conversation": str(pending.incoming.key)}
    try:
        async with asyncio.timeout(SHOWN_WITHIN.total_seconds()):
            await tell(pending)
    except StorageError:
        raise
    except PlatformRefused as error:
        logger.warning("reply to a command not sent", extra=extra | {"error": str(error)})
        if not isinstance(error, AccessRevoked):
            await bot.mark_answered(pending.incoming)
    except (BotError, TimeoutError) as error:
        logger.warning("reply to a command not sent yet", extra=extra | {"error": str(error)})
    except Exception:
        logger.exception("a bug in sending the reply to a command", extra=extra)
        if pending.answer is None:
            await _tell(bot, replace(pending, answer=gettext(INTERRUPTED)), tell)
        else:
            await bot.mark_answered(pending.incoming)
    else:
        await bot.mark_answered(pending.incoming)
        logger.info("reply to a command sent late", extra=extra)
