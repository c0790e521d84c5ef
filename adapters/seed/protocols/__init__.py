"""The three API protocols: requests to JSON and streams to values. Pure; nothing here touches a network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from adapters.seed import json_coerce
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


ReadObject = Callable[[ResponseState, dict[str, Any]], None]
"""Takes one object of a stream into the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One way of talking to the model: where to post, what to post, and how to read one object of the stream.

    `carries_sound` says whether a message can have sound in it.
    """

    path: str
    build_body: BuildBody
    read: ReadObject
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

SIGN_OF_LIFE = re.compile(r"[:\s]*(ping|pong|keep.?alive|heartbeat)\W*", re.IGNORECASE)
"""What gateways send as data, instead of a comment, so that a connection stays open."""

ENVELOPES = ("data", "result")

MESSAGE_EVENTS = frozenset(
    {
        *("message", "message_start", "message_delta", "message_stop"),
        *("content_block_start", "content_block_delta", "content_block_stop"),
    }
)

_DECODER = json.JSONDecoder(strict=False)  # some servers leave tabs in strings as they are


def read_event(wire: Wire, answer: ResponseState, event: Event) -> None:
    """Take one event of a stream into `answer`; never raises, whatever the event holds."""
    name, data = event
    try:
        payload, end = _DECODER.raw_decode(data)  # cheaper than json.loads by a sixth
    except (ValueError, RecursionError):
        _read_other(wire, answer, event)
        return
    if end != len(data) and data[end:].strip():
        _read_lines(wire, answer, data)
        return
    payload = _unwrapped(payload)
    error = payload if name == "error" else error_in(payload)
    if error is not None:
        answer.fail(problem_from_error(error_in(error) or error, request_id=answer.request_id))
    elif type(payload) is dict:
        if name and "type" not in payload:
            payload["type"] = name
        _reader_of(wire, payload)(answer, payload)
    elif type(payload) is list:  # a whole stream as one array
        for item in payload:
            if type(item) is dict:
                _reader_of(wire, item)(answer, item)


def _unwrapped(payload: Any) -> Any:
    """Return the answer in an envelope of a gateway's own, or `payload` where there is none."""
    if type(payload) is dict and "choices" not in payload:
        for name in ENVELOPES:
            if name in payload and "choices" in json_coerce.mapping(payload[name]):
                return payload[name]
    return payload


def _read_lines(wire: Wire, answer: ResponseState, data: str) -> None:
    """Read events that no blank line parts: each of their lines is a document."""
    lines = data.split("\n")
    if len(lines) == 1:
        answer.fail(UNREADABLE)
    for line in lines if len(lines) > 1 else ():
        read_event(wire, answer, ("", line))


def _reader_of(wire: Wire, payload: dict[str, Any]) -> ReadObject:
    """Return what reads an object: gateways answer in another protocol than they were asked in."""
    if "choices" in payload:
        return chat_completions.read
    kind = payload.get("type")
    if payload.get("object") == "response" or (type(kind) is str and kind.startswith("response.")):
        return responses.read
    return anthropic_messages.read if type(kind) is str and kind in MESSAGE_EVENTS else wire.read


def _read_other(wire: Wire, answer: ResponseState, event: Event) -> None:
    """Skip what is no JSON from its first character on: the end, nothing, blanks before JSON, or a damaged line."""
    name, data = event
    bare = data.strip()
    if bare == "[DONE]":
        answer.ended = True
    elif bare != data:
        read_event(wire, answer, (name, bare))
    elif bare and not SIGN_OF_LIFE.fullmatch(bare):
        answer.fail(UNREADABLE)
