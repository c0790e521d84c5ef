"""Find the parts of running text that a cut must not tear: code spans, links, addresses, emphasis."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from itertools import accumulate
from typing import Final

# An opening mark without its end is believed for so many characters: the text may yet bring the end, or the mark is
# only a character. Longer links are rare, and a stray mark must not keep a whole paragraph together.
_PATIENCE: Final = 500

_TOKEN: Final = re.compile(
    r"(?P<paragraph>\n[ \t]*\n)|\\.|(?P<code>`+)|(?P<mark>\*\*|~~)|(?P<open>!?\[)|(?P<close>\])|<\S*+|(?:(?<!\w)|(?<=\\\w))\w++://\S+"
)
_TARGET: Final = re.compile(
    r"""\((?:\\.|[^()\s\\]|\((?:\\.|[^()\s\\])*+\))*+(?:\s++(?:"[^"]*+"|'[^']*+'))?\s*+\)|\[[^\[\]]*+\]"""
)
_TARGET_SO_FAR: Final = re.compile(r"\((?:\\.?|[^()\s\\]|\((?:\\.?|[^()\s\\])*+\)?)*+\Z")

Span = tuple[int, int]


class Spans:
    """The whole spans of `text` between `start` and `end`; places are counted in `text`.

    What is open at `end` counts as a span to the end. One pass; the text behind `end` is not looked at.
    """

    def __init__(self, text: str, start: int, end: int) -> None:
        spans = sorted(_Reader(text[start:end]).spans())
        self._starts = [start + span[0] for span in spans]
        self._ends = list(accumulate((start + span[1] for span in spans), max))

    def tears(self, at: int) -> bool:
        """Return whether `at` lies inside of a span."""
        before = bisect_right(self._starts, at - 1)
        return before > 0 and self._ends[before - 1] > at

    def last_whole(self, at: int) -> int:
        """Return the last place up to `at` that lies inside of no span."""
        while self.tears(at):
            at = self._starts[bisect_right(self._ends, at)]
        return at


class _Reader:
    """One pass over a text: what is open is kept until its end, or the end of the paragraph."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: list[Span] = []
        self._brackets: list[int] = []
        self._marks: dict[str, int] = {}
        self._paragraph_end = 0
        self._runs: dict[int, list[int]] = defaultdict(list)  # where backtick runs of a length begin, last first
        for run in reversed(list(re.finditer("`+", text))):
            self._runs[len(run.group())].append(run.start())

    def spans(self) -> list[Span]:
        at = 0
        while token := _TOKEN.search(self._text, at):
            at = self._take(token)
        opened = [place for place in (*self._brackets, *self._marks.values()) if len(self._text) - place <= _PATIENCE]
        if opened:
            self._found.append((min(opened), len(self._text)))
        return self._found

    def _take(self, token: re.Match[str]) -> int:
        """Note what the token begins or ends; returns where to read on."""
        match token.lastgroup:
            case "paragraph":
                self._brackets.clear()
                self._marks.clear()
                return token.end() - 1
            case "code":
                return self._take_code(token)
            case "mark":
                self._take_mark(token)
            case "open":
                self._brackets.append(token.start())
            case "close":
                return self._take_close(token.start())
            case _:
                self._found.append(token.span())
        return token.end()

    def _take_code(self, token: re.Match[str]) -> int:
        runs = self._runs[len(token.group())]
        while runs and runs[-1] < token.end():
            runs.pop()
        if self._paragraph_end < token.end():
            found = self._text.find("\n\n", token.end())
            self._paragraph_end = found if found >= 0 else len(self._text)
        if runs and runs[-1] < self._paragraph_end:
            end = runs[-1] + len(token.group())
            self._found.append((token.start(), end))
            return end
        if self._paragraph_end == len(self._text) and len(self._text) - token.start() <= _PATIENCE:
            self._found.append((token.start(), len(self._text)))
        return token.end()

    def _take_mark(self, token: re.Match[str]) -> None:
        mark, (start, end) = token.group(), token.span()
        opened = self._marks.get(mark)
        if opened is None:
            if not self._text[end : end + 1].isspace():
                self._marks[mark] = start
        elif not self._text[start - 1].isspace():
            self._found.append((self._marks.pop(mark), end))

    def _take_close(self, at: int) -> int:
        if not self._brackets:
            return at + 1
        opened = self._brackets.pop()
        target = _TARGET.match(self._text, at + 1)
        if target is not None:
            self._found.append((opened, target.end()))
            return target.end()
        if at + 1 == len(self._text) or _TARGET_SO_FAR.match(self._text, at + 1):
            self._found.append((opened, len(self._text)))
            return len(self._text)
        self._found.append((opened, at + 1))
        return at + 1
