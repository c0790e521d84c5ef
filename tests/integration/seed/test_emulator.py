"""The client against the Seed emulator: every wire, every fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from adapters.seed import Environment, SeedModel, SeedOptions, Timeouts, open_seed
from adapters.seed.protocols import WIRES
from adapters.seed.protocols.wire_parameters import WireName
from adapters.seed.retry_policy import NO_SOURCES_NOTE
from bot.errors import ContextTooLong, ModelAccessDenied, ModelError, ModelUnavailable, Refused, StreamCut
from bot.types import (
    Entry,
    Finish,
    Finished,
    ModelEvent,
    ModelRequest,
    NoteFound,
    ReasoningDelta,
    RequestNotBilled,
    RequestSent,
    SourceFound,
    TextDelta,
    Usage,
    UsageReported,
)
from tests.emulators.seed.faults import KINDS, Fault
from tests.emulators.seed.options import API_KEY, Options
from tests.emulators.seed.server import RunningSeed, running_seed

every_wire = pytest.mark.parametrize("wire", [pytest.param(name, id=name) for name in WIRES])


async def at_once(_seconds: float) -> None:
    """Waits for nothing."""
    await asyncio.sleep(0)


@asynccontextmanager
async def opened(
    wire: WireName,
    emulator: RunningSeed,
    *,
    key: str | None = API_KEY,
    model: str = "seed-2-0-lite",
    patience: float = 30,
) -> AsyncIterator[SeedModel]:
    timeouts = Timeouts(idle=patience, first_byte=patience)
    options = SeedOptions(surroundings=Environment(sleep=at_once), timeouts=timeouts)
    async with open_seed(base_url=emulator.url, api_key=key, model=model, wire=wire, options=options) as model_:
        yield model_


def ask(text: str, *before: str, **parameters: Any) -> ModelRequest:
    """A question after an earlier exchange."""
    roles = ["user", "assistant"]
    entries = [Entry(role=roles[index % 2], text=said) for index, said in enumerate(before)]  # type: ignore[arg-type]  # the two roles
    return ModelRequest(
        system_prompt="Be brief.", entries=(*entries, Entry(role="user", text=text)), parameters=parameters
    )


async def gather(model: SeedModel, request: ModelRequest) -> tuple[list[ModelEvent], ModelError | None]:
    events: list[ModelEvent] = []
    try:
        async with aclosing(model.stream(request)) as stream:
            async for event in stream:
                events.append(event)
    except ModelError as error:
        return events, error
    return events, None


def text_in(events: Sequence[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def reasoning_in(events: Sequence[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, ReasoningDelta))


def usage_in(events: Sequence[ModelEvent]) -> Usage:
    return next(event.usage for event in reversed(events) if isinstance(event, UsageReported))


@every_wire
async def test_a_question_with_every_parameter_is_answered(wire: WireName) -> None:
    parameters = {
        "max_tokens": 500,
        "frequency_penalty": 0.5,
        "presence_penalty": -0.5,
        "stop": ("NEVER",),
        "enable_thinking": True,
        "reasoning_effort": "low",
        "enable_web_search": False,
        "enable_caching": True,
        "image_detail": "low",
        "video_fps": 0.5,
    }
    async with running_seed() as emulator, opened(wire, emulator) as model:
        events, error = await gather(model, ask("echo Grüße 🌱 an alle", "Hi", "Hello", **parameters))
    assert error is None
    assert text_in(events) == "Grüße 🌱 an alle"
    assert reasoning_in(events)
    assert events[-1] == Finished(Finish.STOP)
    usage = usage_in(events)
    assert not usage.estimated
    assert usage.input > 0 < usage.output


@every_wire
async def test_thinking_can_be_off(wire: WireName) -> None:
    async with running_seed() as emulator, opened(wire, emulator) as model:
        events, error = await gather(model, ask("echo Hi", enable_thinking=False, reasoning_effort="high"))
    assert (error, reasoning_in(events), text_in(events)) == (None, "", "Hi")


@every_wire
async def test_a_repeated_beginning_is_served_from_the_cache(wire: WireName) -> None:
    long = "word " * 3_000
    async with running_seed() as emulator, opened(wire, emulator) as model:
        events, _ = await gather(model, ask(f"count to 3 {long}", enable_caching=True))
        assert usage_in(events).cached == 0
        events, _ = await gather(model, ask("echo two", f"count to 3 {long}", "1, 2, 3", enable_caching=True))
    usage = usage_in(events)
    assert 1_024 <= usage.cached <= usage.input


# What these shapes have no place for on these wires: the pages are then not told at all.
UNTOLD = {("chat", "mcp")} | {
    ("messages", shape) for shape in ("ark", "citations", "search_results", "references", "mcp")
}


@every_wire
@pytest.mark.parametrize(
    "shape", ["annotations", "ark", "citations", "search_results", "references", "mcp", "block", "prose"]
)
async def test_sources_of_a_search_are_found_in_every_shape(wire: WireName, shape: Any) -> None:
    async with running_seed(Options(sources=shape)) as emulator, opened(wire, emulator) as model:
        events, error = await gather(model, ask("What is the price of rope?", enable_web_search=True))
    assert error is None
    told = [event for event in events if isinstance(event, SourceFound)]
    assert bool(told) is ((wire, shape) not in UNTOLD)
    assert (NoteFound(NO_SOURCES_NOTE) in events) is not bool(told)


FINE = {
    "repeated_role", "unknown_fields", "comments", "crlf", "cr", "no_space", "multiline", "split_bytes", "slow",
    "null_content", "null_delta", "missing_choices", "usage_on_choice", "missing_usage", "no_done",
    "tool_fragments", "think_tags",
}  # fmt: skip
REPEATED = {
    "http_429", "burst_429", "http_500", "http_502", "http_503", "html_502", "text_504", "string_error",
    "error_in_200", "reset", "cut_before_text", "length_without_text", "cache_400",
}  # fmt: skip


@every_wire
@pytest.mark.parametrize("kind", sorted(FINE | REPEATED))
async def test_a_fault_that_can_be_mended_is_not_seen(wire: WireName, kind: str) -> None:
    async with running_seed() as emulator, opened(wire, emulator) as model:
        emulator.faults.add(Fault(kind=kind))
        padding = "x " * 2_500 if kind == "cache_400" else ""  # short prefixes are never cached
        question = ask(f"echo Grüße 🌱 an alle {padding}", enable_caching=True)
        events, error = await gather(model, question)
        asked = len(emulator.requests)
        await emulator.settled()
        billed = [event.usage for event in emulator.account.events if event.cost]
    told = [event.usage for event in events if isinstance(event, UsageReported)]
    assert len(told) == len(billed)
    assert all(ours.estimated or ours.input == theirs.input for ours, theirs in zip(told, billed, strict=True))
    assert error is None
    assert text_in(events).startswith("Grüße 🌱 an alle")
    assert events[-1] == Finished(Finish.STOP)
    assert usage_in(events).estimated is (kind == "missing_usage")
    assert asked == (2 if kind in REPEATED else 1)


@every_wire
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param("no_credits", ModelAccessDenied, id="no-credits"),
        pytest.param("sensitive_400", Refused, id="refused"),
        pytest.param("context_400", ContextTooLong, id="context"),
    ],
)
async def test_a_fault_that_would_come_again_is_told_at_once(wire: WireName, kind: str, expected: type) -> None:
    async with running_seed() as emulator, opened(wire, emulator) as model:
        emulator.faults.add(Fault(kind=kind))
        events, error = await gather(model, ask("echo Hi"))
        assert len(emulator.requests) == 1
    assert error is not None
    assert type(error) is expected
    assert error.request_id
    assert [type(event) for event in events] == [RequestSent, RequestNotBilled]


TEXT = "one two three four five six seven eight nine ten eleven twelve"


@every_wire
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(kind="cut_after", after=2), id="cut"),
        pytest.param(Fault(kind="cut_after", after=2, clean=True), id="clean-cut"),
        pytest.param(Fault(kind="error_in_stream", after=2), id="error"),
        pytest.param(Fault(kind="failed_in_stream", after=2), id="failed"),
        pytest.param(Fault(kind="silence", after=9), id="silence"),
    ],
)
async def test_a_stream_that_breaks_in_visible_text_is_a_cut(wire: WireName, fault: Fault) -> None:
    patience = 0.5 if fault.kind == "silence" else 30
    async with running_seed() as emulator, opened(wire, emulator, patience=patience) as model:
        emulator.faults.add(fault)
        events, error = await gather(model, ask(f"echo {TEXT}", enable_thinking=False))
        assert len(emulator.requests) == 1
    assert isinstance(error, StreamCut)
    assert text_in(events)
    assert TEXT.startswith(text_in(events))
    assert usage_in(events).estimated


@every_wire
async def test_a_filter_in_the_middle_is_told(wire: WireName) -> None:
    async with running_seed() as emulator, opened(wire, emulator) as model:
        events, error = await gather(model, ask("[filter after 2] echo one two three four"))
        assert error is None
        assert text_in(events)
        assert events[-1] == Finished(Finish.FILTERED)
        _, error = await gather(model, ask("[filter] echo one"))
        assert isinstance(error, Refused)


@every_wire
async def test_a_short_limit_is_told(wire: WireName) -> None:
    async with running_seed() as emulator, opened(wire, emulator) as model:
        events, _ = await gather(model, ask("write 100 words", enable_thinking=False, max_tokens=10))
    assert events[-1] == Finished(Finish.LENGTH)


@every_wire
async def test_a_wrong_key_or_model_is_the_operators_to_mend(wire: WireName) -> None:
    async with running_seed() as emulator:
        async with opened(wire, emulator, key="sk-wrong") as model:
            _, error = await gather(model, ask("echo Hi"))
            assert isinstance(error, ModelAccessDenied)
            assert "sk-wrong" not in str(error)
        async with opened(wire, emulator, model="seed-9") as model:
            _, error = await gather(model, ask("echo Hi"))
            assert isinstance(error, ModelAccessDenied)


@every_wire
async def test_silence_before_anything_is_asked_again_and_then_told(wire: WireName) -> None:
    async with running_seed() as emulator, opened(wire, emulator, patience=0.3) as model:
        emulator.faults.add(Fault(kind="silence", times=0, after=0))
        _, error = await gather(model, ask("echo Hi"))
        assert len(emulator.requests) == 4
    assert isinstance(error, ModelUnavailable)


@every_wire
async def test_reasoning_between_tags_is_told_as_reasoning(wire: WireName) -> None:
    async with running_seed() as emulator, opened(wire, emulator) as model:
        emulator.faults.add(Fault(kind="think_tags"))
        events, error = await gather(model, ask("echo Hi"))
    assert error is None
    assert reasoning_in(events).startswith("The message")
    assert text_in(events) == "Hi"


@every_wire
async def test_reasoning_below_a_header_stays_text(wire: WireName) -> None:
    """Nobody has told how the gateway writes it, and an answer may begin like that by itself."""
    async with running_seed() as emulator, opened(wire, emulator) as model:
        emulator.faults.add(Fault(kind="think_header"))
        events, error = await gather(model, ask("echo Hi"))
    assert error is None
    assert text_in(events).startswith("**Thinking...**")
    assert text_in(events).endswith("Hi")


@every_wire
async def test_an_answer_whose_end_is_announced_without_a_reason_is_whole(wire: WireName) -> None:
    async with running_seed() as emulator, opened(wire, emulator) as model:
        emulator.faults.add(Fault(kind="no_finish"))
        events, error = await gather(model, ask("echo one two three"))
    assert text_in(events) == "one two three"
    assert error is None


def test_every_fault_of_the_emulator_is_tried() -> None:
    elsewhere = {"no_credits", "sensitive_400", "context_400", "cut_after", "error_in_stream", "failed_in_stream"}
    by_themselves = {"silence", "content_filter", "no_finish", "think_header", "media_dropped"}
    assert set(KINDS) == FINE | REPEATED | elsewhere | by_themselves
