"""Find the failure in a JSON document that came in place of an answer, whatever envelope its server uses. Pure.

Envelopes as servers document or send them: OpenAI and most others (`error`), Gemini (an array around it), MiniMax
(`base_resp`), FastAPI and vLLM (`detail`), Baidu (`error_code`), Tencent (`Response.Error`), RFC 9457 (`title`), and
gateways that say `success: false` or nothing but a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.seed import json_coerce

_ANSWERING = frozenset({"choices", "output", "content", "candidates", "type", "object", "delta", "usage"})
"""Fields of answers: a document with one of them is taken for a failure only where it says so itself."""

_TELLING = frozenset({"error", "errors", "base_resp", "Response", "success", "error_code", "object", "type", "status"})
_MESSAGES = (
    "message",
    "Message",
    "msg",
    "detail",
    "status_msg",
    "error_msg",
    "errorMessage",
    "error",
    "title",
    "reason",
)
_CODES = ("code", "Code", "error_code", "status_code", "errorCode", "status", "__type")
_FINE = frozenset({"", "0", "200", "ok", "success", "none", "null"})
_MOST_NESTED = 4  # levels at which a message is looked for


def error_in(payload: object) -> Mapping[str, Any] | None:
    """Return `message`, `code`, `type` and `param` of the failure that a document tells; None where it tells none."""
    if isinstance(payload, list):
        return next((found for item in payload[:1] if (found := error_in(item)) is not None), None)
    body = json_coerce.mapping(payload)
    if body.keys().isdisjoint(_TELLING) and not body.keys().isdisjoint(_ANSWERING):
        return None  # nearly all are like this
    return next((error_of(error) for error in _errors(body)), None)


def error_of(error: object) -> Mapping[str, Any]:
    """Return an error object of any envelope, or bare words, under the names of OpenAI's; its other fields stay."""
    body = json_coerce.mapping(error)
    message = _words(error)
    code = next((body[name] for name in _CODES if isinstance(body.get(name), str | int) and body[name] != ""), "")
    return {**body, "message": message, "code": code, "param": json_coerce.text(body.get("param")) or _place(body)}


def _errors(body: Mapping[str, Any]) -> Iterator[object]:
    """Yield what tells a failure in `body`, the most telling first."""
    if error := body.get("error"):
        yield error if isinstance(error, str | dict | list) else body
    yield from json_coerce.items(body.get("errors"))[:1]
    outcome = json_coerce.mapping(body.get("base_resp"))
    if str(outcome.get("status_code", "")).lower() not in _FINE:
        yield outcome
    if inner := json_coerce.mapping(body.get("Response")).get("Error"):
        yield inner
    if body.get("success") is False or str(body.get("error_code", "")).lower() not in _FINE:
        yield body
    if any(body.get(name) == "error" for name in ("type", "object", "status")):
        yield body
    if body.keys().isdisjoint(_ANSWERING) and _words(body):
        yield body


def _words(error: object, depth: int = 0) -> str:
    """Return what an error says: its own words, or those of the list that FastAPI makes of several."""
    if isinstance(error, str) or depth == _MOST_NESTED:
        return json_coerce.text(error)
    if isinstance(error, list):
        return "; ".join(words for item in error[:3] if (words := _placed(item, depth + 1)))
    body = json_coerce.mapping(error)
    return next((words for name in _MESSAGES if (words := _words(body.get(name), depth + 1))), "")


def _placed(item: object, depth: int) -> str:
    """Return what one of several errors says, with the field that it is about."""
    words, place = _words(item, depth), _place(json_coerce.mapping(item))
    return f"{place}: {words}" if place and words else words


def _place(error: Mapping[str, Any]) -> str:
    """Return the field that an error of FastAPI is about, "" where it names none."""
    first = json_coerce.mapping(next(iter(json_coerce.items(error.get("detail"))), None))
    places = json_coerce.items(error.get("loc")) or json_coerce.items(first.get("loc"))
    return next((place for place in reversed(places) if isinstance(place, str) and place != "body"), "")
