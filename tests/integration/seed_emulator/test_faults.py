"""Each fault does what its name says, on every wire where it means something."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.emulators.command_line import read_fault
from tests.emulators.seed import MODEL
from tests.emulators.seed.faults import KINDS, Fault
from tests.integration.seed_emulator.asking import (
    PATHS,
    WIRE_NAMES,
    Asker,
    Event,
    WireName,
    asking,
    deltas,
    read_events,
)

REPLIES = [
    pytest.param("http_429", 429, "rate_limit_exceeded", id="rate-limit"),
    pytest.param("burst_429", 429, "RequestBurstTooFast", id="burst"),
    pytest.param("http_500", 500, "InternalServiceError", id="internal"),
    pytest.param("http_502", 502, "upstream_error", id="upstream"),
    pytest.param("http_503", 503, "model_unavailable", id="offline"),
    pytest.param("no_credits", 402, "insufficient_credits", id="credits"),
    pytest.param("sensitive_400", 400, "SensitiveContentDetected", id="sensitive"),
    pytest.param("context_400", 400, "OutofContextError", id="context"),
]
TEXT = "count to 20"


async def broken(seed: Asker, wire: WireName, text: str = TEXT, **fields: Any) -> tuple[list[Event], bool]:
    """The events of a stream up to where it breaks, and whether it broke."""
    name = "input" if wire == "responses" else "messages"
    body = {"model": MODEL, "max_tokens": 999, name: [{"role": "user", "content": text}], "stream": True, **fields}
    received = b""
    try:
        async with seed.client.stream("POST", PATHS[wire], json=body) as response:
            async for part in response.aiter_raw():
                received += part
    except httpx.RemoteProtocolError:
        return read_events(received.decode()), True
    return read_events(received.decode()), False


def is_over(events: list[Event]) -> bool:
    """Whether a stream says that it is complete."""
    return bool(events) and (events[-1].data == "[DONE]" or events[-1].name == "message_stop")


@pytest.mark.parametrize(("kind", "status", "code"), REPLIES)
async def test_an_error_replaces_the_reply_and_then_all_is_well(seed: Asker, kind: str, status: int, code: str) -> None:
    for wire in WIRE_NAMES:
        seed.seed.fault(kind, times=2)
        for stream in (False, True):
            response = await seed.post(TEXT, wire, stream=stream)
            assert response.status_code == status
            assert code in (response.text if wire == "messages" else response.json()["error"]["code"])
            assert "retry-after" not in response.headers
        assert (await seed.post(TEXT, wire)).status_code == 200
    assert [record.code for record in seed.seed.requests[:3]] == [code, code, ""]


async def test_retry_after_is_told_when_it_is_given(seed: Asker) -> None:
    for kind in ("http_429", "burst_429", "http_503"):
        seed.seed.fault(kind, retry_after="7")
        assert (await seed.post(TEXT)).headers["retry-after"] == "7"


async def test_a_proxy_answers_with_html_or_text(seed: Asker) -> None:
    seed.seed.fault("html_502")
    response = await seed.post(TEXT)
    assert (response.status_code, response.headers["content-type"]) == (502, "text/html; charset=utf-8")
    seed.seed.fault("text_504")
    response = await seed.post(TEXT)
    assert (response.status_code, response.headers["content-type"]) == (504, "text/plain; charset=utf-8")


async def test_an_error_can_be_a_string(seed: Asker) -> None:
    seed.seed.fault("string_error")
    response = await seed.post(TEXT)
    assert (response.status_code, response.json()) == (500, {"error": "internal error"})


@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_an_error_can_come_with_status_200(seed: Asker, wire: WireName) -> None:
    seed.seed.fault("error_in_200", times=2)
    whole = await seed.post(TEXT, wire)
    assert (whole.status_code, "error" in whole.json()) == (200, True)
    events = await seed.events(TEXT, wire)
    assert [("error" in event.data) for event in events] == [True]


@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_a_connection_closes_before_any_answer(seed: Asker, wire: WireName) -> None:
    seed.seed.fault("reset")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await seed.post(TEXT, wire)
    assert (await seed.post(TEXT, wire)).status_code == 200


async def test_a_cache_fault_waits_for_a_request_that_wants_the_cache(seed: Asker) -> None:
    seed.seed.fault("cache_400")
    assert (await seed.post(TEXT)).status_code == 200
    response = await seed.post(TEXT, enable_caching=True)
    assert (response.status_code, "caching" in response.json()["error"]["message"]) == (400, True)
    assert (await seed.post(TEXT, enable_caching=True)).status_code == 200


@pytest.mark.parametrize("clean", [False, True], ids=["broken", "clean"])
@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_a_stream_is_cut_before_any_text(seed: Asker, wire: WireName, clean: bool) -> None:
    seed.seed.fault("cut_before_text", clean=clean)
    events, was_broken = await broken(seed, wire)
    assert was_broken is not clean
    assert deltas(wire, events, "reasoning")
    assert not deltas(wire, events)
    assert not is_over(events)


@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_a_stream_is_cut_after_some_text(seed: Asker, wire: WireName) -> None:
    seed.seed.fault("cut_after", after=4)
    events, was_broken = await broken(seed, wire)
    assert was_broken
    assert deltas(wire, events) == "1, 2,"
    seed.seed.fault("cut_after", after=9_999)
    events, was_broken = await broken(seed, wire)
    assert was_broken
    assert deltas(wire, events).endswith("20")
    assert not is_over(events)


async def test_a_whole_answer_is_cut_in_the_middle(seed: Asker) -> None:
    seed.seed.fault("cut_after")
    with pytest.raises(httpx.RemoteProtocolError):
        await seed.post(TEXT)


@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_a_stream_ends_without_its_last_event(seed: Asker, wire: WireName) -> None:
    seed.seed.fault("no_done")
    events, was_broken = await broken(seed, wire)
    assert (was_broken, is_over(events)) == (False, False)
    assert deltas(wire, events).endswith("20")


async def test_no_chunk_tells_the_reason_of_the_end(seed: Asker) -> None:
    seed.seed.fault("no_finish", times=3)
    chat = await seed.events(TEXT)
    assert all("finish_reason" not in choice for event in chat[:-1] for choice in event.data["choices"])
    assert not [event for event in await seed.events(TEXT, "responses") if event.name == "response.completed"]
    assert not [event for event in await seed.events(TEXT, "messages") if event.name == "message_delta"]


@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_an_error_comes_in_the_middle_of_a_stream(seed: Asker, wire: WireName) -> None:
    for kind in ("error_in_stream", "failed_in_stream"):
        seed.seed.fault(kind, after=4)
        events = await seed.events(TEXT, wire)
        assert deltas(wire, events) == "1, 2,"
        last = events[-1]
        assert last.name == last.data.get("type", "")
        assert "internal error" in str(last.data)
    assert last.name == {"chat": "", "responses": "response.failed", "messages": "error"}[wire]


@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_thinking_eats_the_whole_budget(seed: Asker, wire: WireName) -> None:
    seed.seed.fault("length_without_text")
    events = await seed.events(TEXT, wire)
    assert not deltas(wire, events)
    assert any(word in str(events[-3:]) for word in ("'length'", "max_tokens"))


@pytest.mark.parametrize("after", [0, 4], ids=["before-text", "after-some"])
@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_the_filter_stops_an_answer(seed: Asker, wire: WireName, after: int) -> None:
    seed.seed.fault("content_filter", after=after)
    events = await seed.events(TEXT, wire)
    assert deltas(wire, events) == ("1, 2," if after else "")
    assert any(word in str(events[-3:]) for word in ("content_filter", "refusal"))


async def test_media_are_silently_passed_over(seed: Asker) -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    parts = [{"role": "user", "content": [picture, {"type": "text", "text": TEXT}]}]
    full = (await seed.ask("", messages=parts))["usage"]["prompt_tokens"]
    seed.seed.fault("media_dropped")
    assert full - (await seed.ask("", messages=parts))["usage"]["prompt_tokens"] == 1_280


async def test_reasoning_stands_in_the_text(seed: Asker) -> None:
    seed.seed.fault("think_tags")
    events = await seed.events(TEXT)
    assert re.fullmatch(r"<think>.+</think>\n\n1, 2.*", deltas("chat", events), re.DOTALL)
    assert not deltas("chat", events, "reasoning")


async def test_reasoning_stands_in_the_text_below_a_header(seed: Asker) -> None:
    seed.seed.fault("think_header")
    events = await seed.events(TEXT)
    assert re.fullmatch(r"\*\*Thinking\.\.\.\*\*\n\n> .+\n\n1, 2.*", deltas("chat", events), re.DOTALL)
    assert not deltas("chat", events, "reasoning")


@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_pieces_of_a_tool_call_have_no_place(seed: Asker, wire: WireName) -> None:
    plain = await seed.events(TEXT, wire)
    seed.seed.fault("tool_fragments")
    events = await seed.events(TEXT, wire)
    assert len(events) == len(plain) + (3 if wire == "chat" else 1)
    assert '"query": 1' in str([event.data for event in events])
    assert deltas(wire, [event for event in events if "query" not in str(event.data)]) == deltas(wire, plain)


@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_usage_is_missing_everywhere(seed: Asker, wire: WireName) -> None:
    seed.seed.fault("missing_usage", times=2)
    assert "usage" not in await seed.ask(TEXT, wire)
    assert "prompt_tokens" not in str(await seed.events(TEXT, wire))


async def test_chunks_are_odd_in_other_ways(seed: Asker) -> None:
    seed.seed.fault("null_content")
    chunks = await seed.events(TEXT)
    assert chunks[0].data["choices"][0]["delta"]["content"] is None
    seed.seed.fault("null_delta")
    assert any(event.data["choices"][0]["delta"] is None for event in (await seed.events(TEXT))[:-2])
    seed.seed.fault("missing_choices")
    assert "choices" not in (await seed.events(TEXT))[-2].data
    seed.seed.fault("usage_on_choice")
    last = (await seed.events(TEXT))[-2].data
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["usage"]["prompt_tokens"]


async def test_the_role_is_repeated_in_every_shape() -> None:
    async with asking(shape="openai") as seed:
        assert "role" not in (await seed.events(TEXT))[1].data["choices"][0]["delta"]
        seed.seed.fault("repeated_role")
        assert all("role" in event.data["choices"][0]["delta"] for event in (await seed.events(TEXT))[:-2])


@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_unknown_fields_and_events_change_nothing_else(seed: Asker, wire: WireName) -> None:
    plain = await seed.events(TEXT, wire)
    seed.seed.fault("unknown_fields")
    events = await seed.events(TEXT, wire)
    assert deltas(wire, [event for event in events if event.name != "seed.novelty"]) == deltas(wire, plain)
    assert any(event.name == "seed.novelty" for event in events) is (wire != "chat")


@pytest.mark.parametrize("kind", ["comments", "crlf", "cr", "no_space", "multiline", "split_bytes"])
@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_the_same_events_can_be_written_in_other_ways(seed: Asker, wire: WireName, kind: str) -> None:
    question = "echo 漢字 🌱 übung"
    plain = await seed.post(question, wire, stream=True)
    seed.seed.fault(kind)
    odd = await seed.post(question, wire, stream=True)
    assert (_stable(odd) == _stable(plain)) is (kind == "split_bytes")
    assert [_stable_event(event) for event in read_events(odd.text)] == [
        _stable_event(event) for event in read_events(plain.text)
    ]


def _stable(response: httpx.Response) -> str:
    """A stream without what differs from answer to answer."""
    return re.sub(r'0217[0-9a-f]{36}|"created(_at)?": \d+|"expire_at": \d+', "", response.text)


def _stable_event(event: Event) -> str:
    return re.sub(r"0217[0-9a-f]{36}|'created(_at)?': \d+|'expire_at': \d+", "", str(event))


async def test_the_network_delivers_byte_by_byte(seed: Asker) -> None:
    seed.seed.fault("split_bytes", size=1)
    body = {"model": MODEL, "messages": [{"role": "user", "content": "echo 🌱"}], "stream": True}
    async with seed.client.stream("POST", "/chat/completions", json=body) as response:
        parts = [part async for part in response.aiter_raw()]
    assert b"".join(parts).count(b"\xf0\x9f\x8c\xb1") == 1
    assert len(parts) > len(b"".join(parts)) / 10


async def test_silence_lasts_until_the_client_leaves(seed: Asker) -> None:
    seed.client.timeout = httpx.Timeout(5, read=0.05)
    for wire in WIRE_NAMES:
        for stream in (False, True):
            seed.seed.fault("silence", after=0)
            with pytest.raises(httpx.ReadTimeout):
                await seed.post(TEXT, wire, stream=stream)
            await seed.seed.settled()
            assert seed.seed.requests[-1].disconnected


async def test_slowness_changes_nothing_but_time(seed: Asker) -> None:
    plain = await seed.events("count to 3")
    seed.seed.fault("slow", seconds=0.001)
    assert deltas("chat", await seed.events("count to 3")) == deltas("chat", plain)
    async with asking(tokens_per_second=5_000, first_token_s=0.01) as paced:
        assert deltas("chat", await paced.events("count to 3")) == deltas("chat", plain)
        assert (await paced.post("count to 3")).status_code == 200


async def test_faults_for_one_endpoint_wait_for_it(seed: Asker) -> None:
    seed.seed.fault("http_500", path="/messages")
    assert (await seed.post(TEXT)).status_code == 200
    assert (await seed.post(TEXT, "messages")).status_code == 500


async def test_a_replaced_reply_leaves_the_other_faults_waiting(seed: Asker) -> None:
    for kind in ("crlf", "http_500", "missing_usage"):
        seed.seed.fault(kind)
    assert (await seed.post(TEXT, stream=True)).status_code == 500
    assert [fault.kind for fault in seed.seed.faults.waiting] == ["crlf", "missing_usage"]
    text = (await seed.post(TEXT, stream=True)).text
    assert ("\r\n" in text, '"usage"' in text) == (True, False)
    assert not seed.seed.faults.waiting


async def test_a_fault_can_happen_always(seed: Asker) -> None:
    seed.seed.fault("http_500", times=0)
    assert [(await seed.post(TEXT)).status_code for _ in range(4)] == [500] * 4
    seed.seed.faults.clear()
    assert (await seed.post(TEXT)).status_code == 200


async def test_faults_time_and_money_are_controlled_over_http(seed: Asker) -> None:
    control = f"{seed.seed.origin}/_control"
    await seed.client.post(f"{control}/faults", json={"kind": "http_429", "times": 2, "retry_after": "1"})
    assert (await seed.post(TEXT)).status_code == 429
    state = (await seed.client.get(f"{control}/state")).json()
    assert [(fault["kind"], fault["times"]) for fault in state["faults"]] == [("http_429", 1)]
    await seed.client.delete(f"{control}/faults")
    assert (await seed.post(TEXT)).status_code == 200
    before = seed.seed.clock.time()
    await seed.client.post(f"{control}/clock", json={"advance": 900})
    assert seed.seed.clock.time() >= before + 900
    await seed.client.post(f"{control}/account", json={"balance": "0"})
    assert (await seed.post(TEXT)).status_code == 402
    records = (await seed.client.get(f"{control}/requests")).json()
    assert [record["status"] for record in records] == [429, 200, 402]
    assert (await seed.client.get(f"{control}/kinds")).json().keys() == KINDS.keys()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("faults", {"kind": "earthquake"}, id="unknown-fault"),
        pytest.param("faults", {"kind": "reset", "strength": 3}, id="unknown-detail"),
        pytest.param("clock", {"advance": -1}, id="back-in-time"),
        pytest.param("clock", {}, id="no-time"),
        pytest.param("account", {"balance": "much"}, id="no-money"),
    ],
)
async def test_control_refuses_what_makes_no_sense(seed: Asker, path: str, body: object) -> None:
    assert (await seed.client.post(f"{seed.seed.origin}/_control/{path}", json=body)).status_code == 400


def test_the_command_line_names_faults() -> None:
    assert read_fault("http_429,times=2,retry_after=1", Fault, "kind") == Fault(
        kind="http_429", times=2, retry_after="1"
    )
    assert read_fault("cut_after,after=5,clean=true", Fault, "kind") == Fault(kind="cut_after", after=5, clean=True)
    for text in ("earthquake", "reset,strength=3", "reset,times=many"):
        with pytest.raises(ValueError, match=r"earthquake|strength|many"):
            read_fault(text, Fault, "kind")
