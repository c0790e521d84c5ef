"""The messages wire: Anthropic's public format, as the gateway translates to and from it.

No example of this wire for this model is known; `input_tokens` is without what came from the cache, as Anthropic
defines it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.types import Usage
from tests.emulators.seed import media, tokens, validation
from tests.emulators.seed.completion import Completion
from tests.emulators.seed.errors import invalid, missing
from tests.emulators.seed.options import Options
from tests.emulators.seed.request import Ask, Message, Part, PartKind, Settings
from tests.emulators.seed.validation import Body
from tests.emulators.seed.wires.frames import Frame, FramePart
from tests.emulators.seed.wires.shared import cost_fields, source_fields

KNOWN = frozenset(
    {*validation.WIRE_PARAMETERS, *validation.FIXED, "model", "messages", "system", "stream", "stop_sequences"}
    | {"thinking", "thinking_budget", "metadata", "tools", "tool_choice", "disable_formatting"}
)
STOP_REASONS: Mapping[str, str] = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}
_PASSED_OVER = ("thinking", "redacted_thinking", "server_tool_use", "web_search_tool_result")

Object = dict[str, Any]


def read(body: Body, options: Options) -> Ask:
    """The request in `body`. Raises `ApiError` for what the API would refuse."""
    settings = validation.read_settings(_translated(body), reject=options.reject)
    if body.get("max_tokens") is None:
        raise missing("max_tokens")
    given = validation.items_of(body.get("messages"), "messages")
    head = (
        ()
        if body.get("system") is None
        else (_message({"role": "system", "content": body["system"]}, settings, "system"),)
    )
    return Ask(
        wire="messages",
        model=validation.text_of(body, "model"),
        messages=(*head, *(_message(item, settings, f"messages[{place}]") for place, item in enumerate(given))),
        settings=settings,
        stream=validation.flag(body, "stream"),
        named=validation.named(body, {}),
        unknown=tuple(sorted(set(body) - KNOWN)),
    )


def _translated(body: Body) -> Body:
    """`body` with Anthropic's own fields under the product's names."""
    own: Object = {}
    if body.get("thinking") is not None:
        kind = validation.mapping(body["thinking"], "thinking").get("type")
        if kind not in ("enabled", "disabled", "adaptive"):
            raise invalid("thinking.type", "expected enabled, disabled or adaptive")
        own["enable_thinking"] = kind != "disabled"
    if body.get("stop_sequences"):
        sequences = validation.items_of(body["stop_sequences"], "stop_sequences")
        if not all(isinstance(sequence, str) and sequence for sequence in sequences):
            raise invalid("stop_sequences", "expected strings")
        own["stop"] = ",".join(sequences)
    return {**body, **{name: value for name, value in own.items() if body.get(name) is None}}


def _message(value: object, settings: Settings, param: str) -> Message:
    message = validation.mapping(value, param)
    role = validation.role_of(message, param)
    content = message.get("content")
    if content is None or content in ("", []):
        raise missing("messages.content")
    if isinstance(content, str):
        return Message(role=role, parts=(Part(kind="text", text=content),))
    blocks = validation.items_of(content, f"{param}.content")
    found = (_block(block, settings, f"{param}.content[{place}]") for place, block in enumerate(blocks))
    return Message(role=role, parts=tuple(part for part in found if part) or (Part(kind="text", text=" "),))


def _block(value: object, settings: Settings, param: str) -> Part | None:
    block = validation.mapping(value, param)
    kind = block.get("type")
    if kind in _PASSED_OVER:
        return None
    match kind:
        case "text":
            return validation.text_part(block.get("text"), f"{param}.text")
        case "image":
            return validation.measured_image(_source(block, "image", param), block, settings, param)
        case "video":
            return validation.measured_video(_source(block, "video", param), block, settings, param)
        case "document":
            return media.document_part(_source(block, "document", param), str(block.get("title") or ""), param)
        case "tool_use" | "tool_result":
            return Part(kind="text", text=str(block.get("content") or block.get("input") or " "))
        case _:
            raise invalid(f"{param}.type", f"unknown block type {kind!r}")


def _source(block: Body, kind: PartKind, param: str) -> media.Source:
    source = validation.mapping(block.get("source"), f"{param}.source")
    match source.get("type"):
        case "base64":
            data = validation.text_of(source, "data", f"{param}.source.data")
            return media.decode(data, validation.text_of(source, "media_type"), kind, f"{param}.source.data")
        case "url":
            url = validation.text_of(source, "url", f"{param}.source.url")
            return media.read_source(url, kind, f"{param}.source.url")
        case other:
            raise invalid(f"{param}.source.type", f"unknown source type {other!r}")


def usage(used: Usage, options: Options, *, output: int) -> Object:
    """The usage object with that many tokens of output."""
    body: Object = {
        "input_tokens": used.input - used.cached,
        "output_tokens": output,
        "cache_read_input_tokens": used.cached,
    }
    if options.shape == "openai":
        body["cache_creation_input_tokens"] = 0
    return body


def _final_usage(used: Usage, options: Options) -> Object:
    body = usage(used, options, output=used.output)
    if used.tools:
        body |= {"tool_usage": dict(used.tools)}
        body |= {"server_tool_use": {"web_search_requests": sum(used.tools.values()), "web_fetch_requests": 0}}
    return body | cost_fields(used, options, "usage.")


def _stop_fields(completion: Completion, options: Options) -> Object:
    reason = "stop_sequence" if completion.stopped_at else STOP_REASONS[completion.finish]
    fields: Object = {"stop_reason": reason}
    if options.shape == "openai" or completion.stopped_at:
        fields["stop_sequence"] = completion.stopped_at
    return fields


def search_blocks(completion: Completion, options: Options) -> list[Object]:
    """The call of the search tool and its result, where sources are told as annotations."""
    if not completion.pages or options.sources != "annotations":
        return []
    call_id = f"srvtoolu_{completion.id}"
    rows = [
        {
            "type": "web_search_result",
            "url": page.url,
            "title": page.title,
            "encrypted_content": "",
            "page_age": page.date,
        }
        for page in completion.pages
    ]
    call = {"type": "server_tool_use", "id": call_id, "name": "web_search", "input": {"query": completion.query}}
    return [call, {"type": "web_search_tool_result", "tool_use_id": call_id, "content": rows}]


def citations(completion: Completion, options: Options) -> list[Object]:
    """The citations of the text."""
    if options.sources != "annotations":
        return []
    return [
        {
            "type": "web_search_result_location",
            "url": cited.page.url,
            "title": cited.page.title,
            "cited_text": cited.page.text,
            "encrypted_index": "",
        }
        for cited in completion.cited
    ]


def whole(completion: Completion, _: Ask, options: Options) -> Object:
    """The answer as one body."""
    content: list[Object] = []
    if completion.reasoning:
        content.append({"type": "thinking", "thinking": "".join(completion.reasoning), "signature": completion.id})
    content += search_blocks(completion, options)
    if completion.text:
        text: Object = {"type": "text", "text": "".join(completion.text)}
        cited = citations(completion, options)
        content.append(text | ({"citations": cited} if cited else {}))
    return {
        "id": f"msg_{completion.id}",
        "type": "message",
        "role": "assistant",
        "model": completion.model,
        "content": content,
        "stop_sequence": None,
        **_stop_fields(completion, options),
        "usage": _final_usage(completion.usage, options),
        **source_fields(completion, options),
        **cost_fields(completion.usage, options, ""),
    }


def frames(completion: Completion, _: Ask, options: Options) -> Iterator[Frame]:
    """The answer as events: message_start, blocks one after the other, message_delta, message_stop."""
    yield _start(completion, options)
    yield _event("ping", "open")
    place = 0
    size = options.chunk_tokens
    if completion.reasoning:
        yield _begin(place, {"type": "thinking", "thinking": "", "signature": ""})
        for piece in tokens.cut(list(completion.reasoning), size):
            yield _delta(place, "reasoning", {"type": "thinking_delta", "thinking": piece}, spent=size)
        yield _delta(place, "open", {"type": "signature_delta", "signature": completion.id})
        yield _event("content_block_stop", "open", index=place)
        place += 1
    for block in search_blocks(completion, options):
        yield _begin(place, block)
        yield _event("content_block_stop", "open", index=place)
        place += 1
    if completion.text:
        cited = citations(completion, options)
        yield _begin(place, {"type": "text", "text": ""} | ({"citations": []} if cited else {}))
        for piece in tokens.cut(list(completion.text), size):
            yield _delta(place, "text", {"type": "text_delta", "text": piece}, spent=size)
        for item in cited:
            yield _delta(place, "close", {"type": "citations_delta", "citation": item})
        yield _event("content_block_stop", "close", index=place)
    yield _end(completion, options)
    yield _event("message_stop", "end")


def _event(name: str, part: FramePart, *, spent: int = 0, **fields: Any) -> Frame:
    return Frame(part=part, name=name, body={"type": name, **fields}, tokens=spent)


def _start(completion: Completion, options: Options) -> Frame:
    message: Object = {
        "id": f"msg_{completion.id}",
        "type": "message",
        "role": "assistant",
        "content": [],
        "usage": usage(completion.usage, options, output=0),
    }
    if options.shape == "openai":
        message |= {"model": completion.model, "stop_reason": None, "stop_sequence": None}
    return _event("message_start", "open", message=message)


def _begin(place: int, block: Object) -> Frame:
    return _event("content_block_start", "open", index=place, content_block=block)


def _delta(place: int, part: FramePart, delta: Object, *, spent: int = 0) -> Frame:
    return _event("content_block_delta", part, spent=spent, index=place, delta=delta)


def _end(completion: Completion, options: Options) -> Frame:
    return _event(
        "message_delta",
        "finish",
        delta=_stop_fields(completion, options),
        usage=_final_usage(completion.usage, options),
        **source_fields(completion, options),
        **cost_fields(completion.usage, options, ""),
    )
