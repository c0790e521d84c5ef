"""The table of parameters: ranges, texts, scopes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput, InvalidValue
from bot.language import speaking
from bot.parameter_resolver import resolve, scopes_of, values_of
from bot.parameters import PARAMETERS, Scope, find
from tests.fakes import KEY


def values_within(name: str) -> st.SearchStrategy[object]:
    parameter = PARAMETERS[name]
    match parameter.kind:
        case "boolean":
            return st.booleans()
        case "choice":
            return st.sampled_from(parameter.choices)
        case "integer":
            return st.integers(int(parameter.low or 0), int(parameter.high or 0))
        case "number":
            assert parameter.low is not None
            assert parameter.high is not None
            # What people type has a few digits; `format` keeps six.
            return st.integers(int(parameter.low * 100), int(parameter.high * 100)).map(lambda n: n / 100)
        case "list":
            item = st.text("abc XYZ.!?", min_size=1, max_size=8).map(str.strip).filter(bool)
            return st.lists(item, min_size=1, max_size=4).map(tuple)
        case _:
            return st.text("abc déf", min_size=1, max_size=40).map(str.strip).filter(bool)


@pytest.mark.parametrize("name", PARAMETERS)
@given(st.data())
def test_every_value_within_the_range_survives_being_written_and_read(name: str, data: st.DataObject) -> None:
    parameter = PARAMETERS[name]
    value = data.draw(values_within(name))
    assert parameter.parse(parameter.format(value)) == value  # type: ignore[arg-type]


@pytest.mark.parametrize("name", PARAMETERS)
@given(text=st.text(max_size=30))
def test_any_text_is_either_read_within_the_range_or_refused_by_name(name: str, text: str) -> None:
    parameter = PARAMETERS[name]
    try:
        value = parameter.parse(text)
    except InvalidValue as error:
        assert error.name == name
        assert parameter.allowed in str(error)
    else:
        if parameter.kind in ("integer", "number"):
            assert isinstance(value, int | float)
            assert (parameter.low or 0) <= value <= (parameter.high or 0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("max_tokens", "0", id="too-low"),
        pytest.param("max_tokens", "65537", id="too-high"),
        pytest.param("max_tokens", "many", id="not-a-number"),
        pytest.param("max_tokens", "5 6", id="two-numbers"),
        pytest.param("video_fps", "nan", id="not-a-real-number"),
        pytest.param("reasoning_effort", "extreme", id="no-such-choice"),
        pytest.param("enable_thinking", "perhaps", id="neither-yes-nor-no"),
        pytest.param("stop", " , ", id="only-commas"),
        pytest.param("persona", "x" * 4001, id="too-long"),
    ],
)
def test_a_value_outside_the_range_names_parameter_value_and_range(name: str, text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        PARAMETERS[name].parse(text)
    assert name in str(caught.value)
    assert repr(text) in str(caught.value)
    assert PARAMETERS[name].allowed in str(caught.value)


@pytest.mark.parametrize("name", ["temperature", "top_p", "TOP-P"])
def test_what_the_server_fixes_is_explained(name: str) -> None:
    with pytest.raises(InvalidInput, match="fixed at .* by the model's server"):
        find(name)


def test_an_unknown_parameter_is_answered_with_those_there_are() -> None:
    with pytest.raises(InvalidInput, match="There is no parameter 'verbosity'.*max_tokens"):
        find("verbosity")


def test_the_narrower_scope_wins_and_is_named() -> None:
    effective = resolve(
        [
            ("workspace", {"reasoning_effort": "low", "max_tokens": "100"}),
            ("conversation", {"reasoning_effort": "high"}),
        ]
    )
    assert (effective["reasoning_effort"].value, effective["reasoning_effort"].origin) == ("high", "conversation")
    assert (effective["max_tokens"].value, effective["max_tokens"].origin) == (100, "workspace")
    assert (effective["enable_caching"].value, effective["enable_caching"].origin) == (True, "default")


def test_stored_text_that_no_longer_parses_is_passed_over() -> None:
    effective = resolve([("channel", {"reasoning_effort": "extreme", "gone": "1"})])
    assert effective["reasoning_effort"].origin == "default"
    assert "gone" not in effective


def test_unset_parameters_are_absent_from_the_values() -> None:
    values = values_of(resolve([]))
    assert "stop" not in values
    assert values["max_tokens"] == 4096


def test_scopes_run_from_the_workspace_to_the_conversation() -> None:
    assert scopes_of(KEY) == (
        Scope(kind="workspace", key="fake/w"),
        Scope(kind="channel", key="fake/w/c"),
        Scope(kind="conversation", key="fake/w/c/t"),
    )


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("max_tokens", "2k", 2_000),
        ("max_tokens", "1e3", 1_000),
        ("max_tokens", "4,096", 4_096),
        ("max_tokens", "4.096", 4_096),
        ("max_tokens", "\u201c200\u201d", 200),
        ("max_tokens", "1\u202f000", 1_000),
        ("max_tokens", "12'000", 12_000),
        ("stop", "\u201d,\u201d, \u201dEND\u201d", (",", "END")),
        ("stop", "\u00bba,b\u00bb", ("a,b",)),
        ("frequency_penalty", "\u22121", -1.0),
        ("frequency_penalty", "0,5", 0.5),
        ("enable_thinking", "\u201cyes\u201d", True),
        ("stop", '",","END"', (",", "END")),
        ("stop", '","', (",",)),
        ("stop", "\\n\\n, END", ("\n\n", "END")),
        ("stop", '"', ('"',)),
        ("stop", "\u201e,\u201c, x", (",", "x")),
        ("stop", '\u201ea", "b"', ("a", "b")),
        ("stop", '"a" "b" \u201ec\u201c', ("a", "b", "c")),
        ("stop", '["a", "b"]', ("a", "b")),
        ("stop", "`a`; `b`", ("a", "b")),
        ("stop", "```, it's", ("```", "it's")),
        ("max_tokens", "1.5k", 1_500),
        ("max_tokens", "2 000 tokens", 2_000),
        ("max_tokens", "200!", 200),
        ("answer_messages", "3 messages", 3),
        ("reasoning_effort", "High.", "high"),
        ("notify", "\u2705", True),
        ("language", "German", "de"),
        ("language", "de-AT", "de"),
        ("language", "Deutsch", "de"),
    ],
)
def test_values_are_read_as_people_type_them(name: str, typed: str, value: object) -> None:
    parameter = PARAMETERS[name]
    assert parameter.parse(typed) == value
    assert parameter.parse(parameter.format(parameter.parse(typed))) == value  # what is stored means the same


def test_values_are_read_in_the_language_of_who_types_them() -> None:
    with speaking("de"):
        assert [PARAMETERS["notify"].parse(typed) for typed in ("ja", "Nein", "an", "aus", "yes")] == [
            True, False, True, False, True,
        ]  # fmt: skip
        assert PARAMETERS["max_tokens"].parse("1,5k Token") == 1_500
        assert PARAMETERS["answer_messages"].parse("3 Nachrichten") == 3
    with pytest.raises(InvalidValue):
        PARAMETERS["notify"].parse("ja")
    with pytest.raises(InvalidValue):
        PARAMETERS["max_tokens"].parse("3 days")


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=5).map(tuple))
def test_any_list_is_read_as_it_was_written(items: tuple[str, ...]) -> None:
    assert PARAMETERS["stop"].parse(PARAMETERS["stop"].format(items)) == items


@pytest.mark.parametrize("typed", ["1.5", "1e999", "1e-3", "2kk", "k", "\u221e", "0x10"])
def test_what_is_no_whole_number_within_the_range_is_refused(typed: str) -> None:
    with pytest.raises(InvalidValue):
        PARAMETERS["max_tokens"].parse(typed)
