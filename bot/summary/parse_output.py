"""Parse the model's summary: headline, points by section, and the numbers that each point names. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.types import Section

HEADLINE_CHARACTERS: Final = 300
POINT_CHARACTERS: Final = 600

_TITLES: Final = (
    (re.compile(r"(?:main|key) points?|highlights|summary|topics", re.IGNORECASE), Section.MAIN),
    (re.compile(r"decisions?(?: made)?", re.IGNORECASE), Section.DECISIONS),
    (re.compile(r"(?:open|unanswered) questions?|questions", re.IGNORECASE), Section.QUESTIONS),
    (re.compile(r"action items?|actions?|to-?dos?|tasks|next steps", re.IGNORECASE), Section.ACTIONS),
)
_HEADLINE = re.compile(r"[\W_]*headline[\W_]*?:[\s*_]*(?P<text>.+)", re.IGNORECASE)
_BULLET = re.compile(r"\s*(?:[-*+\u2022]|\d{1,2}[.)])\s+(?P<text>.+)")
_DECORATION = re.compile(r"^[\s#>*_=\-]+|(?<![\s*_:=])[\s*_:=]++$")
_NUMBERS = re.compile(r"(?<!\s)\s*+[\[\uff3b\u3010]\s*+(?P<numbers>#?\d[\d\s,;#&-]*+)[\]\uff3d\u3011]")
_RANGE_MARK = re.compile(r"(?<!\s)\s*+-\s*+")
_SEPARATOR = re.compile(r"[\s,;#&]+")
_MOST_IN_RANGE: Final = 5  # of "[12-15]"; a longer one shows nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPoint:
    """One statement as the model wrote it, without the numbers that it named."""

    text: str
    numbers: tuple[int, ...]


@dataclass(slots=True)
class ParsedOutput:
    """A summary as the model wrote it."""

    headline: str = ""
    points: dict[Section, list[RawPoint]] = field(default_factory=dict)


def read_form(text: str, *, is_cut: bool = False) -> ParsedOutput:
    """Take a summary apart, whatever of the form it keeps to; `is_cut` drops the last line, which ends somewhere."""
    lines = text.replace("\r", "\n").splitlines()
    said, section = ParsedOutput(), Section.MAIN
    for line in filter(str.strip, lines[:-1] if is_cut and len(lines) > 1 else lines):
        if headline := _HEADLINE.fullmatch(line):
            said.headline = said.headline or _point(headline["text"]).text[:HEADLINE_CHARACTERS]
            continue
        title = _title(line)
        if title is not None:
            section = title
            continue
        _take(line, said, section)
    return said


def _take(line: str, said: ParsedOutput, section: Section) -> None:
    """Take in a point, the headline, or nothing."""
    bullet = _BULLET.fullmatch(line)
    point = _point(bullet["text"] if bullet else line)
    if not any(character.isalnum() for character in point.text):
        return
    if not bullet and not said.headline and not said.points and not point.numbers:
        said.headline = point.text[:HEADLINE_CHARACTERS]
        return
    said.points.setdefault(section, []).append(point)


def _title(line: str) -> Section | None:
    bare = _DECORATION.sub("", line)
    return next((section for pattern, section in _TITLES if pattern.fullmatch(bare)), None)


def _point(text: str) -> RawPoint:
    numbers: dict[int, None] = {}
    for match in _NUMBERS.finditer(text):
        numbers |= dict.fromkeys(_numbers(match["numbers"]))
    bare = _NUMBERS.sub("", text).replace(" .", ".").strip()
    return RawPoint(text=bare[:POINT_CHARACTERS], numbers=tuple(numbers))


def _numbers(listed: str) -> Sequence[int]:
    found: list[int] = []
    for piece in _SEPARATOR.split(_RANGE_MARK.sub("-", listed)):
        ends = [int(part) for part in piece.split("-") if part.isdecimal() and len(part) <= 6]
        if len(ends) == 2 and ends[0] <= ends[1] < ends[0] + _MOST_IN_RANGE:
            found.extend(range(ends[0], ends[1] + 1))
        else:
            found.extend(ends)
    return found


Points = Mapping[Section, Sequence[RawPoint]]
