"""Find out whether the parts of an installation work, and remember it for a while, however often somebody asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.checks import Check, within
from bot.intervals import has_passed
from bot.ports import Clock

CHECK_SECONDS: Final = 5.0
REMEMBERED: Final = timedelta(seconds=30)

Examine = Callable[[], Awaitable[Sequence[Check]]]
"""Gives a row for each thing that belongs to one part."""


class Readiness:
    """The parts by name; each is examined at most once in half a minute and for a few seconds."""

    def __init__(self, parts: Mapping[str, Examine], clock: Clock) -> None:
        self._parts = parts
        self._clock = clock
        self._found: Sequence[Check] = ()
        self._at: datetime | None = None
        self._asking = asyncio.Lock()

    async def checks(self) -> Sequence[Check]:
        """Return one row for each thing that can be wrong. Raises nothing."""
        async with self._asking:
            if self._at is None or has_passed(REMEMBERED, since=self._at, now=self._clock()):
                found = await asyncio.gather(*(self._examine(name, part) for name, part in self._parts.items()))
                self._found = [check for checks in found for check in checks]
                self._at = self._clock()
            return self._found

    async def _examine(self, name: str, part: Examine) -> Sequence[Check]:
        rows: list[Check] = []

        async def first() -> Check:
            rows.extend(await part())
            return rows[0] if rows else Check(name=name, ok=None, detail="not in use")

        check = await within(CHECK_SECONDS, first(), name=name, fix="the log of this process says more")
        return rows or [check]
