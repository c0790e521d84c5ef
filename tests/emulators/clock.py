"""A clock that tests can move, so that lifetimes and rate limits pass without waiting."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class MovableClock:
    """The wall clock plus what it was moved by; it never goes back."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._sleepers: set[asyncio.Event] = set()

    def time(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._offset

    def now(self) -> datetime:
        """The same moment as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.time(), tz=UTC)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once. Raises `ValueError` for a step back."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._offset += seconds
        for sleeper in self._sleepers:
            sleeper.set()

    async def sleep(self, seconds: float) -> None:
        """Wait until that much has passed on this clock, by itself or by `advance`."""
        end = self.time() + seconds
        moved = asyncio.Event()
        self._sleepers.add(moved)
        try:
            while (left := end - self.time()) > 0:
                moved.clear()
                try:
                    async with asyncio.timeout(left):
                        await moved.wait()
                except TimeoutError:
                    pass
        finally:
            self._sleepers.discard(moved)
