"""What the emulator refuses, and in which words."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.parameters import PARAMETERS
from tests.emulators.seed import API_KEY, MODEL, Options
from tests.emulators.seed.emulator import SeedEmulator
from tests.emulators.seed.errors import ApiError
from tests.emulators.seed.wires.table import WIRES
from tests.integration.seed_emulator.asking import PATHS, WIRE_NAMES, Asker, WireName, asking

# Every name that a body may hold, so that odd values land where something reads them.
NAMES = st.sampled_from(
    [
        *("model", "messages", "input", "instructions", "system", "stream", "stream_options", "include_usage", "stop"),
        *("role", "content", "type", "text", "image_url", "url", "detail", "image_pixel_limit", "min_pixels", "fps"),
        *("video_url", "file", "file_data", "filename", "source", "media_type", "data", "title", "tool_calls", "store"),
        *("thinking", "reasoning", "effort", "response_format", "format", "stop_sequences", "previous_response_id"),
        *PARAMETERS,
    ]
)
HELLO = [{"role": "user", "content": "echo hello"}]


def beyond() -> list[Any]:
    """A value just outside of each parameter's range, by the product's table."""
    cases: list[Any] = []
    for name, parameter in PARAMETERS.items():
        if not parameter.wire:
            continue
        match parameter.kind:
            case "integer" | "number":
                values: list[Any] = [(parameter.low or 0) - 1, (parameter.high or 0) + 1, "1", True, []]
                values += [1.5] if parameter.kind == "integer" else []
            case "boolean":
                values = ["yes", 1, 0]
            case "choice":
                values = ["auto", "LOW", 1]
            case _:
                values = [["a", "b"], "", ",", ",".join("abcdefghijklmnopq"), 1]
        cases += [pytest.param(name, value, id=f"{name}-{value!r}") for value in values]
    return cases


def within() -> list[Any]:
    """Values at the ends of each parameter's range."""
    cases: list[Any] = []
    for name, parameter in PARAMETERS.items():
        if not parameter.wire:
            continue
        match parameter.kind:
            case "integer" | "number":
                values: list[Any] = [parameter.low, parameter.high]
            case "boolean":
                values = [True, False]
            case "choice":
                values = list(parameter.choices)
            case _:
                values = ["x", "x, y"]
        cases += [pytest.param(name, value, id=f"{name}-{value!r}") for value in values]
    return cases


@pytest.mark.parametrize(("name", "value"), beyond())
async def test_a_value_outside_its_range_is_refused(seed: Asker, name: str, value: object) -> None:
    for wire in WIRE_NAMES:
        field = "max_output_tokens" if (wire, name) == ("responses", "max_tokens") else name
        response = await seed.post("echo hello", wire, **{field: value})
        assert response.status_code == 400
        assert f"`{field}`" in response.json()["error"]["message"]


@pytest.mark.parametrize(("name", "value"), within())
async def test_a_value_at_the_end_of_its_range_is_taken(seed: Asker, name: str, value: object) -> None:
    for wire in WIRE_NAMES:
        field = "max_output_tokens" if (wire, name) == ("responses", "max_tokens") else name
        assert (await seed.post("echo hello", wire, **{field: value})).status_code == 200
        ask = seed.seed.requests[-1].ask
        assert ask is not None
        assert ask.named[name] == value
        assert not ask.unknown


@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_effort_without_thinking_is_an_invalid_combination(seed: Asker, wire: WireName) -> None:
    response = await seed.post("echo hello", wire, enable_thinking=False, reasoning_effort="low")
    assert response.status_code == 400
    why = "Invalid combination of reasoning_effort and thinking type: low + disabled"
    assert why in response.json()["error"]["message"]


