"""Processes on one database count each other, and divide the account's limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest

from adapters.seed import Pace
from adapters.seed.request_limits import RequestLimiter
from bot.app.heartbeat import GONE, processes, telling
from bot.app.shared_pace import keep_dividing
from bot.types import Process
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock

ACCOUNT = 12  # requests a minute


@asynccontextmanager
async def running(store: MemoryStore, clock: ManualClock, kinds: Sequence[str]) -> AsyncIterator[None]:
    """Processes of these kinds, each of which has told of itself."""
    async with AsyncExitStack() as stack:
        for number, kind in enumerate(kinds):
            await stack.enter_async_context(telling(store, clock, name=f"{number}", kind=kind, version="1"))
        while len(await processes(store, clock)) < len(kinds):
            await asyncio.sleep(0)
        yield


async def part(store: MemoryStore, clock: ManualClock) -> int:
    """How many requests a process admits in one minute, once it has looked at the others."""
    limits = RequestLimiter(Pace(requests_per_minute=ACCOUNT), monotonic=lambda: 0.0, sleep=asyncio.sleep)
    looked = asyncio.Event()

    async def found() -> Sequence[Process]:
        looked.set()
        return await processes(store, clock)

    dividing = asyncio.create_task(keep_dividing(limits, found))
    await looked.wait()
    await asyncio.sleep(0)
    dividing.cancel()
    await asyncio.gather(dividing, return_exceptions=True)
    tickets = [limits.queue(1) for _ in range(ACCOUNT)]
    count = sum(ticket.turn.is_set() for ticket in tickets)
    for ticket in reversed(tickets):
        limits.leave(ticket)
    return count


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        pytest.param([], 12, id="nobody-has-told-yet"),
        pytest.param(["run"], 12, id="alone"),
        pytest.param(["worker", "worker", "worker"], 4, id="three-workers"),
        pytest.param(["worker", "worker", "web", "slack"], 6, id="who-only-accepts-asks-nothing"),
    ],
)
async def test_each_process_that_asks_has_an_equal_part(kinds: Sequence[str], expected: int) -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    async with running(store, clock, kinds):
        assert await part(store, clock) == expected


async def test_the_part_of_a_process_that_is_not_heard_of_any_more_is_free() -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    async with running(store, clock, ["worker", "worker"]):
        assert await part(store, clock) == 6
        clock.now += GONE + timedelta(seconds=1)
        assert await part(store, clock) == 12
