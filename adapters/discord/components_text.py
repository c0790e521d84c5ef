"""Render the text of a message's components, nested as they are. Pure.

https://docs.discord.com/developers/components/reference
"""

from __future__ import annotations

from typing import Final

from adapters.discord.events.parse import Names, readable
from adapters.discord.payloads import Component

ROW, BUTTON, STRING_SELECT, TEXT_DISPLAY, THUMBNAIL, MEDIA_GALLERY, FILE = 1, 2, 3, 10, 11, 12, 13
SELECTS: Final = frozenset({STRING_SELECT, 5, 6, 7, 8})  # of texts, users, roles, both, channels
MOST_DEPTH: Final = 8
"""Levels that are read; Discord allows four."""


def component_text(component: Component, names: Names, depth: int = 0) -> str:
    """Return the words of a component and of those within it, each on a line; buttons stand beside each other."""
    if depth > MOST_DEPTH:
        return ""
    if component.type == MEDIA_GALLERY:
        return "\n".join(filter(None, (_picture(item.description, item.media.url) for item in component.items)))
    inner = [*component.components, *((component.accessory,) if component.accessory else ())]
    told = (_own_text(component, names), *(component_text(item, names, depth + 1) for item in inner))
    return (" " if component.type == ROW else "\n").join(item for item in told if item.strip())


def _own_text(component: Component, names: Names) -> str:
    kind = component.type
    if kind == TEXT_DISPLAY:
        return readable(component.content, names)
    if kind == BUTTON:
        return _button(component)
    if kind == THUMBNAIL:
        return _picture(component.description, component.media.url)
    if kind in SELECTS:
        return _menu(component)
    if kind == FILE:
        name = component.name or component.file.url.removeprefix("attachment://")
        return f"(file: {name})" if name else ""
    return "\n".join(filter(None, (component.label, component.description, readable(component.content, names))))


def _button(button: Component) -> str:
    label = button.label or button.emoji.name
    if not label:
        return ""
    return f"[{label}]({button.url})" if button.url else f"(button: {label})"


def _picture(description: str, url: str) -> str:
    """Return what a picture shows, or the name of its file where nobody has described it."""
    name = url.partition("?")[0].rstrip("/").rpartition("/")[2]
    return f"(image: {description or name})" if description or name else ""


def _menu(menu: Component) -> str:
    """Return what a menu shows: what is chosen, or else what it is for and what can be chosen."""
    chosen = ", ".join(item.label for item in menu.options if item.default and item.label)
    offered = ", ".join(item.label for item in menu.options if item.label)
    shown = chosen or ": ".join(filter(None, (menu.placeholder, offered)))
    return f"(menu: {shown})" if shown else ""
