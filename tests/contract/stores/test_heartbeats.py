"""Which processes there are is known by clocks that may be set, or differ a little."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from bot.app.heartbeat import GONE, processes, telling
from tests.contract.stores.conftest import AnyStore
from tests.fakes import ManualClock


async def names(store: AnyStore, clock: ManualClock) -> list[str]:
    return [process.name for process in await processes(store, clock)]


async def until_there(store: AnyStore, clock: ManualClock, *expected: str) -> None:
    async with asyncio.timeout(10):
        while await names(store, clock) != list(expected):
            await asyncio.sleep(0)


async def crash(store: AnyStore, clock: ManualClock, name: str) -> None:
    """A process tells of itself and is killed."""
    async with telling(store, clock, name=name, kind="worker", version="1"):
        await until_there(store, clock, name)
        left = await store.get_state("process", name)
    assert left is not None
    await store.put_state("process", name, left)


@pytest.mark.parametrize("seconds", [-20, 20])
async def test_a_process_whose_clock_differs_a_little_is_there(
    store: AnyStore, clock: ManualClock, seconds: float
) -> None:
    await crash(store, clock, "w1")
    clock.advance(seconds)
    assert await names(store, clock) == ["w1"]


def an_hour_back(clock: ManualClock) -> None:
    clock.advance(-3_600)


def time_passes(clock: ManualClock) -> None:
    clock.advance(GONE.total_seconds())


@pytest.mark.parametrize("happens", [an_hour_back, time_passes])
async def test_a_process_that_was_killed_is_gone_after_a_while_though_the_clock_is_set_back(
    store: AnyStore, clock: ManualClock, happens: Callable[[ManualClock], None]
) -> None:
    await crash(store, clock, "w1")
    happens(clock)
    assert await names(store, clock) == []
    async with telling(store, clock, name="w2", kind="worker", version="1"):
        await until_there(store, clock, "w2")
        (there,) = await processes(store, clock)
        assert (there.kind, there.seen_at) == ("worker", clock())
    assert await store.get_state("process", "w2") is None, "one that ends takes back what it told"
