"""Who may use the bot: denials win, narrower places win, and what is not known opens nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.access.control import (
    A_BOT,
    DENIED,
    NO_SHARED_WORKSPACE,
    STRANGER,
    named_role,
    needs_groups,
    reason_to_refuse,
)
from bot.types import (
    AccessRule,
    AuthorKind,
    Incoming,
    Membership,
    ParameterValue,
    PlaceKind,
    RuleKind,
    RulePlace,
    Subject,
    SubjectKind,
)
from tests.fakes import ADA, incoming

WORKSPACE, CHANNEL = "fake/w", "fake/w/c"
TEAM = Subject(kind=SubjectKind.GROUP, id="fake/team")
ME = Subject(kind=SubjectKind.PERSON, id="fake/u1")
EVERYBODY = Subject(kind=SubjectKind.EVERYBODY)
IN_TEAM = Membership(groups=frozenset({"team"}))
KEYS = {
    PlaceKind.INSTALLATION: "",
    PlaceKind.WORKSPACE: WORKSPACE,
    PlaceKind.DIRECT: WORKSPACE,
    PlaceKind.USER_INSTALLED: "fake",
    PlaceKind.CHANNEL: CHANNEL,
}


def rule(
    kind: RuleKind, subject: Subject = EVERYBODY, place: PlaceKind = PlaceKind.WORKSPACE, key: str = "-"
) -> AccessRule:
    return AccessRule(
        id=1, kind=kind, subject=subject, place=RulePlace(kind=place, key=KEYS[place] if key == "-" else key)
    )


def of(kind: SubjectKind) -> Subject:
    return Subject(kind=kind)


def refused(
    *rules: AccessRule,
    membership: Membership | None = None,
    parameters: dict[str, ParameterValue] | None = None,
    **facts: Any,
) -> str:
    return reason_to_refuse(incoming("Hi", **facts), rules, membership, parameters or {})


BOT = replace(ADA, id="b", is_bot=True)
ALLOW, DENY = RuleKind.ALLOW, RuleKind.DENY


@pytest.mark.parametrize(
    ("facts", "parameters", "reason"),
    [
        pytest.param({}, {}, "", id="member"),
        pytest.param({"author_kind": AuthorKind.GUEST}, {}, "", id="guest"),
        pytest.param({"author_kind": AuthorKind.EXTERNAL}, {}, STRANGER, id="stranger"),
        pytest.param({"author_kind": AuthorKind.EXTERNAL}, {"strangers": "answer"}, "", id="welcome-stranger"),
        pytest.param({"author": BOT}, {}, A_BOT, id="bot"),
        pytest.param({"author": BOT}, {"bots": ("b",)}, "", id="named-bot"),
        pytest.param({"bot_is_member": False}, {}, NO_SHARED_WORKSPACE, id="not-told-where-else-they-are"),
        pytest.param(
            {"bot_is_member": False, "membership": Membership(shares_workspace=False)}, {}, NO_SHARED_WORKSPACE,
            id="nowhere-else",
        ),
        pytest.param({"bot_is_member": False, "membership": Membership()}, {}, "", id="shares-a-workspace"),
    ],
)  # fmt: skip
def test_without_rules_the_defaults_hold(facts: dict[str, Any], parameters: dict[str, Any], reason: str) -> None:
    assert refused(parameters=parameters, **facts) == reason


@pytest.mark.parametrize(
    ("rules", "facts", "reason"),
    [
        pytest.param([rule(DENY), rule(ALLOW, ME)], {}, DENIED, id="a-denial-wins"),
        pytest.param([rule(DENY), rule(ALLOW, ME, PlaceKind.CHANNEL)], {}, "", id="the-narrower-place-wins"),
        pytest.param([rule(ALLOW), rule(DENY, ME, PlaceKind.CHANNEL)], {}, DENIED, id="also-when-it-denies"),
        pytest.param([rule(DENY, place=PlaceKind.INSTALLATION), rule(ALLOW, ME)], {}, "", id="workspace-over-all"),
        pytest.param([rule(DENY, place=PlaceKind.CHANNEL, key="fake/w/other")], {}, "", id="another-channel"),
        pytest.param([rule(DENY, place=PlaceKind.WORKSPACE, key="fake/w2")], {}, "", id="another-workspace"),
        pytest.param([rule(DENY, place=PlaceKind.DIRECT)], {}, "", id="direct-only"),
        pytest.param([rule(DENY, place=PlaceKind.DIRECT)], {"is_direct": True}, DENIED, id="direct"),
        pytest.param([rule(DENY, place=PlaceKind.DIRECT, key="fake")], {"is_direct": True}, DENIED, id="all-direct"),
        pytest.param(
            [rule(ALLOW, place=PlaceKind.USER_INSTALLED)], {"bot_is_member": False}, "", id="user-installed-opened"
        ),
        pytest.param([rule(DENY, of(SubjectKind.GUESTS))], {}, "", id="guests-are-others"),
        pytest.param([rule(DENY, of(SubjectKind.GUESTS))], {"author_kind": AuthorKind.GUEST}, DENIED, id="guests"),
        pytest.param([rule(DENY, of(SubjectKind.GUESTS))], {"author_kind": AuthorKind.UNTOLD}, DENIED, id="perhaps"),
        pytest.param([rule(DENY, of(SubjectKind.STRANGERS))], {"author_kind": AuthorKind.UNTOLD}, "", id="of-here"),
        pytest.param(
            [rule(DENY, of(SubjectKind.GUESTS))],
            {"author_kind": AuthorKind.UNTOLD, "membership": Membership(author_kind=AuthorKind.GUEST)},
            DENIED, id="a-guest-as-asked",
        ),
        pytest.param(
            [], {"author_kind": AuthorKind.UNTOLD, "membership": Membership(author_kind=AuthorKind.EXTERNAL)},
            STRANGER, id="a-stranger-as-asked",
        ),
        pytest.param([rule(DENY)], {"membership": Membership(administers=True)}, "", id="an-administrator-as-asked"),
        pytest.param(
            [rule(DENY), rule(ALLOW, of(SubjectKind.GUESTS), PlaceKind.CHANNEL)], {"author_kind": AuthorKind.UNTOLD},
            DENIED, id="perhaps-one-who-is-allowed",
        ),
        pytest.param(
            [rule(ALLOW, of(SubjectKind.STRANGERS), PlaceKind.CHANNEL)], {"author_kind": AuthorKind.EXTERNAL}, "",
            id="strangers-in-one-channel",
        ),
        pytest.param([rule(ALLOW, of(SubjectKind.BOTS))], {"author": BOT}, "", id="bots"),
        pytest.param([rule(ALLOW)], {"author": BOT}, A_BOT, id="everybody-are-no-bots"),
        pytest.param([rule(DENY, TEAM)], {"membership": IN_TEAM}, DENIED, id="in-the-group"),
        pytest.param([rule(DENY, TEAM)], {"membership": Membership()}, "", id="not-in-the-group"),
        pytest.param([rule(DENY, TEAM)], {}, DENIED, id="nobody-knows-whether-in-the-denied-group"),
        pytest.param([rule(DENY, place=PlaceKind.INSTALLATION), rule(ALLOW, TEAM)], {}, DENIED, id="nor-allowed"),
        pytest.param(
            [rule(DENY, Subject(kind=SubjectKind.GROUP, id="other/team"))], {}, "", id="a-group-of-another-platform"
        ),
        pytest.param([rule(DENY)], {"is_admin": True}, "", id="administrators-always-may"),
        pytest.param(
            [rule(DENY, ME, PlaceKind.CHANNEL), rule(RuleKind.ADMINISTRATOR, ME)], {}, "", id="named-ones-too"
        ),
        pytest.param([rule(DENY, ME), rule(RuleKind.MANAGER, ME, PlaceKind.CHANNEL)], {}, DENIED, id="managers-not"),
    ],
)  # fmt: skip
def test_rules_are_weighed(rules: list[AccessRule], facts: dict[str, Any], reason: str) -> None:
    assert refused(*rules, **facts) == reason


@given(
    places=st.lists(st.tuples(st.sampled_from([ALLOW, DENY]), st.sampled_from(PlaceKind)), max_size=6),
    direct=st.booleans(),
    kind=st.sampled_from(AuthorKind),
)
def test_a_rule_that_cannot_be_read_opens_no_door(
    places: list[tuple[RuleKind, PlaceKind]], direct: bool, kind: AuthorKind
) -> None:
    """Whatever is refused without it is refused with it."""
    rules = [rule(effect, place=place) for effect, place in places]
    facts: dict[str, Any] = {"is_direct": direct, "author_kind": kind}
    for place in PlaceKind:
        broken = replace(rule(DENY, place=place), broken=True)
        if refused(*rules, **facts):
            assert refused(*rules, broken, **facts)


@pytest.mark.parametrize(
    ("rules", "membership", "role"),
    [
        pytest.param([], None, None, id="nobody"),
        pytest.param([rule(RuleKind.MANAGER, ME, PlaceKind.CHANNEL)], None, RuleKind.MANAGER, id="manager"),
        pytest.param([rule(RuleKind.MANAGER, ME, PlaceKind.CHANNEL, "fake/w/x")], None, None, id="of-another-channel"),
        pytest.param([rule(RuleKind.MANAGER, TEAM, PlaceKind.CHANNEL)], IN_TEAM, RuleKind.MANAGER, id="by-group"),
        pytest.param([rule(RuleKind.MANAGER, TEAM, PlaceKind.CHANNEL)], None, None, id="by-a-group-nobody-knows"),
        pytest.param(
            [rule(RuleKind.MANAGER, ME, PlaceKind.CHANNEL), rule(RuleKind.ADMINISTRATOR, ME)], None,
            RuleKind.ADMINISTRATOR, id="the-highest",
        ),
        pytest.param([replace(rule(RuleKind.ADMINISTRATOR, ME), broken=True)], None, None, id="broken"),
    ],
)  # fmt: skip
def test_roles_are_given_by_rules(
    rules: list[AccessRule], membership: Membership | None, role: RuleKind | None
) -> None:
    assert named_role(incoming("Hi"), rules, membership) is role


def test_groups_are_asked_for_only_where_a_rule_is_about_one() -> None:
    asked: Incoming = incoming("Hi")
    assert not needs_groups(asked, [rule(DENY), rule(DENY, TEAM, PlaceKind.CHANNEL, "fake/w/other")])
    assert needs_groups(asked, [rule(DENY), rule(DENY, TEAM)])
