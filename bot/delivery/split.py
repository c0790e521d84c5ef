"""Split a text losslessly into messages that each fit and look as they would in one, or put it into a file. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.delivery.markdown import (
    BlockState,
    Fence,
    after_line,
    fence_within,
    head,
    may_open,
    missing_marker,
    quoted,
    read_line,
    starts_row,
)
from bot.delivery.split_points import LineStart, best_cut
from bot.language import gettext_noop
from bot.types import ANSWER_MESSAGES, Draft, Incoming

MIN_LIMIT: Final = 32  # what is added takes up to three quarters; the rest must hold one escaped character

_BLANKS: Final = " \t\r\n"
_BLANK_LINES: Final = re.compile(r"\A(?:[ \t\r]*\n)+")

Size = Callable[[str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One message of a text: `text` is its exact part; `before` and `after` let it be read alone.

    `shown` is what is posted; blank lines where it was cut are not.
    """

    text: str
    before: str = ""
    after: str = ""
    shown: str


def split(text: str, *, limit: int, size: Size = len) -> list[Piece]:
    """Cut Markdown into pieces with `size(piece.shown) <= limit` whose texts together are `text`; [] for no text.

    All pieces but the last stay the same when text is added at the end. `size` is what the platform counts: at least
    one for each character and at most a quarter of the limit, and for lines together what it is for each of them.
    Raises `ValueError` for a limit under `MIN_LIMIT`.
    """
    return Splitter(limit=limit, size=size).split(text)


class Splitter:
    """Splits one growing text again and again: the same as `split`, but settled pieces are not looked at again."""

    def __init__(self, *, limit: int, size: Size = len) -> None:
        if limit < MIN_LIMIT:
            raise ValueError(f"a message must hold at least {MIN_LIMIT} characters, not {limit}")
        self._limit = limit
        self._size = size
        self._text = ""
        self._seen = 0  # characters of it that the settled pieces rest on: some behind them tell where they end
        self._start = 0  # of what is not settled
        self._settled: list[Piece] = []
        self._wrapped: tuple[Fence, tuple[str, str]] | None = None
        self._begin((0, BlockState()), "")

    def split(self, text: str, *, most: int | None = None) -> list[Piece]:
        """Return the pieces of the text, or the first `most`; when it is not the last one grown longer, all is done
        anew.
        """
        if not text.startswith(self._text[: self._seen]):
            self._forget()
        self._text = text
        while most is None or len(self._settled) < most:
            piece = self._next(text)
            if piece is None:
                break
            self._settled.append(piece)
            self._start += len(piece.text)
        if self._start == len(text) or (most is not None and len(self._settled) >= most):
            return self._settled[:most]
        return [*self._settled, self._piece(text, self._start, len(text))]

    def _forget(self) -> None:
        self._settled = []
        self._seen = self._start = 0
        self._begin((0, BlockState()), "")

    def _begin(self, line: LineStart, first: str) -> None:
        """Begin a piece in a line, of which `first` stands before it."""
        self._lines = [line]  # as far as they were read
        self._first = first
        self._opened = fence_within(line[1], first) if first else line[1].fence

    def _next(self, text: str) -> Piece | None:
        """Return the piece after the settled ones, once the text shows that more does not fit into it."""
        start = self._start
        end = self._overflow(text, start)
        if end is None:
            return None
        cut = best_cut(text, start, end, [line for line in self._lines if line[0] < end])
        piece = self._piece(text, start, cut)
        line = self._line_of(cut)
        self._begin(line, head(text, line[0], cut) if line[0] < cut else "")
        self._seen = end
        return piece

    def _overflow(self, text: str, start: int) -> int | None:
        """Return the end of the shortest part from `start` on that does not fit into one message."""
        del self._lines[1:]
        held, counts = self._size(self._before(text, start)), self._opened is not None
        while True:
            at, state = self._lines[-1]
            found = text.find("\n", max(at, start))
            end = found if found >= 0 else len(text)
            new = text[max(at, start) : end + 1]
            counts = counts or new.strip(_BLANKS) != ""  # blank lines at the beginning are not shown
            held += self._size(new) if counts and len(new) <= self._limit else len(new) * counts
            grows = state.fence is not None or bool(new.strip()) or (at < start and bool(text[at:start].strip()))
            if end > start and grows and not (held <= self._limit and self._surely_fits(new, held, state)):
                overflow = self._first_overflow(text, start, end, (at, state))
                if overflow is not None:
                    return overflow
            if found < 0:
                return None
            self._lines.append((end + 1, after_line(state, text[at:end])))

    def _surely_fits(self, line: str, held: int, state: BlockState) -> bool:
        """Return whether a piece surely fits, as `held` tells, the sizes of its lines: it need not be counted as a
        whole.
        """
        if state.fence is None:
            return "```" not in line and "~~~" not in line
        return held + self._size("\n" + self._wrapping(state.fence)[1]) <= self._limit

    def _first_overflow(self, text: str, start: int, end: int, line: LineStart) -> int | None:
        """Return the first place in a line, up to `end`, at which the piece is too long; None where there is
        none.

        The steps grow, so that a long line is not looked at as a whole for each of its pieces.
        """
        fits, step = max(line[0] - 1, start), self._limit
        while fits < end:
            probe = min(fits + step, end)
            if not self._fits(text, start, probe, line):
                return self._narrowed(text, start, (fits, probe), line)
            fits, step = probe, 2 * step
        return None

    def _narrowed(self, text: str, start: int, between: tuple[int, int], line: LineStart) -> int:
        """Return the first place at which the piece is too long, between one at which it fits and one at which it does
        not.
        """
        fits, end = between
        while end - fits > 1:
            middle = (fits + end) // 2
            if self._fits(text, start, middle, line):
                fits = middle
            else:
                end = middle
        return end

    def _fits(self, text: str, start: int, end: int, line: LineStart) -> bool:
        """Return whether a piece would fit, with room to close what its last line has opened or seemed to
        open.

        Within a line the room that is needed only grows with the text, so the first overflow does not depend on what
        comes behind it.
        """
        first = head(text, line[0], end)
        fence = line[1].fence or may_open(line[1], first)
        room = self._closing(fence, first, opened_before=line[1].fence is not None)
        part = self._trimmed(text[start:end], inside=bool(room))
        return self._size(self._before(text, start) + part + room) <= self._limit

    def _piece(self, text: str, start: int, end: int) -> Piece:
        at, state = self._line_of(end)
        first = head(text, at, end)
        fence = fence_within(state, first)
        before = self._before(text, start)
        after = self._closing(fence, first, opened_before=state.fence is not None)
        part = text[start:end]
        return Piece(
            text=part, before=before, after=after, shown=before + self._trimmed(part, inside=bool(fence)) + after
        )

    def _line_of(self, at: int) -> LineStart:
        return self._lines[bisect_right(self._lines, at, key=lambda line: line[0]) - 1]

    def _trimmed(self, part: str, *, inside: bool) -> str:
        """Return a part without the blank lines at its ends, as far as they are no code."""
        if self._opened is None:
            part = _BLANK_LINES.sub("", part)
        return part if inside else part.rstrip()

    def _before(self, text: str, start: int) -> str:
        """Return what opens again the block that the piece at `start` goes on with."""
        if self._opened is not None:
            return self._wrapping(self._opened)[0] + (quoted(self._opened.quotes) if self._first else "")
        if self._first:
            return self._affordable(quoted(read_line(self._first).quotes), share=4)
        table = self._lines[0][1].table
        return self._affordable(table, share=2) if table and starts_row(_beginning_of_line(text, start)) else ""

    def _closing(self, fence: Fence | None, first: str, *, opened_before: bool) -> str:
        """Return what closes the code block after `first`, the part of its last line; a closing line begun is
        completed.
        """
        if fence is None:
            return ""
        closing = self._wrapping(fence)[1]
        missing = missing_marker(fence, first) if opened_before else None
        if missing is not None and closing:
            return missing
        return closing if not first or not closing else "\n" + closing

    def _wrapping(self, fence: Fence) -> tuple[str, str]:
        """Return the lines that open and close a code block; without its language, or none, where they would take too
        much.
        """
        if self._wrapped is None or self._wrapped[0] != fence:
            self._wrapped = fence, self._affordable_wrapping(fence)
        return self._wrapped[1]

    def _affordable_wrapping(self, fence: Fence) -> tuple[str, str]:
        closing = fence.prefix + fence.marker
        for opening in (fence.opening, closing):
            if self._affordable(f"{opening}\n{quoted(fence.quotes)}\n{closing}", share=2):
                return opening + "\n", closing
        return "", ""

    def _affordable(self, addition: str, *, share: int) -> str:
        """Return the addition, or nothing where it would take more than a share of the message."""
        most = self._limit // share
        return addition if len(addition) <= most and self._size(addition) <= most else ""


