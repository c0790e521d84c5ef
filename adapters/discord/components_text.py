"""Render the text of a message's components, nested as they are. Pure.

https://docs.discord.com/developers/components/reference
"""

from __future__ import annotations

from typing import Final

from adapters.discord.events.parse import Names, readable
from adapters.discord.fields import Record, field, number, record, records

ROW, BUTTON, STRING_SELECT, TEXT_DISPLAY, THUMBNAIL, MEDIA_GALLERY, FILE = 1, 2, 3, 10, 11, 12, 13
SELECTS: Final = frozenset({STRING_SELECT, 5, 6, 7, 8})  # of texts, users, roles, both, channels
MOST_DEPTH: Final = 8
"""Levels that are read; Discord allows four."""


def component_text(component: Record, names: Names, depth: int = 0) -> str:
    """Return the words of a component and of those within it, each on a line; buttons stand beside each other."""
    if depth > MOST_DEPTH:
        return ""
    kind = number(component, "type")
    if kind == MEDIA_GALLERY:
        return "\n".join(filter(None, (_picture(item) for item in records(component, "items"))))
    inner = [*records(component, "components"), *filter(None, (record(component, "accessory"),))]
    told = (_own_text(component, kind, names), *(component_text(item, names, depth + 1) for item in inner))
    return (" " if kind == ROW else "\n").join(item for item in told if item.strip())


def _own_text(component: Record, kind: int, names: Names) -> str:
    if kind == TEXT_DISPLAY:
        return readable(field(component, "content"), names)
    if kind == BUTTON:
        return _button(component)
    if kind == THUMBNAIL:
        return _picture(component)
    if kind in SELECTS:
        return _menu(component)
    if kind == FILE:
        name = field(component, "name") or field(component, "file", "url").removeprefix("attachment://")
        return f"(file: {name})" if name else ""
    return ""


def _button(button: Record) -> str:
    label, url = field(button, "label") or field(button, "emoji", "name"), field(button, "url")
    if not label:
        return ""
    return f"[{label}]({url})" if url else f"(button: {label})"


def _picture(item: Record) -> str:
    description = field(item, "description")
    return f"(image: {description})" if description else ""


def _menu(menu: Record) -> str:
    """Return what a menu shows: what is chosen, or else what it is for."""
    chosen = [field(item, "label") for item in records(menu, "options") if item.get("default") is True]
    shown = ", ".join(filter(None, chosen)) or field(menu, "placeholder")
    return f"(menu: {shown})" if shown else ""
