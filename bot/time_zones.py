"""Time zones by their IANA names."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

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


def zone_label(at: datetime) -> str:
    """Return how people call the zone of an aware time then: "CET", or "UTC+3" where it has no name of letters."""
    name = at.tzname() or ""
    if name.isascii() and name.isalpha():
        return name
    offset = at.utcoffset() or timedelta()
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    sign = "-" if offset < timedelta() else "+"
    return f"UTC{sign}{hours}:{minutes:02}" if minutes else f"UTC{sign}{hours}"
