"""Administrators are told in their direct messages, once, that little is left of a budget."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.access.budget_warnings import BudgetWarnings
from bot.types import (
    INSTALLATION,
    Budget,
    NewRule,
    Period,
    PlaceKind,
    RuleKind,
    RulePlace,
    Subject,
    SubjectKind,
    Usage,
)
from storage.in_memory.store import MemoryStore
from tests.contract.platforms.stage import Stage
from tests.contract.stores.samples import pay
from tests.fakes import ManualClock


@pytest.mark.parametrize("everywhere", [False, True], ids=["workspace", "installation"])
async def test_an_administrator_is_told_alone_and_once(stage: Stage, everywhere: bool) -> None:
    clock, asked = ManualClock(), stage.question
    store = MemoryStore(clock=clock)
    workspace = f"{asked.key.platform}/{asked.key.workspace}"
    place = RulePlace(kind=PlaceKind.INSTALLATION) if everywhere else RulePlace(kind=PlaceKind.WORKSPACE, key=workspace)
    her = Subject(kind=SubjectKind.PERSON, id=f"{asked.key.platform}/{asked.author.id}")
    await store.add_rule(NewRule(kind=RuleKind.ADMINISTRATOR, subject=her, place=place))
    await store.put_budget(Budget(scope=INSTALLATION, period=Period.DAY, amount=Decimal(1), time_zone="UTC"))
    await store.enqueue(replace(asked, sent_at=clock()))
    turn = await store.claim(asked.key, worker="w")
    assert turn is not None
    await pay(store, turn, Usage(input=1), Decimal("0.8"))
    async with stage.platform() as platform:
        with stage.told() as told:
            for _process in range(2):
                await BudgetWarnings(store, {asked.key.platform: platform}, clock=clock).tick()
            (text,) = told()
    assert "$0.80 of the $1.00 a day" in text
    async with stage.seen() as texts:
        assert texts == []
