"""The chat completions wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.types import Usage
from tests.emulators.seed import media, search, tokens, validation
from tests.emulators.seed.completion import Completion
from tests.emulators.seed.errors import invalid, missing
from tests.emulators.seed.options import Options
from tests.emulators.seed.request import Ask, Message, Part, Settings
from tests.emulators.seed.validation import Body
from tests.emulators.seed.wires.frames import DONE, Frame, FramePart
from tests.emulators.seed.wires.shared import cost_fields, source_fields, wants_json

KNOWN = frozenset(
    {*validation.WIRE_PARAMETERS, *validation.FIXED}
    | {"model", "messages", "stream", "stream_options", "response_format", "tools", "tool_choice", "user"}
    | {"disable_formatting", "raw", "passthrough", "raw_response"}
)


def read(body: Body, options: Options) -> Ask:
    """The request in `body`. Raises `ApiError` for what the API would refuse."""
    settings = validation.read_settings(body, reject=options.reject)
    given = validation.items_of(body.get("messages"), "messages")
    stream_options = validation.mapping(body.get("stream_options") or {}, "stream_options")
    return Ask(
        wire="chat",
        model=validation.text_of(body, "model"),
        messages=tuple(_message(item, settings, f"messages[{place}]") for place, item in enumerate(given)),
        settings=settings,
        stream=validation.flag(body, "stream"),
        include_usage=validation.flag(stream_options, "include_usage"),
        every_chunk_usage=validation.flag(stream_options, "chunk_include_usage"),
        json_answer=wants_json(body.get("response_format"), "response_format"),
        named=validation.named(body, {}),
        unknown=tuple(sorted(set(body) - KNOWN)),
    )


def _message(value: object, settings: Settings, param: str) -> Message:
    message = validation.mapping(value, param)
    role = validation.role_of(message, param)
    content = message.get("content")
    if not content and role == "assistant" and message.get("tool_calls"):
        content = " "
    if content is None or content in ("", []):
        raise missing("messages.content")
    if role == "tool":
        validation.text_of(message, "tool_call_id", f"{param}.tool_call_id")
    if isinstance(content, str):
        return Message(role=role, parts=(Part(kind="text", text=content),))
    parts = validation.items_of(content, f"{param}.content")
    read_parts = (_part(part, settings, f"{param}.content[{place}]") for place, part in enumerate(parts))
    return Message(role=role, parts=tuple(read_parts))


def _part(value: object, settings: Settings, param: str) -> Part:
    part = validation.mapping(value, param)
    match part.get("type"):
        case "text":
            return validation.text_part(part.get("text"), f"{param}.text")
        case "image_url":
            holder = validation.mapping(part.get("image_url"), f"{param}.image_url")
            return validation.image(holder.get("url"), holder, settings, f"{param}.image_url")
        case "video_url":
            holder = validation.mapping(part.get("video_url"), f"{param}.video_url")
            return validation.video(holder.get("url"), holder, settings, f"{param}.video_url")
        case "input_audio":
            return media.audio_part(validation.mapping(part.get("input_audio"), param), param)
        case "file":
            return validation.document(validation.mapping(part.get("file") or part, param), f"{param}.file")
        case kind:
            raise invalid(f"{param}.type", f"unknown part type {kind!r}")


def usage(used: Usage, options: Options) -> dict[str, Any]:
    """The usage object."""
    body: dict[str, Any] = {
        "completion_tokens": used.output,
        "prompt_tokens": used.input,
        "total_tokens": used.input + used.output,
        "prompt_tokens_details": {"cached_tokens": used.cached},
        "completion_tokens_details": {"reasoning_tokens": used.reasoning},
    }
    if used.tools:
        body["tool_usage"] = dict(used.tools)
    return body | cost_fields(used, options, "usage.")


def message_annotations(completion: Completion, options: Options) -> dict[str, Any]:
    """Sources on a message or its delta, in the form that `options` choose."""
    match options.sources:
        case "annotations" if completion.cited:
            return {"annotations": [search.nested_annotation(cited) for cited in completion.cited]}
        case "ark" if completion.cited:
            return {"annotations": [search.ark_annotation(cited) for cited in completion.cited]}
        case _:
            return {}


def whole(completion: Completion, _: Ask, options: Options) -> dict[str, Any]:
    """The answer as one body."""
    message: dict[str, Any] = {"content": "".join(completion.text), "role": "assistant"}
    if completion.reasoning:
        message["reasoning_content"] = "".join(completion.reasoning)
    if options.shape == "openai":
        message["refusal"] = None
    message |= message_annotations(completion, options)
    return {
        "choices": [{"finish_reason": completion.finish, "index": 0, "logprobs": None, "message": message}],
        **_top(completion, options, "chat.completion"),
        "usage": usage(completion.usage, options),
        **source_fields(completion, options),
        **cost_fields(completion.usage, options, ""),
    }


def _top(completion: Completion, options: Options, kind: str) -> dict[str, Any]:
    prefix = "chatcmpl-" if options.shape == "openai" else ""
    return {
        "created": completion.created,
        "id": prefix + completion.id,
        "model": completion.model,
        "service_tier": "default",
        "object": kind,
    }


def frames(completion: Completion, ask: Ask, options: Options) -> Iterator[Frame]:
    """The answer as a stream: reasoning, text, finish, usage when it was asked for, [DONE]."""
    chunks = _Chunks(completion, ask, options)
    if options.shape == "openai":
        yield chunks.make("open", {"role": "assistant", "content": ""})
    for piece in tokens.cut(list(completion.reasoning), options.chunk_tokens):
        yield chunks.make("reasoning", {"content": "", "reasoning_content": piece}, spent=options.chunk_tokens)
    for piece in tokens.cut(list(completion.text), options.chunk_tokens):
        yield chunks.make("text", {"content": piece}, spent=options.chunk_tokens)
    last: dict[str, Any] = {} if options.shape == "openai" else {"content": ""}
    yield chunks.make("finish", last | message_annotations(completion, options), finish=completion.finish)
    if ask.include_usage:
        yield chunks.usage()
    yield Frame(part="end", body=DONE)


class _Chunks:
    """Makes the chunks of one stream in the chosen shape."""

    def __init__(self, completion: Completion, ask: Ask, options: Options) -> None:
        self._completion = completion
        self._options = options
        self._strict = options.shape == "openai"
        self._every = ask.every_chunk_usage
        self._usage_field: dict[str, Any] = {"usage": None} if ask.include_usage or not self._strict else {}
        self._top = _top(completion, options, "chat.completion.chunk")
        self._sources = source_fields(completion, options)
        self._sent = 0

    def make(self, part: FramePart, delta: dict[str, Any], *, finish: str | None = None, spent: int = 0) -> Frame:
        """A chunk with a choice; the provider repeats the role and leaves the reason out until the end."""
        self._sent += spent
        if not self._strict:
            delta["role"] = "assistant"
        choice: dict[str, Any] = {"delta": delta}
        if finish or self._strict:
            choice["finish_reason"] = finish
        choice["index"] = 0
        body = {"choices": [choice], **self._top, **self._usage_field}
        if self._every:
            body["usage"] = usage(self._so_far(), self._options)
        if part in {"text", "finish"}:
            body |= self._sources
        return Frame(part=part, body=body, tokens=spent)

    def usage(self) -> Frame:
        """The last chunk: no choices, and the usage of the whole request."""
        used = self._completion.usage
        body = {"choices": [], **self._top, "usage": usage(used, self._options)}
        return Frame(part="usage", body=body | cost_fields(used, self._options, ""))

    def _so_far(self) -> Usage:
        used = self._completion.usage
        sent = min(self._sent, used.output)
        return Usage(input=used.input, cached=used.cached, output=sent, reasoning=min(sent, used.reasoning))
