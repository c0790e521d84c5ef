"""Of two who set the same the one who asked later is right, though a platform tells of the other one after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from decimal import Decimal
from typing import Any

import pytest

from bot.errors import ChangedSince
from bot.parameter_resolver import scopes_of
from bot.turns.effects import (
    AddDigest,
    AddRule,
    Change,
    PauseDigest,
    RemoveBudget,
    RemoveDigest,
    SetBudget,
    SetChangeRole,
    SetParameters,
    UndoChange,
)
from bot.types import (
    Budget,
    BudgetScope,
    NewRule,
    NewSchedule,
    Period,
    PlaceKind,
    RuleKind,
    RulePlace,
    Schedule,
    Subject,
    SubjectKind,
)
from tests.contract.stores.conftest import AnyStore
from tests.contract.stores.samples import ADA, KEY, at, incoming
from tests.fakes import ManualClock

CHANNEL = scopes_of(KEY)[1]
BUDGET = Budget(scope=BudgetScope(), period=Period.DAY, amount=Decimal(5), time_zone="UTC")
GARDEN = RulePlace(kind=PlaceKind.WORKSPACE, key=KEY.workspace_key)


def to(value: str | None, name: str = "max_tokens") -> SetParameters:
    return SetParameters(scope=CHANNEL, values={name: value})


def role(word: str | None) -> SetChangeRole:
    return SetChangeRole(workspace=KEY.workspace_key, name="digest", word=word)


def rule(person: str) -> AddRule:
    subject = Subject(kind=SubjectKind.PERSON, id=person)
    return AddRule(rule=NewRule(kind=RuleKind.DENY, subject=subject, place=GARDEN))


async def do(store: AnyStore, name: str, change: Change[Any], *, seconds: float) -> bool:
    """Whether a change is made that was asked for at a moment."""
    try:
        assert await store.carry_out(incoming(name, seconds=seconds), change, lambda _: "") is not None
    except ChangedSince:
        return False
    return True


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        pytest.param(to("7"), to("8"), id="setting"),
        pytest.param(to("7"), to(None), id="unset since"),
        pytest.param(to(None), to("8"), id="unset"),
        pytest.param(role("everyone"), role("admin"), id="role"),
        pytest.param(SetBudget(budget=BUDGET), SetBudget(budget=replace(BUDGET, amount=Decimal(9))), id="budget"),
        pytest.param(
            RemoveBudget(scope=BUDGET.scope, period=Period.DAY),
            SetBudget(budget=replace(BUDGET, amount=Decimal(9))),
            id="no budget",
        ),
    ],
)
async def test_what_was_asked_for_before_a_later_change_does_not_take_its_place(
    store: AnyStore, clock: ManualClock, earlier: Change[Any], later: Change[Any]
) -> None:
    clock.advance(100)
    before = to("1") if isinstance(later, SetParameters) else None
    assert before is None or await do(store, "before", before, seconds=0)
    assert await do(store, "form", later, seconds=60)
    assert not await do(store, "gap", earlier, seconds=30)
    assert await do(store, "gap", earlier, seconds=61), "what was refused was not carried out"


async def test_a_digest_that_was_resumed_since_is_neither_paused_nor_removed(
    store: AnyStore, clock: ManualClock
) -> None:
    clock.advance(100)
    new = NewSchedule(
        key=replace(KEY, thread=""),
        author=ADA,
        at=time(9),
        weekday=None,
        time_zone="UTC",
        next_at=at(200),
        since=at(0),
    )
    added = await store.carry_out(incoming("add"), AddDigest(schedule=new), lambda _: "")
    assert added is not None
    digest: Schedule = added.result
    pause = PauseDigest(id=digest.id, paused=True, next_at=at(200))
    assert await do(store, "resume", replace(pause, paused=False), seconds=60)
    assert not await do(store, "pause", pause, seconds=30)
    assert not await do(store, "remove", RemoveDigest(id=digest.id), seconds=30)
    assert await do(store, "later", RemoveDigest(id=digest.id), seconds=90)


async def test_a_late_undo_leaves_what_its_author_has_set_since(store: AnyStore, clock: ManualClock) -> None:
    clock.advance(100)
    assert await do(store, "form", to("8"), seconds=60)
    last = await store.last_change("slack", "U1", [CHANNEL])
    assert last is not None
    assert not await do(store, "undo", UndoChange(platform="slack", person="U1", change=last), seconds=30)
    assert (await store.get_settings([CHANNEL]))[CHANNEL] == {"max_tokens": "8"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(to("7", "direct_idle_hours"), to("8"), id="another setting"),
        pytest.param(replace(to("7"), scope=scopes_of(KEY)[0]), to("8"), id="another scope"),
        pytest.param(rule("U7"), rule("U8"), id="rules, which stand beside each other"),
    ],
)
async def test_what_nobody_has_set_since_is_set_however_late_it_comes(
    store: AnyStore, clock: ManualClock, first: Change[Any], second: Change[Any]
) -> None:
    clock.advance(100)
    assert await do(store, "form", second, seconds=60)
    assert await do(store, "gap", first, seconds=30)


@pytest.mark.parametrize("ahead", [20, -3_600])
async def test_a_clock_that_goes_wrong_keeps_nobody_from_setting_something(
    store: AnyStore, clock: ManualClock, ahead: float
) -> None:
    clock.advance(100)
    assert await do(store, "one", to("7"), seconds=99)
    clock.advance(ahead)
    assert await do(store, "two", to("8"), seconds=101)
    by_our_clock = (clock() - at(0)).total_seconds()  # of a command whose time no platform tells
    assert await do(store, "three", to("9"), seconds=by_our_clock)
