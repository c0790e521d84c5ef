"""Rate limits: never more than allowed within their time, what people wait for first, nobody forgotten."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bot.chat.rate_limit import Priority, RateLimiter, SlidingWindow
from tests.examples import examples
from tests.jumping_loop import run_jumping


class Time:
    """An event loop's clock that moves when told, for limits of 60 seconds."""

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

        async def call(limiter: RateLimiter) -> None:
            async with limiter.call():
                made.append(time.now)

        async def run() -> None:
            limiter = RateLimiter(3, seconds=60)
            tasks = []
            for pause, calls in steps:
                tasks += [asyncio.create_task(call(limiter)) for _ in range(calls)]
                await time.pass_(pause)
            while not all(task.done() for task in tasks):
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


def test_first_texts_and_ends_go_before_the_rest() -> None:
    async def scenario() -> None:
        limiter = RateLimiter(1, seconds=60)
        order: list[Priority] = []

        async def call(priority: Priority) -> None:
            async with limiter.call(priority):
                order.append(priority)

        async with limiter.call():
            asked = [Priority.PROGRESS, Priority.NORMAL, Priority.FINAL, Priority.FIRST]
            tasks = [asyncio.create_task(call(item)) for item in asked]
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        assert order == [Priority.FIRST, Priority.FINAL, Priority.NORMAL, Priority.PROGRESS]

    run_jumping(scenario())


async def test_progress_leaves_room_for_ends() -> None:
    limiter = RateLimiter(8, seconds=60)
    made = 0
    while limiter.may_progress():
        async with limiter.call(Priority.PROGRESS):
            made += 1
    assert made == 6
    assert limiter.free == 2
    assert not RateLimiter(8, seconds=60).may_progress(reserved=8)


def test_who_gives_up_takes_no_place() -> None:
    async def scenario() -> None:
        limiter = RateLimiter(1, seconds=60)
        async with limiter.call():
            waiting = asyncio.create_task(_enter(limiter))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(61):
            await _enter(limiter)

    run_jumping(scenario())


async def test_a_pause_that_the_server_asked_for_is_kept() -> None:
    limiter = RateLimiter(5, seconds=0.01)
    limiter.pause(60)
    assert limiter.free == 0
    assert not limiter.may_progress()


def test_the_beginning_and_the_end_of_an_answer_go_before_the_middle_of_others() -> None:
    async def scenario() -> None:
        limiter, order = RateLimiter(1, seconds=60), list[str]()

        async def ask(name: str, priority: Priority) -> None:
            await limiter.acquire(priority)
            order.append(name)

        await ask("first", Priority.PROGRESS)
        await asyncio.gather(
            ask("middle", Priority.PROGRESS), ask("beginning", Priority.FIRST), ask("end", Priority.FINAL)
        )
        assert order == ["first", "beginning", "end", "middle"]

    run_jumping(scenario())


async def test_within_the_window_no_more_calls_begin_than_are_allowed() -> None:
    limiter = RateLimiter(2, seconds=3_600)
    await limiter.acquire(Priority.FINAL)
    await limiter.acquire(Priority.FINAL)
    third = asyncio.create_task(limiter.acquire(Priority.FINAL))
    await asyncio.sleep(0)
    assert not third.done()
    third.cancel()
    await asyncio.gather(third, return_exceptions=True)


def test_who_gave_up_waiting_takes_no_turn_that_counts() -> None:
    async def scenario() -> None:
        limiter = RateLimiter(1, seconds=60)
        await limiter.acquire(Priority.FINAL)
        gone = asyncio.create_task(limiter.acquire(Priority.FINAL))
        stays = asyncio.create_task(limiter.acquire(Priority.PROGRESS))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait_for(stays, 61)
        assert gone.cancelled()

    run_jumping(scenario())


@given(
    limit=st.integers(1, 10),
    steps=st.lists(st.tuples(st.floats(0, 40), st.integers(1, 6)), min_size=1, max_size=40),
)
def test_no_window_ever_holds_more_than_the_limit(limit: int, steps: list[tuple[float, int]]) -> None:
    window, now, taken = SlidingWindow(limit, 60), 0.0, list[tuple[float, int]]()
    for pause, units in steps:
        now += pause
        while (wait := window.wait(units, now)) > 0:
            now += wait + 0.001
        window.take(units, now)
        taken.append((now, units))
        within = [units for at, units in taken if now - 60 < at <= now]
        assert sum(within) <= limit or within == [units]


def test_what_is_larger_than_the_limit_passes_alone() -> None:
    window = SlidingWindow(10, 60)
    assert window.wait(99, 0) == 0
    window.take(99, 0)
    assert window.wait(1, 1) == 60 - 1
    assert window.wait(1, 60) == 0


async def _enter(limiter: RateLimiter) -> None:
    async with limiter.call():
        pass


def test_what_nobody_waits_for_leaves_a_quarter_free_and_goes_on_when_there_is_room() -> None:
    time = Time()
    made: list[str] = []

    async def call(limiter: RateLimiter, name: str, priority: Priority) -> None:
        async with limiter.call(priority):
            made.append(name)

    async def run() -> None:
        limiter = RateLimiter(8, seconds=60)
        reading = [asyncio.create_task(call(limiter, "read", Priority.BACKGROUND)) for _ in range(8)]
        await time.pass_(0)
        assert made == ["read"] * 6
        asked = [asyncio.create_task(call(limiter, "asked", Priority.FINAL)) for _ in range(2)]
        await time.pass_(1)
        assert made[6:] == ["asked"] * 2, "who asks passes those that wait"
        await time.pass_(60)
        assert made[8:] == ["read"] * 2
        await asyncio.gather(*reading, *asked)

    with_time(time, run())
