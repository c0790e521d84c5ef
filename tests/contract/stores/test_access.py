"""What the stores of access rules and of the audit trail promise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa

from bot.parameters import Scope
from bot.turns.effects import (
    AddRule,
    ForgetPerson,
    RemoveBudget,
    RemoveRule,
    SetBudget,
    SetChangeRole,
    SetParameters,
)
from bot.types import (
    INSTALLATION,
    AuditRecord,
    Budget,
    ConversationKey,
    NewRule,
    Period,
    PlaceKind,
    RuleKind,
    RulePlace,
    Subject,
    SubjectKind,
)
from storage.database import Database
from storage.tables import AccessRuleRow
from tests.contract.stores.conftest import AnyStore
from tests.contract.stores.samples import KEY
from tests.fakes import START, ManualClock, incoming

WORKSPACE = f"{KEY.platform}/{KEY.workspace}"
CHANNEL = f"{WORKSPACE}/{KEY.channel}"
EVERYBODY = Subject(kind=SubjectKind.EVERYBODY)
ADA = Subject(kind=SubjectKind.PERSON, id=f"{KEY.platform}/u1")


def rule(kind: RuleKind, place: PlaceKind, key: str, subject: Subject = ADA) -> NewRule:
    return NewRule(kind=kind, subject=subject, place=RulePlace(kind=place, key=key))


HERE = rule(RuleKind.DENY, PlaceKind.CHANNEL, CHANNEL)
WIDE = rule(RuleKind.ALLOW, PlaceKind.WORKSPACE, WORKSPACE, EVERYBODY)


async def test_rules_of_a_place_and_of_wider_ones_are_found_and_others_are_not(store: AnyStore) -> None:
    everywhere = await store.add_rule(rule(RuleKind.DENY, PlaceKind.INSTALLATION, ""))
    direct = await store.add_rule(rule(RuleKind.DENY, PlaceKind.DIRECT, KEY.platform))
    wide, here = await store.add_rule(WIDE), await store.add_rule(HERE)
    elsewhere = await store.add_rule(rule(RuleKind.DENY, PlaceKind.CHANNEL, f"{WORKSPACE}/other"))
    await store.add_rule(rule(RuleKind.DENY, PlaceKind.WORKSPACE, f"{WORKSPACE}x"))
    assert await store.rules_for(KEY) == [everywhere, direct, wide, here]
    assert await store.rules_within(WORKSPACE) == [wide, here, elsewhere]
    assert len(await store.rules_within("")) == 6
    assert await store.rules_for(ConversationKey(platform="p", workspace="w", channel="c", thread="")) == [everywhere]


async def test_the_same_rule_is_kept_once_and_goes_as_a_whole(store: AnyStore) -> None:
    kept = await store.add_rule(HERE)
    assert await store.add_rule(HERE) == kept
    assert await store.remove_rule(kept.id) == kept
    assert await store.remove_rule(kept.id) is None
    assert await store.rules_for(KEY) == []


async def test_a_row_that_cannot_be_read_denies_everybody_where_it_stands(store: AnyStore) -> None:
    kept = await store.add_rule(WIDE)
    database: Database | None = getattr(store, "_database", None)
    if database is None:  # memory holds values, which can always be read
        return
    await database.run(lambda session: session.exec(sa.update(AccessRuleRow).values(kind="allowed")))
    (broken,) = await store.rules_for(KEY)
    assert (broken.broken, broken.kind, broken.subject, broken.place) == (True, RuleKind.DENY, EVERYBODY, kept.place)
    await database.run(lambda session: session.exec(sa.update(AccessRuleRow).values(place_kind="x", place_key="y")))
    (broken,) = await store.rules_for(KEY)
    assert broken.place == RulePlace(kind=PlaceKind.INSTALLATION)
    assert await store.remove_rule(broken.id) is not None


async def test_what_is_opened_and_closed_is_told_with_what_was_before(store: AnyStore) -> None:
    assert await store.put_role(WORKSPACE, "persona", "everyone") is None
    assert await store.put_role(WORKSPACE, "persona", "admins") == "everyone"
    await store.put_role(WORKSPACE, "context", "managers")
    await store.put_role("p/other", "persona", "managers")
    assert await store.roles_in(WORKSPACE) == {"context": "managers", "persona": "admins"}
    assert await store.put_role(WORKSPACE, "persona", None) == "admins"
    assert await store.put_role(WORKSPACE, "persona", None) is None
    assert await store.roles_in(WORKSPACE) == {"context": "managers"}


# ---------------------------------------------------------------- the audit trail


async def test_records_are_found_by_time_person_and_place(store: AnyStore) -> None:
    def record(number: int, who: str, place: str) -> AuditRecord:
        return AuditRecord(at=START + timedelta(hours=number), who=who, place=place, action="setting")

    first, second, third = record(1, "p/u1", CHANNEL), record(2, "p/u2", f"{WORKSPACE}x"), record(3, "p/u1", WORKSPACE)
    await store.record_audit(second, first)
    await store.record_audit(third)
    assert await store.audit_trail(since=START, limit=10) == [first, second, third]
    assert await store.audit_trail(since=START, limit=2) == [second, third]
    assert await store.audit_trail(since=second.at, limit=10) == [second, third]
    assert await store.audit_trail(since=START, who="p/u1", limit=10) == [first, third]
    assert await store.audit_trail(since=START, within=WORKSPACE, limit=10) == [first, third]


async def test_what_a_delivery_changes_is_recorded_with_it_and_once(store: AnyStore, clock: ManualClock) -> None:
    scope = Scope(kind="channel", key=CHANNEL)
    for number, value in enumerate(("low", "low", "high", None)):
        change = SetParameters(scope=scope, values={"reasoning_effort": value})
        for _ in range(2):  # delivered twice
            await store.carry_out(incoming("/set", number, key=KEY), change, lambda _: "")
    trail = await store.audit_trail(since=START, limit=10)
    assert [(item.what, item.before, item.after) for item in trail] == [
        ("reasoning_effort", "", "low"),
        ("reasoning_effort", "low", "high"),
        ("reasoning_effort", "high", ""),
    ]
    assert {(item.who, item.place, item.via, item.at) for item in trail} == {
        (f"{KEY.platform}/u1", CHANNEL, "message", clock())
    }


async def test_rules_and_roles_are_recorded_in_words(store: AnyStore) -> None:
    added = await store.carry_out(incoming("/access", 1, key=KEY), AddRule(rule=HERE), lambda _: "")
    assert added is not None
    await store.carry_out(incoming("/access", 2, key=KEY), RemoveRule(id=added.result.id), lambda _: "")
    await store.carry_out(incoming("/access", 3, key=KEY), RemoveRule(id=added.result.id), lambda _: "")
    opened = SetChangeRole(workspace=WORKSPACE, name="persona", word="everyone")
    await store.carry_out(incoming("/access", 4, key=KEY), opened, lambda _: "")
    trail = await store.audit_trail(since=START, limit=10)
    said = f"person:{KEY.platform}/u1 may not use me in the channel {CHANNEL}"
    assert [(item.action, item.before, item.after) for item in trail] == [
        ("rule", "", said),
        ("rule", said, ""),
        ("role", "", "everyone"),
    ]


async def test_budgets_are_recorded_with_what_they_were(store: AnyStore) -> None:
    def budget(amount: str) -> Budget:
        return Budget(scope=INSTALLATION, period=Period.DAY, amount=Decimal(amount), time_zone="UTC")

    gone = RemoveBudget(scope=INSTALLATION, period=Period.DAY)
    changes = [SetBudget(budget=budget(amount)) for amount in ("5", "5", "20")]
    for number, change in enumerate([*changes, gone, gone]):
        await store.carry_out(incoming("/budget", number, key=KEY), change, lambda _: "")
    trail = await store.audit_trail(since=START, limit=10)
    five, twenty = "5 dollars a day (UTC)", "20 dollars a day (UTC)"
    assert [(item.before, item.after) for item in trail] == [("", five), (five, twenty), (twenty, "")]
    assert {(item.action, item.place) for item in trail} == {("budget", "*")}


async def test_forgetting_somebody_leaves_the_trail_and_no_name_in_it(store: AnyStore) -> None:
    asked = incoming("/forget me", key=KEY)
    change = SetParameters(scope=Scope(kind="channel", key=CHANNEL), values={"memory": "no"})
    await store.carry_out(replace(asked, dedupe_key="before"), change, lambda _: "")
    await store.carry_out(asked, ForgetPerson(platform=KEY.platform, id=asked.author.id), lambda _: "")
    trail = await store.audit_trail(since=START, limit=10)
    assert [(item.action, item.who) for item in trail] == [
        ("setting", f"{KEY.platform}/u1"),
        ("forget", f"{KEY.platform}/u1"),
    ]
    assert asked.author.name not in str(trail)
