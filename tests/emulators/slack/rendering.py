"""What people see of a message: blocks, streams and markup as plain text."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.emulators.slack.world import Message, World
from tests.emulators.versions import Version

Json = dict[str, Any]

_TOKEN = re.compile(r"<([^<>\n]+)>")
_LINK = re.compile(r"https?://[^\s<>|)\]\"'`]+")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def raw_text(message: Message) -> str:
    """The text field of a message; of a stream, what has been written so far."""
    return "".join(message.stream.pieces) if message.stream else message.text


def all_blocks(message: Message) -> list[Json]:
    """The blocks of a message; of a stream, its text, then the steps, then what it was stopped with."""
    if message.stream is None:
        return message.blocks
    text = raw_text(message)
    written: list[Json] = [{"type": "markdown", "text": text}] if text else []
    steps: list[Json] = [{"type": "task_card", **task} for task in message.stream.tasks.values()]
    if message.stream.plan:
        steps = [{"type": "plan", "title": message.stream.plan, "tasks": steps}]
    return written + steps + message.stream.blocks + message.blocks


def version(message: Message, at: float) -> Version:
    """What people see of a message now: its Markdown, or its text where it has no blocks, and the buttons below."""
    blocks = all_blocks(message)
    written = [str(block["text"]) for block in blocks if block.get("type") == "markdown"]
    elements = [element for block in blocks for element in block.get("elements") or ()]
    return Version(
        at=at,
        text="\n".join(written) if blocks else message.text,
        controls=tuple(str(element["action_id"]) for element in elements if "action_id" in element),
        growing=message.stream is not None and message.stream.state == "open",
        removed=message.deleted,
    )


def shown(message: Message, world: World) -> str:
    """What people read: the blocks when there are any, otherwise the text."""
    blocks = all_blocks(message)
    text = "\n".join(filter(None, map(block_text, blocks))) if blocks else message.text
    parts = [text, *(_attachment_text(attachment) for attachment in message.attachments)]
    return readable("\n".join(filter(None, parts)), world)


def readable(text: str, world: World) -> str:
    """Markup as people see it: names instead of ids, entities as signs."""
    return html.unescape(_TOKEN.sub(lambda found: _token(found[1], world), text))


def _token(inner: str, world: World) -> str:
    target, _, label = inner.partition("|")
    match target[:1]:
        case "@":
            person = world.people.get(target[1:])
            return f"@{person.name if person else label or target[1:]}"
        case "#":
            channel = world.channels.get(target[1:])
            return f"#{channel.name if channel else label or target[1:]}"
        case "!":
            return label or f"@{target[1:].partition('^')[0]}"
    return f"{label} ({target})" if label else target


def pinged(message: Message) -> list[str]:
    """Whom a message notifies: ids of people, `here`, `channel`, `everyone`, and ids of groups."""
    found: list[str] = []
    for text in _marked_up(message):
        for token in _TOKEN.findall(_CODE.sub("", text)):
            target = token.partition("|")[0]
            if target.startswith("@"):
                found.append(target[1:])
            elif target.startswith("!") and not target.startswith("!date"):
                found.append(target[1:].removeprefix("subteam^"))
    return found


def links(message: Message) -> list[str]:
    """The addresses in a message that Slack could fetch for a preview."""
    return [link for text in _marked_up(message) for link in _LINK.findall(_CODE.sub("", text))]


def _marked_up(message: Message) -> list[str]:
    """Every text of a message in which Slack looks for markup."""
    blocks = all_blocks(message)
    if not blocks:
        return [message.text]
    return [text for block in blocks for text in _parsed_texts(block)]


_MARKUP: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "mrkdwn": lambda each: str(each.get("text", "")),
    "markdown": lambda each: str(each.get("text", "")),
    "plain_text": lambda _: "",
    "text": lambda _: "",
    "raw_text": lambda _: "",
    "user": lambda each: f"<@{each.get('user_id', '')}>",
    "broadcast": lambda each: f"<!{each.get('range', '')}>",
    "usergroup": lambda each: f"<!subteam^{each.get('usergroup_id', '')}>",
    "link": lambda each: str(each.get("url", "")),
}


def _parsed_texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        markup = _MARKUP.get(str(value.get("type")))
        if markup:
            yield markup(value)
            return
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _parsed_texts(item)


def block_text(block: Mapping[str, Any]) -> str:
    """One block as text; its controls in square brackets."""
    render = _BLOCKS.get(str(block.get("type")))
    return render(block) if render else f"[{block.get('type')}]"


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        if "elements" in value:
            return _rich(value)
        return str(value.get("text", ""))
    return str(value or "")


def _section(block: Mapping[str, Any]) -> str:
    parts = [_text(block.get("text")), *(_text(field) for field in block.get("fields") or [])]
    if block.get("accessory"):
        parts.append(_element(block["accessory"]))
    return "\n".join(filter(None, parts))


def _element(element: Mapping[str, Any]) -> str:
    match element.get("type"):
        case "mrkdwn" | "plain_text":
            return _text(element)
        case "image":
            return f"[image: {element.get('alt_text', '')}]"
        case "feedback_buttons":
            names = (_text(element.get(f"{item}_button", {}).get("text")) for item in ("positive", "negative"))
            return " ".join(f"[{name}]" for name in names)
        case "static_select" | "multi_static_select" | "radio_buttons" | "checkboxes" | "overflow":
            chosen = element.get("initial_option") or {}
            return f"[{_text(chosen.get('text')) or _text(element.get('placeholder')) or element.get('type')} ▾]"
        case "plain_text_input" | "number_input":
            return f"[{element.get('initial_value') or _text(element.get('placeholder'))}]"
    return f"[{_text(element.get('text')) or element.get('type')}]"


def _elements(block: Mapping[str, Any]) -> str:
    return " ".join(_element(element) for element in block.get("elements") or [])


_INLINE: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "text": lambda each: str(each.get("text", "")),
    "user": lambda each: f"<@{each.get('user_id')}>",
    "channel": lambda each: f"<#{each.get('channel_id')}>",
    "broadcast": lambda each: f"<!{each.get('range')}>",
    "link": lambda each: str(each.get("text") or each.get("url", "")),
    "emoji": lambda each: f":{each.get('name')}:",
}


def _rich(value: Mapping[str, Any]) -> str:
    kind = str(value.get("type"))
    if kind in _INLINE:
        return _INLINE[kind](value)
    inner = [_rich(element) for element in value.get("elements") or []]
    if kind == "rich_text_list":
        inner = [f"• {item}" for item in inner]
    return ("\n" if kind in {"rich_text", "rich_text_list"} else "").join(inner)


def _table(block: Mapping[str, Any]) -> str:
    return "\n".join(" | ".join(_text(cell) for cell in row) for row in block.get("rows") or [])


def _task(block: Mapping[str, Any]) -> str:
    parts = [f"({block.get('status', '')}) {_text(block.get('title'))}", _text(block.get("details"))]
    return "\n".join(filter(None, [*parts, _text(block.get("output"))]))


def _plan(block: Mapping[str, Any]) -> str:
    return "\n".join([_text(block.get("title")), *(_task(task) for task in block.get("tasks") or [])])


def _input(block: Mapping[str, Any]) -> str:
    return f"{_text(block.get('label'))}: {_element(block.get('element') or {})}"


def _attachment_text(attachment: Mapping[str, Any]) -> str:
    blocks = [block_text(block) for block in attachment.get("blocks") or []]
    return "\n".join(filter(None, [*blocks, str(attachment.get("text") or attachment.get("fallback") or "")]))


_BLOCKS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "markdown": lambda block: str(block.get("text", "")),
    "section": _section,
    "header": lambda block: _text(block.get("text")),
    "alert": lambda block: _text(block.get("text")),
    "context": _elements,
    "actions": _elements,
    "context_actions": _elements,
    "divider": lambda _: "---",
    "image": lambda block: f"[image: {block.get('alt_text', '')}]",
    "rich_text": _rich,
    "table": _table,
    "task_card": _task,
    "plan": _plan,
    "input": _input,
}
