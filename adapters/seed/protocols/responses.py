"""Responses: the protocol that takes documents natively, in OpenAI's shapes with BytePlus ModelArk's divergences.

The system text goes into `input`, since upstream refuses `instructions` together with caching; nothing is stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from adapters.seed import json_coerce
from adapters.seed.api_errors import problem_from_error
from adapters.seed.protocols.data_urls import audio, data_url
from adapters.seed.protocols.finish_reasons import finish_of, reason_of
from adapters.seed.protocols.response import ResponseState, usage_of
from adapters.seed.protocols.sources import sources_in_text
from adapters.seed.protocols.wire_parameters import PLACEHOLDER, Dialect, system_message_of, wire_parameters
from bot.types import Entry, Finish, Media, ModelRequest

PATH = "/responses"

SEARCHES = frozenset({"response.web_search_call.in_progress", "response.mcp_call.in_progress"})
REASONING = frozenset(
    f"response.{name}.delta" for name in ("reasoning_summary_text", "reasoning_text", "reasoning_summary", "reasoning")
)
QUERIES = frozenset({"response.mcp_call.arguments.done", "response.mcp_call_arguments.done"})
ENDINGS = frozenset({"response.completed", "response.incomplete", "response.failed", "response.cancelled"})
DONE = "response.done"  # of gateways that say nothing else


def build_body(request: ModelRequest, model: str, dialect: Dialect = "gateway") -> dict[str, Any]:
    """Return the JSON of one request; input stands last, so that a longer conversation only adds to its end."""
    return {
        "model": model,
        "stream": True,
        "store": False,
        **wire_parameters(request.parameters, dialect, "responses"),
        "input": [
            {"role": "system", "content": system_message_of(request)},
            *(_message(entry, request, dialect) for entry in request.entries),
        ],
    }


def _message(entry: Entry, request: ModelRequest, dialect: Dialect) -> dict[str, Any]:
    text = entry.text if entry.text.strip() else ""
    if entry.role == "assistant":
        return {"type": "message", "role": entry.role, "content": text or PLACEHOLDER}  # llama.cpp needs the type
    if not entry.media:
        return {"role": entry.role, "content": text or PLACEHOLDER}
    parts = [_part(media, request, dialect) for media in entry.media]
    if text:
        parts.append({"type": "input_text", "text": text})
    return {"role": entry.role, "content": parts}


def _part(media: Media, request: ModelRequest, dialect: Dialect) -> dict[str, Any]:
    match media.kind:
        case "image":
            image: dict[str, Any] = {"type": "input_image", "image_url": data_url(media)}
            if dialect != "plain" and "image_detail" in request.parameters:
                image["detail"] = request.parameters["image_detail"]
            return image
        case "video":
            video: dict[str, Any] = {"type": "input_video", "video_url": data_url(media)}
            if dialect != "plain" and "video_fps" in request.parameters:
                video["fps"] = request.parameters["video_fps"]
            return video
        case "audio":
            return {"type": "input_audio", "input_audio": audio(media)}
        case "document":
            return {"type": "input_file", "filename": media.name, "file_data": data_url(media)}


def read(answer: ResponseState, event: dict[str, Any]) -> None:
    """Take in one event of a stream, or a whole response; anything unknown is passed over."""
    kind = event.get("type")
    if kind == "response.output_text.delta":
        piece = event.get("delta")
        if piece and isinstance(piece, str):
            answer.add_text(piece)
    elif not isinstance(kind, str):
        if event.get("object") == "response":
            _read_ending(answer, event)
    elif kind in REASONING:
        piece = event.get("delta")
        if piece := piece if isinstance(piece, str) else json_coerce.text(json_coerce.mapping(piece).get("text")):
            answer.add_reasoning(piece)
    elif kind in ENDINGS or kind == DONE:
        told = "completed" if kind == DONE else kind.removeprefix("response.")
        _read_ending(answer, json_coerce.mapping(event.get("response")), told=told)
    else:
        _read_rare(answer, kind, event)


def _read_rare(answer: ResponseState, kind: str, event: dict[str, Any]) -> None:
    if kind == "response.output_text.done":
        answer.complete(json_coerce.text(event.get("text")))
    elif kind == "response.content_part.done":
        _read_message(answer, {"content": [event.get("part")]})
    elif kind == "response.refusal.delta":
        if piece := json_coerce.text(event.get("delta")):
            answer.add_text(piece)
        answer.finish = Finish.FILTERED
    elif kind == "response.output_text.annotation.added":
        answer.add_sources([event.get("annotation")])
    elif kind in SEARCHES:
        answer.add_search()
    elif kind in QUERIES:
        if query := _query_of(event.get("arguments")):
            answer.add_search(query)
    elif kind == "response.output_item.done":
        _read_finished(answer, json_coerce.mapping(event.get("item")))


def _read_item(answer: ResponseState, item: Any) -> None:
    """Read an item that is complete: only its sources, since its text came before."""
    for part in json_coerce.items(item.get("content")):
        answer.add_sources(json_coerce.mapping(part).get("annotations"))
    if item.get("type") == "mcp_call":
        found = sources_in_text(json_coerce.text(item.get("output")))
        answer.add_sources([{"url": source.url, "title": source.title} for source in found])


def _read_message(answer: ResponseState, *messages: Mapping[str, Any]) -> None:
    """Take from whole messages what the pieces of their text left out, or all of it."""
    whole = ""
    for content in (message.get("content") for message in messages):
        for part in [{"text": content}] if isinstance(content, str) else json_coerce.items(content):
            body = json_coerce.mapping(part)
            if body.get("type") == "refusal":
                answer.finish = Finish.FILTERED
            if body.get("type") not in {"reasoning_text", "summary_text"}:
                whole += json_coerce.text(body.get("text")) or json_coerce.text(body.get("refusal"))
    answer.complete(whole)


def _read_finished(answer: ResponseState, item: Mapping[str, Any]) -> None:
    """Read an item that is complete while others are to come; a search tells only then what it looked for."""
    if item.get("type") == "message" and not answer.has_text:
        _read_message(answer, item)
    query = json_coerce.text(json_coerce.mapping(item.get("action")).get("query"))
    if item.get("type") == "web_search_call" and query:
        answer.add_search(query)
    _read_item(answer, item)


def _read_ending(answer: ResponseState, response: Any, *, told: str = "completed") -> None:
    """Take in the last word on a response; `told` is how its event names the end, which may know better than it."""
    output = [json_coerce.mapping(item) for item in json_coerce.items(response.get("output"))]
    messages = [item for item in output if item.get("type") == "message"]
    _read_message(answer, *(messages or [{"content": response.get("output_text")}]))
    for item in output:
        _read_item(answer, item)
    answer.add_usage(usage_of(response.get("usage"), whole=response))
    for name in ("citations", "search_results", "references"):
        answer.add_sources(response.get(name))
    status = told if told != "completed" else json_coerce.text(response.get("status")) or told
    if status == "failed":
        answer.fail(problem_from_error(response.get("error") or {}, request_id=answer.request_id))
    elif status == "incomplete":
        details = json_coerce.mapping(response.get("incomplete_details"))
        reason = reason_of(details) or ("content_filter" if details.get("content_filter") else "")
        answer.end_with(status if finish_of(reason) is Finish.STOP else reason or status)
    else:  # others, like "cancelled" and "in_progress", are no good end either
        answer.end_with(status if finish_of(status) else f"status {status}")


def _query_of(arguments: object) -> str:
    """Return what is searched for, from the arguments of a tool call in JSON."""
    try:
        fields = json_coerce.mapping(json.loads(json_coerce.text(arguments)))
    except (ValueError, RecursionError):
        return ""
    return next(
        (json_coerce.text(fields[name]) for name in ("query", "q", "keyword", "search_query") if name in fields), ""
    )
