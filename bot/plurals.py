"""Write numbers with their nouns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from bot.language import ngettext, number

NOUNS: Final[Mapping[str, Callable[[int], str]]] = {
    "byte": lambda count: ngettext("{count} byte", "{count} bytes", count),
    "cached token": lambda count: ngettext("{count} cached token", "{count} cached tokens", count),
    "character": lambda count: ngettext("{count} character", "{count} characters", count),
    "day": lambda count: ngettext("{count} day", "{count} days", count),
    "link": lambda count: ngettext("{count} link", "{count} links", count),
    "message": lambda count: ngettext("{count} message", "{count} messages", count),
    "minute": lambda count: ngettext("{count} minute", "{count} minutes", count),
    "more token": lambda count: ngettext("{count} more token", "{count} more tokens", count),
    "point": lambda count: ngettext("{count} point", "{count} points", count),
    "question": lambda count: ngettext("{count} question", "{count} questions", count),
    "reply": lambda count: ngettext("{count} reply", "{count} replies", count),
    "request": lambda count: ngettext("{count} request", "{count} requests", count),
    "row": lambda count: ngettext("{count} row", "{count} rows", count),
    "second": lambda count: ngettext("{count} second", "{count} seconds", count),
    "token": lambda count: ngettext("{count} token", "{count} tokens", count),
    "web search": lambda count: ngettext("{count} web search", "{count} web searches", count),
}
"""What people are told numbers of, by the word for one of them."""


def quantity(count: int, noun: str) -> str:
    """Return a number with its noun in the language of people, as in "1 message" and "2,000 messages"."""
    return NOUNS[noun](count).format(count=number(count))
