"""Messages: Anthropic's public format, which the gateway translates; documents and video on it are unconfirmed."""

from __future__ import annotations

from typing import Any

from adapters.seed import json_coerce
from adapters.seed.protocols.data_urls import base64_text
from adapters.seed.protocols.response import ResponseState, reported_cost, tool_calls_of
from adapters.seed.protocols.wire_parameters import PLACEHOLDER, Dialect, system_message_of, wire_parameters
from bot.parameters import PARAMETERS
from bot.types import Entry, Media, ModelRequest, Usage

PATH = "/messages"
HEADERS = {"anthropic-version": "2023-06-01"}

EARLIER = "(earlier messages are left out)"  # the format wants a user's message first


def build_body(request: ModelRequest, model: str, dialect: Dialect = "gateway") -> dict[str, Any]:
    """Return the JSON of one request; messages stand last, so that a longer conversation only adds to its end."""
    messages = [_message(entry, request, dialect) for entry in request.entries]
    if messages and messages[0]["role"] == "assistant":
        messages.insert(0, {"role": "user", "content": EARLIER})
    return {
        "model": model,
        "stream": True,
        "max_tokens": PARAMETERS["max_tokens"].default,  # the format requires one
        **wire_parameters(request.parameters, dialect, "messages"),
        "system": system_message_of(request),
        "messages": messages,
    }


def _message(entry: Entry, request: ModelRequest, dialect: Dialect) -> dict[str, Any]:
    text = entry.text if entry.text.strip() else ""
    if entry.role == "assistant" or not entry.media:
        return {"role": entry.role, "content": text or PLACEHOLDER}
    blocks = [_block(media, request, dialect) for media in entry.media]
    if text:
        blocks.append({"type": "text", "text": text})
    return {"role": entry.role, "content": blocks}


def _block(media: Media, request: ModelRequest, dialect: Dialect) -> dict[str, Any]:
    source = {"type": "base64", "media_type": media.media_type, "data": base64_text(media)}
    match media.kind:
        case "image":
            image: dict[str, Any] = {"type": "image", "source": source}
            if dialect != "plain" and "image_detail" in request.parameters:
                image["detail"] = request.parameters["image_detail"]
            return image
        case "video":
            video: dict[str, Any] = {"type": "video", "source": source}
            if dialect != "plain" and "video_fps" in request.parameters:
                video["fps"] = request.parameters["video_fps"]
            return video
        case "audio":  # kept from elsewhere: this protocol has no part for it
            return {"type": "text", "text": f"(the sound {media.name!r} cannot be heard here)"}
        case "document":
            return {"type": "document", "title": media.name, "source": source}


def read(answer: ResponseState, event: dict[str, Any]) -> None:
    """Take in one event of a stream, or a whole message; anything unknown is passed over."""
    match event.get("type"):
        case "content_block_delta":
            _read_delta(answer, json_coerce.mapping(event.get("delta")))
        case "content_block_start":
            _read_block(answer, json_coerce.mapping(event.get("content_block")))
        case "message_start":
            _note_usage(answer, json_coerce.mapping(event.get("message")))
            answer.counts.pop("output_tokens", None)  # of the answer's beginning: the end tells all of them
        case "message_delta":
            _note_usage(answer, event)
            _read_end(answer, json_coerce.mapping(event.get("delta")).get("stop_reason"))
        case "message_stop":
            answer.ended = True
            answer.add_usage(_usage(answer.counts))
        case "message":
            content = event.get("content")
            for block in [{"text": content}] if isinstance(content, str) else json_coerce.items(content):
                _read_block(answer, json_coerce.mapping(block))
            _note_usage(answer, event)
            answer.add_usage(_usage(answer.counts))
            answer.end_with(event.get("stop_reason"))


def _read_delta(answer: ResponseState, delta: Any) -> None:
    text = delta.get("text")
    if text and isinstance(text, str):
        answer.add_text(text)
    thinking = delta.get("thinking")
    if thinking and isinstance(thinking, str):
        answer.add_reasoning(thinking)
    if "citation" in delta:
        answer.add_sources([delta["citation"]])


def _read_block(answer: ResponseState, block: Any) -> None:
    _read_delta(answer, block)
    kind = json_coerce.text(block.get("type"))
    answer.add_sources(block.get("citations"))
    if kind.endswith("_tool_result"):
        answer.add_sources(block.get("content"))
    elif kind.endswith("tool_use"):
        answer.add_search(json_coerce.text(json_coerce.mapping(block.get("input")).get("query")))


def _read_end(answer: ResponseState, reason: object) -> None:
    answer.end_with(reason)
    if answer.is_ending:
        answer.add_usage(_usage(answer.counts))


def _note_usage(answer: ResponseState, holder: Any) -> None:
    """Gather counts: input comes at the start, output at the end, and a gateway may fill in either one late."""
    counts = json_coerce.mapping(holder.get("usage"))
    answer.counts |= {name: value for name, value in counts.items() if value}
    cost = reported_cost(counts, holder)
    if cost is not None:
        answer.counts["cost_usd"] = str(cost)


def _usage(counts: dict[str, Any]) -> Usage | None:
    """In this format `input_tokens` leaves out what was read from or written to the cache."""
    fresh = json_coerce.count(counts.get("input_tokens")) or 0
    cached = json_coerce.count(counts.get("cache_read_input_tokens")) or 0
    written = json_coerce.count(counts.get("cache_creation_input_tokens")) or 0
    output = json_coerce.count(counts.get("output_tokens")) or 0
    if not fresh + cached + written:
        return None  # no request is that short: the gateway did not count
    details = json_coerce.mapping(counts.get("output_tokens_details"))
    searches = json_coerce.count(json_coerce.mapping(counts.get("server_tool_use")).get("web_search_requests"))
    return Usage(
        input=fresh + cached + written,
        cached=cached,
        output=output,
        reasoning=min(json_coerce.count(details.get("reasoning_tokens")) or 0, output),
        tools=tool_calls_of(counts) or ({"web_search": searches} if searches else {}),
        reported_cost=reported_cost(counts),
    )
