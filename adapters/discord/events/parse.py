"""Render the text of a Discord message with names in place of ids. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, Literal

from bot.types import Mention

Names = Callable[[str, str], str | None]
"""The name of a "user", "role" or "channel" by its id, None where it is not known."""

UNKNOWN: Final = {"user": "someone", "role": "a-role", "channel": "a-channel"}

_KINDS: Final[Mapping[str, Literal["person", "group", "channel"]]] = {
    "user": "person",
    "role": "group",
    "channel": "channel",
}

# Message formatting (reference).
_ENTITY: Final = re.compile(
    r"<(?:@!?(?P<user>\d+)|@&(?P<role>\d+)|#(?P<channel>\d+)|/(?P<command>[^:<>]+):\d+|a?:(?P<emoji>\w+):\d+"
    r"|t:(?P<time>-?\d{1,12})(?::[a-zA-Z])?)>"
)


def no_names(_kind: str, _id: str) -> str | None:
    """Nothing is known."""
    return None


def readable(content: str, names: Names) -> str:
    """Return a message's text with every mention, command, emoji and moment in words."""

    def word(match: re.Match[str]) -> str:
        kind, value = match.lastgroup or "", match[match.lastgroup or 0]
        match kind:
            case "user" | "role":
                return f"@{names(kind, value) or UNKNOWN[kind]}"
            case "channel":
                return f"#{names(kind, value) or UNKNOWN[kind]}"
            case "command":
                return f"/{value}"
            case "emoji":
                return f":{value}:"
            case _:
                return _moment(int(value)) or match[0]

    return _ENTITY.sub(word, content)


def named_in(content: str, names: Names) -> Mapping[str, Mention]:
    """Return whom and what a text names, by how it is written for people; what two have in common names neither."""
    found: dict[str, Mention] = {}
    unclear: set[str] = set()
    for match in _ENTITY.finditer(content):
        kind = _KINDS.get(match.lastgroup or "")
        if kind is None:
            continue
        word, mention = readable(match[0], names), Mention(kind=kind, id=match[match.lastgroup or 0])
        if found.setdefault(word, mention) != mention:
            unclear.add(word)
    return {word: mention for word, mention in found.items() if word not in unclear}


def _moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return ""


def without_address(content: str, bot_ids: frozenset[str]) -> str:
    """Return a message's text without the mention of the bot that it begins or ends with."""
    ids = "|".join(sorted(map(re.escape, bot_ids))) or "(?!)"
    mention = rf"<@[!&]?(?:{ids})>"
    content = re.sub(rf"^\s*{mention}[\s,:]*", "", content)
    return re.sub(rf"(?<!\s)\s*+{mention}\s*+$", "", content).strip()
