"""Convert rich text and mrkdwn to the text as people typed it: names for ids, nothing escaped. Pure.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from adapters.slack.elements import Element, elements_of, words_of
from adapters.slack.mrkdwn import to_plain

Names = Mapping[str, str]
"""The names of people, channels and groups by id."""

MOST_DEPTH: Final = 8
"""Levels of blocks within blocks that are read; Slack nests four at most."""

_LINK = re.compile(r"<(?P<url>(?:https?|ftp|mailto|tel):[^<>|\n]+)(?:\|(?P<label>[^<>\n]*))?>", re.IGNORECASE)
_INDENT: Final = "    "
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


def rich_text(block: Element, names: Names, depth: int = 0) -> str:
    """Return the words of a rich_text block, its lists, quotes and code as Markdown."""
    if depth > MOST_DEPTH:
        return ""
    written = (_element(item, names, depth).removesuffix("\n") for item in elements_of(block.elements))
    return "\n".join(item for item in written if item.strip())


def _element(element: Element, names: Names, depth: int) -> str:
    match element.type:
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


def _list(element: Element, names: Names, depth: int) -> str:
    indent = _INDENT * min(_count(element.indent), _MOST_INDENT)
    is_ordered, number = element.list_style == "ordered", _count(element.offset)
    lines = []
    for item in elements_of(element.elements):
        if item.type == "rich_text_list":
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


def _inline(element: Element, names: Names) -> str:
    return "".join(_word(item, names) for item in elements_of(element.elements))


def _word(element: Element, names: Names) -> str:
    """Return one element within a line, with the marks of its style around it."""
    text = _unstyled(element, names)
    inner = text.strip()
    if not inner:
        return text
    before, _, after = text.partition(inner)
    style = element.style
    if style.code:
        fence = "`" * (_longest_run(inner) + 1)
        inner = f"{fence}{inner}{fence}"
    for is_set, mark in ((style.strike, "~~"), (style.italic, "_"), (style.bold, "**")):
        if is_set:
            inner = f"{mark}{inner}{mark}"
    return f"{before}{inner}{after}"


def _unstyled(element: Element, names: Names) -> str:
    mentions = {
        "user": ("@", element.user_id),
        "channel": ("#", element.channel_id),
        "usergroup": ("@", element.usergroup_id),
        "team": ("@", element.team_id),
        "broadcast": ("@", element.range),
    }
    if element.type in mentions:
        return _named(*mentions[element.type], names)
    match element.type:
        case "link":
            return link(element.url, words_of(element.text))
        case "emoji":
            return f":{element.name}:"
        case "date":
            return element.fallback or _date(element.timestamp)
        case "color":
            return element.value
    return words_of(element.text)


def _named(mark: str, id: str, names: Names) -> str:
    return f"{mark}{' '.join(names.get(id, id).removeprefix(mark).split()) or id}"


def _date(seconds: float | None) -> str:
    if seconds is None:
        return ""
    try:
        return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return ""


def _count(number: int) -> int:
    return number if 0 <= number < 1_000_000 else 0
