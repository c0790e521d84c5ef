"""Streams as servers send them, in bytes, and what is read from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from adapters.seed.sse import Event, EventParser
from adapters.seed.wires import WIRES, WireName, read_event
from adapters.seed.wires.answer import Answer
from bot.types import Entry, ModelEvent, ModelRequest, ReasoningDelta, SourceFound, TextDelta

DONE = b"data: [DONE]\n\n"


def sse(payload: Any, name: str = "") -> bytes:
    """One event with `payload` as JSON."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(payload, ensure_ascii=False)}\n\n".encode()


def chunk(content: str | None = None, *, finish: str | None = None, **delta: Any) -> bytes:
    """One chunk of a chat stream, as the provider writes them: usage null, role in every delta."""
    choice: dict[str, Any] = {"index": 0, "delta": {"role": "assistant", **delta}}
    if content is not None:
        choice["delta"]["content"] = content
    if finish is not None:
        choice["finish_reason"] = finish
    return sse({"id": "1", "object": "chat.completion.chunk", "choices": [choice], "usage": None})


def usage_chunk(prompt: int = 10, completion: int = 5, *, cached: int = 0, reasoning: int = 0, **more: Any) -> bytes:
    """The usage chunk at the end of a chat stream."""
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
        **more,
    }
    return sse({"id": "1", "object": "chat.completion.chunk", "choices": [], "usage": usage})


def chat_stream(*pieces: str, finish: str = "stop") -> bytes:
    """A whole chat stream that says `pieces`."""
    return b"".join(chunk(piece) for piece in pieces) + chunk("", finish=finish) + usage_chunk() + DONE


def read_stream(wire: WireName, pieces: Sequence[bytes]) -> Answer:
    """The answer that a wire's stream gives, cut as told; its events are all still there."""
    answer, parser = Answer(), EventParser()
    events: list[Event] = []
    for piece in pieces:
        events += parser.feed(piece)
    for event in [*events, *parser.end()]:
        read_event(WIRES[wire], answer, event)
    answer.close()
    return answer


def text_in(events: Sequence[ModelEvent]) -> str:
    """The visible text."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def reasoning_in(events: Sequence[ModelEvent]) -> str:
    """The reasoning."""
    return "".join(event.text for event in events if isinstance(event, ReasoningDelta))


def urls_in(events: Sequence[ModelEvent]) -> list[str]:
    """The addresses of the sources."""
    return [event.source.url for event in events if isinstance(event, SourceFound)]


def ask(text: str = "hello", **parameters: Any) -> ModelRequest:
    """A short question."""
    return ModelRequest(head="Be brief.", entries=(Entry(role="user", text=text),), parameters=parameters)
