"""What is read on each wire: the same values, whichever wire they came over and however the bytes were cut."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.seed.api_errors import ProblemKind
from adapters.seed.protocols import WIRES, read_event
from adapters.seed.protocols.response import ResponseState
from adapters.seed.protocols.wire_parameters import WireName
from bot.types import Finish, ReasoningDelta, SearchStarted, Source, SourceFound, TextDelta, Usage
from tests.unit.seed.streams import (
    CHAT,
    DONE,
    MESSAGES,
    RESPONSES,
    chat_stream,
    chunk,
    messages_event,
    read_stream,
    reasoning_in,
    responses_event,
    sse,
    text_in,
    urls_in,
    usage_chunk,
)

STREAMS: dict[WireName, bytes] = {"chat": CHAT, "responses": RESPONSES, "messages": MESSAGES}
every_wire = pytest.mark.parametrize("wire", [pytest.param(name, id=name) for name in WIRES])


@every_wire
def test_every_wire_gives_the_same_values(wire: WireName) -> None:
    answer = read_stream(wire, [STREAMS[wire]])
    assert answer.events == [
        ReasoningDelta("Let me "),
        ReasoningDelta("think."),
        TextDelta("Grün"),
        TextDelta(" 🌱"),
    ]
    assert answer.usage == Usage(input=6435, cached=1024, output=233, reasoning=165)
    assert (answer.finish, answer.problem) == (Finish.STOP, None)


@every_wire
@given(data=st.data())
def test_any_way_of_cutting_the_bytes_gives_the_same_values(wire: WireName, data: st.DataObject) -> None:
    stream = STREAMS[wire]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    cut, whole = read_stream(wire, pieces), read_stream(wire, [stream])
    assert (cut.events, cut.usage, cut.finish, cut.problem) == (whole.events, whole.usage, whole.finish, whole.problem)


@every_wire
@given(data=st.data())
def test_a_stream_cut_anywhere_before_its_end_is_noticed(wire: WireName, data: st.DataObject) -> None:
    stream = STREAMS[wire]
    says_why = {"chat": b'"finish_reason"', "responses": b'"response.completed", "seq', "messages": b'"stop_reason"'}[
        wire
    ]
    cut = data.draw(st.integers(0, stream.index(says_why)))
    answer = read_stream(wire, [stream[:cut]])
    assert answer.finish is None
    assert answer.problem is not None
    assert answer.problem.kind is ProblemKind.CUT


FIELDS = st.sampled_from(
    """
    choices delta message content reasoning_content refusal finish_reason usage prompt_tokens completion_tokens
    input_tokens output_tokens prompt_tokens_details cached_tokens tool_usage cost_usd cost amount annotations
    citations references search_results url url_citation title error code type text thinking citation response
    output item arguments status incomplete_details reason object stop_reason content_block input query event
    """.split()  # noqa: SIM905 - shorter to read
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=5),
    max_leaves=25,
)
TYPES = st.sampled_from(
    """
    response.output_text.delta response.output_text.done response.completed response.incomplete response.failed
    response.refusal.delta response.output_item.done response.mcp_call.arguments.done
    response.web_search_call.in_progress response.output_text.annotation.added response.reasoning_text.delta
    message_start message_delta message_stop message content_block_start content_block_delta error ping
    """.split()  # noqa: SIM905 - shorter to read
)


@every_wire
@given(payload=JSON, kind=TYPES | st.none(), name=st.sampled_from(["", "error", "x"]))
def test_no_json_makes_a_wire_fail(wire: WireName, payload: Any, kind: str | None, name: str) -> None:
    if isinstance(payload, dict) and kind is not None:
        payload = {**payload, "type": kind}
    answer = ResponseState()
    read_event(WIRES[wire], answer, (name, json.dumps(payload)))
    answer.close()
    assert answer.finish is not None or answer.problem is not None


@every_wire
@pytest.mark.parametrize(
    "data",
    [
        pytest.param("{", id="half"),
        pytest.param("[" * 100_000, id="deep"),
        pytest.param("1" * 5_000, id="huge-number"),
        pytest.param("nul", id="word"),
        pytest.param('{"a": 1} {"b": 2}', id="two-on-a-line"),
    ],
)
def test_what_is_no_json_counts_as_a_cut(wire: WireName, data: str) -> None:
    answer = ResponseState()
    read_event(WIRES[wire], answer, ("", data))
    assert answer.problem is not None
    assert answer.problem.kind is ProblemKind.CUT


@every_wire
def test_blanks_around_json_do_not_matter(wire: WireName) -> None:
    padded = STREAMS[wire].replace(b"data: ", b"data:  \t").replace(b"}\n\n", b"} \n\n")
    assert read_stream(wire, [padded]).events == read_stream(wire, [STREAMS[wire]]).events


# ---------------------------------------------------------------- chat completions


def test_chunks_without_choices_or_content_are_passed_over() -> None:
    odd = [{}, {"choices": []}, {"choices": None}, {"choices": [{"delta": None}]}, {"choices": [{}]}]
    nulls = [{"choices": [{"delta": {"role": "assistant", "content": None}}], "usage": None}]
    answer = read_stream("chat", [b"".join(map(sse, odd + nulls)) + chat_stream("Hi")])
    assert text_in(answer.events) == "Hi"
    assert answer.finish is Finish.STOP


def test_usage_on_a_chunk_with_text_is_read_and_replaced_by_a_later_one() -> None:
    both = sse({"choices": [{"delta": {"content": "Hi"}}], "usage": {"prompt_tokens": 7, "completion_tokens": 1}})
    answer = read_stream("chat", [both + chunk(finish="stop") + DONE])
    assert text_in(answer.events) == "Hi"
    assert answer.usage == Usage(input=7, output=1)
    later = read_stream("chat", [both + chunk(finish="stop") + usage_chunk(7, 2) + DONE])
    assert later.usage == Usage(input=7, output=2)


@pytest.mark.parametrize(
    ("usage", "whole"),
    [
        pytest.param({"cost_usd": 0.0123}, {}, id="in-usage"),
        pytest.param({}, {"cost_usd": "0.0123"}, id="beside-usage-as-text"),
        pytest.param({"cost": {"amount": 0.0123, "currency": "USD"}}, {}, id="as-an-amount"),
        pytest.param({"cost": 0.0123}, {"cost_usd": 9}, id="usage-comes-first"),
        pytest.param({"cost": {"request_cost": 0.006, "total_cost": 0.0123}}, {}, id="the-total-of-its-parts"),
        pytest.param(
            {"cost": 0, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.0123}}, {}, id="ones-own-key"
        ),
        pytest.param(
            {"cost": 0.0003, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.012}}, {}, id="and-a-fee"
        ),
        pytest.param(
            {"cost": 0.0123, "is_byok": False, "cost_details": {"upstream_inference_cost": 9}}, {}, id="their-own-costs"
        ),
    ],
)
def test_a_reported_cost_is_found_wherever_it_sits(usage: dict[str, Any], whole: dict[str, Any]) -> None:
    last = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, **usage}, **whole}
    answer = read_stream("chat", [chunk("Hi", finish="stop") + sse(last) + DONE])
    assert answer.usage is not None
    assert answer.usage.reported_cost == Decimal("0.0123")


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        pytest.param({"cost": 0, "is_byok": True}, None, id="ones-own-key-is-billed-elsewhere"),
        pytest.param({"cost": 0, "is_byok": False, "cost_details": {"upstream_inference_cost": 0}}, 0, id="free"),
        pytest.param({"cost": 0, "cost_details": {"upstream_inference_cost": None}}, 0, id="free-and-not-told-more"),
    ],
)
def test_a_request_is_free_only_where_nobody_else_bills_it(usage: dict[str, Any], cost: int | None) -> None:
    last = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, **usage}}
    answer = read_stream("chat", [chunk("Hi", finish="stop") + sse(last) + DONE])
    assert answer.usage is not None
    assert answer.usage.reported_cost == cost


def test_tool_calls_are_counted_by_name() -> None:
    usage = usage_chunk(tool_usage={"web_search": 2, "image_search": 0, "odd": "x"})
    answer = read_stream("chat", [chunk("Hi", finish="stop") + usage + DONE])
    assert answer.usage is not None
    assert answer.usage.tools == {"web_search": 2}


@pytest.mark.parametrize(
    ("stream", "finish"),
    [
        pytest.param(chunk("Hi", finish="length"), Finish.LENGTH, id="length"),
        pytest.param(chunk("Hi", finish="content_filter"), Finish.FILTERED, id="content-filter"),
        pytest.param(chunk("Hi", finish="tool_calls"), Finish.STOP, id="tool-calls-that-we-never-asked-for"),
        pytest.param(chunk(refusal="I cannot.") + chunk(finish="stop"), Finish.FILTERED, id="refusal"),
        pytest.param(chunk("Hi") + usage_chunk() + DONE, Finish.STOP, id="no-reason-but-usage-and-end"),
    ],
)
def test_the_reason_of_the_end_is_told(stream: bytes, finish: Finish) -> None:
    assert read_stream("chat", [stream]).finish is finish


def test_an_announced_end_is_one_without_reason_and_usage() -> None:
    assert read_stream("chat", [chunk("Hi") + DONE]).finish is Finish.STOP
    silent = read_stream("chat", [chunk("", reasoning_content="hm") + DONE]).problem
    assert silent is not None
    assert silent.kind is ProblemKind.CUT


def test_a_whole_completion_is_read_like_a_stream() -> None:
    whole = {
        "object": "chat.completion",
        "choices": [{"message": {"content": "Hi", "reasoning_content": "hm"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    }
    answer = read_stream("chat", [sse(whole)])
    assert (text_in(answer.events), reasoning_in(answer.events)) == ("Hi", "hm")
    assert answer.finish is Finish.STOP


def test_reasoning_left_in_the_text_is_told_apart() -> None:
    answer = read_stream("chat", [chat_stream("<thi", "nk>hm</thi", "nk>\n", "\nHi")])
    assert (reasoning_in(answer.events), text_in(answer.events)) == ("hm", "Hi")


SOURCE = SourceFound(Source(url="https://a.example/x", title="A"))


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(
            chunk(annotations=[{"type": "url_citation", "url_citation": {"url": "https://a.example/x", "title": "A"}}]),
            id="openai-annotation",
        ),
        pytest.param(
            chunk("Hi", annotations=[{"type": "url_citation", "url": "https://a.example/x", "title": "A"}]),
            id="ark-annotation",
        ),
        pytest.param(chunk(citations=[{"url": "https://a.example/x", "title": "A"}]), id="citations-of-the-message"),
        pytest.param(sse({"search_results": [{"url": "https://a.example/x", "title": "A"}]}), id="search-results"),
        pytest.param(sse({"references": [{"url": "https://a.example/x", "site_name": "A"}]}), id="references"),
    ],
)
def test_sources_are_found_in_every_shape_and_told_once(stream: bytes) -> None:
    answer = read_stream("chat", [stream + stream + chat_stream("Hi")])
    assert [event for event in answer.events if isinstance(event, SourceFound)] == [SOURCE]


def test_bare_citations_are_sources_and_other_addresses_are_not() -> None:
    urls = [
        "https://a.example/x",
        "javascript:alert(1)",
        "ftp://b.example",
        7,
        "https://a.example/x",
        "http://c.example",
    ]
    answer = read_stream("chat", [sse({"citations": urls}) + chat_stream("Hi")])
    assert urls_in(answer.events) == ["https://a.example/x", "http://c.example"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param({"code": "InternalServiceError", "message": "m"}, ProblemKind.BUSY, id="busy"),
        pytest.param({"code": "OutputTextSensitiveContentDetected", "message": "m"}, ProblemKind.REFUSED, id="refused"),
        pytest.param({"code": "InvalidParameter", "message": "m"}, ProblemKind.INVALID, id="invalid"),
        pytest.param({"code": "never_seen", "message": "m"}, ProblemKind.BUSY, id="unknown"),
        pytest.param("overloaded", ProblemKind.BUSY, id="a-string"),
        pytest.param(
            {"code": 400, "message": "m", "type": "exceed_context_size_error"}, ProblemKind.TOO_LONG, id="llama.cpp"
        ),
    ],
)
def test_an_error_inside_a_stream_is_told(error: Any, kind: ProblemKind) -> None:
    problem = read_stream("chat", [chunk("Hi") + sse({"error": error})]).problem
    assert problem is not None
    assert problem.kind is kind


def test_what_comes_after_the_end_does_not_spoil_it() -> None:
    answer = read_stream("chat", [chat_stream("Hi").removesuffix(DONE) + sse({"error": "late"}) + b"data: [DO"])
    assert (answer.finish, answer.problem) == (Finish.STOP, None)


# ---------------------------------------------------------------- responses


def test_a_search_is_told_with_its_query_and_its_sources() -> None:
    call = {"type": "mcp_call", "arguments": "{}", "output": "[A](https://a.example/x) and https://b.example."}
    stream = (
        responses_event("response.mcp_call.in_progress", item_id="m")
        + responses_event("response.mcp_call.arguments.done", arguments='{"query": "cats"}')
        + responses_event("response.output_item.done", item=call)
    )
    answer = read_stream("responses", [stream + RESPONSES])
    assert answer.events[:4] == [
        SearchStarted(""),
        SearchStarted("cats"),
        SOURCE,
        SourceFound(Source(url="https://b.example")),
    ]


def test_text_that_the_deltas_left_out_is_added() -> None:
    stream = responses_event("response.output_text.delta", delta="Gr") + responses_event(
        "response.output_text.done", text="Grün"
    )
    assert text_in(read_stream("responses", [stream]).events) == "Grün"


def test_an_answer_that_only_the_last_event_holds_is_read() -> None:
    last = RESPONSES[RESPONSES.index(b"event: response.completed") :]
    answer = read_stream("responses", [last])
    assert text_in(answer.events) == "Grün 🌱"
    assert answer.finish is Finish.STOP


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        pytest.param("max_output_tokens", Finish.LENGTH, id="length"),
        pytest.param("content_filter", Finish.FILTERED, id="filtered"),
    ],
)
def test_an_incomplete_response_tells_why(reason: str, finish: Finish) -> None:
    response = {"status": "incomplete", "incomplete_details": {"reason": reason}}
    assert read_stream("responses", [responses_event("response.incomplete", response=response)]).finish is finish


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(
            responses_event(
                "response.failed",
                response={"status": "failed", "error": {"code": "InternalServiceError", "message": ""}},
            ),
            id="failed",
        ),
        pytest.param(responses_event("error", code="InternalServiceError", message="m", param=None), id="error"),
    ],
)
def test_a_failed_response_is_a_problem(event: bytes) -> None:
    problem = read_stream("responses", [event]).problem
    assert problem is not None
    assert (problem.kind, problem.code) == (ProblemKind.BUSY, "InternalServiceError")


# ---------------------------------------------------------------- messages


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        pytest.param("end_turn", Finish.STOP, id="end-turn"),
        pytest.param("stop_sequence", Finish.STOP, id="stop-sequence"),
        pytest.param("max_tokens", Finish.LENGTH, id="length"),
        pytest.param("refusal", Finish.FILTERED, id="refusal"),
    ],
)
def test_stop_reasons_of_messages(reason: str, finish: Finish) -> None:
    assert read_stream("messages", [messages_event("message_delta", delta={"stop_reason": reason})]).finish is finish


def test_a_whole_message_is_read_like_a_stream() -> None:
    whole = {
        "type": "message",
        "content": [
            {"type": "server_tool_use", "name": "web_search", "input": {"query": "cats"}},
            {"type": "web_search_tool_result", "content": [{"url": "https://a.example/x", "title": "A"}]},
            {"type": "text", "text": "Hi"},
        ],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "output_tokens": 2, "server_tool_use": {"web_search_requests": 1}},
    }
    answer = read_stream("messages", [sse(whole)])
    assert answer.events == [SearchStarted("cats"), SOURCE, TextDelta("Hi")]
    assert answer.usage == Usage(input=3, output=2, tools={"web_search": 1})


def test_an_overloaded_server_tells_so_in_the_stream() -> None:
    event = messages_event("error", error={"type": "overloaded_error", "message": "Overloaded"})
    problem = read_stream("messages", [event]).problem
    assert problem is not None
    assert (problem.kind, problem.code) == (ProblemKind.BUSY, "overloaded_error")
