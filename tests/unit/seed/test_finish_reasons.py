"""Why an answer ended: what servers call it on any wire, and what becomes of an end that nobody knows."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.seed.api_errors import ProblemKind
from adapters.seed.protocols import WIRES
from adapters.seed.protocols.finish_reasons import FINISHES, finish_of, reason_of
from adapters.seed.protocols.wire_parameters import WireName
from bot.errors import ModelUnavailable, Refused, StreamCut
from bot.types import Finish, Finished, Usage, UsageReported
from tests.data import data_folder
from tests.unit.seed.scripted import ScriptedApi, answered, gather, streamed
from tests.unit.seed.streams import (
    DONE,
    ask,
    bills_in,
    chunk,
    messages_event,
    read_stream,
    responses_event,
    sse,
    text_in,
    usage_chunk,
)

every_wire = pytest.mark.parametrize("wire", [pytest.param(name, id=name) for name in WIRES])

STOP, LENGTH, FILTERED = Finish.STOP, Finish.LENGTH, Finish.FILTERED
KNOWN = {
    STOP: (
        "stop",
        "STOP",
        "end_turn",
        "stop_sequence",
        "eos",
        "eos_token",
        "COMPLETE",
        "FINISH_REASON_STOP",
        "tool_use",
    ),
    LENGTH: ("length", "max_tokens", "MAX_TOKENS", "model_length", "max_output_tokens", "MaxTokens", "REASON_MAX_LEN"),
    FILTERED: (
        "content_filter",
        "SAFETY",
        "sensitive",
        "refusal",
        "RECITATION",
        "PROHIBITED_CONTENT",
        "BLOCKLIST",
        "SPII",
        "guardrail_intervened",
        "ERROR_TOXIC",
        "OutputTextSensitiveContentDetected",
    ),
}
SYNONYMS = [pytest.param(word, finish, id=word) for finish, words in KNOWN.items() for word in words]
STRANGE = (
    "abort",
    "error",
    "network_error",
    "insufficient_system_resource",
    "pause_turn",
    "OTHER",
    "load",
    "cancelled",
)
strange_ends = pytest.mark.parametrize("reason", STRANGE)


def ended(wire: WireName, reason: Any, text: str = "Half an ans") -> bytes:
    """A stream that says `text` and ends for that reason, with its usage."""
    if wire == "chat":
        return chunk(text) + chunk("", finish=reason) + usage_chunk(100, 5) + DONE
    if wire == "responses":
        told: dict[str, Any] = {"status": "incomplete", "incomplete_details": {"reason": reason}}
        if reason in KNOWN[STOP]:
            told = {"status": reason}
        told["usage"] = {"input_tokens": 100, "output_tokens": 5}
        said = responses_event("response.output_text.delta", delta=text) if text else b""
        return (
            said
            + responses_event(f"response.{'completed' if reason in KNOWN[STOP] else 'incomplete'}", response=told)
            + DONE
        )
    return (
        messages_event("message_start", message={"role": "assistant", "usage": {"input_tokens": 100}})
        + messages_event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})
        + messages_event("message_delta", delta={"stop_reason": reason}, usage={"output_tokens": 5})
        + messages_event("message_stop")
    )


@every_wire
@pytest.mark.parametrize(("reason", "finish"), SYNONYMS)
def test_a_reason_means_the_same_in_the_words_of_any_server(wire: WireName, reason: str, finish: Finish) -> None:
    answer = read_stream(wire, [ended(wire, reason)])
    assert (answer.finish, answer.problem) == (finish, None)
    assert answer.usage == Usage(input=100, output=5)


@every_wire
@strange_ends
async def test_text_with_a_strange_end_is_kept_and_told_as_cut(wire: WireName, reason: str) -> None:
    api = ScriptedApi(streamed(ended(wire, reason)))
    async with api.open(wire=wire) as model:
        events, error = await gather(model, ask())
    assert isinstance(error, StreamCut)
    assert error.code == reason
    assert text_in(events) == "Half an ans"
    assert events[-1] == UsageReported(Usage(input=100, output=5))  # what was paid is known
    assert len(api.requests) == 1


@every_wire
@strange_ends
async def test_a_strange_end_without_text_is_tried_again(wire: WireName, reason: str) -> None:
    api = ScriptedApi(streamed(ended(wire, reason, "")), streamed(ended(wire, "stop", "Hi")))
    async with api.open(wire=wire) as model:
        events, error = await gather(model, ask())
    assert error is None
    assert text_in(events) == "Hi"
    assert bills_in(events) == [Usage(input=100, output=5)] * 2  # both tries are paid


async def test_a_server_that_never_gets_to_text_is_left_for_later() -> None:
    api = ScriptedApi(*[streamed(ended("chat", "insufficient_system_resource", "")) for _ in range(4)])
    async with api.open() as model:
        events, error = await gather(model, ask())
    assert isinstance(error, ModelUnavailable)
    assert "insufficient_system_resource" in str(error)
    assert text_in(events) == ""


@pytest.mark.parametrize(
    ("status", "event"), [("cancelled", "completed"), (None, "cancelled"), ("in_progress", "completed")]
)
def test_a_response_that_is_not_completed_is_no_whole_answer(status: str | None, event: str) -> None:
    told = {"object": "response", "usage": {"input_tokens": 100, "output_tokens": 5}} | (
        {"status": status} if status else {}
    )
    said = responses_event("response.output_text.delta", delta="Half")
    answer = read_stream("responses", [said + responses_event(f"response.{event}", response=told) + DONE])
    assert answer.finish is None
    assert answer.problem is not None
    assert answer.problem.kind is ProblemKind.CUT


@pytest.mark.parametrize("details", [None, {}, {"reason": None}, {"reason": "stop"}])
def test_an_incomplete_response_without_a_reason_is_cut(details: Any) -> None:
    event = responses_event("response.incomplete", response={"status": "incomplete", "incomplete_details": details})
    problem = read_stream("responses", [event]).problem
    assert problem is not None
    assert problem.code == "incomplete"


def test_the_providers_own_sign_of_its_filter_is_read() -> None:
    told = {"status": "incomplete", "incomplete_details": {"content_filter": [{"type": "violence"}]}}
    assert read_stream("responses", [responses_event("response.incomplete", response=told)]).finish is FILTERED


@pytest.mark.parametrize("not_yet", [None, "", "null", "FINISH_REASON_UNSPECIFIED", False])
def test_a_field_that_is_filled_while_the_answer_goes_on_is_no_end(not_yet: Any) -> None:
    delta = {"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": not_yet}]}
    answer = read_stream("chat", [sse(delta) + chunk(" you") + chunk(finish="stop") + usage_chunk() + DONE])
    assert (answer.finish, answer.strange_end) == (STOP, "")


@pytest.mark.parametrize("raw", [2, 2.5, {"type": "abort"}, "\ud83d", "x" * 10_000])
async def test_a_reason_that_is_no_word_is_strange_as_well(raw: Any) -> None:
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": raw}]}
    frame = b"data: " + json.dumps(end).encode() + b"\n\n"
    api = ScriptedApi(streamed(chunk("Half") + frame + usage_chunk() + DONE))
    async with api.open() as model:
        _, error = await gather(model, ask())
    assert isinstance(error, StreamCut)
    assert len(str(error)) < 300


def test_what_the_server_says_about_a_strange_end_is_believed() -> None:
    choice = {"delta": {}, "finish_reason": "error", "error": {"code": 502, "message": "Provider returned error"}}
    problem = read_stream("chat", [chunk("Half") + sse({"choices": [choice]}) + DONE]).problem
    assert problem is not None
    assert problem.detail == "Provider returned error"


async def test_a_filter_that_is_told_after_a_strange_end_refuses() -> None:
    error = {"code": "OutputTextSensitiveContentDetected", "message": "m"}
    api = ScriptedApi(streamed(chunk("", finish="error") + sse({"error": error})), answered("Hi"))
    async with api.open() as model:
        _, failure = await gather(model, ask())
    assert isinstance(failure, Refused)
    assert len(api.requests) == 1


async def test_a_connection_that_breaks_after_a_strange_end_hides_nothing() -> None:
    api = ScriptedApi(streamed(chunk("Half", finish="abort"), httpx.ReadError("reset")))
    async with api.open() as model:
        _, error = await gather(model, ask())
    assert isinstance(error, StreamCut)
    assert error.code == "abort"


@pytest.mark.parametrize("words", [("abort", "stop"), ("stop", "abort")])
def test_a_known_reason_beats_a_strange_one(words: tuple[str, str]) -> None:
    stream = b"".join(chunk("Hi", finish=word) for word in words) + usage_chunk() + DONE
    assert read_stream("chat", [stream]).finish is STOP


@given(st.text())
def test_only_known_words_end_an_answer_well(reason: str) -> None:
    said = reason_of(reason)
    if finish_of(said) is Finish.STOP:
        assert any(word in "".join(filter(str.isalnum, reason.casefold())) for word in FINISHES)


@pytest.mark.parametrize(
    ("case", "finish"),
    [
        ("finish-abort", None),
        ("finish-error", None),
        ("finish-sensitive", FILTERED),
        ("finish-max-tokens-upper", LENGTH),
    ],
)
async def test_recorded_ends(case: str, finish: Finish | None) -> None:
    cases = {load["id"]: load for load in json.loads((data_folder() / "cases" / "responses.json").read_text())}
    api = ScriptedApi(streamed(cases[case]["body"].encode()))
    async with api.open() as model:
        events, error = await gather(model, ask())
    assert text_in(events).startswith("Half")
    if finish is None:
        assert isinstance(error, StreamCut)
    else:
        assert events[-1] == Finished(finish)
