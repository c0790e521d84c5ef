"""Compute how long to wait before the next attempt. Pure but for chance."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

JITTER: Final = 0.2
"""The part of a wait that is left to chance, so that what failed together does not come back together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackoffTimes:
    """Seconds: the first wait, the longest, and how long an attempt must have lasted for the waits to begin anew."""

    first: float
    longest: float
    healthy: float


class Backoff:
    """The waits between attempts at one thing, each twice the one before."""

    def __init__(self, times: BackoffTimes, chance: Callable[[], float] = random.random) -> None:
        self._times = times
        self._chance = chance
        self._next = times.first

    def delay(self, lasted: float = 0.0) -> float:
        """Return the seconds to wait now that an attempt has ended which was well for `lasted` seconds."""
        if lasted >= self._times.healthy:
            self._next = self._times.first
        wait = min(self._next, self._times.longest)
        self._next = min(2 * wait, self._times.longest)
        return wait * (1 + JITTER * (2 * self._chance() - 1))
