"""Serialise which messages a reply has, so that another process can continue them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.types import TurnId

_PART: Final = re.compile(r"(?P<ts>\d+\.\d+)(?P<streaming>s?)(?P<file>(?:F[A-Z0-9]+)?)")
_CHANNEL: Final = re.compile(r"[A-Z0-9]+")


@dataclass(slots=True, weakref_slot=True, eq=False)
class ReplyMessage:
    """One message: whether it is a stream that is open, since when (loop time), and what it holds as far as known.

    `shown` is its escaped text, None where that is not known; `blocks` stand below it, and the `file` of that id.
    """

    ts: str
    streaming: bool = False
    since: float = 0.0
    shown: str | None = None
    blocks: Sequence[dict[str, Any]] = ()
    file: str = ""


def write_reference(channel: str, parts: Sequence[ReplyMessage]) -> str:
    """Return the reference of an answer: its channel and messages, open streams marked by an s, files by their ids;
    "" for none.
    """
    return f"{channel}:{','.join(map(_written, parts))}" if parts else ""


def private_reference(turn: TurnId) -> str:
    """Return the reference of an answer that was shown to its author alone; another answer to it is shown, too."""
    return f"private:{turn}"


def read_reference(reference: str) -> tuple[str, list[ReplyMessage]]:
    """Return the channel and messages of a reference; none for another text."""
    channel, _, parts = reference.partition(":")
    read = [_PART.fullmatch(part) for part in parts.split(",")]
    if _CHANNEL.fullmatch(channel) is None or None in read:
        return "", []
    return channel, [
        ReplyMessage(ts=part["ts"], streaming=bool(part["streaming"]), file=part["file"]) for part in read if part
    ]


def _written(part: ReplyMessage) -> str:
    return part.ts + ("s" if part.streaming else "") + part.file
