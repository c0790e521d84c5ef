"""What somebody saw and changes is changed only where it still stands, also by many in one moment."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.errors import ChangedMeanwhile
from bot.parameter_resolver import scopes_of
from bot.turns.effects import Change, Expected, RemoveBudget, SetBudget, SetParameters
from bot.types import Budget, BudgetScope, Period
from tests.contract.stores.conftest import AnyStore
from tests.contract.stores.samples import KEY, incoming

CHANNEL = scopes_of(KEY)[1]
BUDGET = Budget(scope=BudgetScope(), period=Period.DAY, amount=Decimal(5), time_zone="UTC")


async def do(store: AnyStore, name: str, change: Change[Any]) -> bool:
    """Whether a change was made."""
    try:
        assert await store.carry_out(incoming(name), change, lambda _: "") is not None
    except ChangedMeanwhile:
        return False
    return True


def to(value: str | None, *, seen: str | None) -> SetParameters:
    return SetParameters(scope=CHANNEL, values={"max_tokens": value}, expected=Expected({"max_tokens": seen}))


async def test_a_setting_that_somebody_else_changed_stays(store: AnyStore) -> None:
    assert await do(store, "a", to("7", seen=None))
    assert not await do(store, "b", to("8", seen=None))
    assert not await do(store, "c", to(None, seen="6"))
    assert (await store.get_settings([CHANNEL]))[CHANNEL] == {"max_tokens": "7"}
    assert await do(store, "d", to("8", seen="7"))
    assert await do(store, "b", to(None, seen="8")), "what was refused was not carried out, so it can be tried again"
    trail = await store.audit_trail(since=incoming("x").sent_at, limit=9)
    assert [(item.before, item.after) for item in trail] == [("", "7"), ("7", "8"), ("8", "")]


async def test_a_budget_that_somebody_else_changed_stays(store: AnyStore) -> None:
    ten = replace(BUDGET, amount=Decimal(10))
    assert await do(store, "a", SetBudget(budget=BUDGET, expected=Expected(None)))
    assert not await do(store, "b", SetBudget(budget=ten, expected=Expected(None)))
    remove = RemoveBudget(scope=BUDGET.scope, period=BUDGET.period, expected=Expected(ten))
    assert not await do(store, "c", remove)
    assert [use.budget for use in await store.budget_uses()] == [BUDGET]
    assert await do(store, "d", replace(remove, expected=Expected(BUDGET)))
    assert not await store.budget_uses()


@pytest.mark.parametrize("seen", [None, "1"])
async def test_of_many_in_one_moment_one_is_first(store: AnyStore, seen: str | None) -> None:
    if seen:
        await store.put_setting(CHANNEL, "max_tokens", seen)
    made = await asyncio.gather(*(do(store, f"m{value}", to(str(value), seen=seen)) for value in range(2, 8)))
    assert made.count(True) == 1
    [value] = (await store.get_settings([CHANNEL]))[CHANNEL].values()
    assert made[int(value) - 2]
