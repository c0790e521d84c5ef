"""Who is told that a budget is nearly spent, and what becomes of a warning that cannot be sent."""

from __future__ import annotations

import logging
from decimal import Decimal

import pytest

from bot.access.budget_warnings import BudgetWarnings, administrators_over
from bot.errors import BotError, PlatformError, PlatformRefused
from bot.types import (
    INSTALLATION,
    AccessRule,
    Budget,
    BudgetScope,
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
from tests.contract.stores.conftest import claim
from tests.contract.stores.samples import incoming, pay
from tests.fakes import ManualClock, RecordingPlatform

CHANNEL = BudgetScope(platform="slack", workspace="T1", channel="C1")
HERE = RulePlace(kind=PlaceKind.WORKSPACE, key="slack/T1")
ELSEWHERE = RulePlace(kind=PlaceKind.WORKSPACE, key="slack/T2")
EVERYWHERE = RulePlace(kind=PlaceKind.INSTALLATION)


def rule(
    id: str,
    place: RulePlace,
    kind: RuleKind = RuleKind.ADMINISTRATOR,
    who: SubjectKind = SubjectKind.PERSON,
    *,
    broken: bool = False,
) -> AccessRule:
    return AccessRule(id=1, kind=kind, subject=Subject(kind=who, id=id), place=place, broken=broken)


RULES = [
    rule("slack/everywhere", EVERYWHERE),
    rule("slack/here", HERE),
    rule("slack/everywhere", HERE),
    rule("slack/elsewhere", ELSEWHERE),
    rule("discord/everywhere", EVERYWHERE),
    rule("slack/manager", HERE, RuleKind.MANAGER),
    rule("slack/group", HERE, who=SubjectKind.GROUP),
    rule("slack/broken", HERE, broken=True),
]


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        (CHANNEL, {("slack", "everywhere", "T1"), ("slack", "here", "T1")}),
        (
            INSTALLATION,
            {
                ("slack", "everywhere", "T1"),
                ("slack", "here", "T1"),
                ("slack", "elsewhere", "T2"),
                ("discord", "everywhere", ""),
            },
        ),
        (BudgetScope(platform="discord", workspace="G1"), {("discord", "everywhere", "G1")}),
    ],
    ids=["channel", "installation", "server"],
)
def test_those_are_told_who_are_named_where_the_budget_counts(
    scope: BudgetScope, told: set[tuple[str, str, str]]
) -> None:
    found = administrators_over(scope, RULES)
    assert {(who.platform, who.id, who.workspace) for who in found} == told
    assert len(found) == len(told)


async def nearly_spent(store: MemoryStore, *administrators: str) -> None:
    for id in administrators:
        named = Subject(kind=SubjectKind.PERSON, id=id)
        await store.add_rule(NewRule(kind=RuleKind.ADMINISTRATOR, subject=named, place=EVERYWHERE))
    await store.put_budget(Budget(scope=INSTALLATION, period=Period.DAY, amount=Decimal(1), time_zone="UTC"))
    await store.enqueue(incoming("a"))
    await pay(store, await claim(store), Usage(input=1), Decimal("0.9"))


@pytest.mark.parametrize("administrators", [(), ("elsewhere/ada",)], ids=["nobody", "not-joined"])
async def test_the_log_says_it_where_nobody_can_be_told(
    administrators: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    clock, platform = ManualClock(), RecordingPlatform()
    store = MemoryStore(clock=clock)
    await nearly_spent(store, *administrators)
    with caplog.at_level(logging.WARNING):
        await BudgetWarnings(store, {"fake": platform}, clock=clock).tick()
    assert [record.message for record in caplog.records] == ["budget nearly spent"]
    assert platform.told == []


@pytest.mark.parametrize(
    ("error", "told"),
    [(PlatformError("away"), ["ada", "bob"]), (PlatformRefused("no direct messages"), ["bob"])],
    ids=["away", "refused"],
)
async def test_what_may_pass_is_tried_again_and_what_is_refused_is_not(error: BotError, told: list[str]) -> None:
    clock, platform, refused = ManualClock(), RecordingPlatform(), [error]
    store = MemoryStore(clock=clock)
    await nearly_spent(store, "fake/ada", "fake/bob")
    platform.refuse_telling = lambda _draft: refused.pop() if refused else None
    warnings = BudgetWarnings(store, {"fake": platform}, clock=clock)
    for _ in range(3):
        await warnings.tick()
    assert sorted(person for person, _ in platform.told) == told


async def test_nobody_is_told_of_a_period_that_is_over() -> None:
    clock, platform = ManualClock(), RecordingPlatform()
    store = MemoryStore(clock=clock)
    await nearly_spent(store, "fake/ada")
    platform.refuse_telling = lambda _draft: PlatformError("away")
    warnings = BudgetWarnings(store, {"fake": platform}, clock=clock)
    await warnings.tick()
    clock.advance(86_400)
    platform.refuse_telling = lambda _draft: None
    await warnings.tick()
    assert platform.told == []
