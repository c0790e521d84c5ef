"""Rank the places where a text can be cut; the last place of the best rank that fills a fair share wins."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import cached_property
from typing import Final, NamedTuple

from bot.delivery.markdown import BlockState, Fence, head, is_heading, may_open, missing_marker, read_line
from bot.delivery.spans import Spans

_SENTENCE_END: Final = re.compile(
    r"(?:(?<![\d\s.!?…])|(?<=[\d\s][.!?…]))[.!?…]++[\"'”)\]*_]*+[ \t]++|[。！？]++[”」』）]*+"  # noqa: RUF001
)  # the run of marks is read from its first one alone, or from its second behind a digit, which may be a number's
_SPACE: Final = re.compile(r"[ \t]+")
_SOURCE: Final = re.compile(r"\[(?:\^|\d|$)")  # [1] or [^1], which stays with the claim before it
_LIKE_A_BLOCK: Final = re.compile(r"[-+*#>|=~`]|\d{1,9}(?:[.)]|$)")
_UNDERLINE: Final = re.compile(r"(?:=+|-+)[ \t]*$")
_FENCE_MARKS: Final = re.compile(r"[`~]*")
_CODE_LINE_MARKS: Final = re.compile(r"[ \t>]*[`~]*")
_JOINER: Final = "\u200d"
_COMBINING: Final = frozenset({"Mn", "Me", "Mc"})


class Rank(IntEnum):
    """Rank of a place for cutting, best first."""

    BLOCK = 0  # between blocks
    ITEM = 1  # between outermost list items, or rows of a table
    LINE = 2  # at the end of a line, or before an item of an inner list
    CODE_LINE = 3  # at the end of a line of code
    SENTENCE = 4
    SPACE = 5
    CHARACTER = 6
    TORN_SPACE = 7  # at a space, but inside of a link, code span, emphasis, row, heading or line of code
    TORN = 8  # inside of those, or behind a heading
    MARKER = 9  # inside of what opens or closes a code block, or of a visible character


# How much of the piece must be filled for a cut of that rank to be taken where worse ones would fill more.
_SHARES: Final = {
    Rank.BLOCK: 0.25,
    Rank.ITEM: 0.5,
    Rank.LINE: 0.5,
    Rank.CODE_LINE: 0.5,
    Rank.SENTENCE: 0.5,
    Rank.SPACE: 0.5,
}

LineStart = tuple[int, BlockState]


def best_cut(text: str, start: int, end: int, lines: Sequence[LineStart]) -> int:
    """Return the best place to cut `text` after `start` and before `end`; `lines` are its lines from the one of `start`
    on.

    What stands behind `end`, which is at least a character after `start`, is not looked at.
    """
    places = _Places(text, start, end, lines)
    for rank, share in _SHARES.items():
        found = places.last(rank, start + max(1, int(share * (end - start))))
        if found is not None:
            return found
    for rank in Rank:
        found = places.last(rank, start + 1)
        if found is not None:
            return found
    return max(end - 1, start + 1)


class _Stretch(NamedTuple):
    """One line: where its text begins behind all marks, and whether any cut within tears something."""

    start: int
    end: int
    text_at: int
    torn: bool


class _Places:
    """The places of one piece by rank; what is costly is found out when it is asked for."""

    def __init__(self, text: str, start: int, end: int, lines: Sequence[LineStart]) -> None:
        self._text = text
        self._start = start
        self._end = end
        self._lines = lines
        self._spans = Spans(text, start, end)

    def last(self, rank: Rank, lowest: int) -> int | None:
        """Return the last place of the rank that is not before `lowest`."""
        match rank:
            case Rank.CHARACTER | Rank.TORN:
                places = self._characters(rank)
            case Rank.SENTENCE | Rank.SPACE | Rank.TORN_SPACE:
                places = self._spaces(rank)
            case _:
                places = (at for at, each in self._line_ranks if each is rank)
        found = next(places, None)
        return found if found is not None and found >= lowest else None

    @cached_property
    def _line_ranks(self) -> list[tuple[int, Rank]]:
        """The starts of the lines from the last one on, each with its rank."""
        return [(at, self._rank_of_line(at, state)) for at, state in self._lines[::-1] if self._start < at < self._end]

    def _spaces(self, rank: Rank) -> Iterator[int]:
        """Yield the ends of sentences, or the spaces, from the last one on; TORN_SPACE are those of both that tear."""
        patterns = {Rank.SENTENCE: (_SENTENCE_END,), Rank.SPACE: (_SPACE,)}.get(rank, (_SENTENCE_END, _SPACE))
        torn = rank is Rank.TORN_SPACE
        for stretch in reversed(self._stretches):
            if torn or not stretch.torn:
                places = sorted(place for pattern in patterns for place in self._matches(pattern, stretch))
                yield from (
                    place for place in reversed(places) if (stretch.torn or self._tears(place, stretch)) == torn
                )

    def _matches(self, pattern: re.Pattern[str], stretch: _Stretch) -> Iterator[int]:
        first = max(stretch.text_at, self._start)
        return (
            end
            for match in pattern.finditer(self._text, first, stretch.end)
            if first < (end := match.end()) < stretch.end
        )

    def _tears(self, place: int, stretch: _Stretch) -> bool:
        """Return whether a cut inside of a line of text parts what belongs together, or makes a block of
        what was none.
        """
        return self._spans.tears(place) or self._makes_block(place, stretch)

    def _makes_block(self, place: int, stretch: _Stretch) -> bool:
        """Return whether what comes next would be a block at the beginning of a line, or belongs to what is before."""
        return (
            _SOURCE.match(self._text, place, self._end) is not None
            or _LIKE_A_BLOCK.match(self._text, place, stretch.end) is not None
        )

    def _characters(self, rank: Rank) -> Iterator[int]:
        """Yield the places between visible characters from the last one on; TORN includes all that are in no marker."""
        torn_lines = {at for at, each in self._line_ranks if each is Rank.TORN} if rank is Rank.TORN else set[int]()
        for stretch in reversed(self._stretches):
            if rank is Rank.TORN or not stretch.torn:
                yield from self._characters_of(stretch, whole=rank is Rank.CHARACTER)
            if stretch.start in torn_lines:
                yield stretch.start

    def _characters_of(self, stretch: _Stretch, *, whole: bool) -> Iterator[int]:
        """Yield the places within a line from the last one on, those that tear nothing if it has to stay `whole`."""
        place, first = stretch.end - 1, max(stretch.text_at, self._start)
        while place > first:
            if whole and (before := self._spans.last_whole(place)) < place:
                place = before
                continue
            if not (whole and self._makes_block(place, stretch)) and is_boundary(self._text, place, self._start):
                yield place
            place -= 1

    @cached_property
    def _stretches(self) -> list[_Stretch]:
        return [self._stretch(at, state) for at, state in self._lines if at < self._end]

    def _stretch(self, at: int, state: BlockState) -> _Stretch:
        line, end = head(self._text, at, self._end), self._end_of_line(at)
        if state.fence is not None:
            closes = missing_marker(state.fence, line) is not None
            marks = _CODE_LINE_MARKS.match(line)
            return _Stretch(start=at, end=end, text_at=end if closes or marks is None else at + marks.end(), torn=True)
        read = read_line(line)
        text_at = at + len(line.rstrip()) - len(read.text)
        marks = _FENCE_MARKS.match(self._text, text_at, end)
        if marks is not None and marks.group():
            unclear = marks.end() == self._end
            text_at = end if unclear or may_open(state, line) is not None else marks.end()
        torn = bool(state.table or (state.header and read.text.startswith("|"))) or is_heading(read.text)
        return _Stretch(start=at, end=end, text_at=text_at, torn=torn)

    def _rank_of_line(self, at: int, state: BlockState) -> Rank:
        """Return the rank of a cut before a line."""
        line = head(self._text, at, self._end)
        if state.fence is not None:
            opened_just_now = _opens(state.fence, self._text[self._text.rfind("\n", 0, at - 1) + 1 : at - 1])
            closes = missing_marker(state.fence, line) is not None
            return Rank.TORN if opened_just_now or closes else Rank.CODE_LINE
        read = read_line(line)
        if state.last == "heading" or (not state.after_blank and _UNDERLINE.match(read.text)):
            return Rank.TORN
        if read.columns:
            return Rank.ITEM if read.indent == 0 else Rank.LINE
        if not read.text:
            return Rank.LINE
        return self._rank_of_text(at, state, indented=read.indent > 0, heading=read.text.startswith("#"))

    def _rank_of_text(self, at: int, state: BlockState, *, indented: bool, heading: bool) -> Rank:
        if state.after_blank or heading:
            return Rank.LINE if state.items and indented else Rank.BLOCK
        if state.table:
            return Rank.ITEM
        return Rank.TORN if state.header or self._spans.tears(at) else Rank.LINE

    def _end_of_line(self, at: int) -> int:
        end = self._text.find("\n", max(at, self._start), self._end)
        return self._end if end < 0 else end


def _opens(fence: Fence, line: str) -> bool:
    """Return whether a line is the one that has opened the fence."""
    written = len(fence.marker) + len(fence.info)
    return len(line) >= written and line.rstrip().endswith(fence.marker + fence.info)


# ------------------------------------------------------------ between visible characters


def is_boundary(text: str, at: int, start: int = 0) -> bool:
    """Return whether a cut at `at` leaves combined characters, flags, emoji sequences and syllables whole.

    `start` is where what is shown begins: flags are paired from there on.

    Follows the rules of Unicode Annex 29 for what people write; where a property is not in the standard library it
    says no rather than yes (after any zero-width joiner). It looks at one character after `at` and none beyond.
    """
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if before.isascii() and after.isascii():
        return (before, after) != ("\r", "\n")
    if before == _JOINER or _extends(after) or _is_pair(before, after):
        return False
    if _is_flag_letter(before) and _is_flag_letter(after):
        return _flag_letters_before(text, at, start) % 2 == 0
    return True


def _extends(character: str) -> bool:
    """Return whether the character belongs to the one before it: marks, joiners, skin tones, tags."""
    return (
        character == _JOINER
        or unicodedata.category(character) in _COMBINING
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )


def _is_pair(before: str, after: str) -> bool:
    """Return whether the two are halves of one character: Hangul letters of a syllable, or lone surrogates."""
    if "\ud800" <= before <= "\udbff":
        return "\udc00" <= after <= "\udfff"
    if "\u1160" <= after <= "\u11ff":  # a vowel or final of a syllable
        return "\u1100" <= before <= "\u11ff" or "\uac00" <= before <= "\ud7a3"
    return "\u1100" <= before <= "\u115f" and ("\u1100" <= after <= "\u115f" or "\uac00" <= after <= "\ud7a3")


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_letters_before(text: str, at: int, start: int) -> int:
    first = at
    while first > start and _is_flag_letter(text[first - 1]):
        first -= 1
    return at - first
