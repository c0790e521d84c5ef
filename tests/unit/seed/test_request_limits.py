"""What is admitted when: never more than the limit in any minute, and people take turns."""

from __future__ import annotations

import asyncio

import pytest

from adapters.seed import Pace
from adapters.seed.request_limits import HALVING_SECONDS, MINUTE, RequestLimiter
from bot.types import Asker


class Time:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def limits(self, pace: Pace) -> RequestLimiter:
        return RequestLimiter(pace, monotonic=lambda: self.now, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def asker(person: str, channel: str = "c", *, most: int = 100, in_channel: int = 100) -> Asker:
    return Asker(person=person, channel=channel, most_of_person=most, most_in_channel=in_channel)


async def test_requests_of_one_are_admitted_in_the_order_in_which_they_came() -> None:
    limits, admitted = Time().limits(Pace(requests_per_minute=3, at_first=2)), []

    async def ask(number: int) -> None:
        async with limits.slot(1):
            admitted.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(ask(number) for number in range(9)))
    assert admitted == list(range(9))


async def test_people_take_turns_however_much_one_of_them_asks() -> None:
    limits = Time().limits(Pace(at_first=1, most_at_once=1))
    held = limits.queue(1, asker("eve"))
    flood = [limits.queue(1, asker("eve")) for _ in range(5)]
    ada, bob = limits.queue(1, asker("ada")), limits.queue(1, asker("bob"))
    assert [limits.ahead(ticket) for ticket in (flood[0], ada, bob, flood[1], flood[4])] == [0, 1, 2, 3, 6]
    names = dict(zip("01234ab", (*flood, ada, bob), strict=True))
    order = ""
    while names:
        limits.leave(held)
        name, held = next((name, ticket) for name, ticket in names.items() if ticket.turn.is_set())
        del names[name]
        order += name
    limits.leave(held)
    assert order == "0ab1234"
    assert limits.active == 0


async def test_nobody_holds_more_places_than_are_theirs_and_no_channel_does() -> None:
    limits = Time().limits(Pace())
    eve = [limits.queue(1, asker("eve", most=2)) for _ in range(8)]
    assert [ticket.turn.is_set() for ticket in eve] == [True, True, *[False] * 6]
    others = [limits.queue(1, asker(f"u{number}", "busy", in_channel=3)) for number in range(5)]
    assert sum(ticket.turn.is_set() for ticket in others) == 3
    elsewhere = limits.queue(1, asker("u4", "quiet", in_channel=3))
    assert elsewhere.turn.is_set()
    limits.leave(eve[0])
    assert eve[2].turn.is_set()
    limits.leave(others[0])
    assert others[3].turn.is_set()


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


async def test_what_runs_at_once_is_halved_by_a_refusal_and_grows_while_all_goes_well() -> None:
    time = Time()
    limits = time.limits(Pace(at_first=16, most_at_once=18, requests_per_minute=10_000))
    allowed = [limits.concurrency]
    for _ in range(5):
        time.now += HALVING_SECONDS
        limits.slow_down()
        limits.slow_down()  # of another one that was sent together with the first
        allowed.append(limits.concurrency)
    assert allowed == [16, 8, 4, 2, 1, 1]
    for _ in range(200):
        tickets = [limits.queue(1) for _ in range(limits.concurrency + 1)]
        for ticket in tickets[:-1]:
            limits.leave(ticket)
        limits.leave(tickets[-1])
    assert limits.concurrency == 18
    limits = time.limits(Pace(at_first=16, most_at_once=18, requests_per_minute=10_000))
    for _ in range(40):
        limits.leave(limits.queue(1))
    assert limits.concurrency == 16  # nobody needed more


async def test_a_place_is_given_back_by_whoever_is_cancelled() -> None:
    limits = Time().limits(Pace(at_first=1, most_at_once=1))
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


async def test_processes_divide_what_the_account_may_have_and_get_it_back() -> None:
    time = Time()
    limits = time.limits(Pace(requests_per_minute=9, tokens_per_minute=900))
    limits.share_with(3)
    tickets = [limits.queue(1) for _ in range(9)]
    assert sum(ticket.turn.is_set() for ticket in tickets) == 3
    limits.share_with(1)
    assert sum(ticket.turn.is_set() for ticket in tickets) == 9
    limits.share_with(100)
    time.now += MINUTE
    late = [limits.queue(1) for _ in range(2)]
    assert [ticket.turn.is_set() for ticket in late] == [True, False]
    for ticket in (*tickets, *late):
        limits.leave(ticket)
