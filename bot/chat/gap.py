"""Read a gap in as many attempts as it takes: what was read in one is not read in the next, and no place waits for
another that cannot be read now. Pure but for what it is given to do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Iterable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from bot.backoff import BackoffTimes
from bot.errors import PlatformError, PlatformRefused
from bot.turns.retries import ACCESS_HOLDS

OLDEST: Final = timedelta(hours=12)
"""What is older is not answered any more: nobody waits for it."""

RESTS: Final = BackoffTimes(first=10.0, longest=60.0, healthy=0.0)
"""Between two attempts, while the database or the platform is away."""

Place = TypeVar("Place", bound=Hashable)
Read = Callable[[], Awaitable[int | None]]
"""Reads a place; returns how many messages were heard there, None where that is not what it looks for."""


class Reading:
    """The places of one workspace that were read, and those that could not be, with the reason."""

    def __init__(self) -> None:
        self.failed: dict[Hashable, PlatformError] = {}
        self._failed_before: set[Hashable] = set()
        self._read: set[Hashable] = set()

    def begin(self) -> None:
        """Begin another attempt."""
        self._failed_before, self.failed = set(self.failed), {}

    @property
    def is_complete(self) -> bool:
        """Return whether the attempt before this one has read all there is."""
        return bool(self._read) and not self._failed_before

    def tried(self, kind: type) -> int:
        """Return how many places of a kind were read or could not be."""
        return sum(isinstance(place, kind) for place in self._read | self._failed_before | self.failed.keys())

    def has_room(self, place: Hashable, most: int) -> bool:
        """Return whether a place is one of the first `most` of its kind that are tried."""
        return place in self._failed_before or self.tried(type(place)) < most

    def in_order(self, places: Iterable[Place]) -> list[Place]:
        """Return those that are still to be read, each once; what could not be read before comes last."""
        left = [place for place in dict.fromkeys(places) if place not in self._read]
        return sorted(left, key=self._failed_before.__contains__)

    async def read(self, place: Hashable, read: Read) -> int:
        """Read a place; return how much there was to hear, 0 for one that must be tried again."""
        try:
            heard = await read() or 0
        except PlatformError as error:
            self.fail(place, error)
            return 0
        self._read.add(place)
        return heard

    def fail(self, place: Hashable, error: PlatformError) -> None:
        """Note that a place could not be read."""
        self.failed[place] = error


class Gap:
    """A time in which nobody listened; `began` is when its reading was, by the clock of the platform."""

    def __init__(self) -> None:
        self.began: datetime | None = None
        self._readings: defaultdict[str, Reading] = defaultdict(Reading)

    def begin(self, now: datetime) -> None:
        """Begin another attempt to read it."""
        self.began = self.began or now
        for reading in self._readings.values():
            reading.begin()

    def reading(self, workspace: str = "") -> Reading:
        """Return what was read of it in a workspace."""
        return self._readings[workspace]

    @property
    def trouble(self) -> str:
        """Return why something could not be read in this attempt, for the log: the last reason."""
        errors = self._errors()
        return str(errors[-1]) if errors else ""

    def _errors(self) -> list[PlatformError]:
        return [error for reading in self._readings.values() for error in reading.failed.values()]

    def is_over(self, now: datetime) -> bool:
        """Return whether all of it was read, or no attempt is of use any more.

        What is refused for so long as a question waits for its platform is refused for good; behind all else there is
        an end as well, when nobody waits for what is in the gap.
        """
        errors = self._errors()
        holds = ACCESS_HOLDS if all(isinstance(error, PlatformRefused) for error in errors) else OLDEST
        return not errors or (self.began is not None and now - self.began >= holds)
