"""Digests come once, at a local time, and only when there is something to tell."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput, PlatformError
from bot.summary.digests import MOST_OF_CHANNEL, Digests, next_time
from bot.types import NewRule, Outcome, PlaceKind, RuleKind, RulePlace, Subject, SubjectKind, Task
from tests.fakes import ADA, incoming
from tests.unit.summary.channel import APP, ASKED_AT, BEA, CHANNEL, SummaryHouse, said, summarising

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
NUMBERS = count(1)


async def command(house: SummaryHouse, words: str, **changes: Any) -> str:
    """What the command tells; asked in the channel by Ada, who is in Berlin."""
    given: dict[str, Any] = {
        "key": CHANNEL,
        "is_top_level": True,
        "manages_channel": True,
        "time_zone": BERLIN.key,
        "sent_at": house.clock.now,
    } | changes
    handled = await house.inbox.handle(incoming(f"/digest {words}", next(NUMBERS), **given))
    assert handled.outcome is Outcome.REPLIED
    return handled.text


def digests(house: SummaryHouse) -> Digests:
    return Digests(
        house.store, {"fake": house.channel}, house.dispatcher.wake, admits=house.inbox.admits, clock=house.clock
    )


# ---------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("after", "at", "weekday", "due"),
    [
        pytest.param("2026-01-05T07:59", time(9), None, "2026-01-05T08:00", id="today"),
        pytest.param("2026-01-05T08:00", time(9), None, "2026-01-06T08:00", id="not-twice"),
        pytest.param("2026-01-05T12:00", time(16), 4, "2026-01-09T15:00", id="friday"),
        pytest.param("2026-03-28T12:00", time(9), None, "2026-03-29T07:00", id="summer-time-begins"),
        pytest.param("2026-10-24T12:00", time(9), None, "2026-10-25T08:00", id="summer-time-ends"),
        pytest.param("2026-03-28T12:00", time(2, 30), None, "2026-03-29T01:30", id="an-hour-that-is-left-out"),
        pytest.param("2026-10-24T12:00", time(2, 30), None, "2026-10-25T00:30", id="an-hour-that-comes-twice"),
        pytest.param("2026-10-25T00:30", time(2, 30), None, "2026-10-26T01:30", id="and-is-meant-once"),
    ],
)
def test_local_times_are_kept_over_changes_of_the_clock(after: str, at: time, weekday: int | None, due: str) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert next_time(at, weekday, BERLIN, after=moment) == datetime.fromisoformat(due).replace(tzinfo=UTC)


@given(
    st.timedeltas(timedelta(0), 3650 * DAY),
    st.times(),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
)
def test_a_daily_digest_comes_once_a_day(after: timedelta, at: time, zone: str) -> None:
    at = at.replace(second=0, microsecond=0)
    due = datetime(2020, 1, 1, tzinfo=UTC) + after
    days = set()
    for _ in range(4):
        later = next_time(at, None, ZoneInfo(zone), after=due)
        assert later > due
        assert later - due <= timedelta(hours=49)
        days.add(later.astimezone(ZoneInfo(zone)).date())
        due = later
    assert len(days) == 4


# ---------------------------------------------------------------- the command


async def test_digests_are_added_listed_paused_resumed_and_removed() -> None:
    async with summarising([]) as house:
        assert "no digests" in await command(house, "list")
        added = await command(house, "add daily at 9:00")
        assert "every day at 09:00 (Europe/Berlin)" in added
        assert "on 2026-01-16 at 09:00" in added
        assert "every Friday at 16:30" in await command(house, "add weekly fri 4:30 pm for this channel")
        assert (await command(house, "")).count("\n") == 1
        assert "paused" in await command(house, "pause 1")
        assert "**1**: every day at 09:00 (Europe/Berlin), paused" in await command(house, "list")
        assert "is resumed" in await command(house, "resume #1")
        assert "removed" in await command(house, "remove 2")
        assert "Friday" not in await command(house, "list")


@pytest.mark.parametrize(
    "words",
    ["add", "add daily", "add daily at 25:00", "add weekly someday 9:00", "add daily friday 9:00", "remove 7", "dance"],
)
async def test_what_is_no_digest_says_how_to_ask(words: str) -> None:
    async with summarising([]) as house:
        with pytest.raises(InvalidInput):
            await command(house, words)


async def test_only_its_author_or_a_manager_changes_a_digest_and_only_in_its_channel() -> None:
    async with summarising([]) as house:
        await command(house, "add daily 9")
        with pytest.raises(InvalidInput, match="Only the person who added"):
            await command(house, "remove 1", author=BEA, manages_channel=False)
        with pytest.raises(InvalidInput, match="no such digest"):
            await command(house, "remove 1", key=replace(CHANNEL, channel="other"))
        assert "paused" in await command(house, "pause 1", manages_channel=False)
        assert "removed" in await command(house, "remove 1", author=BEA)


async def test_members_add_digests_once_an_administrator_says_so() -> None:
    async with summarising([]) as house:
        with pytest.raises(InvalidInput, match="Only managers of the channel and administrators can add digests"):
            await command(house, "add daily 9", manages_channel=False)
        await house.store.put_role(f"{CHANNEL.platform}/{CHANNEL.workspace}", "digest", "everyone")
        assert "is set" in await command(house, "add daily 9", manages_channel=False)
        with pytest.raises(InvalidInput, match="Only the person who added"):
            await command(house, "remove 1", author=BEA, manages_channel=False)


async def test_a_digest_of_somebody_who_may_not_use_the_bot_any_more_is_paused() -> None:
    async with summarising([said("new")]) as house:
        await command(house, "add daily 9")
        place = RulePlace(kind=PlaceKind.WORKSPACE, key=f"{CHANNEL.platform}/{CHANNEL.workspace}")
        subject = Subject(kind=SubjectKind.EVERYBODY)
        await house.store.add_rule(NewRule(kind=RuleKind.DENY, subject=subject, place=place))
        house.clock.now += DAY
        await digests(house).tick()
        assert "paused" in await command(house, "list", is_admin=True)
        assert house.requests == []


async def test_a_channel_has_a_bounded_number_of_digests() -> None:
    async with summarising([]) as house:
        for _ in range(MOST_OF_CHANNEL):
            await command(house, "add daily 9")
        with pytest.raises(InvalidInput, match="at most"):
            await command(house, "add daily 9")


# ---------------------------------------------------------------- the ticking


async def test_a_digest_is_posted_once_by_however_many_processes() -> None:
    new = said("new", minutes=60 * 24 * 10 + 5)
    async with summarising([said("old"), new]) as house:
        await command(house, "add daily at 9:00")
        house.clock.now = ASKED_AT + DAY
        await asyncio.gather(*(digests(house).tick() for _ in range(3)))
        await digests(house).tick()
        await house.settled()
        assert len(house.store.settlements) == 1
        turn = await house.store.get_turn(1)
        assert turn is not None
        assert (turn.incoming.task, turn.incoming.key) == (Task.SUMMARY, CHANNEL)
        assert turn.incoming.dedupe_key == "digest:1:2026-01-16T08:00:00+00:00"
        asked = house.requests[0].entries[0].text
    assert "text of new" in asked
    assert "text of old" not in asked


async def test_a_digest_is_skipped_when_nobody_said_anything() -> None:
    async with summarising([said("old"), said("bot", minutes=60 * 24 * 10 + 5, author=APP)]) as house:
        await command(house, "add daily at 9:00")
        house.clock.now = ASKED_AT + DAY
        await digests(house).tick()
        assert not await house.store.open_conversations()
        (schedule,) = await house.store.get_schedules(CHANNEL)
        assert schedule.next_at == datetime(2026, 1, 17, 8, tzinfo=UTC)


async def test_after_a_downtime_one_digest_tells_of_all_the_time() -> None:
    messages = [said(f"day{day}", minutes=60 * 24 * (10 + day) + 5) for day in range(4)]
    async with summarising(messages) as house:
        await command(house, "add daily at 9:00")
        house.clock.now = ASKED_AT + 4 * DAY
        for _ in range(3):
            await digests(house).tick()
        await house.settled()
        assert len(house.store.settlements) == 1
        asked = house.requests[0].entries[0].text
        (schedule,) = await house.store.get_schedules(CHANNEL)
    assert all(f"text of day{day}" in asked for day in range(4))
    assert schedule.next_at == datetime(2026, 1, 20, 8, tzinfo=UTC)


async def test_a_paused_digest_stays_away_and_one_whose_author_left_is_paused() -> None:
    async with summarising([said("new", minutes=60 * 24 * 10 + 5)]) as house:
        await command(house, "add daily at 9:00")
        await command(house, "add daily at 9:00")
        await command(house, "pause 1")
        house.channel.members.discard(ADA.id)
        house.clock.now = ASKED_AT + DAY
        await digests(house).tick()
        assert not await house.store.open_conversations()
        assert [schedule.paused for schedule in await house.store.get_schedules(CHANNEL)] == [True, True]


async def test_a_platform_that_is_away_is_asked_again_at_the_next_tick() -> None:
    async with summarising([said("new", minutes=60 * 24 * 10 + 5)]) as house:
        await command(house, "add daily at 9:00")
        house.clock.now = ASKED_AT + DAY
        house.channel.trouble = PlatformError("down")
        await digests(house).tick()
        house.channel.trouble = None
        await digests(house).tick()
        await house.settled()
        assert len(house.store.settlements) == 1


async def test_ticking_goes_on_until_it_is_cancelled() -> None:
    async with summarising([said("new", minutes=60 * 24 * 10 + 5)]) as house:
        await command(house, "add daily at 9:00")
        ticked = asyncio.Event()

        async def rest(_seconds: float) -> None:
            if house.clock.now > ASKED_AT + DAY:
                ticked.set()
                await asyncio.Event().wait()
            house.clock.now += DAY + timedelta(seconds=1)

        running = asyncio.create_task(
            Digests(
                house.store,
                {"fake": house.channel},
                house.dispatcher.wake,
                admits=house.inbox.admits,
                clock=house.clock,
                rest=rest,
            ).run()
        )
        await asyncio.wait_for(ticked.wait(), 10)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await house.settled()
        assert len(house.store.settlements) == 1
