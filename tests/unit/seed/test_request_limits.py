"""What is admitted when: never more than the limit in any minute, in the order in which it came."""

from __future__ import annotations

import asyncio

import pytest

from adapters.seed import Pace
from adapters.seed.request_limits import MINUTE, RequestLimiter


class Time:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def limits(self, pace: Pace) -> RequestLimiter:
        return RequestLimiter(pace, monotonic=lambda: self.now, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


async def test_requests_are_admitted_in_the_order_in_which_they_came() -> None:
    limits, admitted = Time().limits(Pace(requests_per_minute=3, concurrency=2)), []

    async def ask(number: int) -> None:
        async with limits.slot(1):
            admitted.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(ask(number) for number in range(9)))
    assert admitted == list(range(9))


async def test_tokens_count_as_well() -> None:
    time = Time()
    limits = time.limits(Pace(tokens_per_minute=1_000))
    async with limits.slot(600):
        limits.add_tokens(300)
    async with limits.slot(100):
        assert time.now == 0
    async with limits.slot(1):
        assert time.now == pytest.approx(MINUTE, abs=0.01)


async def test_a_pause_holds_everybody() -> None:
    time = Time()
    limits = time.limits(Pace())
    limits.pause(7)
    limits.pause(3)
    async with limits.slot(1):
        assert time.now == pytest.approx(7, abs=0.01)


async def test_concurrency_is_halved_and_comes_back_one_by_one() -> None:
    time = Time()
    limits = time.limits(Pace(concurrency=8))
    allowed = []
    for _ in range(5):
        limits.slow_down()
        allowed.append(limits.concurrency)
    assert allowed == [4, 2, 1, 1, 1]
    for _ in range(9):
        time.now += 30
        async with limits.slot(1):
            allowed.append(limits.concurrency)
    assert allowed[5:] == [2, 3, 4, 5, 6, 7, 8, 8, 8]


async def test_a_place_is_given_back_by_whoever_is_cancelled() -> None:
    limits = Time().limits(Pace(concurrency=1))
    entered = asyncio.Event()

    async def hold() -> None:
        async with limits.slot(1):
            entered.set()
            await asyncio.Event().wait()

    holder, waiter = asyncio.create_task(hold()), asyncio.create_task(hold())
    await entered.wait()
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)
    holder.cancel()
    await asyncio.gather(holder, return_exceptions=True)
    async with limits.slot(1):
        assert limits.active == 1
