"""What is sent on each wire: golden examples, and the rules that hold on all of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.seed.client import dialect_of, encode
from adapters.seed.protocols import WIRES
from adapters.seed.protocols.wire_parameters import Dialect, WireName
from bot.parameter_resolver import resolve, values_of
from bot.parameters import PARAMETERS, WIRE_PARAMETERS, Parameter
from bot.types import Entry, Media, ModelRequest, ParameterValue

PICTURE = Media(kind="image", media_type="image/png", name="cat.png", data=b"png", tokens=1280)
CLIP = Media(kind="video", media_type="video/mp4", name="cat.mp4", data=b"mp4", tokens=6435)
PAPER = Media(kind="document", media_type="application/pdf", name="cat.pdf", data=b"pdf", tokens=1280)

ALL: dict[str, ParameterValue] = {
    "max_tokens": 8192,
    "frequency_penalty": 0.5,
    "presence_penalty": -0.5,
    "stop": ("END", "STOP"),
    "enable_thinking": True,
    "reasoning_effort": "low",
    "enable_web_search": False,
    "enable_caching": True,
    "image_detail": "xhigh",
    "video_fps": 2.0,
}
CONVERSATION = (
    Entry(role="user", text="What is this?", media=(PICTURE, CLIP, PAPER)),
    Entry(role="assistant", text="A cat."),
    Entry(role="user", text="Sure?"),
)
REQUEST = ModelRequest(system_prompt="Be brief.", entries=CONVERSATION, parameters=ALL)

SEED_PARAMETERS = {
    "frequency_penalty": 0.5,
    "presence_penalty": -0.5,
    "stop": "END,STOP",
    "enable_thinking": True,
    "reasoning_effort": "low",
    "enable_web_search": False,
    "enable_caching": True,
    "image_detail": "xhigh",
    "video_fps": 2.0,
}


def test_chat_completions_body() -> None:
    assert WIRES["chat"].build_body(REQUEST, "seed-2-0-lite") == {
        "model": "seed-2-0-lite",
        "stream": True,
        "stream_options": {"include_usage": True},
        **SEED_PARAMETERS,
        "max_tokens": 8192,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n", "detail": "xhigh"}},
                    {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,bXA0", "fps": 2.0}},
                    {
                        "type": "file",
                        "file": {"filename": "cat.pdf", "file_data": "data:application/pdf;base64,cGRm"},
                    },
                    {"type": "text", "text": "What is this?"},
                ],
            },
            {"role": "assistant", "content": "A cat."},
            {"role": "user", "content": "Sure?"},
        ],
    }


def test_responses_body() -> None:
    assert WIRES["responses"].build_body(REQUEST, "seed-2-0-lite") == {
        "model": "seed-2-0-lite",
        "stream": True,
        "store": False,
        **SEED_PARAMETERS,
        "max_output_tokens": 8192,
        "input": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "input_image", "image_url": "data:image/png;base64,cG5n", "detail": "xhigh"},
                    {"type": "input_video", "video_url": "data:video/mp4;base64,bXA0", "fps": 2.0},
                    {"type": "input_file", "filename": "cat.pdf", "file_data": "data:application/pdf;base64,cGRm"},
                    {"type": "input_text", "text": "What is this?"},
                ],
            },
            {"type": "message", "role": "assistant", "content": "A cat."},
            {"role": "user", "content": "Sure?"},
        ],
    }


def test_messages_body() -> None:
    assert WIRES["messages"].build_body(REQUEST, "seed-2-0-lite") == {
        "model": "seed-2-0-lite",
        "stream": True,
        "max_tokens": 8192,
        **SEED_PARAMETERS,
        "system": "Be brief.",
        "messages": [
            {
                "role": "user",
                "content": [
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "cG5n"},
                        "detail": "xhigh",
                    },
                    {
                        "type": "video",
                        "source": {"type": "base64", "media_type": "video/mp4", "data": "bXA0"},
                        "fps": 2.0,
                    },
                    {
                        "type": "document",
                        "title": "cat.pdf",
                        "source": {"type": "base64", "media_type": "application/pdf", "data": "cGRm"},
                    },
                    {"type": "text", "text": "What is this?"},
                ],
            },
            {"role": "assistant", "content": "A cat."},
            {"role": "user", "content": "Sure?"},
        ],
    }


STANDARD: dict[WireName, dict[str, Any]] = {
    "chat": {"max_tokens": 8192, "frequency_penalty": 0.5, "presence_penalty": -0.5, "stop": ["END", "STOP"]},
    "responses": {"max_output_tokens": 8192},
    "messages": {"max_tokens": 8192, "stop_sequences": ["END", "STOP"]},
}
FRAME = {"model", "stream", "stream_options", "store", "messages", "input", "system"}

every_wire = pytest.mark.parametrize("wire", [pytest.param(name, id=name) for name in WIRES])


def sent(wire: WireName, dialect: Dialect = "gateway", **parameters: ParameterValue) -> dict[str, Any]:
    request = ModelRequest(
        system_prompt="h", entries=(Entry(role="user", text="hi", media=(PICTURE,)),), parameters=parameters
    )
    return WIRES[wire].build_body(request, "m", dialect)


@every_wire
def test_a_plain_server_gets_only_standard_fields(wire: WireName) -> None:
    body = sent(wire, "plain", **ALL)
    assert {name: value for name, value in body.items() if name not in FRAME} == STANDARD[wire]
    assert "detail" not in json.dumps(body)


@every_wire
@pytest.mark.parametrize("name", WIRE_PARAMETERS)
def test_every_wire_parameter_of_the_table_is_sent(wire: WireName, name: str) -> None:
    given = {**values_of(resolve([])), **ALL, name: a_value(PARAMETERS[name])}
    values = {item: value for item, value in given.items() if PARAMETERS[item].wire}
    fields = [item for item in sent(wire, "gateway", **values) if item not in FRAME]
    known = {item: "max_output_tokens" if (wire, item) == ("responses", "max_tokens") else item for item in values}
    assert fields == [known[parameter] for parameter in WIRE_PARAMETERS if parameter in values]
    assert sent(wire, "gateway", **values)[known[name]] == (
        ",".join(value) if isinstance(value := values[name], tuple) else value
    )


def a_value(parameter: Parameter) -> ParameterValue:
    """Return a value that the parameter takes, whatever its kind."""
    match parameter.kind:
        case "boolean":
            return True
        case "choice":
            return parameter.choices[-1]
        case "list":
            return ("A", "B")
        case "text":
            return "words"
        case "integer":
            return int(parameter.high or 1)
        case "number":
            return float(parameter.high or 1)


@every_wire
def test_what_is_unset_is_not_sent(wire: WireName) -> None:
    assert {name for name in sent(wire) if name not in FRAME} <= {"max_tokens"}


@every_wire
def test_no_effort_is_sent_when_thinking_is_off(wire: WireName) -> None:
    body = sent(wire, enable_thinking=False, reasoning_effort="low")
    assert body["enable_thinking"] is False
    assert "reasoning_effort" not in body


@every_wire
def test_parameters_of_the_bot_itself_are_not_sent(wire: WireName) -> None:
    assert not {"context", "memory", "persona"} & sent(wire, context="long", memory=True, persona="x").keys()


@every_wire
@pytest.mark.parametrize("role", ["user", "assistant"])
def test_no_content_is_null_empty_or_blank(wire: WireName, role: Any) -> None:
    entries = (
        Entry(role="user", text="hi"),
        Entry(role=role, text=" \n"),
        Entry(role="user", text="", media=(PICTURE,)),
    )
    body = WIRES[wire].build_body(ModelRequest(system_prompt=" ", entries=entries, parameters={}), "m")
    messages = body.get("messages") or body["input"]
    for content in [message["content"] for message in messages]:
        assert content
        assert content if isinstance(content, list) else content.strip()


@every_wire
def test_a_system_message_is_always_sent(wire: WireName) -> None:
    body = WIRES[wire].build_body(ModelRequest(system_prompt="", entries=(), parameters={}), "m")
    system = body.get("system") or (body.get("messages") or body["input"])[0]["content"]
    assert system.strip()


def test_messages_begin_with_the_user() -> None:
    request = ModelRequest(system_prompt="h", entries=(Entry(role="assistant", text="So."),), parameters={})
    roles = [message["role"] for message in WIRES["messages"].build_body(request, "m")["messages"]]
    assert roles == ["user", "assistant"]


ENTRIES = st.builds(
    Entry,
    role=st.sampled_from(["user", "assistant"]),
    text=st.text(max_size=20),
    media=st.sampled_from([(), (PICTURE,), (CLIP, PAPER)]),
)


@every_wire
@given(first=st.lists(ENTRIES, min_size=1, max_size=4), more=st.lists(ENTRIES, min_size=1, max_size=3))
def test_a_longer_conversation_only_adds_to_the_bytes_that_were_sent(
    wire: WireName, first: list[Entry], more: list[Entry]
) -> None:
    def body(entries: list[Entry]) -> bytes:
        request = ModelRequest(system_prompt="h", entries=tuple(entries), parameters=ALL)
        return encode(WIRES[wire].build_body(request, "m"))

    assert body([*first, *more]).startswith(body(first).removesuffix(b"]}"))


def test_half_a_surrogate_pair_can_be_sent() -> None:
    assert encode({"a": "x\ud83dy"}) == b'{"a":"x?y"}'


@pytest.mark.parametrize(
    ("base_url", "model", "dialect"),
    [
        ("https://api.empiriolabs.ai/v1", "seed-2-0-lite", "gateway"),
        ("https://ark.eu-west.bytepluses.com/api/v3", "seed-2-0-lite-260228", "ark"),
        ("https://ark.cn-beijing.volces.com/api/v3", "ep-20260101", "ark"),
        ("https://volces.com.example.org/v1", "llama-3", "plain"),
        ("http://127.0.0.1:8000/v1", "bytedance/seed-oss", "gateway"),
        ("https://api.openai.com/v1", "gpt-5", "plain"),
    ],
)
def test_the_dialect_follows_the_host(base_url: str, model: str, dialect: Dialect) -> None:
    assert dialect_of(base_url, model) == dialect


@every_wire
def test_ark_gets_its_own_words(wire: WireName) -> None:
    body = sent(wire, "ark", enable_thinking=False, enable_web_search=True, enable_caching=True, stop=("a", "b"))
    assert body["thinking"] == {"type": "disabled"}
    assert body["stop"] == ["a", "b"]
    assert not {name for name in body if name.startswith("enable_")}


def test_the_documented_table_has_every_parameter_in_its_order() -> None:
    page = (Path(__file__).parents[3] / "docs" / "seed.md").read_text()
    table = page.partition("| parameter | field | when |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)
    assert [name for row in rows for name in re.findall(r"`(\w+)`", row)] == list(WIRE_PARAMETERS)
