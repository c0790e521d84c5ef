"""Rate limits of one bot in one process: per channel for messages and for edits, and for all requests."""

from __future__ import annotations

from adapters.discord.api.limits import REQUESTS_A_SECOND, SLOT_SECONDS, SLOTS
from bot.chat.rate_limit import Priority, RateLimiter, RateLimiters


class DiscordLimits:
    """Rate limits by what is done where, in windows that are `scale` times as long as Discord's; `requests` is that of
    all requests together.
    """

    def __init__(self, scale: float = 1.0) -> None:
        def of_channel(_channel: str) -> RateLimiter:
            return RateLimiter(SLOTS, seconds=SLOT_SECONDS * scale)

        self.requests = RateLimiter(REQUESTS_A_SECOND, seconds=scale)
        self._posts: RateLimiters[str] = RateLimiters(of_channel)
        self._edits: RateLimiters[str] = RateLimiters(of_channel)

    async def posting(self, channel: str, priority: Priority) -> None:
        """Wait until a message may be posted to a channel."""
        await self._posts.get(channel).acquire(priority)

    async def editing(self, channel: str, priority: Priority) -> None:
        """Wait until one of a channel's messages may be edited."""
        await self._edits.get(channel).acquire(priority)
