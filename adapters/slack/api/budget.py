"""Budgets: who may call next, so that no limit of Slack's is exceeded and what people wait for goes first."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import IntEnum

from adapters.slack.api.limits import MINUTE_SECONDS

PROGRESS_SHARE = 0.75
"""What of a budget progress may use; the rest stays free for first texts and ends."""


class Priority(IntEnum):
    """Why a call is made; the lowest goes first."""

    FIRST = 0  # the first text of an answer
    FINAL = 1  # its end
    PLAIN = 2  # anything else that has to happen
    PROGRESS = 3  # overtaken by the next one


class Budget:
    """At most `calls` within any `seconds`, shared by everybody who calls.

    A call counts until `seconds` after it has ended, so that the delay of the network cannot bring two of them closer
    together than was meant.
    """

    def __init__(self, calls: int, *, seconds: float = MINUTE_SECONDS) -> None:
        self.calls = calls
        self._seconds = seconds
        self._under_way = 0
        self._ended: deque[float] = deque(maxlen=calls)
        self._paused_until = 0.0
        self._numbers = itertools.count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def free(self) -> int:
        """How many calls could begin now."""
        now = self._now()
        while self._ended and now - self._ended[0] >= self._seconds:
            self._ended.popleft()
        return 0 if now < self._paused_until else max(0, self.calls - self._under_way - len(self._ended))

    @property
    def is_idle(self) -> bool:
        """Whether nothing is remembered that would hold a call back."""
        return self.free == self.calls and not self._waiting

    @property
    def paused(self) -> float:
        """Return for how many seconds more nothing begins, since Slack has asked for it."""
        return max(0.0, self._paused_until - self._now())

    def may_progress(self, reserved: int = 0) -> bool:
        """Whether a call that could as well be left out may begin; `reserved` are ends that are still to come."""
        kept = max(reserved, round(self.calls * (1 - PROGRESS_SHARE)))
        return not self._waiting and self.free > kept

    @asynccontextmanager
    async def call(self, priority: Priority = Priority.PLAIN) -> AsyncIterator[None]:
        """Wait for a place, and hold it while the call is under way."""
        await self._enter(priority)
        try:
            yield
        finally:
            self._under_way -= 1
            self._ended.append(self._now())
            self._serve()

    def pause(self, seconds: float) -> None:
        """Let nothing begin for so long: Slack has asked for it."""
        self._paused_until = max(self._paused_until, self._now() + seconds)

    async def _enter(self, priority: Priority) -> None:
        if not self._waiting and self.free > 0:
            self._under_way += 1
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._numbers), turn))
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._under_way -= 1
            self._serve()
            raise

    def _serve(self) -> None:
        """Let in who waits, as far as there are places, and come back when the next one is free."""
        while self._waiting and (self._waiting[0][2].done() or self.free > 0):
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                self._under_way += 1
                turn.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting and (wait := self._until_free()) is not None:
            self._timer = asyncio.get_running_loop().call_later(wait, self._serve)

    def _until_free(self) -> float | None:
        """Seconds until a place is free; None when the end of a call under way will tell."""
        now = self._now()
        oldest = self._ended[0] + self._seconds if self._ended else now
        if not self._ended and self._under_way >= self.calls:
            return None
        return max(0.001, oldest - now, self._paused_until - now)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
