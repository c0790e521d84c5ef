"""Of what came while nobody listened nothing is given up because the database or Slack is away as well."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.slack.api.errors import SlackAccessRevoked, SlackApiError, SlackUnknownOutcome
from adapters.slack.events.backfill import HOPELESS, PLACES, SlackBackfill
from adapters.slack.payloads import as_position, as_ts
from adapters.slack.settings import PLATFORM
from bot.chat.backfill import PREFIX, WorkspacePositions
from bot.chat.gap import OLDEST
from bot.errors import PlatformError, StorageUnavailable
from bot.event_errors import EventErrors
from bot.turns.retries import ACCESS_HOLDS
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock

NOBODY: Any = None
AWAY = SlackUnknownOutcome("conversations.history", "rate limited", retry_after=150)
HISTORY = "conversations.history"


class Conversations:
    """Tells of none, after as many errors as it is given."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)

    async def recent_conversations(self, platform: str, **_: Any) -> dict[Any, Any]:
        if self._errors:
            raise self._errors.pop()
        return {}


class Workspace:
    """A workspace of channels, all with the same threads; calls are refused by channel, thread, or "" for the list."""

    def __init__(self, team: str, *channels: str, refusals: Mapping[str, list[PlatformError]] | None = None) -> None:
        self.team = team
        self.calls = self.directory = self
        self.read: list[str] = []
        self._threads: list[dict[str, str]] = []
        self._channels = channels
        self.refusals = dict(refusals or {})

    def begin_thread(self, at: datetime) -> str:
        """Let somebody have replied now to an old message; its name."""
        thread, reply = (as_ts(as_position(at - timedelta(hours=age))) for age in (20, 0))
        self._threads.append({"ts": thread, "latest_reply": reply})
        return thread

    def _maybe_refuse(self, place: str) -> None:
        if self.refusals.get(place):
            raise self.refusals[place].pop()

    async def joined_channels(self) -> list[str]:
        self._maybe_refuse("")
        return list(self._channels)

    async def call(self, _method: str, arguments: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        thread = arguments["ts"] or ""
        self.read.append(thread or arguments["channel"])
        self._maybe_refuse(self.read[-1])
        return {"ok": True, "messages": [] if thread else self._threads}


class Reading:
    """What is under test, on a clock."""

    def __init__(self, bot: Any) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore(clock=self.clock)
        errors = EventErrors(PLATFORM, logging.getLogger(__name__))
        self.backfill = SlackBackfill(bot, NOBODY, self.store, clock=self.clock, errors=errors)

    async def attempt(self, *workspaces: Any) -> bool:
        """Read once; whether the gap is closed."""
        await self.store.put_state(PLATFORM, PREFIX, WorkspacePositions(newest=1).to_text())
        try:
            await self.backfill.run(workspaces)
        except PlatformError:
            assert self.backfill.positions.gap
            return False
        return self.backfill.positions.gap is None


async def test_a_gap_stays_open_while_the_database_is_away() -> None:
    reading = Reading(Conversations(StorageUnavailable("away")))
    with pytest.raises(StorageUnavailable):
        await reading.attempt(Workspace("T1"))
    assert reading.backfill.positions.gap


@pytest.mark.parametrize("refusal", [AWAY, SlackAccessRevoked(HISTORY, "token_revoked")])
async def test_what_cannot_be_read_now_is_read_later_and_keeps_nothing_from_the_others(refusal: PlatformError) -> None:
    reading = Reading(Conversations())
    first, second = Workspace("T1", "C1", "C2", refusals={"C1": [refusal]}), Workspace("T2", "C3")
    assert not await reading.attempt(first, second)
    assert (first.read, second.read) == (["C1", "C2"], ["C3"])
    assert await reading.attempt(first, second)
    assert (first.read, second.read) == (["C1", "C2", "C1"], ["C3"])


async def test_a_thread_that_cannot_be_read_now_is_read_later() -> None:
    reading = Reading(Conversations())
    place = Workspace("T1", "C1")
    thread = place.begin_thread(reading.clock())
    place.refusals[thread] = [AWAY]
    assert not await reading.attempt(place)
    assert await reading.attempt(place)
    assert place.read == ["C1", thread, "C1", thread]


async def test_channels_that_are_not_told_now_are_read_later() -> None:
    reading = Reading(Conversations())
    place = Workspace("T1", "C1", refusals={"": [SlackApiError("users.conversations", "missing_scope")]})
    assert not await reading.attempt(place)
    assert await reading.attempt(place)
    assert place.read == ["C1"]


@pytest.mark.parametrize("code", ["channel_not_found", "not_in_channel", "is_archived", "missing_scope"])
async def test_a_channel_that_is_refused_for_good_keeps_no_gap_open(code: str) -> None:
    reading = Reading(Conversations())
    assert await reading.attempt(Workspace("T1", "C1", refusals={"C1": [SlackApiError(HISTORY, code)]}))


@pytest.mark.parametrize(("refusal", "holds"), [
    (SlackAccessRevoked(HISTORY, "token_revoked"), ACCESS_HOLDS),
    (AWAY, OLDEST),
])  # fmt: skip
async def test_no_gap_is_open_for_ever(refusal: PlatformError, holds: timedelta) -> None:
    reading = Reading(Conversations())
    place = Workspace("T1", "C1", refusals={"C1": [refusal] * 9})
    assert not await reading.attempt(place)
    reading.clock.advance(holds.total_seconds() - 1)
    assert not await reading.attempt(place)
    reading.clock.advance(1)
    assert await reading.attempt(place)


async def test_slack_that_is_away_is_not_asked_for_every_channel_and_each_has_its_turn() -> None:
    channels = [f"C{number}" for number in range(2 * HOPELESS + 1)]
    reading = Reading(Conversations())
    place = Workspace("T1", *channels, refusals={id: [AWAY] * 2 for id in channels[: 2 * HOPELESS]})
    assert not await reading.attempt(place)
    assert place.read == channels[:HOPELESS]
    assert not await reading.attempt(place)
    assert place.read == channels[: 2 * HOPELESS]
    for _ in range(3):
        closed = await reading.attempt(place)
    assert closed
    assert channels[-1] in place.read


async def test_no_more_channels_are_read_in_many_attempts_than_in_one() -> None:
    channels = [f"C{number}" for number in range(PLACES + 5)]
    reading = Reading(Conversations())
    place = Workspace("T1", *channels, refusals={"C7": [AWAY]})
    assert not await reading.attempt(place)
    assert await reading.attempt(place)
    assert place.read == [*channels[:PLACES], "C7"]
