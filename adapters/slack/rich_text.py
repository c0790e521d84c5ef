"""Convert rich text and mrkdwn to the text as people typed it: names for ids, nothing escaped. Pure.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from adapters.slack.mrkdwn import to_plain
from adapters.slack.payloads import Record, field, records

Names = Mapping[str, str]
"""The names of people, channels and groups by id."""

MOST_DEPTH: Final = 8
"""Levels of blocks within blocks that are read; Slack nests four at most."""

_LINK = re.compile(r"<(?P<url>(?:https?|ftp|mailto|tel):[^<>|\n]+)(?:\|(?P<label>[^<>\n]*))?>", re.IGNORECASE)
_INDENT: Final = "    "
_STYLES: Final = (("strike", "~~"), ("italic", "_"), ("bold", "**"))
_MENTIONS: Final = {
    "user": ("@", "user_id"),
    "channel": ("#", "channel_id"),
    "usergroup": ("@", "usergroup_id"),
    "team": ("@", "team_id"),
    "broadcast": ("@", "range"),
}
_MOST_INDENT: Final = 8
_MOST_BACKTICKS: Final = 100


def readable(text: str, names: Names) -> str:
    """Return mrkdwn with names in place of ids, links with their addresses, and everything else as it was typed."""
    parts: list[str] = []
    end = 0
    for match in _LINK.finditer(text):
        parts.append(to_plain(text[end : match.start()], names))
        parts.append(link(to_plain(match["url"], names), to_plain(match["label"] or "", names)))
        end = match.end()
    return "".join((*parts, to_plain(text[end:], names)))


def link(url: str, label: str = "") -> str:
    """Return a link as Markdown, or only the address where the label is nothing else."""
    label = label.strip()
    bare = url.removeprefix("https://").removeprefix("http://").removeprefix("mailto:").removeprefix("tel:")
    return f"[{label}]({url})" if label and label.rstrip("/") not in {url.rstrip("/"), bare.rstrip("/")} else url


def rich_text(block: Record, names: Names, depth: int = 0) -> str:
    """Return the words of a rich_text block, its lists, quotes and code as Markdown."""
    if depth > MOST_DEPTH:
        return ""
    written = (_element(record, names, depth).removesuffix("\n") for record in records(block, "elements"))
    return "\n".join(item for item in written if item.strip())


def _element(element: Record, names: Names, depth: int) -> str:
    match field(element, "type"):
        case "rich_text_list":
            return _list(element, names, depth)
        case "rich_text_quote":
            return "\n".join(f"> {line}".rstrip() for line in _inline(element, names).rstrip("\n").split("\n"))
        case "rich_text_preformatted":
            return _preformatted(_inline(element, names))
        case "rich_text":
            return rich_text(element, names, depth + 1)
        case "rich_text_section":
            return _inline(element, names)
        case _:
            return _word(element, names)


def _list(element: Record, names: Names, depth: int) -> str:
    indent = _INDENT * min(_number(element, "indent"), _MOST_INDENT)
    is_ordered, number = field(element, "style") == "ordered", _number(element, "offset")
    lines = []
    for item in records(element, "elements"):
        if field(item, "type") == "rich_text_list":
            lines.append(_list(item, names, depth + 1) if depth < MOST_DEPTH else "")
            continue
        number += 1
        words = _element(item, names, depth + 1).rstrip("\n").replace("\n", f"\n{indent}  ")
        lines.append(f"{indent}{f'{number}.' if is_ordered else '-'} {words}")
    return "\n".join(lines)


def _preformatted(code: str) -> str:
    fence = "`" * max(3, _longest_run(code) + 1)
    return f"{fence}\n{code.strip(chr(10))}\n{fence}"


def _longest_run(code: str) -> int:
    return min(_MOST_BACKTICKS, max(map(len, re.findall("`+", code)), default=0))


def _inline(element: Record, names: Names) -> str:
    return "".join(_word(record, names) for record in records(element, "elements"))


def _word(element: Record, names: Names) -> str:
    """Return one element within a line, with the marks of its style around it."""
    text = _unstyled(element, names)
    style = element.get("style")
    if not isinstance(style, Mapping) or not text.strip():
        return text
    inner = text.strip()
    before, _, after = text.partition(inner)
    if style.get("code") is True:
        fence = "`" * (_longest_run(inner) + 1)
        inner = f"{fence}{inner}{fence}"
    for name, mark in _STYLES:
        if style.get(name) is True:
            inner = f"{mark}{inner}{mark}"
    return f"{before}{inner}{after}"


def _unstyled(element: Record, names: Names) -> str:
    kind = field(element, "type")
    if kind in _MENTIONS:
        mark, name = _MENTIONS[kind]
        return _named(mark, field(element, name), names)
    match kind:
        case "link":
            return link(field(element, "url"), field(element, "text"))
        case "emoji":
            return f":{field(element, 'name')}:"
        case "date":
            return field(element, "fallback") or _date(element.get("timestamp"))
    return field(element, "value" if kind == "color" else "text")


def _named(mark: str, id: str, names: Names) -> str:
    return f"{mark}{' '.join(names.get(id, id).removeprefix(mark).split()) or id}"


def _date(seconds: object) -> str:
    if not isinstance(seconds, int | float):
        return ""
    try:
        return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return ""


def _number(record: Record, name: str) -> int:
    value = record.get(name)
    return value if isinstance(value, int) and 0 <= value < 1_000_000 else 0
