"""What holds for every stream, and what no official client checks."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.emulators.seed.options import Shape
from tests.integration.seed_emulator.asking import WIRE_NAMES, Asker, WireName, asking, deltas, text_of

SHAPES: tuple[Shape, ...] = ("ark", "openai")
LAST = {"chat": "[DONE]", "responses": "response.completed", "messages": "message_stop"}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_a_stream_says_what_the_whole_answer_says(wire: WireName, shape: Shape) -> None:
    async with asking(shape=shape, chunk_tokens=3) as seed:
        for question in ("long markdown 2", "echo 漢字と emoji 🌱 übung"):
            whole = await seed.ask(question, wire)
            events = await seed.events(question, wire)
            assert deltas(wire, events) == text_of(wire, whole)
            assert deltas(wire, events, "reasoning")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("wire", ["responses", "messages"])
async def test_an_event_is_named_after_its_type(wire: WireName, shape: Shape) -> None:
    async with asking(shape=shape) as seed:
        events = await seed.events("count to 5", wire, enable_web_search=True)
    assert all(event.name == event.data["type"] for event in events if event.data != "[DONE]")


@pytest.mark.parametrize("shape", SHAPES)
async def test_the_sequence_numbers_of_responses_grow_by_one_from_zero(shape: Shape) -> None:
    async with asking(shape=shape) as seed:
        events = await seed.events("count to 5", "responses", enable_web_search=True)
    numbers = [event.data["sequence_number"] for event in events if event.data != "[DONE]"]
    assert numbers == list(range(len(numbers)))


async def test_the_done_text_of_responses_equals_its_deltas(seed: Asker) -> None:
    events = await seed.events("long markdown 1", "responses")
    done = {event.name: event.data for event in events if event.name.endswith((".done", "completed"))}
    assert done["response.output_text.done"]["text"] == deltas("responses", events)
    assert done["response.content_part.done"]["part"]["text"] == deltas("responses", events)
    assert done["response.reasoning_summary_text.done"]["text"] == deltas("responses", events, "reasoning")
    assert text_of("responses", done["response.completed"]["response"]) == deltas("responses", events)


@pytest.mark.parametrize("shape", SHAPES)
async def test_responses_open_and_close_each_item_in_turn(shape: Shape) -> None:
    async with asking(shape=shape, sources="mcp") as seed:
        events = await seed.events("count to 5", "responses", enable_web_search=True)
    open_item, places = None, []
    for event in events[:-2] if shape == "ark" else events[:-1]:
        if event.name == "response.output_item.added":
            assert open_item is None
            open_item = event.data["output_index"]
            places.append(open_item)
        elif event.name == "response.output_item.done":
            assert event.data["output_index"] == open_item
            open_item = None
        elif "output_index" in event.data:
            assert event.data["output_index"] == open_item
    assert open_item is None
    assert places == list(range(4))  # reasoning, list of tools, call, message


async def test_messages_open_and_close_each_block_in_turn(seed: Asker) -> None:
    events = [event.data for event in await seed.events("count to 5", "messages", enable_web_search=True)]
    blocks = [event for event in events if event["type"].startswith("content_block_")]
    runs = [[event["type"] for event in run] for _, run in itertools.groupby(blocks, key=lambda event: event["index"])]
    assert [event["index"] for event in blocks] == sorted(event["index"] for event in blocks)
    for run in runs:
        assert (run[0], run[-1]) == ("content_block_start", "content_block_stop")
        assert set(run[1:-1]) <= {"content_block_delta"}
    assert len(runs) == 4  # thinking, call, result, text


@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_a_stream_tells_why_it_ended_and_that_it_did(seed: Asker, wire: WireName) -> None:
    events = await seed.events("count to 5", wire)
    names = [event.name or event.data for event in events]
    if wire == "responses":
        assert names[-2:] == [LAST[wire], "[DONE]"]
    else:
        assert names[-1] == LAST[wire]
    assert _finishes(wire, events) == [{"chat": "stop", "responses": "completed", "messages": "end_turn"}[wire]]


def _finishes(wire: WireName, events: list[Any]) -> list[str]:
    bodies = [event.data for event in events if isinstance(event.data, dict)]
    match wire:
        case "chat":
            reasons = [choice.get("finish_reason") for body in bodies for choice in body["choices"]]
        case "responses":
            reasons = [body["response"].get("status") for body in bodies if "response" in body]
        case "messages":
            reasons = [body["delta"].get("stop_reason") for body in bodies if body["type"] == "message_delta"]
    return [reason for reason in reasons if reason]


async def test_a_chat_stream_has_the_quirks_of_the_provider(seed: Asker) -> None:
    events = [event.data for event in await seed.events("count to 5")][:-1]
    *chunks, last = events
    choices = [chunk["choices"][0] for chunk in chunks]
    assert all(choice["delta"]["role"] == "assistant" for choice in choices)
    assert all(choice["delta"]["content"] == "" for choice in choices if "reasoning_content" in choice["delta"])
    assert all("finish_reason" not in choice for choice in choices[:-1])
    assert choices[-1]["finish_reason"] == "stop"
    assert all(chunk["usage"] is None for chunk in chunks)
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == last["usage"]["prompt_tokens"] + last["usage"]["completion_tokens"]


async def test_a_chat_stream_tells_its_usage_only_when_asked(seed: Asker) -> None:
    plain = await seed.events("count to 5", stream_options=None)
    assert all(event.data["usage"] is None for event in plain[:-1])
    every = await seed.events("count to 5", stream_options={"include_usage": True, "chunk_include_usage": True})
    counts = [event.data["usage"]["completion_tokens"] for event in every[:-1]]
    assert counts == sorted(counts)
    assert counts[0] == 1


async def test_responses_open_without_status_as_the_provider_does(seed: Asker) -> None:
    first, second, *_ = await seed.events("count to 5", "responses")
    for event in (first, second):
        assert not event.data["response"].keys() & {"status", "output", "usage"}
        assert event.data["response"]["caching"] == {"type": "disabled"}
    events = await seed.events("count to 5", "responses")
    added = [event.data["item"] for event in events if event.name == "response.output_item.added"]
    assert all(not item.keys() & {"summary", "content"} for item in added)
    parts = [event.data["part"] for event in events if event.name.endswith("part.added")]
    assert all("text" not in part for part in parts)


async def test_an_answer_without_thinking_has_no_reasoning(seed: Asker) -> None:
    for wire in WIRE_NAMES:
        assert not deltas(wire, await seed.events("count to 5", wire, enable_thinking=False), "reasoning")
    body = await seed.ask("count to 5", enable_thinking=False)
    assert "reasoning_content" not in body["choices"][0]["message"]
    assert body["usage"]["completion_tokens_details"] == {"reasoning_tokens": 0}


async def test_more_effort_means_more_reasoning(seed: Asker) -> None:
    counts = []
    for effort in ("low", "medium", "high"):
        body = await seed.ask("count to 5", reasoning_effort=effort)
        counts.append(body["usage"]["completion_tokens_details"]["reasoning_tokens"])
    assert counts == sorted(set(counts))


async def test_the_same_question_gets_the_same_answer(seed: Asker) -> None:
    first, second = [await seed.ask("long markdown 1") for _ in range(2)]
    assert first["id"] != second["id"]
    assert first["choices"] == second["choices"]
    assert first["usage"] == second["usage"]
