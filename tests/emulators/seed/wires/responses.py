"""The objects of the responses wire: reading a request, and writing an answer whole."""

from __future__ import annotations

import json
from typing import Any

from bot.types import Usage
from tests.emulators.seed import media, search, validation
from tests.emulators.seed.completion import Completion
from tests.emulators.seed.errors import invalid, missing
from tests.emulators.seed.options import Options
from tests.emulators.seed.request import Ask, Message, Part, Settings
from tests.emulators.seed.validation import Body
from tests.emulators.seed.wires.shared import cost_fields, source_fields, wants_json

RENAMED = {"max_tokens": "max_output_tokens"}
KNOWN = frozenset(
    {RENAMED.get(name, name) for name in validation.WIRE_PARAMETERS}
    | {*validation.FIXED, "model", "input", "instructions", "stream", "store", "previous_response_id", "reasoning"}
    | {"text", "tools", "tool_choice", "thinking_budget", "include", "metadata", "user", "disable_formatting"}
)
STORED_S = 259_199  # lifetime of a stored response, seen in the provider's examples (API reference, section 2)
SEARCH_SERVER = "web_search"

Object = dict[str, Any]


def read(body: Body, options: Options) -> Ask:
    """The request in `body`. Raises `ApiError` for what the API would refuse."""
    effort = validation.mapping(body.get("reasoning") or {}, "reasoning").get("effort")
    settings = validation.read_settings(
        body if effort is None else {"reasoning_effort": effort, **body}, renamed=RENAMED, reject=options.reject
    )
    instructions = body.get("instructions")
    head = (
        () if instructions is None else (Message(role="system", parts=(validation.text_part(instructions, "input"),)),)
    )
    text_format = validation.mapping(body.get("text") or {}, "text").get("format")
    previous = body.get("previous_response_id")
    return Ask(
        wire="responses",
        model=validation.text_of(body, "model"),
        messages=(*head, *_input(body.get("input"), settings)),
        settings=settings,
        stream=validation.flag(body, "stream"),
        json_answer=wants_json(text_format, "text.format"),
        store=body.get("store") is None or validation.flag(body, "store"),
        previous_id=validation.text_of(body, "previous_response_id") if previous is not None else "",
        named=validation.named(body, RENAMED),
        unknown=tuple(sorted(set(body) - KNOWN)),
    )


def _input(given: object, settings: Settings) -> tuple[Message, ...]:
    if isinstance(given, str) and given:
        return (Message(role="user", parts=(Part(kind="text", text=given),)),)
    items = validation.items_of(given, "input")
    found = (_item(item, settings, f"input[{place}]") for place, item in enumerate(items))
    messages = tuple(message for message in found if message is not None)
    if not messages:
        raise missing("input")
    return messages


def _item(value: object, settings: Settings, param: str) -> Message | None:
    item = validation.mapping(value, param)
    if item.get("type") == "reasoning":
        return None
    if item.get("type", "message") != "message":
        raise invalid(f"{param}.type", f"unknown item type {item['type']!r}")
    role = validation.role_of(item, param)
    content = item.get("content")
    if content is None or content in ("", []):
        raise missing("input.content")
    if isinstance(content, str):
        return Message(role=role, parts=(Part(kind="text", text=content),))
    parts = validation.items_of(content, f"{param}.content")
    found = (_part(part, settings, f"{param}.content[{place}]") for place, part in enumerate(parts))
    return Message(role=role, parts=tuple(found))


def _part(value: object, settings: Settings, param: str) -> Part:
    part = validation.mapping(value, param)
    match part.get("type"):
        case "input_text" | "output_text":
            return validation.text_part(part.get("text"), f"{param}.text")
        case "input_image":
            return validation.image(part.get("image_url"), part, settings, f"{param}.image_url")
        case "input_video":
            return validation.video(part.get("video_url"), part, settings, f"{param}.video_url")
        case "input_audio":
            return media.audio_part(validation.mapping(part.get("input_audio"), param), param)
        case "input_file":
            return validation.document(part, param)
        case kind:
            raise invalid(f"{param}.type", f"unknown part type {kind!r}")


def usage(used: Usage, options: Options) -> Object:
    """The usage object."""
    details: Object = {"cached_tokens": used.cached}
    if options.shape == "openai":
        details["cache_write_tokens"] = 0
    body: Object = {
        "input_tokens": used.input,
        "output_tokens": used.output,
        "total_tokens": used.input + used.output,
        "input_tokens_details": details,
        "output_tokens_details": {"reasoning_tokens": used.reasoning},
    }
    if used.tools:
        body |= {"tool_usage": dict(used.tools)}
    return body | cost_fields(used, options, "usage.")


