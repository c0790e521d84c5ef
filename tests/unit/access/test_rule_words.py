"""What administrators say about access is read, and what is wrong is named with the fix."""

from __future__ import annotations

from typing import Any

import pytest

from bot.access.rule_text import rule_text
from bot.access.rule_words import ChangeRole, DropRule, ShowRules, read_request
from bot.errors import InvalidInput
from bot.types import ConversationKey, Entrance, Mention, NewRule
from tests.fakes import incoming

MENTIONS = {
    "@Ada": Mention(kind="person", id="U1"),
    "@Ada Lovelace": Mention(kind="person", id="U2"),
    "@team": Mention(kind="group", id="S1"),
    "#general": Mention(kind="channel", id="C9"),
}
NOWHERE = ConversationKey(platform="", workspace="", channel="", thread="")


def read(words: str, **changes: Any) -> Any:
    return read_request(words, incoming("", mentions=MENTIONS, **changes))


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("deny @Ada", "person:fake/U1 may not use me in the workspace fake/w"),
        ("deny @Ada Lovelace", "person:fake/U2 may not use me in the workspace fake/w"),
        ("allow @team #general", "group:fake/S1 may use me in the channel fake/w/C9"),
        ("allow strangers in channel", "people of other organisations may use me in the channel fake/w/c"),
        ("deny everybody direct", "everybody may not use me in direct messages fake/w"),
        ("deny <@U7|ada> <#C8|general>", "person:fake/U7 may not use me in the channel fake/w/C8"),
        ("deny <@&77>", "group:fake/77 may not use me in the workspace fake/w"),
        ("DENY person:U5 here", "person:fake/U5 may not use me in the channel fake/w/c"),
        ("manager #general @Ada", "person:fake/U1 may manage me in the channel fake/w/C9"),
        ("manager @team", "group:fake/S1 may manage me in the channel fake/w/c"),
        ("administrator @Ada", "person:fake/U1 may administer me in the workspace fake/w"),
    ],
)
def test_rules_are_read(words: str, meant: str) -> None:
    rule = read(words)
    assert isinstance(rule, NewRule)
    assert rule_text(rule) == meant


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("", ShowRules()),
        ("show", ShowRules()),
        ("remove #3", DropRule(id=3)),
        ("setting persona everyone", ChangeRole(name="persona", word="everyone")),
        ("setting answer-in Admins", ChangeRole(name="answer_in", word="admins")),
        ("setting persona default", ChangeRole(name="persona", word=None)),
    ],
)
def test_other_requests_are_read(words: str, meant: object) -> None:
    assert read(words) == meant


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        ("deny", "Name @somebody"),
        ("deny @Nobody", "do not know who `@Nobody` is.*list that opens when you type @"),
        ("deny @Ada moon", "do not know the place `moon`"),
        ("deny @Ada #general channel", "One place at a time"),
        ("deny @Ada @team", "One person or group at a time"),
        ("deny #general", "A channel is a place"),
        ("deny everybody everywhere", "`seedling access`"),
        ("allow everybody user-installed", "`seedling access`"),
        ("manager everybody", "Only people and groups"),
        ("manager", "Name a channel and a person"),
        ("administrator @Ada @team", "Name one person"),
        ("setting persona pirates", "everyone|managers|admins"),
        ("remove", "by its number"),
        ("remove -1", "by its number"),
        ("remove ten", "by its number"),
        (f"remove {'9' * 400}", "by its number"),
        ("dance", "Usage"),
    ],
)
def test_what_is_wrong_is_named_with_the_fix(words: str, fix: str) -> None:
    with pytest.raises(InvalidInput, match=fix):
        read(words)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("deny everybody", "everybody may not use me everywhere"),
        ("deny person:slack/U1 everywhere", "person:slack/U1 may not use me everywhere"),
        ("deny everybody direct", "everybody may not use me in direct messages"),
        ("allow everybody user-installed", "everybody may use me where people have me for themselves"),
    ],
)
def test_the_operator_speaks_of_the_whole_installation(words: str, meant: str) -> None:
    assert rule_text(read(words, key=NOWHERE)) == meant


def test_the_operator_speaks_of_the_place_that_was_named() -> None:
    rule = read("deny guests", entrance=Entrance.COMMAND_LINE)
    assert rule_text(rule) == "guests may not use me in the channel fake/w/c"


@pytest.mark.parametrize("words", ["deny person:U1", "deny guests channel", "deny guests workspace"])
def test_the_operator_is_told_what_is_missing(words: str) -> None:
    with pytest.raises(InvalidInput, match="which"):
        read(words, key=NOWHERE)
