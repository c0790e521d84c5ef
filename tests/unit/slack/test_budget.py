"""Budgets: never more than allowed within their time, what people wait for first, nobody forgotten."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.api.budget import Budget, Priority
from tests.examples import examples


class Time:
    """An event loop's clock that moves when told, for budgets of 60 seconds."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.now = 1_000.0
        self.loop.time = lambda: self.now  # type: ignore[method-assign]

    async def pass_(self, seconds: float) -> None:
        self.now += seconds
        for _ in range(8):
            await asyncio.sleep(0)


def test_at_most_so_many_calls_within_a_minute_whatever_is_asked() -> None:
    @examples(40)
    @given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 3)), max_size=6))
    def check(steps: list[tuple[int, int]]) -> None:
        time = Time()
        made: list[float] = []

        async def call(budget: Budget) -> None:
            async with budget.call():
                made.append(time.now)

        async def run() -> None:
            budget = Budget(3, seconds=60)
            tasks = []
            for pause, calls in steps:
                tasks += [asyncio.create_task(call(budget)) for _ in range(calls)]
                await time.pass_(pause)
            while not all(each.done() for each in tasks):
                await time.pass_(5)
            assert len(made) == sum(calls for _, calls in steps)

        with_time(time, run())
        for index in range(len(made) - 3):
            assert made[index + 3] - made[index] >= 60

    check()


def with_time(time: Time, coroutine: object) -> None:
    try:
        time.loop.run_until_complete(coroutine)  # type: ignore[arg-type]
    finally:
        time.loop.close()


async def test_first_texts_and_ends_go_before_the_rest() -> None:
    budget = Budget(1, seconds=0.01)
    order: list[Priority] = []

    async def call(priority: Priority) -> None:
        async with budget.call(priority):
            order.append(priority)

    async with budget.call():
        asked = [Priority.PROGRESS, Priority.PLAIN, Priority.FINAL, Priority.FIRST]
        tasks = [asyncio.create_task(call(each)) for each in asked]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert order == [Priority.FIRST, Priority.FINAL, Priority.PLAIN, Priority.PROGRESS]


async def test_progress_leaves_room_for_ends() -> None:
    budget = Budget(8, seconds=60)
    made = 0
    while budget.may_progress():
        async with budget.call(Priority.PROGRESS):
            made += 1
    assert made == 6
    assert budget.free == 2
    assert not Budget(8, seconds=60).may_progress(reserved=8)


async def test_who_gives_up_takes_no_place() -> None:
    budget = Budget(1, seconds=0.01)
    async with budget.call():
        waiting = asyncio.create_task(_enter(budget))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(5):
        await _enter(budget)


async def test_a_pause_that_slack_asked_for_is_kept() -> None:
    budget = Budget(5, seconds=0.01)
    budget.pause(60)
    assert budget.free == 0
    assert not budget.may_progress()


async def _enter(budget: Budget) -> None:
    async with budget.call():
        pass
