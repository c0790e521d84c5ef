"""Separate reasoning that a server leaves inside the answer: `<think>...</think>` before the text.

Only at the very beginning: an answer that talks about the tag further on keeps it.
"""

from __future__ import annotations

from enum import Enum, auto

OPENING = "<think>"
CLOSING = "</think>"


class ReasoningState(Enum):
    """Progress in reading the beginning of an answer."""

    BEGINNING = auto()  # it may still turn out to be the tag
    REASONING = auto()
    GAP = auto()  # only blanks since the closing tag, which belong to nobody
    TEXT = auto()


class InlineReasoning:
    """Parts the beginning of an answer into reasoning and text, however it is cut into pieces.

    `settled` turns true when nothing but text can follow; from then on pieces need no more looking at.
    `found` tells whether there was reasoning.
    """

    __slots__ = ("_blanks", "_held", "_state", "found", "settled")

    def __init__(self) -> None:
        self.settled = False
        self.found = False
        self._state = ReasoningState.BEGINNING
        self._blanks: list[str] = []  # before anything else; kept apart, so that they are looked at once
        self._held = ""

    def feed(self, piece: str) -> tuple[str, str]:
        """(reasoning, text) that `piece` adds; either may be ""."""
        if self.settled:
            return "", piece
        if self._state is ReasoningState.BEGINNING and not self._held and piece.isspace():
            self._blanks.append(piece)
            return "", ""
        self._held += piece
        if self._state is ReasoningState.BEGINNING:
            self._read_beginning()
        reasoning = self._read_reasoning() if self._state is ReasoningState.REASONING else ""
        if self._state is ReasoningState.GAP:
            self._held = self._held.lstrip()
            if self._held:
                self._state = ReasoningState.TEXT
        self.settled = self._state is ReasoningState.TEXT
        return reasoning, self._release() if self.settled else ""

    def end(self) -> tuple[str, str]:
        """Return what was still held back when the stream ended."""
        held = self._release()
        return (held, "") if self._state is ReasoningState.REASONING else ("", held)

    def _read_beginning(self) -> None:
        start = self._held.lstrip()
        if start.startswith(OPENING):
            self._state, self.found = ReasoningState.REASONING, True
            self._held = start[len(OPENING) :]
            self._blanks.clear()
        elif not OPENING.startswith(start):
            self._state = ReasoningState.TEXT

    def _read_reasoning(self) -> str:
        reasoning, closing, rest = self._held.partition(CLOSING)
        if closing:
            self._state, self._held = ReasoningState.GAP, rest
            return reasoning
        keep = _overlap(reasoning, CLOSING)
        self._held = reasoning[len(reasoning) - keep :]
        return reasoning[: len(reasoning) - keep]

    def _release(self) -> str:
        held, self._held = "".join((*self._blanks, self._held)), ""
        self._blanks.clear()
        return held


def _overlap(text: str, word: str) -> int:
    """Return how many characters at the end of `text` may be the beginning of `word`."""
    return next((n for n in range(min(len(word) - 1, len(text)), 0, -1) if text.endswith(word[:n])), 0)
