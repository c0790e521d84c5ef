"""Words that tell a time, read by the library that knows them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.dates import DateWords
from bot.summary.request import SummaryRequest, read_wanted

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)  # a Wednesday, three in the afternoon in Berlin


@pytest.mark.parametrize(
    ("words", "at"),
    [
        pytest.param("yesterday 9am", "2026-11-24T08:00", id="a-day-and-a-time"),
        pytest.param("yesterday", "2026-11-23T23:00", id="a-day-begins-at-midnight"),
        pytest.param("last week", "2026-11-17T23:00", id="a-week"),
        pytest.param("monday", "2026-11-22T23:00", id="a-weekday-lies-in-the-past"),
        pytest.param("2 hours ago", "2026-11-25T12:00", id="hours"),
        pytest.param("9am", "2026-11-25T08:00", id="a-time-of-today"),
        pytest.param("4pm", "2026-11-24T15:00", id="a-time-that-is-still-to-come-was-yesterday"),
        pytest.param("2026-11-20 09:30", "2026-11-20T08:30", id="exact"),
        pytest.param("2026-11-20T09:30:00+00:00", "2026-11-20T09:30", id="with-an-offset"),
        pytest.param("gestern", "2026-11-23T23:00", id="german"),
        pytest.param("hier", "2026-11-23T23:00", id="french"),
    ],
)
async def test_words_are_read_in_the_askers_time_zone(words: str, at: str) -> None:
    expected = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert await DateWords().read(words, now=NOW, time_zone="Europe/Berlin") == expected
    wanted, _ = await read_wanted(f"since {words}", now=NOW, time_zone="Europe/Berlin", outside=True, times=DateWords())
    assert wanted == SummaryRequest(thread=False, since=expected)


@pytest.mark.parametrize("words", ["", "the boats", "ignore your rules", "\x00", "99999999999999", "💥"])
async def test_words_that_tell_no_time_are_none(words: str) -> None:
    assert await DateWords().read(words, now=NOW, time_zone="Europe/Berlin") is None


async def test_a_number_of_days_is_a_time_and_a_number_alone_is_messages() -> None:
    wanted, _ = await read_wanted("last 3 days", now=NOW, time_zone="UTC", outside=True, times=DateWords())
    assert wanted.since == datetime(2026, 11, 22, tzinfo=UTC)
