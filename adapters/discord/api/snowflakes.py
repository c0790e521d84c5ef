"""Read the creation time from Discord's ids (reference, snowflakes). Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

EPOCH_MS: Final = 1_420_070_400_000  # the first second of 2015
TIME_SHIFT: Final = 22


def made_at(id: str | int) -> datetime:
    """Return when an id was made, to the millisecond."""
    return datetime.fromtimestamp(((int(id) >> TIME_SHIFT) + EPOCH_MS) / 1000, UTC)


def at_time(moment: datetime) -> str:
    """Return the least id of a moment, to be searched from."""
    return str(max(0, (int(moment.timestamp() * 1000) - EPOCH_MS) << TIME_SHIFT))
