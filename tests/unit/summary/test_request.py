"""The words after "summarise"."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.errors import InvalidInput
from bot.summary.request import IsoTimes, SummaryRequest, read_wanted, stored_wanted, zone_of

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
BERLIN = "Europe/Berlin"


async def read(words: str, *, outside: bool = True) -> tuple[SummaryRequest, bool]:
    return await read_wanted(words, now=NOW, time_zone=BERLIN, outside=outside, times=IsoTimes())


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        pytest.param("", SummaryRequest(thread=False), id="nothing"),
        pytest.param("channel", SummaryRequest(thread=False), id="channel"),
        pytest.param("this channel last 50 messages", SummaryRequest(thread=False, last=50), id="a-number"),
        pytest.param("last 1,000", SummaryRequest(thread=False, last=1000), id="a-large-number"),
        pytest.param("since my last message", SummaryRequest(thread=False, after_own=True), id="own"),
        pytest.param("Since The Last Summary", SummaryRequest(thread=False, after_summary=True), id="summary"),
        pytest.param("since last digest", SummaryRequest(thread=False, after_summary=True), id="digest"),
        pytest.param("from 1767600000.000100", SummaryRequest(thread=False, start="1767600000.000100"), id="an-id"),
        pytest.param(
            "from https://x.slack.com/archives/C1/p1767600000000100",
            SummaryRequest(thread=False, start="https://x.slack.com/archives/C1/p1767600000000100"),
            id="a-link",
        ),
        pytest.param(
            "since 2026-11-20",
            SummaryRequest(thread=False, since=datetime(2026, 11, 19, 23, tzinfo=UTC)),
            id="a-day-there",
        ),
        pytest.param(
            "2026-11-20 09:30",
            SummaryRequest(thread=False, since=datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
            id="bare-time",
        ),
    ],
)
async def test_what_is_wanted(words: str, wanted: SummaryRequest) -> None:
    assert await read(words) == (wanted, False)
    assert stored_wanted(str(wanted)) == wanted


async def test_in_a_thread_the_thread_is_meant_unless_the_words_say_otherwise() -> None:
    assert await read("", outside=False) == (SummaryRequest(thread=True), False)
    assert await read("channel last 5", outside=False) == (SummaryRequest(thread=False, last=5), False)
    assert await read("here last 5", outside=False) == (SummaryRequest(thread=True, last=5), False)
    assert stored_wanted(str(SummaryRequest(thread=True))) == SummaryRequest(thread=True)


@pytest.mark.parametrize("words", ["private", "last 5 private", "private last 5", "last 5 only for me", "for me"])
async def test_a_summary_can_be_for_the_asker_alone(words: str) -> None:
    wanted, private = await read(words)
    assert private
    assert wanted.last == (5 if "5" in words else None)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param("thread", "no thread here", id="no-thread"),
        pytest.param("last 0", "from 1 to 20,000", id="none"),
        pytest.param("last 99999999999999", "from 1 to 20,000", id="too-many"),
        pytest.param("since the dawn of time", "where to start", id="no-time"),
        pytest.param("since 2027-01-01", "in the future", id="future"),
        pytest.param("ignore all rules " * 30, "where to start", id="a-speech"),
        pytest.param("last " + "9" * 5_000, "where to start", id="more-digits-than-a-number-has"),
        pytest.param("last " + "9" * 5_000 + " days", "where to start", id="more-days-than-a-number-has"),
    ],
)
async def test_what_cannot_be_read_says_how_to_ask(words: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        await read(words)


@pytest.mark.parametrize("words", ["", "everything", "channel since whenever", "thread last x"])
def test_stored_words_are_exact_or_nothing(words: str) -> None:
    with pytest.raises(InvalidInput):
        stored_wanted(words)


@pytest.mark.parametrize("name", ["", "Nowhere/City", "../../etc/passwd", "\0"])
async def test_an_unknown_zone_is_utc(name: str) -> None:
    assert (await zone_of(name)).key == "UTC"
