"""Render messages for the model: one line each, with its number, its minute and its author's name.

No text can pass for a line, a number or a day of its own: each message stays on one line, brackets around numbers
become round, and what cannot be seen is left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from hashlib import sha256
from typing import Final

from bot.context.tokens import estimate
from bot.context.transcript import plain_name
from bot.summary.channel_history import Block
from bot.types import ReadMessage

TEXT_CHARACTERS: Final = 2_000  # of one message; what is longer is mostly a log or a file
CUT: Final = " ... (cut)"

_MARK = re.compile(r"[\[\uff3b]\s*([\d\s,;-]{1,40})[\]\uff3d]")
_MOST_MARK_TOKENS: Final = 3  # of a line break, or a day's line spread over its messages


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedLine:
    """A message with its number in this summary."""

    number: int
    message: ReadMessage
    text: str
    tokens: int  # about as many as it takes


def numbered(blocks: Iterable[Block], zone: tzinfo) -> list[list[NumberedLine]]:
    """Return the lines of each block, numbered through from 1."""
    number = 0
    lines: list[list[NumberedLine]] = []
    for block in blocks:
        lines.append([])
        for message in block:
            number += 1
            text = _line(number, message, zone, indented=bool(message.thread) and len(block) > 1)
            tokens = estimate(text) + _MOST_MARK_TOKENS
            lines[-1].append(NumberedLine(number=number, message=message, text=text, tokens=tokens))
    return lines


def render(lines: Sequence[NumberedLine], zone: tzinfo) -> str:
    """Return the lines below each other, with a line wherever another day begins."""
    day = None
    shown: list[str] = []
    for line in lines:
        today = line.message.sent_at.astimezone(zone).date()
        if day is None or (today != day and not line.text.startswith(" ")):
            day = today
            shown.append(f"# {today:%A} {today.isoformat()}")
        shown.append(line.text)
    return "\n".join(shown)


def version(message: ReadMessage) -> str:
    """Return a short name for what a message says; it changes whenever that does."""
    edited = message.edited_at.isoformat() if message.edited_at else ""
    said = "\0".join((message.text, edited, *(attachment.name for attachment in message.attachments)))
    return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def plain(text: str) -> str:
    """Return a text on one line, without what cannot be seen and without anything like a number of ours."""
    spaced = "".join(" " if character.isspace() else character for character in text)
    visible = "".join(character for character in spaced if unicodedata.category(character) not in {"Cc", "Cf"})
    return _MARK.sub(r"(\1)", " ".join(visible.split()))


def _line(number: int, message: ReadMessage, zone: tzinfo, *, indented: bool) -> str:
    text = plain(message.text)
    if len(text) > TEXT_CHARACTERS:
        text = text[:TEXT_CHARACTERS] + CUT
    files = "".join(f" (file: {plain_name(attachment.name)})" for attachment in message.attachments)
    time = f"{message.sent_at.astimezone(zone):%H:%M}"
    return f"{'  ' if indented else ''}[{number}] {time} {plain_name(message.author.name)}: {text}{files}".rstrip()
