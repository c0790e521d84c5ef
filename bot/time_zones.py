"""Time zones by their IANA names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

UTC_NAME: Final = "UTC"
REMEMBERED: Final = 1_000
"""More than there are names; each is a file, which is read once."""

_UTC: Final = ZoneInfo("UTC")  # whoever has no zone of their own has it: read before anything else runs


@lru_cache(maxsize=REMEMBERED)
def find_zone(name: str) -> ZoneInfo:
    """Return the zone of that IANA name; UTC for one that is not known."""
    if name == _UTC.key:
        return _UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return _UTC


async def load_zones(names: Iterable[str]) -> None:
    """Read the files of zones in a thread, so that `find_zone` finds them without blocking."""
    for name in sorted(set(names) - {UTC_NAME}):
        await asyncio.to_thread(find_zone, name)


def in_zone(at: datetime, name: str) -> datetime:
    """Return an aware time as clocks in that zone show it; in UTC at the ends of the calendar, where there is no other.

    Reads a file unless `load_zones` has.
    """
    zone: tzinfo = UTC if name == UTC_NAME else find_zone(name)
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at.astimezone(UTC)


def zone_label(at: datetime) -> str:
    """Return how people call the zone of an aware time then: "CET", or "UTC+3" where it has no name of letters."""
    name = at.tzname() or ""
    if name.isascii() and name.isalpha():
        return name
    offset = at.utcoffset() or timedelta()
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    sign = "-" if offset < timedelta() else "+"
    return f"UTC{sign}{hours}:{minutes:02}" if minutes else f"UTC{sign}{hours}"
