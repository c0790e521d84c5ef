"""Rate limits of one bot in one process: per channel for messages and for edits, and for all requests."""

from __future__ import annotations

from adapters.discord.api.limits import REQUESTS_A_SECOND, SLOT_SECONDS, SLOTS
from bot.chat.rate_limit import Priority, RateLimiter, RateLimiters


class DiscordLimits:
    """Rate limits by what is done where; `requests` is that of all requests together."""

    def __init__(self) -> None:
        self.requests = RateLimiter(REQUESTS_A_SECOND, seconds=1.0)
        self._posts: RateLimiters[str] = RateLimiters(_new_limiter)
        self._edits: RateLimiters[str] = RateLimiters(_new_limiter)

    async def posting(self, channel: str, priority: Priority) -> None:
        """Wait until a message may be posted to a channel."""
        await self._posts.get(channel).acquire(priority)

    async def editing(self, channel: str, priority: Priority) -> None:
        """Wait until one of a channel's messages may be edited."""
        await self._edits.get(channel).acquire(priority)


def _new_limiter(_channel: str) -> RateLimiter:
    return RateLimiter(SLOTS, seconds=SLOT_SECONDS)
