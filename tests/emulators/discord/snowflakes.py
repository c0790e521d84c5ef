"""Ids as Discord makes them: milliseconds since 2015 and a counter."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.emulators.clock import MovableClock

EPOCH_MS = 1_420_070_400_000  # the first second of 2015, from Discord's API reference
TIME_SHIFT = 22
_OLD_MS = 1_577_836_800_000  # the first second of 2020: channels and people are older than any test
_OLD_GUILDS_MS = 1_546_300_800_000  # the first second of 2019


class Snowflakes:
    """Ids that only rise."""

    def __init__(self, clock: MovableClock) -> None:
        self._clock = clock
        self._last = 0
        self._old = 0
        self._guilds = 0

    def new(self) -> int:
        """The id of something that comes into being now."""
        now = (int(self._clock.time() * 1000) - EPOCH_MS) << TIME_SHIFT
        self._last = max(now, self._last + 1)
        return self._last

    def old(self) -> int:
        """The id of something that was there before."""
        self._old += 1
        return (_OLD_MS - EPOCH_MS + self._old) << TIME_SHIFT

    def guild(self) -> int:
        """The id of a guild; they come a millisecond after each other, which spreads them over the shards."""
        self._guilds += 1
        return (_OLD_GUILDS_MS - EPOCH_MS + self._guilds) << TIME_SHIFT


def at(id: int) -> datetime:
    """When the id was made, as an aware datetime in UTC."""
    return datetime.fromtimestamp(((id >> TIME_SHIFT) + EPOCH_MS) / 1000, tz=UTC)
