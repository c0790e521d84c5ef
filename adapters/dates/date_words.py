"""Read times in several languages (the port `TimeWords`)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from bot.summary.request import zone_of

# Every language more makes words that mean nothing slower to refuse; all of them together take seconds.
LANGUAGES: Final = ("en", "de", "fr", "es")

EXACT: Final = frozenset({"time"})  # dateparser's name for a period that has a time of day


class DateWords:
    """Reads times with dateparser, in a thread of its own, since its tables are large and loaded at first use."""

    async def read(self, words: str, *, now: datetime, time_zone: str) -> datetime | None:
        """Return the time that `words` mean; a day without a time begins at its midnight. None when they mean none."""
        return await asyncio.to_thread(_read, words, now, await zone_of(time_zone))


def _read(words: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    from dateparser.date import DateDataParser  # noqa: PLC0415 - loading it takes half a second, and few turns need it

    local = now.astimezone(zone).replace(tzinfo=None)
    settings = {
        "RELATIVE_BASE": local,
        "PREFER_DATES_FROM": "past",
        "PREFER_DAY_OF_MONTH": "first",
        "RETURN_TIME_AS_PERIOD": True,
    }
    found = DateDataParser(languages=list(LANGUAGES), settings=settings).get_date_data(words)
    at = found.date_obj
    if at is None:
        return None
    if found.period not in EXACT:
        at = datetime.combine(at.date(), time(), tzinfo=at.tzinfo)
    return (at.replace(tzinfo=zone) if at.tzinfo is None else at).astimezone(UTC)
