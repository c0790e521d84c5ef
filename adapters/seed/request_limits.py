"""Limit concurrent requests, and requests and tokens a minute, for the whole process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from adapters.seed.client_options import Pace
from bot.chat.rate_limit import SlidingWindow

MINUTE = 60.0
RECOVERY = 30.0  # seconds after which one more request at a time is tried again


class RequestLimiter:
    """Admits requests in the order in which they came; one of these is shared by everything that uses an account."""

    def __init__(
        self, pace: Pace, *, monotonic: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._requests = SlidingWindow(pace.requests_per_minute, MINUTE)
        self._tokens = SlidingWindow(pace.tokens_per_minute, MINUTE)
        self._most = pace.concurrency
        self._allowed = pace.concurrency
        self._active = 0
        self._recovers_at = 0.0
        self._paused_until = 0.0
        self._monotonic = monotonic
        self._sleep = sleep
        self._turnstile = asyncio.Lock()
        self._freed = asyncio.Event()

    @property
    def concurrency(self) -> int:
        """Return how many requests may run at once at this moment."""
        return self._allowed

    @property
    def active(self) -> int:
        """Return how many requests run at this moment."""
        return self._active

    @asynccontextmanager
    async def slot(self, tokens: int) -> AsyncIterator[None]:
        """Hold one place for a request of about `tokens` tokens, waiting for it as long as it takes."""
        async with self._turnstile:
            await self._until_free()
            while (delay := self._delay(tokens)) > 0:
                await self._sleep(delay + 0.001)  # rounding must not wake us a moment early
            now = self._monotonic()
            self._requests.take(1, now)
            self._tokens.take(tokens, now)
            self._active += 1
        try:
            yield
        finally:
            self._active -= 1
            self._freed.set()

    def add_tokens(self, tokens: int) -> None:
        """Count tokens that a request turned out to have beyond its estimate."""
        if tokens > 0:
            self._tokens.take(tokens, self._monotonic())

    def pause(self, seconds: float) -> None:
        """Let nothing new begin for so long: the server asked for it."""
        self._paused_until = max(self._paused_until, self._monotonic() + seconds)

    def slow_down(self) -> None:
        """Halve the requests that run at once; they come back one by one."""
        self._allowed = max(1, self._allowed // 2)
        self._recovers_at = self._monotonic() + RECOVERY

    async def _until_free(self) -> None:
        self._recover()
        while self._active >= self._allowed:
            self._freed.clear()
            await self._freed.wait()
            self._recover()

    def _recover(self) -> None:
        now = self._monotonic()
        while self._allowed < self._most and now >= self._recovers_at:
            self._allowed += 1
            self._recovers_at += RECOVERY

    def _delay(self, tokens: int) -> float:
        now = self._monotonic()
        return max(self._paused_until - now, self._requests.wait(1, now), self._tokens.wait(tokens, now))