@pytest.mark.parametrize("wire", WIRE_NAMES)
@pytest.mark.parametrize("content", [None, "", []], ids=["null", "empty", "no-parts"])
async def test_a_message_without_content_is_a_missing_parameter(seed: Asker, wire: WireName, content: object) -> None:
    turns = [*HELLO, {"role": "assistant", "content": content}, *HELLO]
    name = "input" if wire == "responses" else "messages"
    response = await seed.client.post(PATHS[wire], json={"model": MODEL, "max_tokens": 9, name: turns})
    assert response.status_code == 400
    assert f"missing `{name}.content`" in response.json()["error"]["message"]


MESSAGES = [
    pytest.param([], "MissingParameter", id="no-messages"),
    pytest.param(["hello"], "InvalidParameter", id="not-objects"),
    pytest.param([{"content": "hello"}], "MissingParameter", id="no-role"),
    pytest.param([{"role": "robot", "content": "hello"}], "InvalidArgumentError.UnknownRole", id="unknown-role"),
    pytest.param([{"role": "user", "content": [{"type": "text"}]}], "MissingParameter", id="no-text"),
    pytest.param([{"role": "user", "content": [{"type": "song"}]}], "InvalidParameter", id="unknown-part"),
    pytest.param([{"role": "user", "content": 5}], "InvalidParameter", id="number"),
    pytest.param([{"role": "tool", "content": "x"}], "MissingParameter", id="tool-without-id"),
]


@pytest.mark.parametrize(("messages", "code"), MESSAGES)
async def test_malformed_messages_are_refused(seed: Asker, messages: object, code: str) -> None:
    response = await seed.post("", messages=messages)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == code


@pytest.mark.parametrize("body", ["", "{", "[]", '"text"', "[" * 10_000], ids=["empty", "cut", "list", "text", "deep"])
async def test_a_body_that_is_no_json_object_is_refused(seed: Asker, body: str) -> None:
    for path in PATHS.values():
        response = await seed.client.post(path, content=body)
        assert response.status_code == 400


async def test_the_model_must_exist(seed: Asker) -> None:
    response = await seed.post("echo hello", model="seed-9")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "model_not_found"
    assert (await seed.client.get("/models/seed-9")).status_code == 404


async def test_the_key_is_taken_from_either_header(seed: Asker) -> None:
    body = {"model": MODEL, "messages": HELLO}
    async with httpx.AsyncClient(base_url=seed.seed.url) as client:
        for headers, status, code in (
            ({}, 401, "missing_api_key"),
            ({"authorization": "Bearer wrong"}, 401, "invalid_api_key"),
            ({"authorization": f"Basic {API_KEY}"}, 401, "missing_api_key"),
            ({"x-api-key": "wrong"}, 401, "invalid_api_key"),
            ({"authorization": f"Bearer {API_KEY}"}, 200, None),
            ({"x-api-key": API_KEY}, 200, None),
        ):
            response = await client.post("/chat/completions", json=body, headers=headers)
            assert response.status_code == status
            assert response.json().get("error", {}).get("code") == code
        for path in ("/models", f"/models/{MODEL}", "/account/usage"):
            assert (await client.get(path)).status_code == 401
        for path in ("/livez", "/health"):
            assert (await client.get(seed.seed.origin + path)).json()["status"] == "ok"


async def test_the_records_are_bounded_and_tell_what_was_sent() -> None:
    async with asking(keep_requests=2) as seed:
        for number in range(4):
            await seed.ask(f"count to {number}", max_tokens=100 + number)
        records = seed.seed.requests
        assert [record.number for record in records] == [3, 4]
        assert [record.body["max_tokens"] for record in records] == [102, 103]
        assert [json.loads(record.raw) for record in records] == [record.body for record in records]
        assert all(record.finished and record.status == 200 for record in records)
        seed.seed.forget_requests()
        assert seed.seed.requests == []


async def test_no_key_is_kept_in_the_records(seed: Asker) -> None:
    await seed.ask("echo hello")
    assert API_KEY not in repr(seed.seed.requests)