def reasoning_item(completion: Completion) -> Object:
    """The finished reasoning."""
    summary = [{"type": "summary_text", "text": "".join(completion.reasoning)}]
    return {"id": f"rs_{completion.id}", "type": "reasoning", "summary": summary, "status": "completed"}


def tool_items(completion: Completion, options: Options) -> list[Object]:
    """The finished calls of the search tool, as `options` say that they are told."""
    if not completion.pages or options.sources in {"none", "block", "prose"}:
        return []
    if options.sources != "mcp":
        action = {"type": "search", "query": completion.query, "queries": [completion.query]}
        return [{"id": f"ws_{completion.id}", "type": "web_search_call", "status": "completed", "action": action}]
    schema = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
    tool = {"name": "search", "input_schema": schema, "description": "Search the web.", "annotations": None}
    listed: Object = {"id": f"mcpl_{completion.id}", "type": "mcp_list_tools", "server_label": SEARCH_SERVER}
    call: Object = {
        "id": f"mcp_{completion.id}",
        "type": "mcp_call",
        "server_label": SEARCH_SERVER,
        "name": "search",
        "arguments": json.dumps({"query": completion.query}, ensure_ascii=False),
        "output": search.results_text(completion.pages),
        "error": None,
    }
    return [{**listed, "tools": [tool], "error": None}, call]


def text_annotations(completion: Completion, options: Options) -> list[Object]:
    """The annotations of the text."""
    match options.sources:
        case "annotations":
            return [search.flat_annotation(cited) for cited in completion.cited]
        case "ark":
            return [search.ark_annotation(cited) for cited in completion.cited]
        case _:
            return []


def text_content(completion: Completion, options: Options) -> Object:
    """The finished text; the provider leaves empty annotations and log probabilities out."""
    content: Object = {"type": "output_text", "text": "".join(completion.text)}
    annotations = text_annotations(completion, options)
    if annotations or options.shape == "openai":
        content["annotations"] = annotations
    if options.shape == "openai":
        content["logprobs"] = []
    return content


def message_item(completion: Completion, options: Options) -> Object:
    """The finished message."""
    return {
        "type": "message",
        "role": "assistant",
        "content": [text_content(completion, options)],
        "status": "completed" if completion.finish == "stop" else "incomplete",
        "id": f"msg_{completion.id}",
    }


def output_items(completion: Completion, options: Options) -> list[Object]:
    """Everything that the answer consists of, in its order."""
    items = [reasoning_item(completion)] if completion.reasoning else []
    items += tool_items(completion, options)
    return [*items, message_item(completion, options)] if completion.text else items


def opening(completion: Completion, ask: Ask, options: Options) -> Object:
    """The response object at the beginning of a stream; the provider leaves status and output out."""
    body: Object = {
        "created_at": completion.created,
        "id": f"resp_{completion.id}",
        "max_output_tokens": completion.max_tokens,
        "model": completion.model,
        "object": "response",
    }
    if options.shape == "openai":
        return body | _openai_fields(ask)
    kept = {"store": ask.store} | ({"expire_at": completion.created + STORED_S} if ask.store else {})
    thinking = {"type": "enabled" if ask.settings.enable_thinking else "disabled"}
    caching = {"type": "enabled" if ask.settings.enable_caching else "disabled"}
    return body | {"thinking": thinking, "service_tier": "default", "caching": caching, **kept}


def _openai_fields(ask: Ask) -> Object:
    """What OpenAI's own response object always has."""
    effort = ask.settings.reasoning_effort if ask.settings.enable_thinking else "none"
    return {
        "status": "in_progress",
        "output": [],
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "previous_response_id": ask.previous_id or None,
        "reasoning": {"effort": effort, "summary": None},
        "service_tier": "default",
        "store": ask.store,
        "temperature": 1.0,
        "text": {"format": {"type": "json_object" if ask.json_answer else "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 0.95,
        "truncation": "disabled",
    }


def whole(completion: Completion, ask: Ask, options: Options) -> Object:
    """The finished response object."""
    body = opening(completion, ask, options)
    body |= {
        "output": output_items(completion, options),
        "status": "completed" if completion.finish == "stop" else "incomplete",
        "usage": usage(completion.usage, options),
        **source_fields(completion, options),
        **cost_fields(completion.usage, options, ""),
    }
    if completion.finish == "content_filter":
        body["incomplete_details"] = {"reason": "content_filter"}
    elif completion.finish == "length":
        body["incomplete_details"] = {"reason": "max_output_tokens" if options.shape == "openai" else "length"}
    return body
