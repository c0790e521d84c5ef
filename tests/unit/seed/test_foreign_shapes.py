"""What servers answer in another shape than their protocol has: parts, names, numbers, other protocols."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from adapters.seed.protocols import WIRES
from adapters.seed.protocols.response import usage_of
from adapters.seed.protocols.wire_parameters import WireName
from adapters.seed.retry_policy import NO_MEDIA_NOTE
from adapters.seed.stop_tokens import TrailingToken
from bot.errors import ContextTooLong, ModelAccessDenied, ModelError, ModelRejected, Refused
from bot.types import Entry, Finish, Media, ModelRequest, NoteFound, Usage
from tests.unit.seed.scripted import ScriptedApi, gather
from tests.unit.seed.streams import (
    DONE,
    MESSAGES,
    RESPONSES,
    ask,
    chat_stream,
    chunk,
    messages_event,
    read_stream,
    responses_event,
    sse,
)
from tests.unit.seed.test_foreign_responses import asked, asked_of, reply

HELLO = chat_stream("Hel", "lo")
STOP = chunk(finish="stop")
COUNTED = {"input_tokens": 100, "output_tokens": 5}
CREATED = responses_event("response.created", response={"status": "in_progress"})
COMPLETED = responses_event("response.completed", response={"status": "completed", "usage": COUNTED})
PICTURE = Media(kind="image", media_type="image/png", name="cat.png", data=b"png", tokens=1280)
SAID = [{"type": "output_text", "text": "Hello"}]


def numbered(number: Any) -> bytes:
    first = {"choices": [{"index": number, "delta": {"content": "Hello"}}]}
    return sse(first) + sse({"choices": [{"index": number, "delta": {}, "finish_reason": "stop"}]})


HELLOS: dict[str, tuple[WireName, bytes]] = {
    "no-blank-lines": ("chat", HELLO.replace(b"\n\n", b"\n")),
    "signs-of-life-as-data": ("chat", b"data: ping\n\ndata: : keep-alive\n\n" + HELLO),
    "a-tab-as-it-is": ("chat", HELLO.replace(b'"object"', b'"note": "a\tb", "object"')),
    "a-stream-as-one-array": (
        "chat",
        b"data: " + json.dumps([{"choices": [{"delta": {"content": "Hello"}}]}]).encode() + b"\n\n" + STOP,
    ),
    "more-after-the-end": ("chat", HELLO + chunk("MORE")),
    "words-as-parts": ("chat", chunk(["Hel", {"text": "lo"}]) + STOP),  # type: ignore[arg-type]  # as some send it
    "one-part-alone": ("chat", chunk({"type": "text", "text": "Hello"}) + STOP),  # type: ignore[arg-type]  # likewise
    "numbered-from-1": ("chat", numbered(1)),
    "numbered-in-text": ("chat", numbered("0")),
    "in-an-envelope": (
        "chat",
        sse({"code": 0, "msg": "success", "data": {"choices": [{"message": {"content": "Hello"}}]}}) + DONE,
    ),
    "no-character-at-all": ("chat", chunk("Hel\0") + chunk("lo") + STOP),
    "its-token-at-the-end": ("chat", chunk("Hello<|im_") + chunk("end|>\n") + STOP),
    "chat-on-responses": ("responses", HELLO),
    "chat-on-messages": ("messages", HELLO),
    "whole-part": ("responses", CREATED + responses_event("response.content_part.done", part=SAID[0]) + COMPLETED),
    "whole-item": (
        "responses",
        CREATED + responses_event("response.output_item.done", item={"type": "message", "content": SAID}) + COMPLETED,
    ),
    "what-its-pieces-left-out": (
        "responses",
        responses_event("response.output_text.delta", delta="Hel")
        + responses_event("response.completed", response={"output": [{"type": "message", "content": "Hello"}]}),
    ),
    "text-beside-the-output": ("responses", sse({"object": "response", "status": "completed", "output_text": "Hello"})),
    "another-name-of-the-end": (
        "responses",
        responses_event("response.output_text.delta", delta="Hello")
        + responses_event("response.done", response={"status": "completed"}),
    ),
    "kinds-in-the-names-of-events": (
        "messages",
        sse({"delta": {"text": "Hello"}}, "content_block_delta")
        + sse({"delta": {"stop_reason": "end_turn"}}, "message_delta"),
    ),
    "content-as-text": ("messages", sse({"type": "message", "content": "Hello", "stop_reason": "end_turn"})),
}


@pytest.mark.parametrize("name", HELLOS)
def test_it_is_read_whole(name: str) -> None:
    wire, stream = HELLOS[name]
    answer = read_stream(wire, [stream])
    assert (answer.text, answer.finish, answer.problem) == ("Hello", Finish.STOP, None)


@pytest.mark.parametrize(
    ("asked_in", "answered_in"), [("chat", RESPONSES), ("responses", MESSAGES), ("chat", MESSAGES)]
)
def test_a_gateway_may_answer_in_another_protocol(asked_in: WireName, answered_in: bytes) -> None:
    answer = read_stream(asked_in, [answered_in])
    assert (answer.text, answer.reasoning, answer.finish) == ("Grün 🌱", "Let me think.", Finish.STOP)
    assert answer.usage == Usage(input=6435, cached=1024, output=233, reasoning=165)


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(chunk(thinking="hm"), id="thinking"),
        pytest.param(chunk(reasoning={"content": "hm"}), id="an-object"),
        pytest.param(chunk(reasoning_details=[{"type": "reasoning.text", "text": "hm"}]), id="details"),
        pytest.param(chunk("<thought>hm</thou") + chunk("ght>\n\n"), id="gemini"),
        pytest.param(chunk("<seed:think>hm</seed:think>"), id="seed-oss"),
        pytest.param(chunk("[THINK]hm") + chunk("[/THINK]"), id="magistral"),
        pytest.param(
            chunk("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>"), id="gpt-oss"
        ),
    ],
)
def test_reasoning_is_told_apart_under_its_other_names(stream: bytes) -> None:
    answer = read_stream("chat", [stream + chunk("Hello") + STOP])
    assert (answer.reasoning, answer.text) == ("hm", "Hello")


@pytest.mark.parametrize("text", ["a < b", "<s>struck</s>", "It ends with <|im_end|>, always.", "1 <"])
def test_what_only_looks_like_such_a_token_stays(text: str) -> None:
    trailing = TrailingToken()
    given = "".join(trailing.feed(piece) for piece in text)
    assert given + trailing.end(given) == text
    answer = read_stream("responses", [responses_event("response.output_text.delta", delta=text) + COMPLETED])
    assert answer.text == text


@pytest.mark.parametrize(
    ("usage", "output", "reasoning"),
    [
        ({"prompt_tokens": "100", "completion_tokens": "5"}, 5, 0),
        ({"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 805}, 705, 700),  # Gemini
        (
            {
                "prompt_tokens": 100,
                "completion_tokens": 5,
                "total_tokens": 405,
                "completion_tokens_details": {"reasoning_tokens": 300},
            },
            305,
            300,
        ),  # xAI
        ({"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 145, "cached_tokens": 40}, 5, 0),
    ],
)
def test_what_is_billed_is_counted_wherever_it_is_told(usage: dict[str, Any], output: int, reasoning: int) -> None:
    found = usage_of(usage)
    assert found is not None
    assert (found.input, found.output, found.reasoning) == (100, output, reasoning)


def test_the_count_at_the_beginning_is_not_that_of_the_answer() -> None:
    started = messages_event("message_start", message={"usage": {"input_tokens": 100, "output_tokens": 1}})
    said = messages_event("content_block_delta", delta={"text": "Hello"}) + messages_event("message_stop")
    assert read_stream("messages", [started + said]).usage == Usage(input=100, output=0)  # which is then estimated


REFUSALS: dict[str, tuple[int, str, type[ModelError], str]] = {
    "credit": (400, '{"error": {"message": "Your credit balance is too low"}}', ModelAccessDenied, "credit balance"),
    "gone": (400, '{"error": {"code": "model_decommissioned", "message": "gone"}}', ModelAccessDenied, "gone"),
    "page-of-a-firewall": (403, "<html>Just a moment...</html>", ModelAccessDenied, "firewall"),
    "method": (405, '{"detail": "Method Not Allowed"}', ModelAccessDenied, "SEED_BASE_URL"),
    "proxy": (407, "", ModelAccessDenied, "proxy"),
    "moderation": (403, '{"error": {"message": "x requires moderation"}}', Refused, "filter"),
    "risk": (400, '{"error": {"message": "Content Exists Risk"}}', Refused, "filter"),
    "inspection": (400, '{"error": {"code": "data_inspection_failed", "message": "m"}}', Refused, "filter"),
    "plain-words": (422, "`inputs` must have less than 4096 tokens. Given: 9000", ContextTooLong, "more tokens"),
    "words-in-place-of-an-answer": (200, "Error: model not found", ModelAccessDenied, "model not found"),
    "repeats-the-request": (
        400,
        '{"detail": [{"msg": "Input should be valid", "input": "' + "x" * 100_000 + '"}]}',
        ModelRejected,
        "Input should be valid",
    ),
    "a-field-of-its-own": (200, 'error: {"code": 400, "message": "bad grammar"}\n\n', ModelRejected, "bad grammar"),
    "an-address": (400, '{"error": {"message": "at https://u:pw@x.test/?key=secret"}}', ModelRejected, "x.test"),
    "a-page-elsewhere": (303, "", ModelAccessDenied, "sends requests on"),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refusal_is_told_and_not_asked_again(name: str) -> None:
    status, body, kind, words = REFUSALS[name]
    api = ScriptedApi(reply(body, status, "text/plain", location="/page"))
    _, error = await asked(api)
    assert type(error) is kind
    assert words in str(error)
    assert not {"pw", "secret"} & set(str(error).replace("@", " ").replace("=", " ").replace(":", " ").split())
    assert len(api.requests) == 1


@pytest.mark.parametrize("wire", list(WIRES))
async def test_a_whole_answer_has_its_end_though_it_names_none(wire: WireName) -> None:
    whole: dict[str, dict[str, Any]] = {
        "chat": {"choices": [{"message": {"content": "Hello"}}]},
        "responses": {"object": "response", "output": [{"type": "message", "content": SAID}]},
        "messages": {"type": "message", "content": [{"type": "text", "text": "Hello"}], "stop_reason": None},
    }
    api = ScriptedApi(reply(json.dumps(whole[wire]), label="application/json"))
    answer, error = await asked(api, wire)
    assert (answer.text, answer.finish, error) == ("Hello", Finish.STOP, None)


@pytest.mark.parametrize(
    ("told", "left_out"),
    [
        ("Model grok-4 does not support parameter presencePenalty.", {"presence_penalty"}),
        ("Argument not supported on this model: stop", {"stop"}),
        ("Penalty is not enabled for models/gemini-2.5-pro", {"presence_penalty", "frequency_penalty"}),
    ],
)
async def test_a_parameter_is_left_out_that_a_server_names_in_its_own_way(told: str, left_out: set[str]) -> None:
    given: dict[str, Any] = {"presence_penalty": 0.5, "frequency_penalty": 0.5, "stop": ("END",)}
    api = ScriptedApi(reply(json.dumps({"error": told}), 400, "application/json"), reply(HELLO))
    async with api.open(model="llama") as model:
        answer, error = await asked_of(model, **given)
    assert (answer.text, error) == ("Hello", None)
    assert given.keys() - api.bodies[1].keys() == left_out


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (400, "/models/text-7b is not a multimodal model"),
        (404, "No endpoints found that support image input"),
        (500, "image input is not supported - hint: you may need to provide the mmproj"),
        (422, "messages[1]: unknown variant `image_url`, expected `text` at line 1"),
    ],
)
async def test_a_model_that_reads_text_alone_is_asked_without_pictures(status: int, told: str) -> None:
    seen = (Entry(role="user", text="What is this?", media=(PICTURE,)), Entry(role="assistant", text="A cat."))
    request = ModelRequest(system_prompt="", entries=(*seen, Entry(role="user", text="Sure?")), parameters={})
    api = ScriptedApi(reply(json.dumps({"error": {"message": told}}), status, "application/json"), reply(HELLO))
    async with api.open(model="llama") as model:
        events, error = await gather(model, request)
    assert error is None
    assert NoteFound(NO_MEDIA_NOTE) in events
    assert ["image_url" in json.dumps(body) for body in api.bodies] == [True, False]
    assert "What is this?" in json.dumps(api.bodies[1])


async def test_a_refusal_of_one_picture_is_no_refusal_of_all() -> None:
    request = replace(ask(), entries=(Entry(role="user", text="", media=(PICTURE,)),))
    api = ScriptedApi(reply('{"error": {"message": "Unsupported image format: heic"}}', 400, "application/json"))
    async with api.open() as model:
        _, error = await gather(model, request)
    assert isinstance(error, ModelRejected)
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (400, "Conversation roles must alternate user/assistant/user/assistant/..."),
        (500, "raise_exception: System role not supported"),
        (400, "Unsupported value: 'messages[0].role' does not support 'system' with this model."),
    ],
)
@pytest.mark.parametrize("wire", list(WIRES))
async def test_a_template_of_two_roles_is_given_them_in_turn_from_then_on(
    status: int, told: str, wire: WireName
) -> None:
    said = [("user", "one"), ("user", "two"), ("assistant", "yes"), ("user", "three"), ("user", "four")]
    entries = tuple(Entry(role=role, text=text, media=(PICTURE,) if text == "four" else ()) for role, text in said)  # type: ignore[arg-type]  # roles
    request = ModelRequest(system_prompt="Be brief.", entries=entries, parameters={})
    api = ScriptedApi(
        reply(json.dumps({"error": {"message": told}}), status, "application/json"), *map(reply, [HELLO] * 2)
    )
    async with api.open(wire=wire, model="llama") as model:
        for _ in range(2):
            _, error = await gather(model, request)
            assert error is None
    assert len(api.requests) == 3
    assert api.bodies[1] == api.bodies[2]
    first, answer, last = api.bodies[1]["input" if wire == "responses" else "messages"]
    assert [item["role"] for item in (first, answer, last)] == ["user", "assistant", "user"]
    assert first["content"] == ("one\n\ntwo" if wire == "messages" else "Be brief.\n\none\n\ntwo")
    assert [part.get("text") for part in last["content"]] == ["three", None, "four"]
    assert {part["type"] for part in last["content"] if "text" in part} == {
        "input_text" if wire == "responses" else "text"
    }


async def test_who_may_not_stream_is_answered_whole() -> None:
    told = "Your organization must be verified to stream this model."
    whole = {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
    refusal = reply(json.dumps({"error": {"message": told, "param": "stream"}}), 400, "application/json")
    api = ScriptedApi(refusal, reply(json.dumps(whole), label="application/json"))
    answer, error = await asked(api)
    assert (answer.text, error) == ("Hello", None)
    assert ["stream" in body for body in api.bodies] == [True, False]
