"""Streams that once broke a rule, and rules over streams that nobody has written yet."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.seed import json_coerce
from bot.surrogates import Joiner
from tests.fuzz.json_streams import STREAMS
from tests.fuzz.stream_rules import WIRE_NAMES, check
from tests.unit.seed.streams import read_stream, sse, text_in, usage_chunk


@given(STREAMS)
def test_no_json_in_any_place_breaks_a_rule(data: bytes) -> None:
    check(data)


@given(st.binary(max_size=300))
def test_no_bytes_break_a_rule(data: bytes) -> None:
    check(data)


@pytest.mark.parametrize("wire", range(len(WIRE_NAMES)), ids=WIRE_NAMES)
@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(sse({"error": {"code": "²", "message": "m"}}), id="a-code-of-digits-that-are-no-number"),
        pytest.param(sse({"error": {"code": "05001", "message": "m"}}), id="a-code-that-only-begins-like-a-status"),
        pytest.param(b'data: {"error": {"message": "\\ud83c"}}\n\n', id="half-a-character-in-an-error"),
        pytest.param(b'data: {"error": {"code": "\\udf31", "message": "m"}}\n\n', id="half-a-character-in-a-code"),
        pytest.param(
            b'data: {"choices":[{"delta":{"content":"\\ud83c","annotations":[{"url":"http://x/\\udf31"}]}}]}\n\n',
            id="half-a-character-in-text-and-address",
        ),
        pytest.param(b'data: {"type":"response.output_text.delta","delta":"\\ud83c"}\n\n', id="half-on-responses"),
        pytest.param(
            b'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"\\udf31"}}\n\n',
            id="half-on-messages",
        ),
        pytest.param(usage_chunk(10**20, 10**20), id="more-tokens-than-a-database-takes"),
        pytest.param(usage_chunk(1, 1, cost_usd="1e999999"), id="more-money-than-there-is"),
        pytest.param(usage_chunk(1, 1, cost_usd="1e-999999"), id="less-money-than-can-be-written"),
    ],
)
def test_an_input_that_once_broke_a_rule_holds_now(wire: int, stream: bytes) -> None:
    check(bytes([wire, 7]) + stream)


def halves(text: str) -> list[str]:
    """The UTF-16 units of a text, each as a string of its own."""
    units = text.encode("utf-16-le", "surrogatepass")
    return [units[at : at + 2].decode("utf-16-le", "surrogatepass") for at in range(0, len(units), 2)]


@given(st.text())
def test_a_text_cut_inside_its_characters_is_made_whole(text: str) -> None:
    joiner = Joiner()
    assert "".join(map(joiner.feed, halves(text))) + joiner.end() == text


def test_characters_cut_between_two_pieces_of_an_answer_are_made_whole() -> None:
    pieces = [
        b'data: {"choices":[{"delta":{"reasoning_content":"a\\ud83c"}}]}\n\n',
        b'data: {"choices":[{"delta":{"reasoning_content":"\\udf31"}}]}\n\n',
        b'data: {"choices":[{"delta":{"content":"Gr\\u00fcn \\ud83c"}}]}\n\n',
        b'data: {"choices":[{"delta":{"content":"\\udf31!\\ud83c"},"finish_reason":"stop"}]}\n\n',
    ]
    answer = read_stream("chat", pieces)
    assert (answer.reasoning, answer.text) == ("a🌱", "Grün 🌱!\ufffd")
    assert text_in(answer.events) == answer.text


@pytest.mark.parametrize("said", ["1e999999", "1e-999999", "-1", "NaN", "Infinity", True, None, [], 10**400])
def test_what_cannot_be_money_is_none(said: object) -> None:
    assert json_coerce.money(said) is None


def test_money_is_read_exactly() -> None:
    assert json_coerce.money("$1,234.000001") == Decimal("1234.000001")
