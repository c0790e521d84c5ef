"""How often the bot asks Discord for something: one line for each channel's messages, one for its edits, one for all.

Who waits for its turn may be overtaken by what is more urgent: the end of an answer goes before its middle.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from enum import IntEnum
from itertools import count
from typing import Final

from adapters.discord.limits import REQUESTS_A_SECOND, SLOT_SECONDS, SLOTS

LINES_KEPT: Final = 1_000
"""Idle lines beyond these are dropped; they hold nothing that matters after their window."""


class Urgency(IntEnum):
    """Who goes first where several wait."""

    ENDING = 0  # the last state of an answer, a command's reply
    BEGINNING = 1  # the first visible message of an answer
    GOING_ON = 2  # the states in between


class Line:
    """At most `slots` turns within any `seconds`, the most urgent first."""

    def __init__(self, slots: int, seconds: float) -> None:
        self._slots = slots
        self._seconds = seconds
        self._taken: deque[float] = deque()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether nobody waits and no turn counts any more."""
        now = asyncio.get_running_loop().time()
        return not self._waiting and (not self._taken or self._taken[-1] <= now - self._seconds)

    async def turn(self, urgency: Urgency) -> None:
        """Wait until a request may go out."""
        if not self._waiting and self._delay() <= 0:
            self._take()
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (urgency, next(self._numbers), turn))
        self._schedule()
        await turn

    def _delay(self) -> float:
        if len(self._taken) < self._slots:
            return 0
        return self._taken[0] + self._seconds - asyncio.get_running_loop().time()

    def _take(self) -> None:
        if len(self._taken) == self._slots:
            self._taken.popleft()
        self._taken.append(asyncio.get_running_loop().time())

    def _schedule(self) -> None:
        if self._timer is None and self._waiting:
            self._timer = asyncio.get_running_loop().call_later(max(self._delay(), 0), self._release)

    def _release(self) -> None:
        self._timer = None
        while self._waiting and self._delay() <= 0:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.cancelled():
                self._take()
                turn.set_result(None)
        self._schedule()


class Budget:
    """The lines of one bot in one process; `requests` is that of all together."""

    def __init__(self) -> None:
        self.requests = Line(REQUESTS_A_SECOND, 1.0)
        self._lines: dict[tuple[str, str], Line] = {}

    async def posting(self, channel: str, urgency: Urgency) -> None:
        """Wait until a message may be posted to a channel."""
        await self._line("post", channel).turn(urgency)

    async def editing(self, channel: str, urgency: Urgency) -> None:
        """Wait until one of a channel's messages may be edited."""
        await self._line("edit", channel).turn(urgency)

    def _line(self, kind: str, channel: str) -> Line:
        if len(self._lines) >= LINES_KEPT:
            self._lines = {name: line for name, line in self._lines.items() if not line.idle}
        return self._lines.setdefault((kind, channel), Line(SLOTS, SLOT_SECONDS))
