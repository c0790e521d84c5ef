"""Marks of running text, as the parser and what holds back an unfinished end both read them. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

LONGEST_FORMULA: Final = 200
"""Characters between two dollar signs; behind more of them a dollar sign is a price."""

LONGEST_LABEL: Final = 1_000
"""Characters of a link's label; behind more of them a bracket is a bracket."""

TARGET: Final = re.compile(
    r"""\([ \t]*+(?:<(?P<angled>[^<>\n]*+)>|(?P<plain>(?:\\.|[^()\s\\]|\((?:\\.|[^()\s\\])*+\))*+))"""
    r"""(?:[ \t]++(?:"[^"\n]*+"|'[^'\n]*+'|\([^()\n]*+\)))?[ \t]*+\)"""
)
TARGET_SO_FAR: Final = re.compile(r"\([^\n]{0,2000}+\Z")
ADDRESS: Final = re.compile(r"//[^\s<>\"`\\|\[\]，。、！？；：）」』】》]++")  # noqa: RUF001 - full width ones, too
SCHEME: Final = re.compile(r"(?:^|(?<![a-z0-9+.-]))[a-z][a-z0-9+.-]{1,20}\Z", re.IGNORECASE)
FOOTNOTE: Final = re.compile(r"\[\^(?P<name>[\w-]{1,40})\]")
TAG: Final = re.compile(r"<(?P<end>/?)(?P<name>[a-z][a-z0-9]{0,9})(?P<rest>(?:[\s/][^<>]{0,500}+)?)>", re.IGNORECASE)
TAG_TARGET: Final = re.compile(
    r"""(?<![\w-])(?:href|src)=(?:"(?P<quoted>[^"<>]*+)"|'(?P<single>[^'<>]*+)'|(?P<plain>[^\s"'<>]++))""",
    re.IGNORECASE,
)
TAG_LABEL: Final = re.compile(r"""(?<![\w-])alt=(?:"(?P<quoted>[^"<>]*+)"|'(?P<single>[^'<>]*+)')""", re.IGNORECASE)
LONGEST_COMMENT: Final = 2_000
TIMESTAMP: Final = re.compile(r"<t:(?P<seconds>-?\d{1,13})(?::[tTdDfFR])?>")
FORMULA: Final = re.compile(
    r"\$\$(?P<display>[^$]{1,2000}+)\$\$|\$(?![\s$])(?P<inline>[^$\n]{1,200}+)(?<![\s\\])\$(?!\d)"
)
FORMULA_ENDS: Final = {"\\(": "\\)", "\\[": "\\]"}

RUN: Final = re.compile(r"\*++|_++|~++")

_SENTENCE_MARKS: Final = ".,:;!?"
_TELLING: Final = 3  # marks of a run; more of them say no more
_LIKE_MATHEMATICS: Final = re.compile(
    r"""\\[a-zA-Z{}|] | [_^=<>] | ^[-+]?\w{1,2}!?$ | ^[\w\s+*/().,-]*[+*/-][\w\s+*/().,-]*$
      | ^[a-zA-Z]'{1,3}$ | ^[a-zA-Z]\w{0,2}'{0,3}\([^()]*\)$ | ^\|[^|]+\|$ | ^[a-zA-Z](?:,[ ]?[a-zA-Z])+$""",
    re.VERBOSE,
)
_BRACKETS: Final = re.compile(r"\\.|(?P<code>`+)|[\[\]]")
_IDENTIFIER: Final = re.compile(r"__[a-zA-Z0-9]++(?:_[a-zA-Z0-9]++)*+__(?!\w)")

PAIRED_TAGS: Final = {
    "b": "strong",
    "strong": "strong",
    "i": "em",
    "em": "em",
    "s": "s",
    "del": "s",
    "strike": "s",
    "u": "u",
    "ins": "u",
    "code": "code",
    "kbd": "code",
    "samp": "code",
    "tt": "code",
    "sup": "sup",
    "sub": "sub",
    "summary": "strong",
    "a": "link",
}
"""Tags of HTML that are shown from their opening to their closing one, by what they mean."""

