"""The commands that people type."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import (
    COMMANDS,
    Invocation,
    complete,
    decide,
    help_text,
    parameters_table,
    parse,
    parse_overrides,
    parse_question,
)
from bot.errors import InvalidInput, InvalidValue
from bot.parameter_resolver import effective_parameters
from bot.parameters import PARAMETERS
from storage.memory import MemoryStore
from tests.fakes import ManualClock, incoming

NUMBERS = count(1)


@pytest.fixture
def settings() -> MemoryStore:
    return MemoryStore(clock=ManualClock())


async def typed(settings: MemoryStore, text: str, **changes: Any) -> str:
    invocation = parse(text)
    assert invocation is not None
    asked = incoming(text, next(NUMBERS), **{"administers": True, **changes})
    effect = await decide(invocation, asked, settings)
    done = await settings.carry_out(asked, effect.change, effect.tell)
    assert done is not None
    return done.answer


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("/ask why?", Invocation(name="ask", arguments="why?"), id="slash"),
        pytest.param("!SET max_tokens 5", Invocation(name="set", arguments="max_tokens 5"), id="mark-and-case"),
        pytest.param("/help", Invocation(name="help", arguments=""), id="alone"),
        pytest.param("/ask two\nlines", Invocation(name="ask", arguments="two\nlines"), id="lines"),
        pytest.param("what is /ask?", None, id="in-a-sentence"),
        pytest.param("/etc/hosts is what?", None, id="a-path"),
        pytest.param("!important: read this", None, id="an-exclamation"),
        pytest.param("!wow", None, id="unknown-after-the-mark"),
        pytest.param("", None, id="empty"),
    ],
)
def test_parse(text: str, expected: Invocation | None) -> None:
    assert parse(text) == expected


def test_an_unknown_slash_command_is_answered_with_those_there_are() -> None:
    with pytest.raises(InvalidInput, match="There is no command /frobnicate. There are: /ask"):
        parse("/frobnicate now")


@given(st.text(max_size=60))
def test_any_text_is_a_command_or_plain_or_refused(text: str) -> None:
    try:
        invocation = parse(text)
    except InvalidInput:
        assert text.strip().startswith("/")
    else:
        assert invocation is None or invocation.name in COMMANDS


def test_parameters_before_a_question_hold_for_it_alone() -> None:
    overrides, question = parse_question('reasoning_effort=HIGH stop="a b,c" enable-thinking=no why is x=5?')
    assert overrides == {"reasoning_effort": "high", "stop": "a b,c", "enable_thinking": "no"}
    assert question == "why is x=5?"


def test_what_is_no_parameter_belongs_to_the_question() -> None:
    assert parse_question("x=5 solve for y") == ({}, "x=5 solve for y")


def test_a_bad_value_before_a_question_is_refused_by_name() -> None:
    with pytest.raises(InvalidValue, match="max_tokens cannot be '0'"):
        parse_question("max_tokens=0 hello")


def test_a_fixed_parameter_before_a_question_is_explained() -> None:
    with pytest.raises(InvalidInput, match="temperature is fixed"):
        parse_question("temperature=0.2 hello")


def test_overrides_of_the_command_line_are_checked() -> None:
    assert parse_overrides(["max_tokens=7"]) == {"max_tokens": "7"}
    with pytest.raises(InvalidInput, match="not of the form NAME=VALUE"):
        parse_overrides(["max_tokens"])


# ---------------------------------------------------------------- set, unset, show, help


async def test_a_value_set_in_a_thread_is_shown_with_its_scope(settings: MemoryStore) -> None:
    assert "**reasoning_effort** is now `high` for this thread" in await typed(settings, "/set reasoning_effort high")
    assert "| reasoning_effort | high | set in this thread |" in await typed(settings, "/show")


async def test_a_wider_value_holds_again_when_the_narrower_is_unset(settings: MemoryStore) -> None:
    await typed(settings, "/set workspace max_tokens 100")
    await typed(settings, "/set max_tokens 200")
    assert (await effective_parameters(incoming(""), settings))["max_tokens"].value == 200
    answer = await typed(settings, "/unset max_tokens")
    assert "Here it is now `100` (set for the workspace)" in answer


async def test_unsetting_what_was_not_set_says_so(settings: MemoryStore) -> None:
    assert "was not set" in await typed(settings, "/unset channel stop")


@pytest.mark.parametrize("scope", ["workspace", "channel", "thread"])
@pytest.mark.parametrize("name", PARAMETERS)
async def test_every_parameter_can_be_set_and_unset_at_every_scope(
    settings: MemoryStore, name: str, scope: str
) -> None:
    parameter = PARAMETERS[name]
    samples = {"boolean": "no", "integer": "5", "number": "1.5", "list": "a,b", "text": "a pirate"}
    sample = samples.get(parameter.kind) or parameter.choices[0]
    await typed(settings, f"/set {scope} {name} {sample}")
    now = (await effective_parameters(incoming(""), settings))[name]
    assert (now.value, now.origin) == (parameter.parse(sample), "conversation" if scope == "thread" else scope)
    await typed(settings, f"/unset {scope} {name}")
    assert (await effective_parameters(incoming(""), settings))[name].origin == "default"


async def test_a_value_for_this_turn_beats_all_scopes(settings: MemoryStore) -> None:
    await typed(settings, "/set max_tokens 200")
    effective = await effective_parameters(incoming("", overrides={"max_tokens": "3"}), settings)
    assert (effective["max_tokens"].value, effective["max_tokens"].origin) == (3, "turn")


async def test_outside_threads_a_setting_is_for_the_channel(settings: MemoryStore) -> None:
    assert "for this channel" in await typed(settings, "/set memory no", starts_thread=True)
    with pytest.raises(InvalidInput, match="no thread here yet"):
        await typed(settings, "/set thread memory no", starts_thread=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("/set", "Usage: `/set", id="nothing"),
        pytest.param("/set max_tokens", "takes a whole number from 1 to 65,536", id="no-value"),
        pytest.param("/set max_tokens 99999", "max_tokens cannot be '99999'", id="out-of-range"),
        pytest.param("/set temperature 0.5", "fixed at 1 by the model's server", id="fixed"),
        pytest.param("/unset", "Usage: `/unset", id="unset-nothing"),
        pytest.param("/unset nonsense", "There is no parameter", id="unset-unknown"),
    ],
)
async def test_a_bad_command_is_answered_with_what_to_do(settings: MemoryStore, text: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await typed(settings, text)
    assert message in str(caught.value)


async def test_a_value_cannot_break_out_of_the_table_that_shows_it(settings: MemoryStore) -> None:
    await typed(settings, "/set persona a | `b` | c")
    shown = await typed(settings, "/show")
    (row,) = (line for line in shown.splitlines() if line.startswith("| persona"))
    assert row == "| persona | a \\| 'b' \\| c | set in this thread |"


async def test_one_parameter_is_shown_in_full(settings: MemoryStore) -> None:
    shown = await typed(settings, "/show max_tokens")
    assert "**max_tokens** is `4096` (default)" in shown
    assert "a whole number from 1 to 65,536" in shown


def test_help_names_every_command_and_parameter() -> None:
    text = help_text()
    assert all(f"/{command.usage}" in text for command in COMMANDS.values())
    assert all(name in text for name in PARAMETERS)


@pytest.mark.parametrize("topic", [*COMMANDS, *PARAMETERS])
def test_help_explains_each_topic(topic: str) -> None:
    help = COMMANDS[topic].help if topic in COMMANDS else PARAMETERS[topic].help
    assert help in help_text(topic)


def test_the_table_has_a_row_for_each_parameter() -> None:
    assert len(parameters_table().splitlines()) == 2 + len(PARAMETERS)


# ---------------------------------------------------------------- completion


@pytest.mark.parametrize(
    ("text", "inserts"),
    [
        pytest.param("/s", ["/search ", "/summarise ", "/set ", "/show ", "/stop "], id="commands"),
        pytest.param("!un", ["!unset "], id="mark-is-kept"),
        pytest.param("/set rea", ["/set reasoning_effort "], id="parameter"),
        pytest.param("/set channel enable_t", ["/set channel enable_thinking "], id="after-a-scope"),
        pytest.param("/set context ", [f"/set context {v}" for v in PARAMETERS["context"].choices], id="choices"),
        pytest.param("/set memory n", ["/set memory no"], id="yes-or-no"),
        pytest.param("/unset vid", ["/unset video_fps"], id="no-value-to-come"),
        pytest.param("/ask wh", [], id="questions-are-not-completed"),
        pytest.param("hello", [], id="plain-text"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_complete(text: str, inserts: list[str]) -> None:
    assert [completion.insert for completion in complete(text)] == inserts


@given(st.text(max_size=40))
def test_completing_never_fails_and_always_goes_on_from_what_was_typed(text: str) -> None:
    for completion in complete(text):
        assert completion.insert[0] == text[0]


def test_the_documented_table_is_the_one_in_force() -> None:
    page = (Path(__file__).parents[2] / "docs" / "parameters.md").read_text()
    assert parameters_table() in page, "renew the table in docs/parameters.md with `seedling params --markdown`"


@pytest.mark.parametrize("text", ["/set workspace max_tokens 5", "/unset workspace max_tokens"])
async def test_only_administrators_change_the_whole_workspace(settings: MemoryStore, text: str) -> None:
    with pytest.raises(InvalidInput, match="Only administrators"):
        await typed(settings, text, administers=False)
    assert await typed(settings, text.replace("workspace ", "channel "), administers=False)


@pytest.mark.parametrize("text", ["/set channel retention 1", "/unset channel retention"])
async def test_only_administrators_say_when_conversations_are_forgotten(settings: MemoryStore, text: str) -> None:
    with pytest.raises(InvalidInput, match="Only administrators change retention"):
        await typed(settings, text, administers=False)
    assert await typed(settings, text)
