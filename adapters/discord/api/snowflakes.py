"""Read the creation time from Discord's ids (reference, snowflakes). Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(2015, 1, 1, tzinfo=UTC)
TIME_SHIFT: Final = 22
_MILLISECOND: Final = timedelta(milliseconds=1)


def made_at(id: str | int) -> datetime:
    """Return when an id was made, to the millisecond."""
    return EPOCH + (int(id) >> TIME_SHIFT) * _MILLISECOND


def at_time(moment: datetime) -> str:
    """Return the least id of a moment, to be searched from."""
    return str(max(0, (moment - EPOCH) // _MILLISECOND << TIME_SHIFT))
