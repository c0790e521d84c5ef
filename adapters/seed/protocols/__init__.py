"""The three API protocols: requests to JSON and streams to values. Pure; nothing here touches a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from adapters.seed.api_errors import Problem, ProblemKind, problem_from_error
from adapters.seed.error_envelopes import error_in
from adapters.seed.protocols import anthropic_messages, chat_completions, responses
from adapters.seed.protocols.response import ResponseState
from adapters.seed.protocols.wire_parameters import Dialect, WireName
from adapters.seed.sse import Event
from bot.types import ModelRequest


class BuildBody(Protocol):
    """Maps a request to the JSON of one wire."""

    def __call__(self, request: ModelRequest, model: str, dialect: Dialect = "gateway") -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One way of talking to the model: where to post, what to post, and how to read one object of the stream.

    `carries_sound` says whether a message can have sound in it.
    """

    path: str
    build_body: BuildBody
    read: Callable[[ResponseState, dict[str, Any]], None]
    headers: Mapping[str, str] = field(default_factory=dict)
    carries_sound: bool = True


WIRES: Mapping[WireName, Wire] = {
    "chat": Wire(path=chat_completions.PATH, build_body=chat_completions.build_body, read=chat_completions.read),
    "responses": Wire(path=responses.PATH, build_body=responses.build_body, read=responses.read),
    "messages": Wire(
        path=anthropic_messages.PATH,
        build_body=anthropic_messages.build_body,
        carries_sound=False,
        read=anthropic_messages.read,
        headers=anthropic_messages.HEADERS,
    ),
}


UNREADABLE = Problem(kind=ProblemKind.CUT, what="the model API sent something unreadable", code="malformed_event")

_DECODER = json.JSONDecoder()


def read_event(wire: Wire, answer: ResponseState, event: Event) -> None:
    """Take one event of a stream into `answer`; never raises, whatever the event holds."""
    name, data = event
    try:
        payload, end = _DECODER.raw_decode(data)  # cheaper than json.loads by a sixth
    except (ValueError, RecursionError):
        _read_other(wire, answer, event)
        return
    if end != len(data) and data[end:].strip():
        answer.fail(UNREADABLE)
        return
    error = payload if name == "error" else error_in(payload)
    if error is not None:
        answer.fail(problem_from_error(error_in(error) or error, request_id=answer.request_id))
    elif type(payload) is dict:
        wire.read(answer, payload)


def _read_other(wire: Wire, answer: ResponseState, event: Event) -> None:
    """Skip what is no JSON from its first character on: the end, nothing, blanks before JSON, or a damaged line."""
    name, data = event
    bare = data.strip()
    if bare == "[DONE]":
        answer.ended = True
    elif bare != data:
        read_event(wire, answer, (name, bare))
    elif bare:
        answer.fail(UNREADABLE)
