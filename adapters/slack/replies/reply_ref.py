"""Serialise which messages a reply has, so that another process can continue them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.types import TurnId

_REFERENCE: Final = re.compile(r"(?P<channel>[A-Z0-9]+):(?P<parts>\d+\.\d+s?(?:,\d+\.\d+s?)*)")


@dataclass(slots=True, weakref_slot=True, eq=False)
class ReplyMessage:
    """One message: whether it is a stream that is open, since when (loop time), and what it holds as far as known.

    `shown` is its escaped text, None where that is not known; `blocks` stand below it.
    """

    ts: str
    streaming: bool = False
    since: float = 0.0
    shown: str | None = None
    blocks: Sequence[dict[str, Any]] = ()


def write_reference(channel: str, parts: Sequence[ReplyMessage]) -> str:
    """Return the reference of an answer: its channel and messages, open streams marked by an s; "" for none."""
    if not parts:
        return ""
    return f"{channel}:{','.join(part.ts + ('s' if part.streaming else '') for part in parts)}"


def private_reference(turn: TurnId) -> str:
    """Return the reference of an answer that was shown to its author alone; another answer to it is shown, too."""
    return f"private:{turn}"


def read_reference(reference: str) -> tuple[str, list[ReplyMessage]]:
    """Return the channel and messages of a reference; none for another text."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return "", []
    names = match["parts"].split(",")
    return match["channel"], [ReplyMessage(ts=name.rstrip("s"), streaming=name.endswith("s")) for name in names]
