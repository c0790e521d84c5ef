"""Sums by day agree with the ledger, whatever happens to its lines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.types import Charge, Dimension, Person, Purpose, Spending, Task, Usage
from storage.exact_sum import exact_sum
from tests.contract.stores.conftest import AnyStore, claim
from tests.contract.stores.samples import ADA, KEY, incoming, sent, settlement
from tests.fakes import ManualClock

DAY = timedelta(days=1)
BOB = Person(id="U2", name="Bob")


def charge(cost: str, *, estimated: bool = False, **more: Any) -> Charge:
    usage = Usage(**{"input": 100, "cached": 60, "output": 20, "reasoning": 5, "estimated": estimated} | more)
    return Charge(usage=usage, cost=Decimal(cost))


async def ask(store: AnyStore, name: str, cost: str, *, author: Person = ADA, **more: Any) -> int:
    """Ask something and settle the request for it; the line of the ledger."""
    await store.enqueue(incoming(name, author=author, **more))
    turn = await claim(store)
    purpose = Purpose.SUMMARY if turn.incoming.task is Task.SUMMARY else Purpose.ANSWER
    id = await store.open_request(sent(turn, charge=charge(cost), purpose=purpose))
    await store.settle_request(id, charge(cost))
    await store.record(turn, settlement())
    await store.close(turn)
    return id


async def agree(store: AnyStore, clock: ManualClock) -> Spending:
    """Compare every dimension with the ledger, and return the total."""
    today = clock().date()
    since, until = today - 3 * DAY, today + DAY
    whole = await store.usage_totals(since=midnight(since), until=midnight(until))
    for dimension in Dimension:
        sums = [item.spent for item in await store.spending_by_key(dimension, since=since, until=until)]
        assert (exact_sum(item.cost for item in sums), sum(item.input for item in sums)) == (whole.cost, whole.input)
        assert sum(item.under_way for item in sums) == whole.under_way
    days = await store.spending_by_day(since=since, until=until)
    costs = await store.cost_by_day(since=midnight(since), until=midnight(until))
    assert costs == {item.day: item.spent.cost for item in days}
    for item in days:
        begin = midnight(item.day)
        assert item.spent == await store.usage_totals(since=begin, until=begin + DAY)
    return whole


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


async def test_the_keys_of_the_latest_days_come_first(store: AnyStore, clock: ManualClock) -> None:
    await ask(store, "a", "1")
    clock.advance(86_400)
    await ask(store, "b", "0", author=BOB)
    people = [f"slack/{ADA.id}", f"slack/{BOB.id}"]
    assert await store.recent_keys(Dimension.PERSON, limit=9) == people[::-1]
    assert await store.recent_keys(Dimension.PERSON, limit=1) == people[1:]
    clock.advance(86_400)
    await ask(store, "c", "0.1")
    assert await store.recent_keys(Dimension.PERSON, limit=9) == people


async def test_days_and_keys_add_up_to_the_ledger(store: AnyStore, clock: ManualClock) -> None:
    await ask(store, "a", "0.1")
    await ask(store, "b", "0.000000000000000000000000000001", author=BOB)
    clock.advance(DAY.total_seconds())
    await ask(store, "c", "1.7")
    total = await agree(store, clock)
    assert total.cost == Decimal("1.800000000000000000000000000001")
    today = clock().date()
    people = await store.spending_by_key(Dimension.PERSON, since=today - DAY, until=today + DAY)
    assert [(item.key, item.spent.cost) for item in people] == [
        ("slack/U1", Decimal("1.8")),
        ("slack/U2", Decimal("0.000000000000000000000000000001")),
    ]
    dearest = await store.spending_by_key(Dimension.PERSON, since=today - DAY, until=today + DAY, limit=1)
    assert dearest == people[:1]
    theirs = await store.spending_by_day(since=today - DAY, until=today + DAY, of=(Dimension.PERSON, "slack/U2"))
    assert [item.day for item in theirs] == [today - DAY]


async def test_what_is_under_way_counts_as_far_as_it_has_come(store: AnyStore, clock: ManualClock) -> None:
    await store.enqueue(incoming("a"))
    id = await store.open_request(sent(await claim(store), charge=charge("0.2", estimated=True)))
    assert (await agree(store, clock)).under_way == 1
    await store.note_progress(id, charge("0.3", estimated=True))
    assert (await agree(store, clock)).cost == Decimal("0.3")
    clock.advance(DAY.total_seconds())
    await store.settle_abandoned(before=clock())
    total = await agree(store, clock)
    assert (total.cost, total.estimated, total.under_way) == (Decimal("0.3"), Decimal("0.3"), 0)


async def test_a_line_that_is_settled_anew_or_dropped_counts_as_it_is(store: AnyStore, clock: ManualClock) -> None:
    first, second = await ask(store, "a", "0.1"), await ask(store, "b", "0.2")
    await store.settle_request(first, charge("0.4", input=7))
    assert (await agree(store, clock)).cost == Decimal("0.6")
    await store.drop_request(second)
    assert (await agree(store, clock)).cost == Decimal("0.4")


async def test_kinds_tell_what_a_request_was_for(store: AnyStore, clock: ManualClock) -> None:
    await ask(store, "a", "0.1")
    await ask(store, "b", "0.2", task=Task.SUMMARY)
    await ask(store, "digest:1:2026", "0.3", task=Task.SUMMARY)
    searched = await ask(store, "c", "0.4")
    await store.settle_request(searched, charge("0.5", tools={"web_search": 2}))
    today = clock().date()
    kinds = await store.spending_by_key(Dimension.KIND, since=today, until=today + DAY)
    assert {item.key: item.spent.cost for item in kinds} == {
        "answer": Decimal("0.1"),
        "summary": Decimal("0.2"),
        "digest": Decimal("0.3"),
        "search": Decimal("0.5"),
    }


async def test_who_is_forgotten_has_spent_nothing_by_name(store: AnyStore, clock: ManualClock) -> None:
    await ask(store, "a", "0.1")
    await ask(store, "b", "0.2", author=BOB)
    await store.forget_person(KEY.platform, "U1")
    total = await agree(store, clock)
    assert total.cost == Decimal("0.3")
    today = clock().date()
    people = await store.spending_by_key(Dimension.PERSON, since=today, until=today + DAY)
    assert "slack/U1" not in {item.key for item in people}


@pytest.mark.parametrize("dimension", list(Dimension))
async def test_of_no_spending_there_is_nothing(store: AnyStore, clock: ManualClock, dimension: Dimension) -> None:
    today = clock().date()
    assert not await store.spending_by_key(dimension, since=today, until=today + DAY)
    assert not await store.spending_by_day(since=today, until=today + DAY)
