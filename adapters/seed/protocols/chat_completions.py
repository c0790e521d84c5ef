"""Chat completions: the default wire, in the shapes of OpenAI's API with BytePlus ModelArk's additions."""

from __future__ import annotations

from typing import Any

from adapters.seed import json_coerce
from adapters.seed.api_errors import problem_from_error
from adapters.seed.protocols.data_urls import audio, data_url
from adapters.seed.protocols.response import ResponseState, usage_of
from adapters.seed.protocols.wire_parameters import PLACEHOLDER, Dialect, system_message_of, wire_parameters
from bot.types import Entry, Finish, Media, ModelRequest, ParameterValue

PATH = "/chat/completions"

PART_NAMES = ("text", "thinking", "content", "summary", "parts")
"""Where a part has its words: Mistral's `thinking` is text, or parts of it."""

USAGE_PLACES = ("usage", "x_groq", "usageMetadata", "usage_metadata", "timings")
"""Where servers report tokens: OpenAI and most others; Groq; Gemini; gateways; llama.cpp."""

COMMON = frozenset({"role", "content", "reasoning_content"})
REASONING_NAMES = ("reasoning_content", "reasoning", "reasoning_text", "thinking", "thought", "reasoning_details")


def build_body(request: ModelRequest, model: str, dialect: Dialect = "gateway") -> dict[str, Any]:
    """Return the JSON of one request; messages stand last, so that a longer conversation only adds to its end."""
    return {
        "model": model,
        "stream": True,
        "stream_options": {"include_usage": True},
        **wire_parameters(request.parameters, dialect, "chat"),
        "messages": [
            {"role": "system", "content": system_message_of(request)},
            *(_message(entry, request, dialect) for entry in request.entries),
        ],
    }


def _message(entry: Entry, request: ModelRequest, dialect: Dialect) -> dict[str, Any]:
    text = entry.text if entry.text.strip() else ""
    if entry.role == "assistant" or not entry.media:
        return {"role": entry.role, "content": text or PLACEHOLDER}
    parts = [_part(media, request, dialect) for media in entry.media]
    if text:
        parts.append({"type": "text", "text": text})
    return {"role": entry.role, "content": parts}


def _part(media: Media, request: ModelRequest, dialect: Dialect) -> dict[str, Any]:
    match media.kind:
        case "image":
            image: dict[str, ParameterValue] = {"url": data_url(media)}
            if dialect != "plain" and "image_detail" in request.parameters:
                image["detail"] = request.parameters["image_detail"]
            return {"type": "image_url", "image_url": image}
        case "video":
            video: dict[str, ParameterValue] = {"url": data_url(media)}
            if dialect != "plain" and "video_fps" in request.parameters:
                video["fps"] = request.parameters["video_fps"]
            return {"type": "video_url", "video_url": video}
        case "audio":
            return {"type": "input_audio", "input_audio": audio(media)}
        case "document":
            return {"type": "file", "file": {"filename": media.name, "file_data": data_url(media)}}


def read(answer: ResponseState, chunk: dict[str, Any]) -> None:
    """Take in one chunk of a stream, or a whole completion; anything unknown is passed over."""
    choice = _one_choice(answer, chunk.get("choices"))
    if choice is not None and not answer.ended:
        _read_choice(answer, choice)
        if choice.get("usage"):  # where Kimi puts it
            answer.add_usage(usage_of(choice["usage"], whole=chunk))
    for place in USAGE_PLACES:
        if chunk.get(place):
            answer.add_usage(usage_of(chunk[place], whole=chunk))
    for name in ("citations", "search_results", "references"):
        if name in chunk:
            answer.add_sources(chunk[name])


def _one_choice(answer: ResponseState, choices: object) -> dict[str, Any] | None:
    """Return the one choice that was asked for: servers send others beside it, and some count from 1 or in text."""
    if not isinstance(choices, list):
        return None
    numbered = [(str(choice.get("index") or 0), choice) for choice in choices if isinstance(choice, dict)]
    if numbered and answer.choice is None:
        answer.choice = min(number for number, _ in numbered)
    return next((choice for number, choice in numbered if number == answer.choice), None)


def _read_choice(answer: ResponseState, choice: dict[str, Any]) -> None:
    delta = choice.get("delta")
    if isinstance(delta, dict):
        _read_delta(answer, delta)
    if "message" in choice:
        _read_message(answer, choice["message"], beside_delta=bool(delta))
    if isinstance(text := choice.get("text"), str) and text:  # of completions without a chat
        answer.add_text(text)
    if reason := choice.get("finish_reason"):
        answer.end_with(reason)
    if isinstance(error := choice.get("error"), dict):  # OpenRouter tells it beside the reason "error"
        answer.fail(problem_from_error(error, request_id=answer.request_id))


def _read_message(answer: ResponseState, message: object, *, beside_delta: bool) -> None:
    """Read a whole message: some servers repeat in it, beside a delta or at the end, what the deltas said."""
    if not isinstance(message, dict):
        return
    if beside_delta or answer.has_text:
        answer.complete(json_coerce.text(message.get("content")))
    else:
        _read_delta(answer, message)


def _read_delta(answer: ResponseState, delta: dict[str, Any]) -> None:
    if delta:
        reasoning = next((found for name in REASONING_NAMES if (found := delta.get(name))), None)
        if reasoning:
            answer.add_reasoning(reasoning if type(reasoning) is str else _words(reasoning))
        content = delta.get("content")
        if content:
            if type(content) is str:
                answer.add_text(content)
            else:
                _read_parts(answer, content)
        if not delta.keys() <= COMMON:
            _read_rare(answer, delta)


def _read_parts(answer: ResponseState, content: object) -> None:
    """Content in parts, as some gateways send it."""
    for part in content if isinstance(content, list) else [content]:
        body = json_coerce.mapping(part)
        is_reasoning = "thinking" in body or body.get("type") in {"thinking", "reasoning"}
        if piece := _words(part):
            (answer.add_reasoning if is_reasoning else answer.add_text)(piece)


def _words(part: object) -> str:
    """Return the text of a part, of several, or of what stands in its place."""
    if isinstance(part, list):
        return "".join(_words(item) for item in part if not isinstance(item, list))
    body = json_coerce.mapping(part)
    told = next((found for name in PART_NAMES if (found := body.get(name))), "") if body else part
    return json_coerce.text(told) if isinstance(told, str) else _words(told) if isinstance(told, list) else ""


def _read_rare(answer: ResponseState, delta: dict[str, Any]) -> None:
    refusal = delta.get("refusal")
    if refusal and isinstance(refusal, str):
        answer.add_text(refusal)
        answer.finish = Finish.FILTERED
    for name in ("annotations", "citations"):
        if name in delta:
            answer.add_sources(delta[name])
