"""Which words are a command, and which are a question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.command import all_commands, commands_by_spelling
from bot.commands.completion import complete
from bot.commands.parser import Invocation, parse, refuse_unknown, unknown_command
from bot.errors import InvalidInput, InvalidValue, UsageError
from bot.parameters import PARAMETERS


def named(text: str, *, directed: bool = True) -> tuple[str, str] | None:
    invocation = parse(text, directed=directed)
    return None if invocation is None else (invocation.command.name, invocation.arguments)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("/ask why?", ("ask", "why?"), id="slash"),
        pytest.param("!SET max_tokens 5", ("set", "max_tokens 5"), id="mark-and-case"),
        pytest.param("/help", ("help", ""), id="alone"),
        pytest.param("/summarize", ("summarise", ""), id="another-spelling"),
        pytest.param("/ask two\nlines", ("ask", "two\nlines"), id="lines"),
        pytest.param("what is /ask?", None, id="in-a-sentence"),
        pytest.param("/etc/hosts is what?", None, id="a-path"),
        pytest.param("!important: read this", None, id="an-exclamation"),
        pytest.param("!wow", None, id="unknown-after-the-mark"),
        pytest.param("", None, id="empty"),
    ],
)
@pytest.mark.parametrize("directed", [True, False])
def test_with_its_mark_any_words_may_follow_a_command(
    text: str, expected: tuple[str, str] | None, directed: bool
) -> None:
    assert named(text, directed=directed) == expected


@pytest.mark.parametrize(
    "text",
    [
        "summarise since yesterday 9am",
        "summarise",
        "Summarize this channel since Monday",
        "summarise last 50 messages",
        "summarise since my last message",
        "summarise yesterday",
        "summarise the channel privately",
        "set max_tokens 200",
        "set max_tokens to 200",
        "set channel persona You are a pirate",
        "set workspace enable-thinking no",
        "unset reasoning_effort",
        "show",
        "show memory",
        "show reasoning_effort",
        "usage",
        "usage channel 7 days",
        "usage 7 channel",
        "usage everywhere month",
        "usage month",
        "forget memory",
        "stop",
        "help",
        "help set",
        "help reasoning_effort",
        "digest add daily at 9:00",
        "digest add weekly friday at 4:30 pm",
        "digest list",
        "digest pause 3",
    ],
)
def test_without_it_a_command_counts_when_its_whole_grammar_fits(text: str) -> None:
    assert named(text) == (named(f"/{text}") or ())
    assert named(text, directed=False) is None


@pytest.mark.parametrize(
    "text",
    [
        "search my notes for heron",
        "ask Ben what he thinks",
        "ask",
        "search",
        "Summarise the attached PDF please",
        "summarise this text: once upon a time",
        "summarise what Ben has to do",
        "summarise the plot of Hamlet",
        "summarize, please",
        "digest this for me",
        "digest add some spice to it",
        "digest",
        "set the table",
        "set max_tokens 0",
        "set max_tokens to 0 in the script",
        "set max_tokens",
        "set reasoning_effort to something sensible",
        "set",
        "unset the alarm",
        "show me how to do it",
        "show everything",
        "usage of the word whom",
        "usage 99999999",
        "forget it",
        "forget",
        "stop it",
        "stop doing that",
        "help me write a letter",
        "Help!",
        "help\nwith this",
    ],
)
def test_what_does_not_fit_is_a_question_and_never_an_error(text: str) -> None:
    assert named(text) is None


def test_only_a_slash_makes_an_unknown_word_a_command_that_there_is_not() -> None:
    assert unknown_command("/frobnicate now") == "frobnicate"
    assert [unknown_command(text) for text in ("!frobnicate", "/set x", "/etc/hosts", "frobnicate", "")] == [""] * 5


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("/what is bark", "`/ask what is bark`"),
        ("/What   is `bark`\nof a tree?", "`/ask What is 'bark' of a tree?`"),
        ("/what " + "is bark " * 2_000, "`/ask your question`"),
    ],
)
def test_free_words_behind_a_mark_are_offered_as_a_question(text: str, offered: str) -> None:
    assert offered in str(refuse_unknown(text))
    assert "There is no command /what." in str(refuse_unknown(text))


def test_a_single_unknown_word_is_rather_a_command_that_was_misspelt() -> None:
    assert "write `/ask" not in str(refuse_unknown("/sumarise"))


@given(st.text(max_size=60))
def test_any_text_is_a_command_or_plain(text: str) -> None:
    assert isinstance(parse(text), Invocation | None)


# ---------------------------------------------------------------- arguments


def read(text: str) -> dict[str, str]:
    name, _, arguments = text.partition(" ")
    return dict(commands_by_spelling()[name].read(arguments))


def test_parameters_before_a_question_hold_for_it_alone() -> None:
    values = read('ask reasoning_effort=HIGH stop="a b,c" enable-thinking=no why is x=5?')
    assert values == {
        "reasoning_effort": "high",
        "stop": "a b,c",
        "enable_thinking": "no",
        "question": "why is x=5?",
    }


def test_a_search_takes_a_depth_and_parameters() -> None:
    assert read("search depth=deep max_tokens=9 what is new?") == {
        "depth": "deep",
        "max_tokens": "9",
        "query": "what is new?",
    }
    with pytest.raises(UsageError, match="depth takes quick or normal or deep, not 'deeper'"):
        read("search depth=deeper what?")


def test_what_is_no_parameter_belongs_to_the_question() -> None:
    assert read("ask x=5 solve for y") == {"question": "x=5 solve for y"}


def test_a_bad_value_before_a_question_is_refused_by_name() -> None:
    with pytest.raises(InvalidValue, match="max_tokens cannot be '0'"):
        read("ask max_tokens=0 hello")


def test_a_fixed_parameter_before_a_question_is_explained() -> None:
    with pytest.raises(InvalidInput, match="temperature is fixed"):
        read("ask temperature=0.2 hello")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("set", r"Usage: `/set \[workspace\|channel\|thread\] parameter value`, for example `/set reasoning_effort"),
        ("set reasoning_effort", "reasoning_effort takes low, medium or high. How long"),
        ("set reasoning_effort to loud", "reasoning_effort cannot be 'loud'"),
        ("set reasoning_effort loud", "reasoning_effort cannot be 'loud'"),
        ("set nonsense 5", "There is no parameter 'nonsense'"),
        ("unset", "Usage: `/unset"),
        ("usage nonsense", "I do not know 'nonsense'"),
        ("usage 99999999", "I do not know '99999999'"),
        ("forget everything", r"Usage: `/forget memory\|here\|me`, for example `/forget memory`"),
        ("stop now", "Usage: `/stop`. I do not know 'now'"),
    ],
)
def test_what_does_not_fit_behind_a_mark_is_refused_with_the_way_to_say_it(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        read(text)


def test_a_persona_of_several_lines_is_one_value() -> None:
    assert read("set channel persona You are\na pirate.")["value"] == "You are\na pirate."


# ---------------------------------------------------------------- the table


@pytest.mark.parametrize("command", all_commands().values(), ids=lambda command: command.name)
def test_every_command_says_what_it_does_and_gives_an_example_that_fits(command: object) -> None:
    (found,) = [item for item in all_commands().values() if item is command]
    assert found.help.endswith(".")
    assert found.usage.startswith(found.name)
    assert len({arg.name for arg in found.args}) == len(found.args)
    assert not {arg.name for arg in found.args} & set(PARAMETERS), (
        "values of arguments and parameters share one mapping"
    )
    if found.example:
        assert parse(found.example) is not None
        found.read(found.example.partition(" ")[2])


# ---------------------------------------------------------------- completion


@pytest.mark.parametrize(
    ("text", "inserts"),
    [
        pytest.param("/s", ["/search ", "/summarise ", "/set ", "/show ", "/stop "], id="commands"),
        pytest.param("!un", ["!undo ", "!unset "], id="mark-is-kept"),
        pytest.param("/set rea", ["/set reasoning_effort "], id="parameter"),
        pytest.param("/set channel enable_t", ["/set channel enable_thinking "], id="after-a-scope"),
        pytest.param("/set ch", ["/set channel ", "/set channel_context "], id="scope"),
        pytest.param("/set context ", [f"/set context {v}" for v in PARAMETERS["context"].choices], id="choices"),
        pytest.param("/set memory n", ["/set memory no"], id="yes-or-no"),
        pytest.param("/unset vid", ["/unset video_fps"], id="no-value-to-come"),
        pytest.param("/forget m", ["/forget memory", "/forget me"], id="words-of-a-command"),
        pytest.param("/help unse", ["/help unset"], id="topics"),
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


@pytest.mark.parametrize(
    "typed",
    ["max_tokens 200", "max_tokens=200", "max_tokens = 200", "max_tokens: 200", "max_tokens : 200", "Max-Tokens 200",
     "max tokens 200", "max tokens: 200", "max tokens = 200"],
)  # fmt: skip
def test_a_parameter_is_set_however_its_name_is_written(typed: str) -> None:
    values = all_commands()["set"].read(typed)
    assert (values["parameter"], values["value"]) == ("max_tokens", "200")


def test_a_persona_keeps_its_words_and_loses_its_quotes() -> None:
    for typed, persona in {
        'persona "You are brief."': "You are brief.",
        "persona: \u201eDu bist kurz.\u201c": "Du bist kurz.",
        "persona = a = b": "a = b",
        "persona Say: no": "Say: no",
        'persona "Hi" and "bye"': '"Hi" and "bye"',
        "persona two\nlines": "two\nlines",
    }.items():
        assert all_commands()["set"].read(typed)["value"] == persona
