"""What holds for every stream of bytes that a server may send: the rules that fuzzing and the unit tests share.

An input is two bytes of choice and the stream itself: the first chooses the wire, the second how the stream is cut.
"""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

from adapters.seed.api_errors import problem_from_body, to_error
from adapters.seed.client_options import Retries
from adapters.seed.protocols import WIRES, read_event
from adapters.seed.protocols.response import ResponseState
from adapters.seed.protocols.wire_parameters import WireName
from adapters.seed.retry_policy import RetryContext, after, begin
from adapters.seed.sse import Event, EventParser
from bot.errors import ModelError
from bot.types import (
    Entry,
    ModelEvent,
    ModelRequest,
    ReasoningDelta,
    SearchStarted,
    SourceFound,
    TextDelta,
    Usage,
    UsageReported,
)

WIRE_NAMES: tuple[WireName, ...] = get_args(WireName)
QUESTION = ModelRequest(
    system_prompt="h", entries=(Entry(role="user", text="q"),), parameters={"enable_web_search": True, "stop": ("x",)}
)
TERMS = RetryContext(retries=Retries(), context_tokens=256_000, chance=0.5, seconds_left=100)


def check(data: bytes) -> None:
    """Read the stream in `data` whole and in pieces. Raises `AssertionError` where a rule is broken."""
    if len(data) < 2:
        return
    wire, size, stream = WIRE_NAMES[data[0] % len(WIRE_NAMES)], data[1] % 64 + 1, data[2:]
    whole, cut = read_events([stream]), read_events(pieces_of(stream, size))
    assert whole == cut, "another way of cutting the bytes gives other events"
    answer, events = read_answer(wire, whole)
    check_answer(answer, events)
    check_step(answer)
    check_error_body(stream)


def pieces_of(stream: bytes, size: int) -> list[bytes]:
    """The stream in pieces of `size` bytes."""
    return [stream[start : start + size] for start in range(0, len(stream), size)]


def read_events(pieces: list[bytes]) -> list[Event]:
    """Every event of a stream that arrives in these pieces."""
    parser = EventParser()
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events + parser.end()


def read_answer(wire: WireName, events: list[Event]) -> tuple[ResponseState, list[ModelEvent]]:
    """The closed answer that these events make, and the values that came out of it."""
    answer, taken = ResponseState(), []
    for event in events:
        read_event(WIRES[wire], answer, event)
        taken += answer.take()
    answer.close()
    return answer, taken + answer.take()


def check_answer(answer: ResponseState, events: list[ModelEvent]) -> None:
    """Values are whole and of their types, and nothing is both finished and broken off."""
    texts = [event.text for event in events if isinstance(event, TextDelta)]
    thoughts = [event.text for event in events if isinstance(event, ReasoningDelta)]
    assert all(type(piece) is str and piece for piece in texts + thoughts)
    assert ("".join(texts), "".join(thoughts)) == (answer.text, answer.reasoning)
    assert answer.has_text is bool(answer.text)
    assert answer.finish is not None or answer.problem is not None
    urls = [event.source.url for event in events if isinstance(event, SourceFound)]
    assert len(urls) == len(set(urls))
    assert all(url.startswith(("http://", "https://")) and len(url) <= 2_000 for url in urls)
    told = [event.source.title for event in events if isinstance(event, SourceFound)]
    told += [event.query for event in events if isinstance(event, SearchStarted)]
    for text in (*texts, *thoughts, *urls, *told):
        text.encode("utf-8")  # raises for half of a character
    if answer.usage is not None:
        check_usage(answer.usage)


def check_usage(usage: Usage) -> None:
    """Counts are integers of which parts are no larger than the whole, and money is finite."""
    assert all(type(count) is int for count in (usage.input, usage.cached, usage.output, usage.reasoning))
    assert max(usage.input, usage.output) < 2**63, "databases take no more"
    assert 0 <= usage.cached <= usage.input
    assert 0 <= usage.reasoning <= usage.output
    assert all(type(name) is str and count > 0 for name, count in usage.tools.items())
    if usage.reported_cost is not None:
        assert isinstance(usage.reported_cost, Decimal)
        assert len(f"{usage.reported_cost:f}") < 40


def check_step(answer: ResponseState) -> None:
    """There is exactly one way to go on, and every error is one line that can be shown."""
    step = after(begin(QUESTION), answer, TERMS)
    assert step.error is None or step.course is None
    for usage in (event.usage for event in step.events if isinstance(event, UsageReported)):
        check_usage(usage)
    if step.error is not None:
        check_error(step.error)


def check_error_body(body: bytes) -> None:
    """The same bytes as the body of an error."""
    for status in (200, 400, 429, 500):
        check_error(to_error(problem_from_body(body, status=status, request_id=None, retry_after=None)))


def check_error(error: ModelError) -> None:
    """Short, on one line, and able to travel through a log and a database."""
    said = str(error)
    assert len(said) < 1_000
    assert len(said.splitlines()) <= 1
    said.encode("utf-8")
