"""Budgets hold whatever happens to the requests that reserve of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.errors import BudgetReached
from bot.types import INSTALLATION, Budget, BudgetScope, BudgetUse, Charge, Period, Purpose, Turn, Usage
from tests.contract.stores.conftest import AnyStore, claim
from tests.contract.stores.samples import ADA, KEY, incoming, pay, sent
from tests.fakes import ManualClock

CHANNEL = BudgetScope(platform=KEY.platform, workspace=KEY.workspace, channel=KEY.channel)
ELSEWHERE = BudgetScope(platform=KEY.platform, workspace=KEY.workspace, channel="C9")
HERS = BudgetScope(platform=KEY.platform, workspace=KEY.workspace, person=ADA.id)


def budget(amount: str | None, scope: BudgetScope = INSTALLATION, period: Period = Period.DAY) -> Budget:
    return Budget(scope=scope, period=period, amount=None if amount is None else Decimal(amount), time_zone="UTC")


def costing(cost: str) -> Charge:
    return Charge(usage=Usage(input=1), cost=Decimal(cost))


async def asked(store: AnyStore, name: str = "a") -> Turn:
    await store.enqueue(incoming(name))
    return await claim(store)


async def use(store: AnyStore) -> BudgetUse:
    (only,) = await store.budget_uses()
    return only


async def test_what_is_reserved_is_settled_or_freed(store: AnyStore) -> None:
    await store.put_budget(budget("5"))
    turn = await asked(store)
    first = await store.open_request(sent(turn, "0.01", "0.02"))
    second = await store.open_request(sent(turn, "0.01", "0.02"))
    assert ((await use(store)).spent, (await use(store)).reserved) == (Decimal(0), Decimal("0.02"))
    await store.settle_request(first, costing("0.03"))
    await store.drop_request(second)
    assert ((await use(store)).spent, (await use(store)).reserved) == (Decimal("0.03"), Decimal(0))
    await store.settle_request(first, costing("0.05"))  # the last word counts
    assert (await use(store)).spent == Decimal("0.05")
    assert (await use(store)).left == Decimal("4.95")


async def test_near_the_cap_the_greatest_cost_is_reserved_and_at_it_nothing_is_sent(store: AnyStore) -> None:
    await store.put_budget(budget("1"))
    turn = await asked(store)
    await store.open_request(sent(turn, "0.01", "0.1"))
    assert (await use(store)).reserved == Decimal("0.01")
    for held in ("0.11", "0.21", "0.31", "0.41", "0.51", "0.61", "0.71", "0.81", "0.91"):
        await store.open_request(sent(turn, "0.01", "0.1"))
        assert (await use(store)).reserved == Decimal(held)
    with pytest.raises(BudgetReached) as reached:
        await store.open_request(sent(turn, "0.01", "0.1"))
    assert reached.value.use.budget == budget("1")
    assert (await use(store)).reserved == Decimal("0.91")


async def test_near_the_cap_there_are_answers_alone(store: AnyStore) -> None:
    await store.put_budget(budget("1"))
    turn = await asked(store)
    await pay(store, turn, Usage(input=1), Decimal("0.5"))
    for purpose in (Purpose.NOTES, Purpose.SUMMARY):
        with pytest.raises(BudgetReached):
            await store.open_request(sent(turn, "0.01", "0.1", purpose=purpose))
    await store.open_request(sent(turn, "0.01", "0.1"))


async def test_what_costs_nothing_is_never_refused(store: AnyStore) -> None:
    await store.put_budget(budget("1"))
    turn = await asked(store)
    await pay(store, turn, Usage(input=1), Decimal(2))
    await store.open_request(sent(turn))


async def test_every_budget_that_covers_a_request_counts_it(store: AnyStore) -> None:
    for item in (budget("9"), budget("8", CHANNEL), budget("7", HERS), budget("6", ELSEWHERE), budget(None, CHANNEL)):
        await store.put_budget(item)
    await store.put_budget(budget("50", INSTALLATION, Period.MONTH))
    turn = await asked(store)
    await pay(store, turn, Usage(input=1), Decimal("0.5"))
    found = {(item.budget.scope, item.budget.period): item for item in await store.budget_uses()}
    assert {name: item.spent for name, item in found.items()} == {
        (INSTALLATION, Period.DAY): Decimal("0.5"),
        (INSTALLATION, Period.MONTH): Decimal("0.5"),
        (CHANNEL, Period.DAY): Decimal("0.5"),
        (HERS, Period.DAY): Decimal("0.5"),
        (ELSEWHERE, Period.DAY): 0,
    }
    assert found[CHANNEL, Period.DAY].left is None  # set last, and without a limit
    covering = await store.budget_uses(BudgetScope(**{**CHANNEL.columns, "person": "somebody else"}))
    assert [item.budget.scope for item in covering] == [INSTALLATION, INSTALLATION, CHANNEL]


async def test_the_narrowest_purse_decides(store: AnyStore) -> None:
    await store.put_budget(budget("9"))
    await store.put_budget(budget("0.05", HERS))
    turn = await asked(store)
    with pytest.raises(BudgetReached) as reached:
        await store.open_request(sent(turn, "0.01", "0.1"))
    assert reached.value.use.budget.scope == HERS


async def test_a_new_period_begins_with_nothing_and_requests_count_in_theirs(
    store: AnyStore, clock: ManualClock
) -> None:
    await store.put_budget(budget("1"))
    turn = await asked(store)
    await pay(store, turn, Usage(input=1), Decimal("0.9"))
    late = await store.open_request(sent(turn, "0.05", "0.05"))
    clock.advance(86_400)
    today = await use(store)
    assert (today.spent, today.reserved) == (Decimal(0), Decimal(0))
    assert today.ends - today.begins == timedelta(days=1)
    await store.settle_request(late, costing("0.05"))
    assert (await use(store)).spent == 0


async def test_a_budget_that_is_set_late_knows_what_was_spent_before(store: AnyStore) -> None:
    turn = await asked(store)
    await pay(store, turn, Usage(input=1), Decimal("0.7"))
    await store.open_request(sent(turn, "0.05", "0.05"))
    await store.put_budget(budget("1"))
    assert ((await use(store)).spent, (await use(store)).reserved) == (Decimal("0.7"), Decimal(0))
    await pay(store, turn, Usage(input=1), Decimal("0.1"))
    assert (await use(store)).spent == Decimal("0.8")
    await store.put_budget(budget("2"))
    assert ((await use(store)).spent, (await use(store)).left) == (Decimal("0.8"), Decimal("1.2"))
    assert await store.remove_budget(INSTALLATION, Period.DAY) == budget("2")
    assert not await store.remove_budget(INSTALLATION, Period.DAY)
    assert await store.budget_uses() == []


async def test_what_dead_runners_reserved_is_settled_by_who_takes_over_or_by_its_age(
    store: AnyStore, clock: ManualClock
) -> None:
    await store.put_budget(budget("5"))
    turn = await asked(store)
    id = await store.open_request(sent(turn, "0.5", "0.5"))
    await store.note_progress(id, costing("0.2"))
    await claim(store)
    assert ((await use(store)).spent, (await use(store)).reserved) == (Decimal("0.2"), Decimal(0))
    taken = await claim(store)
    await store.open_request(sent(taken, "0.5", "0.5", charge=costing("0.1")))
    assert await store.settle_abandoned(before=clock() + timedelta(seconds=1)) == 1
    assert ((await use(store)).spent, (await use(store)).reserved) == (Decimal("0.3"), Decimal(0))


async def test_administrators_are_told_once_a_period(store: AnyStore, clock: ManualClock) -> None:
    await store.put_budget(budget("1"))
    turn = await asked(store)
    await pay(store, turn, Usage(input=1), Decimal("0.79"))
    assert await store.take_budget_warnings() == []
    await pay(store, turn, Usage(input=1), Decimal("0.01"))
    assert [item.spent for item in await store.take_budget_warnings()] == [Decimal("0.80")]
    assert await store.take_budget_warnings() == []
    clock.advance(86_400)
    assert await store.take_budget_warnings() == []
    await pay(store, turn, Usage(input=1), Decimal("0.9"))
    assert len(await store.take_budget_warnings()) == 1


async def test_a_step_holds_until_its_period_ends(store: AnyStore, clock: ManualClock) -> None:
    await store.put_budget(budget("1"))
    await store.put_budget(budget("1", CHANNEL))
    first, second = await store.budget_uses()
    await store.note_budget_step(second, 2)
    await store.note_budget_step(second, 1)
    assert [item.step for item in await store.budget_uses()] == [0, 2]
    clock.advance(86_400)
    assert [item.step for item in await store.budget_uses()] == [0, 0]
    await store.note_budget_step(second, 3)  # by a runner that has not noticed
    assert [item.step for item in await store.budget_uses()] == [0, 0]
    assert first.budget.scope == INSTALLATION


async def test_somebody_forgotten_leaves_what_was_spent(store: AnyStore) -> None:
    await store.put_budget(budget("5"))
    turn = await asked(store)
    id = await store.open_request(sent(turn, "0.5", "0.5"))
    await store.forget_person(KEY.platform, ADA.id)
    await store.settle_request(id, costing("0.5"))
    assert ((await use(store)).spent, (await use(store)).reserved) == (Decimal("0.5"), Decimal(0))