BREAKING_TAGS: Final = frozenset(
    {"br", "p", "div", "details", "hr", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre"}
    | {"blockquote", "section", "article", "figure", "figcaption", "caption", "dl", "dt", "dd"}
)
ITEM_TAGS: Final = frozenset({"li"})
CELL_TAGS: Final = frozenset({"td", "th"})
SILENT_TAGS: Final = frozenset(
    {"span", "font", "center", "small", "big", "mark", "tbody", "thead", "tfoot", "img", "abbr", "q", "cite"}
)
KNOWN_TAGS: Final = frozenset({*PAIRED_TAGS, *BREAKING_TAGS, *ITEM_TAGS, *CELL_TAGS, *SILENT_TAGS})
"""Others are what somebody wrote: `Vec<T>`, `<your name>`."""


def is_wide(character: str) -> bool:
    """Return whether a character belongs to a script that is written without spaces."""
    return character >= "\u2e80" and unicodedata.east_asian_width(character) in "WF"


def is_punctuation(character: str) -> bool:
    """Return whether a character is punctuation or a symbol."""
    if character.isascii():
        return not character.isalnum() and not character.isspace()
    return unicodedata.category(character)[0] in "PS"


def flanking(marker: str, before: str, after: str) -> tuple[bool, bool]:
    """Return whether a run of marks can open and close emphasis between a character and the two after it, "" at an end.

    CommonMark 0.31 (section 6.2), but for habits of models: beside a script without spaces punctuation keeps nothing
    from being emphasised, nor does a colon within bold letters (**Note:**text); a single star between two letters or
    digits (2*3*4) or in a pattern of file names (*.py) is a star; underscores inside of a word are no marks.
    """
    return _flanking(marker[:_TELLING], before, after)


@lru_cache(maxsize=1_024)
def _flanking(marker: str, before: str, after: str) -> tuple[bool, bool]:
    before, after, behind = before or " ", after[:1] or " ", after[1:]
    opens = not after.isspace()
    closes = not before.isspace()
    inside = _is_word(before) and _is_word(after) and not is_wide(before) and not is_wide(after)
    is_suffix = after == "." and (before.isspace() or behind.isalnum())  # else the sentence ends behind it
    is_glob = marker == "*" and (is_suffix or "/" in {before, after})
    if (inside and marker != "**") or is_glob:
        return False, False
    left = opens and (not is_punctuation(after) or before.isspace() or is_punctuation(before) or is_wide(before))
    right = closes and (not is_punctuation(before) or after.isspace() or is_punctuation(after) or is_wide(after))
    if marker == "**" and before in _SENTENCE_MARKS:
        right = closes
    if marker.startswith("_"):
        return left and (not right or is_punctuation(before)), right and (not left or is_punctuation(after))
    return left, right


@lru_cache(maxsize=8)
def reach_of_marks(text: str) -> Mapping[str, tuple[int, int]]:
    """Return where the first run of a mark stands that may open emphasis, and the last one that may close it."""
    first, last = dict.fromkeys("*_~", len(text)), dict.fromkeys("*_~", 0)
    for run in RUN.finditer(text):
        start, end = run.span()
        mark = text[start]
        opens, closes = flanking(run.group(), text[start - 1] if start else "", text[end : end + 2])
        first[mark] = min(first[mark], start) if opens else first[mark]
        last[mark] = start if closes else last[mark]
    return {mark: (first[mark], last[mark]) for mark in first}


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def identifier(text: str, at: int) -> int:
    """Return where a name like `__init__` that begins at `at` ends, or `at`."""
    if at and _is_word(text[at - 1]):
        return at
    found = _IDENTIFIER.match(text, at)
    return found.end() if found else at


@lru_cache(maxsize=8)
def bracket_pairs(text: str) -> dict[int, int]:
    """Return where the bracket is closed that opens at a place; no link goes over more than `LONGEST_LABEL`."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    ends: dict[int, list[int]] = {}
    for run in reversed(list(re.finditer("`+", text))):
        ends.setdefault(len(run.group()), []).append(run.start())
    at = 0
    while token := _BRACKETS.search(text, at):
        at = token.end()
        if token.lastgroup == "code":
            later = ends.get(len(token.group()), [])
            while later and later[-1] < at:
                later.pop()
            at = later[-1] + len(token.group()) if later else at
        elif token.group() == "[":
            opened.append(token.start())
        elif token.group() == "]" and opened:
            start = opened.pop()
            if token.start() - start <= LONGEST_LABEL:
                pairs[start] = token.start()
    return pairs


def is_mathematics(text: str) -> bool:
    """Return whether what stands between two dollar signs is a formula and not a price."""
    return _LIKE_MATHEMATICS.search(text) is not None
