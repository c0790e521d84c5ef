"""Tell the time."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the clock of the running bot."""
    return datetime.now(UTC)
