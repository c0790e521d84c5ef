"""What becomes of what comes in, decided without a store or a platform."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.message_policy import ANSWERS_TO_BOTS, Action, PolicyState, decide
from bot.types import AuthorKind, Entrance, Person
from tests.fakes import incoming

NOBODY_KNOWS = PolicyState(has_participated=False, parameters={})
BOT = Person(id="b", name="Another", is_bot=True)


def state(has_participated: bool = True, **parameters: str) -> PolicyState:
    return PolicyState(has_participated=has_participated, parameters=parameters)


@pytest.mark.parametrize(
    ("said", "known", "action"),
    [
        pytest.param({"is_directed": True}, NOBODY_KNOWS, Action.ANSWER, id="mention"),
        pytest.param({"is_directed": False}, NOBODY_KNOWS, Action.IGNORE, id="talk-of-others"),
        pytest.param({"is_directed": False}, state(follow_ups="always"), Action.ANSWER, id="follow-up"),
        pytest.param({"is_directed": False}, state(follow_ups="mentioned"), Action.CONTEXT, id="heard-only"),
        pytest.param({"is_directed": False}, state(follow_ups="off"), Action.CONTEXT, id="heard-where-they-are-off"),
        pytest.param({"is_directed": True}, state(follow_ups="mentioned"), Action.ANSWER, id="mention-in-its-thread"),
        pytest.param({"is_directed": True}, state(follow_ups="off"), Action.TELL, id="second-where-they-are-off"),
        pytest.param(
            {"is_directed": True},
            state(has_participated=False, follow_ups="off"),
            Action.ANSWER,
            id="first-where-they-are-off",
        ),
        pytest.param(
            {"is_directed": True, "is_direct": True}, state(follow_ups="off"), Action.ANSWER, id="direct-is-no-thread"
        ),
    ],
)
def test_who_is_answered(said: dict[str, Any], known: PolicyState, action: Action) -> None:
    assert decide(incoming("Why?", is_top_level=False, **said), known).action is action


@pytest.mark.parametrize(
    ("is_directed", "has_participated", "action"),
    [
        pytest.param(True, False, Action.COMMAND, id="meant"),
        pytest.param(False, True, Action.COMMAND, id="where-it-takes-part"),
        pytest.param(False, False, Action.IGNORE, id="another-bots"),
    ],
)
def test_a_mark_counts_where_the_bot_is_meant_or_takes_part(
    is_directed: bool, has_participated: bool, action: Action
) -> None:
    asked = incoming("!help", is_directed=is_directed)
    assert decide(asked, state(has_participated), command="help").action is action


@pytest.mark.parametrize(
    ("known", "action"),
    [
        pytest.param(NOBODY_KNOWS, Action.ANSWER, id="anywhere"),
        pytest.param(state(follow_ups="mentioned"), Action.ANSWER, id="as-if-mentioned"),
        pytest.param(state(follow_ups="off"), Action.IGNORE, id="where-follow-ups-are-off"),
    ],
)
def test_a_reaction_asks_and_is_told_nothing(known: PolicyState, action: Action) -> None:
    reacted = incoming("", is_directed=True, is_top_level=False, entrance=Entrance.REACTION)
    became = decide(reacted, known)
    assert (became.action, became.text) == (action, "")


def test_commands_count_where_follow_ups_are_off() -> None:
    assert decide(incoming("!set", is_directed=True), state(follow_ups="off"), command="set").action is Action.COMMAND


@pytest.mark.parametrize("entrance", Entrance)
@pytest.mark.parametrize("command", ["", "usage"])
def test_strangers_are_passed_over_or_told_why_by_the_way_they_came(entrance: Entrance, command: str) -> None:
    asked = incoming("Hi", is_directed=True, author_kind=AuthorKind.EXTERNAL, entrance=entrance)
    became = decide(asked, NOBODY_KNOWS, command=command)
    silent = {Entrance.REACTION, Entrance.SCHEDULE}
    assert became.action is (Action.IGNORE if entrance in silent else Action.TELL)
    assert bool(became.text) is (became.action is Action.TELL)
    welcome = state(strangers="answer")
    assert decide(asked, welcome, command=command).action is (Action.COMMAND if command else Action.ANSWER)


@pytest.mark.parametrize("follow_ups", ["always", "auto", "mentioned", "off"])
@pytest.mark.parametrize(
    ("known", "command", "action"),
    [
        pytest.param({}, "", Action.CONTEXT, id="where-it-takes-part"),
        pytest.param({"has_participated": False}, "", Action.IGNORE, id="elsewhere"),
        pytest.param({}, "set", Action.IGNORE, id="a-command"),
    ],
)
def test_what_strangers_say_to_others_is_heard_and_never_answered(
    follow_ups: str, known: dict[str, Any], command: str, action: Action
) -> None:
    said = incoming("It is the pump, no?", is_directed=False, is_top_level=False, author_kind=AuthorKind.EXTERNAL)
    became = decide(said, state(follow_ups=follow_ups, **known), command=command)
    assert (became.action, became.text) == (action, "")


@pytest.mark.parametrize("kind", [AuthorKind.MEMBER, AuthorKind.GUEST])
def test_guests_are_people_of_the_house(kind: AuthorKind) -> None:
    assert decide(incoming("Hi", is_directed=True, author_kind=kind), NOBODY_KNOWS).action is Action.ANSWER


@pytest.mark.parametrize(
    ("said", "known", "command", "action"),
    [
        pytest.param({}, {}, "", Action.ANSWER, id="named"),
        pytest.param({}, {"asked_by_bots": ANSWERS_TO_BOTS - 1}, "", Action.ANSWER, id="the-last-one"),
        pytest.param({}, {"asked_by_bots": ANSWERS_TO_BOTS}, "", Action.CONTEXT, id="no-person-since"),
        pytest.param({"is_directed": False}, {}, "", Action.CONTEXT, id="not-meant"),
        pytest.param({"author": replace(BOT, id="c")}, {}, "", Action.CONTEXT, id="another"),
        pytest.param({}, {}, "set", Action.IGNORE, id="command"),
        pytest.param({}, {"follow_ups": "off"}, "", Action.CONTEXT, id="where-follow-ups-are-off"),
        pytest.param({"entrance": Entrance.REACTION}, {}, "", Action.IGNORE, id="reaction"),
    ],
)
def test_a_bot_that_is_named_asks_a_few_times(
    said: dict[str, Any], known: dict[str, Any], command: str, action: Action
) -> None:
    parameters = {"bots": ("b", "d"), "follow_ups": known.pop("follow_ups", "always")}
    asked = incoming("Run the report", **{"author": BOT, **said})
    became = decide(asked, PolicyState(has_participated=True, parameters=parameters, **known), command=command)
    assert (became.action, became.text) == (action, "")


@given(
    is_directed=st.booleans(),
    has_participated=st.booleans(),
    direct=st.booleans(),
    entrance=st.sampled_from(Entrance),
    follow_ups=st.sampled_from(["always", "mentioned", "off"]),
    command=st.sampled_from(["", "set", "ask"]),
)
def test_no_bot_has_an_answer_or_a_command_unless_it_is_named(
    is_directed: bool, has_participated: bool, direct: bool, entrance: Entrance, follow_ups: str, command: str
) -> None:
    """Two bots that answered each other would never end."""
    known = state(has_participated, follow_ups=follow_ups, strangers="answer")
    asked = replace(incoming("Hi", is_directed=is_directed, is_direct=direct, entrance=entrance), author=BOT)
    became = decide(asked, known, command=command)
    is_heard = has_participated and entrance is Entrance.MESSAGE and not command
    assert (became.action, became.text) == (Action.CONTEXT if is_heard else Action.IGNORE, "")


@given(
    is_directed=st.booleans(),
    has_participated=st.booleans(),
    kind=st.sampled_from(AuthorKind),
    entrance=st.sampled_from(Entrance),
    follow_ups=st.sampled_from(["always", "mentioned", "off"]),
)
def test_what_is_told_is_said_and_what_is_passed_over_has_its_reason(
    is_directed: bool, has_participated: bool, kind: AuthorKind, entrance: Entrance, follow_ups: str
) -> None:
    asked = incoming("Hi", is_directed=is_directed, author_kind=kind, entrance=entrance)
    became = decide(asked, state(has_participated, follow_ups=follow_ups))
    assert bool(became.text) is (became.action is Action.TELL)
    assert bool(became.reason) is (became.action in {Action.TELL, Action.IGNORE, Action.CONTEXT})
