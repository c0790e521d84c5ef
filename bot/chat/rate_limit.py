"""Keep calls within a rate limit; what people wait for goes first.

A plain token bucket that admits a burst of n and refills at n per window lets 2n through in its first window. What is
kept here are the calls of the last window themselves, so that no window ever holds more than the limit.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from enum import IntEnum
from typing import Final, Generic, TypeVar

PROGRESS_SHARE: Final = 0.75
"""What of a limit progress and background work may use; the rest stays free for what people wait for."""

LIMITERS_KEPT: Final = 1_000
"""Idle limiters beyond these are dropped; they hold nothing that matters after their window."""

Key = TypeVar("Key", bound=Hashable)


class Priority(IntEnum):
    """Priority of a call; the lowest goes first."""

    FIRST = 0  # the first text of an answer
    FINAL = 1  # its end, or a command's answer
    NORMAL = 2  # anything else that has to happen
    PROGRESS = 3  # overtaken by the next one
    BACKGROUND = 4  # what nobody waits for


class SlidingWindow:
    """At most `limit` units within any `seconds`; one demand that is larger than the limit passes alone."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit = limit
        self._seconds = seconds
        self._used = 0
        self._taken: deque[tuple[float, int]] = deque()

    def used(self, now: float) -> int:
        """Return the units that still count."""
        while self._taken and self._taken[0][0] + self._seconds <= now:
            self._used -= self._taken.popleft()[1]
        return self._used

    def wait(self, units: int, now: float) -> float:
        """Return the seconds until `units` may be taken; 0.0 when they may be taken now."""
        excess = self.used(now) + min(units, self.limit) - self.limit
        free_at = now
        for at, taken in self._taken:
            if excess <= 0:
                break
            excess -= taken
            free_at = at + self._seconds
        return free_at - now

    def take(self, units: int, now: float) -> None:
        """Count `units` as used now."""
        self._taken.append((now, units))
        self._used += units


class RateLimiter:
    """At most `calls` within any `seconds`, shared by everybody who calls.

    A call counts until `seconds` after it has ended, so that the delay of the network cannot bring two of them closer
    together than was meant.
    """

    def __init__(self, calls: int, *, seconds: float) -> None:
        self.calls = calls
        self._window = SlidingWindow(calls, seconds)
        self._under_way = 0
        self._paused_until = 0.0
        self._numbers = itertools.count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def free(self) -> int:
        """Return how many calls could begin now."""
        now = self._now()
        return 0 if now < self._paused_until else max(0, self.calls - self._under_way - self._window.used(now))

    @property
    def is_idle(self) -> bool:
        """Return whether nothing is remembered that would hold a call back."""
        return self.free == self.calls and not self._waiting

    @property
    def paused(self) -> float:
        """For how many seconds more nothing begins, since the server asked for it."""
        return max(0.0, self._paused_until - self._now())

    def may_progress(self, reserved: int = 0) -> bool:
        """Return whether a call that could be left out may begin; `reserved` are ends that are still to come."""
        return not self._waiting and self.free > max(reserved, self._kept)

    @property
    def _kept(self) -> int:
        """How many calls stay free for what people wait for."""
        return round(self.calls * (1 - PROGRESS_SHARE))

    def _room(self, priority: int) -> int:
        """Return how many calls of a priority could begin now."""
        return self.free - (self._kept if priority == Priority.BACKGROUND else 0)

    @asynccontextmanager
    async def call(self, priority: Priority = Priority.NORMAL) -> AsyncIterator[None]:
        """Wait for a place, and hold it while the call is under way."""
        await self._enter(priority)
        try:
            yield
        finally:
            self._leave()

    async def acquire(self, priority: Priority = Priority.NORMAL) -> None:
        """Wait for a place that counts from now on, for calls whose end is seen elsewhere."""
        await self._enter(priority)
        self._leave()

    def pause(self, seconds: float) -> None:
        """Let nothing begin for so long: the server asked for it."""
        self._paused_until = max(self._paused_until, self._now() + seconds)

    async def _enter(self, priority: Priority) -> None:
        if not self._waiting and self._room(priority) > 0:
            self._under_way += 1
            return
        place = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._numbers), place))
        self._admit()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._under_way -= 1
            self._admit()
            raise

    def _leave(self) -> None:
        self._under_way -= 1
        self._window.take(1, self._now())
        self._admit()

    def _admit(self) -> None:
        """Let in who waits, as far as there are places, and come back when the next one is free."""
        while self._waiting and (self._waiting[0][2].done() or self._room(self._waiting[0][0]) > 0):
            place = heapq.heappop(self._waiting)[2]
            if not place.done():
                self._under_way += 1
                place.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting and (wait := self._until_free(self._waiting[0][0])) is not None:
            self._timer = asyncio.get_running_loop().call_later(wait, self._admit)

    def _until_free(self, priority: int) -> float | None:
        """Seconds until a place is free; None when the end of a call under way will tell."""
        taken = self._under_way + (self._kept if priority == Priority.BACKGROUND else 0)
        if taken >= self.calls:
            return None
        now = self._now()
        return max(0.001, self._window.wait(1 + taken, now), self._paused_until - now)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


class RateLimiters(Generic[Key]):
    """One limiter for each key, made when it is first asked for."""

    def __init__(self, make: Callable[[Key], RateLimiter]) -> None:
        self._make = make
        self._limiters: dict[Key, RateLimiter] = {}

    def get(self, key: Key) -> RateLimiter:
        """Return the limiter of a key."""
        limiter = self._limiters.get(key)
        if limiter is None:
            if len(self._limiters) >= LIMITERS_KEPT:
                self._limiters = {name: item for name, item in self._limiters.items() if not item.is_idle}
            limiter = self._limiters[key] = self._make(key)
        return limiter
