"""Of what came while nobody listened nothing is given up because Discord does not give it at once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.discord.api.directory import PLATFORM
from adapters.discord.api.errors import refusal
from adapters.discord.api.limits import MESSAGES_AT_ONCE
from adapters.discord.api.snowflakes import at_time
from adapters.discord.events import backfill as module
from adapters.discord.events.backfill import DIRECT, DiscordBackfill, ReadableChannel
from adapters.discord.payloads import Message
from bot.backoff import BackoffTimes
from bot.chat.backfill import PREFIX, WorkspacePositions
from bot.errors import PlatformError
from bot.event_errors import EventErrors
from bot.turns.retries import ACCESS_HOLDS
from storage.in_memory.store import MemoryStore
from tests.fakes import START, ManualClock

FIRST = int(at_time(START))


class Rest:
    """The history of channels, each so many messages, after as many errors as are given."""

    def __init__(self, clock: ManualClock, **channels: int) -> None:
        self.clock = clock
        self.errors: dict[tuple[str, bool], list[Exception]] = {}
        self.asked: list[str] = []
        self._channels = {id.removeprefix("c"): number for id, number in channels.items()}

    async def history(self, channel: str, *, limit: int, before: str = "") -> list[Message]:
        self.asked.append(channel)
        if errors := self.errors.get((channel, bool(before))):
            raise errors.pop()
        ids = range(FIRST + self._channels[channel], FIRST, -1)
        return [Message.read({"id": str(id)}) for id in ids if not before or id < int(before)][:limit]


class Handler:
    """Remembers what it was told, after as many errors as it is given."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self.errors: list[Exception] = []

    def is_meant(self, *_: object) -> bool:
        return False

    async def on_message(self, message: Message, **_: object) -> None:
        if self.errors:
            raise self.errors.pop()
        self.told.append(int(message.id) - FIRST)


class Reading:
    """What is under test, on a clock."""

    def __init__(self, **channels: int) -> None:
        self.clock = ManualClock()
        self.rest = Rest(self.clock, **channels)
        self.handler = Handler()
        self._store = MemoryStore(clock=self.clock)
        errors = EventErrors(PLATFORM, logging.getLogger(__name__))
        context: Any = SimpleNamespace(rest=self.rest, store=self._store, errors=errors)
        bot: Any = SimpleNamespace(recent_conversations=self._none)
        places = [ReadableChannel(guild=DIRECT, id=id) for id in self.rest._channels]
        handler: Any = self.handler
        self.backfill = DiscordBackfill(bot, context, handler, lambda: places)

    async def _none(self, *_: object, **__: object) -> dict[Any, Any]:
        return {}

    async def run(self) -> None:
        """Read until the gap is closed."""
        await self._store.put_state(PLATFORM, f"{PREFIX}{DIRECT}", WorkspacePositions(newest=1).to_text())
        await self.backfill.run()
        assert self.backfill.positions.gap is None


@pytest.fixture(autouse=True)
def without_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESTS", BackoffTimes(first=0, longest=0, healthy=0))


def refused(status: int, code: int = 0) -> PlatformError:
    return refusal("GET /channels/{channel_id}/messages", status, code)


@pytest.mark.parametrize("error", [PlatformError("away"), refused(429), refused(401)])
@pytest.mark.parametrize("second_page", [False, True])
async def test_what_cannot_be_read_now_is_read_later_and_keeps_nothing_from_the_others(
    error: PlatformError, second_page: bool
) -> None:
    reading = Reading(c1=MESSAGES_AT_ONCE + 1, c2=1)
    reading.rest.errors["1", second_page] = [error, error]
    await reading.run()
    assert sorted(reading.handler.told) == [1, *range(1, MESSAGES_AT_ONCE + 2)]
    assert reading.rest.asked.count("2") == 1


@pytest.mark.parametrize("error", [refused(403, 50001), refused(404, 10003)])
async def test_a_channel_that_is_refused_for_good_keeps_no_gap_open(error: PlatformError) -> None:
    reading = Reading(c1=1)
    reading.rest.errors["1", False] = [error]
    await reading.run()
    assert not reading.handler.told


async def test_a_token_that_is_refused_for_long_keeps_no_gap_open() -> None:
    reading = Reading(c1=1)

    class Endless(list[Exception]):
        def pop(self, _index: Any = -1) -> Exception:
            reading.clock.advance(ACCESS_HOLDS.total_seconds() / 4)
            return refused(401)

    reading.rest.errors["1", False] = Endless([refused(401)])
    await reading.run()
    assert reading.rest.asked == ["1"] * 4


@pytest.mark.parametrize(("error", "told"), [(PlatformError("away"), [2, 3, 1, 2, 3]), (refused(403), [2, 3])])
async def test_a_message_that_cannot_be_taken_keeps_nothing_from_those_behind_it(
    error: PlatformError, told: Sequence[int]
) -> None:
    reading = Reading(c1=3)
    reading.handler.errors = [error]
    await reading.run()
    assert reading.handler.told == told
