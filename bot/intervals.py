"""Tell whether an interval has passed, by clocks that can be set."""

from __future__ import annotations

from datetime import datetime, timedelta


def has_passed(interval: timedelta, *, since: datetime, now: datetime) -> bool:
    """Return whether an interval has passed since then, or the clock was set back by as much.

    So nobody waits until a clock has caught up with itself, and clocks that differ by less do no harm.
    """
    return abs(now - since) >= interval
