"""Tell the time of a server, so that what it has dated is compared with its own time, not with that of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

HALF_A_SECOND: Final = timedelta(seconds=0.5)


class ServerClock:
    """The time of a server, read now and then, and carried on by a clock that is never set.

    Before it was read it is that of this machine.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._read_at = monotonic()
        self._told = datetime.now(UTC)

    def __call__(self) -> datetime:
        """Return the moment that it is for the server."""
        return self._told + timedelta(seconds=self._monotonic() - self._read_at)

    def note(self, told: datetime, *, asked_at: float | None = None) -> None:
        """Note what the server told just now, or to a question asked `asked_at`: halfway between that and now."""
        now = self._monotonic()
        self._read_at = now if asked_at is None else (asked_at + now) / 2
        self._told = told

    def note_header(self, date: str | None) -> None:
        """Note the `Date` of an answer over HTTP, in whole seconds (RFC 9110, 6.6.1), if it can be read."""
        try:
            told = parsedate_to_datetime(date or "")
        except ValueError:
            return
        self.note((told if told.tzinfo else told.replace(tzinfo=UTC)) + HALF_A_SECOND)
