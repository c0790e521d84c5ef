"""Streams as servers send them, in bytes, and what is read from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from adapters.seed.protocols import WIRES, read_event
from adapters.seed.protocols.response import ResponseState
from adapters.seed.protocols.wire_parameters import WireName
from adapters.seed.sse import Event, EventParser
from bot.types import Entry, ModelEvent, ModelRequest, ReasoningDelta, SourceFound, TextDelta, Usage, UsageReported

LONG = "word " * 2_000
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


def read_stream(wire: WireName, pieces: Sequence[bytes]) -> ResponseState:
    """The answer that a wire's stream gives, cut as told; its events are all still there."""
    answer, parser = ResponseState(), EventParser()
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


def bills_in(events: Sequence[ModelEvent]) -> list[Usage]:
    """What each request used."""
    return [event.usage for event in events if isinstance(event, UsageReported)]


def reasoning_in(events: Sequence[ModelEvent]) -> str:
    """The reasoning."""
    return "".join(event.text for event in events if isinstance(event, ReasoningDelta))


def urls_in(events: Sequence[ModelEvent]) -> list[str]:
    """The addresses of the sources."""
    return [event.source.url for event in events if isinstance(event, SourceFound)]


def ask(text: str = "hello", **parameters: Any) -> ModelRequest:
    """A short question."""
    return ModelRequest(system_prompt="Be brief.", entries=(Entry(role="user", text=text),), parameters=parameters)


# The same answer on each wire.

CHAT = (
    b": keep-alive\n\n"
    + chunk("", reasoning_content="Let me ")
    + chunk("", reasoning_content="think.")
    + chunk("Grün")
    + chunk(" 🌱")
    + chunk("", finish="stop")
    + usage_chunk(6435, 233, cached=1024, reasoning=165)
    + DONE
)


def responses_event(kind: str, **fields: Any) -> bytes:
    return sse({"type": kind, "sequence_number": 1, **fields}, kind)


RESPONSES = (
    responses_event("response.created", response={"id": "r", "object": "response"})
    + responses_event("response.output_item.added", item={"id": "rs", "type": "reasoning", "status": "in_progress"})
    + responses_event("response.reasoning_summary_part.added", part={"type": "summary_text"})
    + responses_event("response.reasoning_summary_text.delta", delta="Let me ")
    + responses_event("response.reasoning_summary_text.delta", delta="think.")
    + responses_event("response.output_text.delta", delta="Grün")
    + responses_event("response.output_text.delta", delta=" 🌱")
    + responses_event("response.output_text.done", text="Grün 🌱")
    + responses_event(
        "response.completed",
        response={
            "object": "response",
            "status": "completed",
            "error": None,
            "output": [{"type": "message", "content": [{"type": "output_text", "text": "Grün 🌱"}]}],
            "usage": {
                "input_tokens": 6435,
                "output_tokens": 233,
                "input_tokens_details": {"cached_tokens": 1024},
                "output_tokens_details": {"reasoning_tokens": 165},
            },
        },
    )
    + DONE
)


def messages_event(kind: str, **fields: Any) -> bytes:
    return sse({"type": kind, **fields}, kind)


MESSAGES = (
    messages_event(
        "message_start",
        message={
            "role": "assistant",
            "usage": {"input_tokens": 5411, "cache_read_input_tokens": 1024, "output_tokens": 1},
        },
    )
    + messages_event("ping")
    + messages_event("content_block_start", index=0, content_block={"type": "thinking", "thinking": ""})
    + messages_event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "Let me "})
    + messages_event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "think."})
    + messages_event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "x"})
    + messages_event("content_block_stop", index=0)
    + messages_event("content_block_start", index=1, content_block={"type": "text", "text": ""})
    + messages_event("content_block_delta", index=1, delta={"type": "text_delta", "text": "Grün"})
    + messages_event("content_block_delta", index=1, delta={"type": "text_delta", "text": " 🌱"})
    + messages_event("content_block_stop", index=1)
    + messages_event(
        "message_delta",
        delta={"stop_reason": "end_turn"},
        usage={"output_tokens": 233, "output_tokens_details": {"reasoning_tokens": 165}},
    )
    + messages_event("message_stop")
)
