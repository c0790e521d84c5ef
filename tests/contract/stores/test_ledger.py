"""The ledger has one line for each request, from before it is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.errors import ClaimLost
from bot.types import Charge, Spending, Turn, TurnState, Usage, Within
from tests.contract.stores.conftest import AnyStore, claim
from tests.contract.stores.samples import incoming, pay, sent, settlement
from tests.fakes import ManualClock, settle

AHEAD = Charge(usage=Usage(input=100, cached=60, estimated=True), cost=Decimal("0.01"))
HALF = Charge(usage=Usage(input=100, cached=60, output=20, estimated=True), cost=Decimal("0.03"))
WHOLE = Charge(usage=Usage(input=110, cached=64, output=50, reasoning=9, tools={"web_search": 1}), cost=Decimal("0.1"))


async def asked(store: AnyStore, name: str = "a") -> Turn:
    await store.enqueue(incoming(name))
    return await claim(store)


async def spent(store: AnyStore, clock: ManualClock, **within: str) -> Spending:
    whole = {"since": clock() - timedelta(days=1), "until": clock() + timedelta(days=1)}
    return await store.usage_totals(**whole, within=Within(**within))


def told(charge: Charge, *, under_way: int = 0) -> Spending:
    usage = charge.usage
    return Spending(
        requests=usage.requests,
        input=usage.input,
        cached=usage.cached,
        output=usage.output,
        reasoning=usage.reasoning,
        cost=charge.cost,
        under_way=under_way,
        estimated=charge.cost if usage.estimated else Decimal(0),
    )


async def test_a_request_counts_from_before_it_is_sent_to_its_end(store: AnyStore, clock: ManualClock) -> None:
    turn = await asked(store)
    id = await store.open_request(sent(turn, charge=AHEAD))
    assert await spent(store, clock) == told(AHEAD, under_way=1)
    await store.note_progress(id, HALF)
    assert await spent(store, clock) == told(HALF, under_way=1)
    await store.settle_request(id, WHOLE)
    assert await spent(store, clock) == told(WHOLE)
    await store.note_progress(id, HALF)  # a word that was on its way
    assert await spent(store, clock) == told(WHOLE)


async def test_each_request_of_a_turn_has_a_line_and_who_is_not_billed_has_none(
    store: AnyStore, clock: ManualClock
) -> None:
    turn = await asked(store)
    await pay(store, turn, Usage(input=3), Decimal("0.1"))
    await store.drop_request(await store.open_request(sent(turn, charge=AHEAD)))
    await pay(store, turn, Usage(input=4), Decimal("0.2"))
    await settle(store, turn, settlement(state=TurnState.FAILED))
    assert await spent(store, clock) == Spending(requests=2, input=7, cost=Decimal("0.3"))


async def test_who_takes_a_turn_over_settles_what_its_runner_left_open(store: AnyStore, clock: ManualClock) -> None:
    turn = await asked(store)
    id = await store.open_request(sent(turn, charge=AHEAD))
    await store.note_progress(id, HALF)
    taken = await claim(store)
    assert taken.epoch == turn.epoch + 1
    assert await spent(store, clock) == told(HALF)
    with pytest.raises(ClaimLost):
        await store.open_request(sent(turn, charge=AHEAD))
    await store.settle_request(id, WHOLE)  # the runner before was only held up, and knows better
    assert await spent(store, clock) == told(WHOLE)


async def test_what_nobody_takes_over_is_settled_by_its_age(store: AnyStore, clock: ManualClock) -> None:
    turn = await asked(store)
    await store.open_request(sent(turn, charge=AHEAD))
    clock.advance(60)
    await pay(store, turn, Usage(input=1))
    young = await store.open_request(sent(turn, charge=AHEAD))
    assert await store.settle_abandoned(before=clock()) == 1
    assert (await spent(store, clock)).under_way == 1
    assert await store.settle_abandoned(before=clock() + timedelta(seconds=1)) == 1
    assert (await spent(store, clock)).estimated == 2 * AHEAD.cost
    await store.settle_request(young, WHOLE)
    assert (await spent(store, clock)).estimated == AHEAD.cost


async def test_sums_are_exact_for_what_lies_in_the_time_and_belongs_to_the_model(
    store: AnyStore, clock: ManualClock
) -> None:
    begin, turn = clock(), await asked(store)
    for n, model in enumerate(("a", "b", "a")):
        usage = Usage(input=10 + n, cached=n, output=1, requests=2)
        await pay(store, turn, usage, Decimal("0.1"), model=model)
        clock.advance(60)
    everything = await store.usage_totals(since=begin, until=clock())
    assert everything == Spending(requests=6, input=33, cached=3, output=3, cost=Decimal("0.3"))
    assert (await store.usage_totals(since=begin, until=clock(), within=Within(model="a"))).requests == 4
    assert await store.usage_totals(since=clock(), until=clock()) == Spending()


async def test_costs_are_added_to_the_last_digit(store: AnyStore, clock: ManualClock) -> None:
    turn = await asked(store)
    costs = ("123456789.000000000000000000000000000001", "1E-30", "0.1", "0")
    for cost in costs:
        await pay(store, turn, Usage(input=1), Decimal(cost))
    guess = replace(AHEAD, cost=Decimal("0.000000000000000000000000000001"))
    await store.open_request(sent(turn, charge=guess))
    total = await spent(store, clock)
    assert (total.requests, total.cost) == (5, Decimal("123456789.100000000000000000000000000003"))
    assert total.estimated == guess.cost