async def test_errors_on_messages_wear_anthropics_envelope(seed: Asker) -> None:
    body = (await seed.post("echo hello", "messages", max_tokens=None)).json()
    assert body["type"] == "error"
    assert body["error"]["type"] == "invalid_request_error"
    assert "MissingParameter" in body["error"]["message"]


async def test_a_rejected_parameter_is_unsupported_upstream() -> None:
    async with asking(reject=("stop", "presence_penalty")) as seed:
        response = await seed.post("echo hello", stop="x")
        assert response.json()["error"]["code"] == "InvalidParameter.UnsupportedParameter"
        assert (await seed.post("echo hello", frequency_penalty=1)).status_code == 200


async def test_a_prompt_beyond_the_context_is_refused() -> None:
    async with asking(context_tokens=200) as seed:
        response = await seed.post("word " * 300)
        assert response.status_code == 400
        assert response.json()["error"]["code"] == "OutofContextError"


async def test_the_context_bounds_the_answer_too() -> None:
    async with asking(context_tokens=500) as seed:
        body = await seed.ask("write 900 words", enable_thinking=False)
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"]["total_tokens"] == 500


async def test_unknown_fields_are_passed_over_and_recorded(seed: Asker) -> None:
    await seed.ask("echo hello", thinking_level="max", temperature=0.2)
    ask = seed.seed.requests[-1].ask
    assert ask is not None
    assert ask.unknown == ("thinking_level",)


async def test_without_a_system_message_the_gateway_puts_in_its_own(seed: Asker) -> None:
    system = {"role": "system", "content": "Be brief."}
    await seed.ask("", messages=HELLO)
    await seed.ask("", messages=[system, *HELLO])
    await seed.ask("", messages=[{**system, "role": "developer"}, *HELLO])
    await seed.ask("echo hello", "messages", system="Be brief.")
    await seed.ask("echo hello", "responses", instructions="Be brief.")
    assert [record.identity_injected for record in seed.seed.requests] == [True, False, False, False, False]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


KINDS = ("text", "input_text", "image_url", "input_image", "image", "video_url", "input_video", "video", "file")
PARTS = st.builds(
    lambda kind, fields: {"type": kind, **fields},
    st.sampled_from((*KINDS, "input_file", "document", "tool_result", "thinking")),
    st.dictionaries(NAMES, JSON, max_size=4),
)


@pytest.mark.parametrize("path", WIRES)
@given(fields=st.dictionaries(NAMES, JSON, max_size=3), parts=st.lists(PARTS, min_size=1, max_size=2))
def test_no_body_confuses_the_emulator(path: str, fields: dict[str, Any], parts: list[Any]) -> None:
    emulator = SeedEmulator(Options(api_key=""))
    said = [{"role": "user", "content": parts}]
    body = {"model": MODEL, "max_tokens": 9, "messages": said, "input": said, **fields}
    record = emulator.note(path, {}, json.dumps(body).encode())
    try:
        prepared = emulator.prepare(WIRES[path], record, {})
    except ApiError as error:
        assert 400 <= error.status < 500
    else:
        assert WIRES[path].whole(prepared.completion, prepared.ask, emulator.options)


async def test_half_a_pair_of_surrogates_is_replaced(seed: Asker) -> None:
    body = '{"model": "seed-2-0-lite", "messages": [{"role": "user", "content": "echo \\ud83c \\ud83c\\udf31"}]}'
    response = await seed.client.post("/chat/completions", content=body)
    assert response.json()["choices"][0]["message"]["content"] == "? 🌱"


async def test_a_stored_response_can_be_continued(seed: Asker) -> None:
    first = await seed.ask("my name is Ada", "responses")
    second = await seed.ask("what is my name", "responses", previous_response_id=first["id"], store=False)
    assert second["output"][-1]["content"][0]["text"] == "Your name is Ada."
    third = await seed.post("what is my name", "responses", previous_response_id=second["id"])
    assert third.status_code == 400
    assert third.json()["error"]["code"] == "InvalidParameter.PreviousResponseNotFound"
