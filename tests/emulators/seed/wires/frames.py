"""Pieces of a stream before they are bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

FramePart = Literal["open", "reasoning", "text", "close", "finish", "usage", "end", "failure"]

DONE = "[DONE]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One server-sent event: `name` is its event line ("" for none), `body` its JSON object or a bare word.

    `part` says what it carries (`close` ends a text, `finish` tells why all ended); `tokens` is how many tokens of
    the answer it brings. `before` is a comment that stands before it, `pause` how many seconds it is held back
    (infinity: for ever).
    """

    part: FramePart
    body: dict[str, Any] | str
    name: str = ""
    tokens: int = 0
    before: str = ""
    pause: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """Style of frames; every choice is valid by the standard (WHATWG HTML, 9.2)."""

    newline: str = "\n"
    space: bool = True
    split_data: bool = False
    names: bool = True


@dataclass(slots=True)
class Encoder:
    """Turns frames into the bytes of an event stream."""

    style: Style = field(default_factory=Style)

    def encode(self, frame: Frame) -> bytes:
        """One event with the blank line that ends it."""
        colon = ": " if self.style.space else ":"
        text = frame.body if isinstance(frame.body, str) else json.dumps(frame.body, ensure_ascii=False)
        lines = [f": {frame.before}", ""] if frame.before else []
        if frame.name and self.style.names:
            lines.append(f"event{colon}{frame.name}")
        lines += [f"data{colon}{line}" for line in self._data_lines(text)]
        return (self.style.newline.join(lines) + self.style.newline * 2).encode()

    def _data_lines(self, text: str) -> list[str]:
        """One line, or two where a line break between JSON values changes nothing."""
        place = text.find('", "') if self.style.split_data and text.startswith("{") else -1
        return [text] if place < 0 else [text[: place + 2], text[place + 2 :]]


Change = Callable[[Iterator[Frame]], Iterator[Frame]]


def changed(frames: Iterator[Frame], changes: Iterable[Change]) -> Iterator[Frame]:
    """`frames` after all `changes`, in their order."""
    for change in changes:
        frames = change(frames)
    return frames


def with_body(frame: Frame, **fields: Any) -> Frame:
    """The same frame with top-level fields of its JSON object replaced."""
    assert isinstance(frame.body, dict)
    return replace(frame, body={**frame.body, **fields})
