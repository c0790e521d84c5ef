"""Read what stands in a channel above a question that is asked outside threads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from bot.errors import InvalidInput, PlatformError, PlatformRefused
from bot.language import gettext, gettext_noop
from bot.ports import TIME_STEP, ChannelReader, Platform
from bot.types import Incoming, ThreadMessage

logger = logging.getLogger(__name__)

READING_SECONDS: Final = 10.0
"""How long a question waits for the channel; platforms may hold a request back for minutes."""

NOT_READ: Final = gettext_noop(
    "The messages above in this channel could not be read, so this was answered without them."
)
NOT_READ_SINCE: Final = gettext_noop("I could not read the messages above in this channel: {reason}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """Messages above a question, oldest first; `notices` tell people what could not be read."""

    messages: Sequence[ThreadMessage] = ()
    notices: tuple[str, ...] = ()


NOTHING: Final = Above()

AnyMessage = TypeVar("AnyMessage", bound=ThreadMessage)


async def read_above(platform: Platform, asked: Incoming, *, limit: int) -> Above:
    """Return the newest `limit` messages of the channel before a question outside threads, if its asker may read them.

    Whatever keeps them from being read never keeps the question from being answered.
    """
    if limit == 0 or not asked.is_top_level or asked.is_direct or not isinstance(platform, ChannelReader):
        return NOTHING
    channel = replace(asked.key, thread="")
    try:
        async with asyncio.timeout(READING_SECONDS):
            if not await platform.may_read(channel, asked.author):
                return NOTHING
            found = await platform.read_channel(channel, before=asked.sent_at + TIME_STEP, limit=limit + 1)
    except InvalidInput as error:  # how the bot is set up there, which `doctor` tells
        logger.info("channel not open to reading", extra={"conversation": str(asked.key), "error": str(error)})
        return NOTHING
    except (PlatformError, TimeoutError) as error:
        logger.warning("channel not read", extra={"conversation": str(asked.key), "error": repr(error)})
        return Above(notices=(_notice(error),))
    said = [message for message in found if not message.is_announcement]  # or the question would be told twice
    return Above(messages=before_question(said, asked)[-limit:])


def _notice(error: Exception) -> str:
    """Return what people are told of a channel that could not be read: what is missing and how that is mended."""
    if isinstance(error, PlatformRefused) and error.reason:
        return gettext(NOT_READ_SINCE).format(reason=gettext(error.reason))
    return gettext(NOT_READ)


def before_question(messages: Sequence[AnyMessage], asked: Incoming) -> Sequence[AnyMessage]:
    """Return those messages, given in their order, that stand above a question.

    Their order tells it where the question is among them: times are equal where several came at once.
    """
    ids = [message.message_id for message in messages]
    if asked.message_id in ids:
        return messages[: ids.index(asked.message_id)]
    return [message for message in messages if message.sent_at <= asked.sent_at]