def _beginning_of_line(text: str, start: int) -> str:
    return text[start : start + MIN_LIMIT].partition("\n")[0]


# ------------------------------------------------------------ a file where it would take too many messages


FILE_NAME: Final = "answer.md"
MEDIA_TYPE: Final = "text/markdown"
IN_A_FILE: Final = gettext_noop("This is the first page; the whole answer is in the file.")
TO_COME: Final = gettext_noop("The whole answer comes as a file.")
NOTHING_SHOWN: Final = gettext_noop("It is in the file.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFile:
    """A file that stands beside the first page of an answer."""

    name: str
    text: str

    @property
    def data(self) -> bytes:
        """Return what is uploaded."""
        return self.text.encode()


def file_of(draft: Draft) -> AnswerFile:
    """Return the file of an answer: its text as the model wrote it, and its sources."""
    sources = [f"{number}. [{item.title or item.url}](<{item.url}>)" for number, item in enumerate(draft.sources, 1)]
    parts = (draft.text.strip(), "\n".join(("## Sources", "", *sources)) if sources else "")
    return AnswerFile(name=draft.file_name or FILE_NAME, text="\n\n".join(filter(None, parts)) + "\n")


def most_messages(asked: Incoming, usual: int) -> int:
    """Return how many messages an answer may have: as people have set it, else as is `usual` on the platform."""
    told = asked.platform_data.get(ANSWER_MESSAGES, "")
    return int(told) if told.isdecimal() else usual


def is_for_file(draft: Draft, messages: int, most: int) -> bool:
    """Return whether an answer that takes so many messages belongs into a file."""
    return bool(draft.file_name) or messages > most
