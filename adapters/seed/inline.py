"""Separate reasoning that a server leaves inside the answer: `<think>...</think>` before the text, or its kin.

Only at the very beginning: an answer that talks about the tag further on keeps it. Where the opening tag stands in the
prompt (DeepSeek's and Qwen's templates), only the closing one arrives, at the start of a line: then all the text before
it was reasoning. Who knows that of a server says so beforehand (`InlineReasoning(opened=True)`), and nothing of it is
taken for text.
"""

from __future__ import annotations

from enum import Enum, auto

OPENING = "<think>"
CLOSING = "</think>"
TAGS = {
    OPENING: CLOSING,  # DeepSeek, Qwen and most others
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",  # Gemini's endpoint in OpenAI's format
    "<seed:think>": "</seed:think>",  # Seed-OSS
    "[THINK]": "[/THINK]",  # Magistral
    "\u25c1think\u25b7": "\u25c1/think\u25b7",  # Kimi-VL
    "<|channel|>analysis<|message|>": "<|end|><|start|>assistant<|channel|>final<|message|>",  # gpt-oss
}


class ReasoningState(Enum):
    """Progress in reading the beginning of an answer."""

    BEGINNING = auto()  # it may still turn out to be the tag
    REASONING = auto()
    GAP = auto()  # only blanks since the closing tag, which belong to nobody
    TEXT = auto()


class InlineReasoning:
    """Parts the beginning of an answer into reasoning and text, however it is cut into pieces.

    `settled` turns true when the text has begun; from then on only a lone closing tag matters (`LoneClosing`).
    `found` tells whether there was reasoning.
    """

    __slots__ = ("_blanks", "_closing", "_held", "_state", "found", "settled")

    def __init__(self, *, opened: bool = False) -> None:
        self.settled = False
        self.found = False
        self._state = ReasoningState.REASONING if opened else ReasoningState.BEGINNING
        self._blanks: list[str] = []  # before anything else; kept apart, so that they are looked at once
        self._held = ""
        self._closing = CLOSING

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
        opening = next((tag for tag in TAGS if start.startswith(tag)), "")
        if opening:
            self._state, self.found = ReasoningState.REASONING, True
            self._held, self._closing = start[len(opening) :], TAGS[opening]
            self._blanks.clear()
        elif not any(tag.startswith(start) for tag in TAGS):
            self._state = ReasoningState.TEXT

    def _read_reasoning(self) -> str:
        reasoning, closing, rest = self._held.partition(self._closing)
        if closing:
            self._state, self._held, self.found = ReasoningState.GAP, rest, True
            return reasoning
        keep = _overlap(reasoning, self._closing)
        self._held = reasoning[len(reasoning) - keep :]
        return reasoning[: len(reasoning) - keep]

    def _release(self) -> str:
        held, self._held = "".join((*self._blanks, self._held)), ""
        self._blanks.clear()
        return held


class LoneClosing:
    """Looks for a closing tag at the start of a line, in a text in which no tag was opened; holds back what may be one.

    `found` turns true with it: all the text so far, and nothing of what follows, was reasoning.
    """

    __slots__ = ("_at_line_start", "_held", "_in_gap", "_may_open", "_opened", "found")

    def __init__(self) -> None:
        self.found = False
        self._held = ""
        self._at_line_start = True  # where what is held begins
        self._in_gap = False  # only blanks since the tag
        self._may_open = ""  # the end of the text, where a tag may begin
        self._opened = False

    def feed(self, piece: str) -> tuple[str, str]:
        """(text before the tag, text after it) that `piece` adds; all of it before while there is none."""
        if self.found:
            return "", self._after(piece)
        text, self._held = self._held + piece, ""
        if "<" not in text and not self._may_open:  # nearly all are like this
            self._at_line_start = text.endswith("\n") or (self._at_line_start and not text)
            return text, ""
        begins = self._at_line_start and text.startswith(CLOSING)
        at = 0 if begins else text.find("\n" + CLOSING) + 1
        self._notice_opening(piece if at == 0 and not begins else text[:at])
        if (begins or at) and not self._opened:
            self.found = self._in_gap = True
            return text[:at], self._after(text[at + len(CLOSING) :])
        keep = len(text) if self._at_line_start and CLOSING.startswith(text) else _overlap(text, "\n" + CLOSING)
        given, self._held = text[: len(text) - keep], text[len(text) - keep :]
        self._at_line_start = given.endswith("\n") if given else self._at_line_start
        return given, ""

    @property
    def held(self) -> str:
        """What is held back."""
        return self._held

    def end(self) -> str:
        """Return what was still held back when the stream ended."""
        held, self._held = self._held, ""
        return held

    def _notice_opening(self, text: str) -> None:
        seen = self._may_open + text
        self._opened = self._opened or OPENING in seen
        self._may_open = seen[len(seen) - _overlap(seen, OPENING) :]

    def _after(self, piece: str) -> str:
        if self._in_gap:
            piece = piece.lstrip()
            self._in_gap = not piece
        return piece


def _overlap(text: str, word: str) -> int:
    """Return how many characters at the end of `text` may be the beginning of `word`."""
    return next((n for n in range(min(len(word) - 1, len(text)), 0, -1) if text.endswith(word[:n])), 0)
