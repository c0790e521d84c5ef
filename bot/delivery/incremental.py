"""Render a growing text again and again: what is settled once, the rest with each showing. Pure.

Settled is what is read in the same way whatever follows. In doubt it is less: what is held back is shown later, and
what was shown wrongly would jump.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from markdown_it.token import Token

from bot.delivery.addresses import bare_address
from bot.delivery.document import parse, release
from bot.delivery.marks import (
    ADDRESS,
    FORMULA,
    FORMULA_ENDS,
    LONGEST_COMMENT,
    LONGEST_FORMULA,
    LONGEST_LABEL,
    PAIRED_TAGS,
    TAG,
    TARGET,
    TARGET_SO_FAR,
    flanking,
    is_wide,
)
from bot.delivery.renderer import BLANKS_OF_QUOTES, Cut, MarkdownRenderer, joined
from bot.delivery.running_text import Allowed

_END_OF_CODE: Final = re.compile(r"`*\n[ >]*```\Z")
_BLANK_END: Final = re.compile(r"(?:\A|\n)(?:>[ \t]?)?[ \t]*\n\Z")
_BARE_MARKER: Final = re.compile(r"(?:\A|\n)[ >]*(?:(?:-|\d{1,9}\.)[ ☐☑]*)*\Z")

# A line that may yet become a list item, a rule, a heading, the end of a code block or the second line of a table.
_UNCLEAR_LINE: Final = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*[-*+=_`~#>|:\d.)\\$ \t<\[\]xX]*\Z")
_OPENS_CODE: Final = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?:```|~~~)")
_TOKEN: Final = re.compile(
    r"(?P<formula>\\[(\[])|\\.|(?<![a-zA-Z0-9+.\\-])(?P<address>[a-zA-Z][a-zA-Z0-9+.-]{1,20}+:(?=//))|"
    r"(?P<code>`+)|(?P<mark>\*+|_+|~+)|(?P<open>\[)|(?P<close>\])|(?P<angle><)|(?P<dollar>\$)",
    re.DOTALL,
)
_ENTITY: Final = re.compile(r"&#?\w{0,31}\Z")
_MAY_BE_TAG: Final = re.compile(r"<[a-zA-Z/!]")


class IncrementalRenderer:
    """Renders one text that grows; for one that is not the last one grown longer all is done anew.

    What it returns of a growing text begins all that it returns later.
    """

    def __init__(self, renderer: MarkdownRenderer) -> None:
        self._renderer = renderer
        self._text = ""
        self._at = 0  # of what is not settled
        self._written = ""
        self._after_blank = False
        self._tables = 0

    def render(self, text: str, *, allowed: Allowed, growing: bool) -> str:
        """Return the text, or of one that may go on what stays as it is; links are those that are `allowed`."""
        self._renderer.allowed = allowed
        if growing:
            text = text.removesuffix("\r")  # half of a line end, perhaps
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if not text.startswith(self._text[: self._at]):
            self._at, self._written, self._after_blank, self._tables = 0, "", False, 0
        self._text = text
        tail = self._text[self._at :]
        tail = settled_lines(tail) if growing else tail
        tokens, lines = parse(tail, growing=growing), tail.split("\n")
        if not growing:
            return self._render(tokens, lines)
        before, tokens = _divided(tokens)
        if before:
            self._settle(before, lines, tokens[0])
        space = tail[len(tail.rstrip()) :][:1]  # the parser leaves it out, but it ends the last word
        goes_on = _BLANK_END.search(tail) is None

        def cut(text: str, is_paragraph: bool) -> int:
            return settled_running(text + space, is_paragraph)

        rest = self._render(tokens, lines, cut=cut if goes_on else None)
        return _BARE_MARKER.sub("", _END_OF_CODE.sub("", rest)).rstrip()

    def _settle(self, tokens: list[Token], lines: Sequence[str], next_one: Token) -> None:
        """Write blocks for good, those before `next_one`."""
        count = next_one.map[0] if next_one.map else 0
        self._written = self._render(tokens, lines)
        self._after_blank = not lines[count - 1].strip(BLANKS_OF_QUOTES)
        self._at += sum(map(len, lines[:count])) + count
        self._tables = self._renderer.tables

    def _render(self, tokens: list[Token], lines: Sequence[str], *, cut: Cut | None = None) -> str:
        self._renderer.tables = self._tables
        blocks = self._renderer.blocks(tokens, lines, after_blank=self._after_blank, cut=cut)
        release(tokens)
        gap = blocks[0].gap if blocks and self._written else ""
        return self._written + gap + joined(blocks)


def _divided(tokens: list[Token]) -> tuple[list[Token], list[Token]]:
    """Return the blocks that are settled, and the last one; of a list its last item, as a list of its own."""
    first = last = 0
    for number, token in enumerate(tokens):
        if token.map and token.level == 0:
            first = last = number
        elif token.level == 1 and token.type == "list_item_open":
            last = number
    if last > first + 1:
        return [*tokens[:last], tokens[-1]], [tokens[first].copy(map=tokens[last].map), *tokens[last:]]
    return tokens[:first], tokens[first:]


# ------------------------------------------------------------ how much is settled, whatever follows


def settled_lines(text: str) -> str:
    """Return a growing text without its last line, where only its end will tell what that is."""
    start = text.rfind("\n") + 1
    line = text[start:]
    if _UNCLEAR_LINE.match(line) or _OPENS_CODE.match(line):
        return text[:start]
    return text


def settled_running(text: str, is_paragraph: bool) -> int:
    """Return how much of the text of the last paragraph or heading is settled."""
    start = text.rfind("\n", 0, len(text.rstrip())) + 1
    line = text[start:]
    if is_paragraph and line.lstrip().startswith("|"):
        return _Marks(text).settled(start)
    return _Marks(text).settled(_end_of_words(text))


def _end_of_words(text: str) -> int:
    """Return where the last word begins: an address or a mark may go on. Scripts without spaces have none."""
    start = max(text.rfind(space) for space in " \n\t") + 1
    end = len(text)
    while end > start and not is_wide(text[end - 1]):
        end -= 1
    entity = _ENTITY.search(text, max(0, end - 33), end)
    return entity.start() if entity else end


class _Marks:
    """The marks of a paragraph that nothing has closed yet; one pass."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._open: list[tuple[str, int]] = []  # emphasis by its marks, "[" and tags by their names
        self._numbers: dict[str, list[int]] = {}  # of those that are open, by their marks
        self._closed: list[tuple[int, int]] = []  # what a cut must not fall into
        self._runs: dict[str, list[int]] = {}
        for run in reversed(list(re.finditer("`+", text))):
            self._runs.setdefault(run.group(), []).append(run.start())

    def settled(self, most: int) -> int:
        """Return the last place up to `most` that has nothing open before it and lies in nothing that is closed."""
        at = 0
        while token := _TOKEN.search(self._text, at):
            end = self._take(token)
            if end is None:
                self._open.append(("", token.start()))
                break
            if end > token.end():
                self._closed.append((token.start(), end))
            at = end
        most = min([most, *(place for mark, place in self._open if self._may_close(mark, place))])
        while (before := self._without_halves(most)) < most:
            most = before
        return most

    def _without_halves(self, most: int) -> int:
        """Return the same place, or an earlier one where that lies within what belongs together."""
        most = min([most, *(start for start, end in self._closed if start < most < end)])
        most -= self._text.startswith("![", most - 1) and most > 0
        words = self._text[:most].rstrip()
        if words.endswith("\\"):
            most = len(words.rstrip("\\"))
        most -= self._text.startswith("]\\(", most - 1) and most > 0  # what follows decides how the bracket is written
        line = self._text.rfind("\n", 0, most) + 1
        return line if most < len(self._text) and _UNCLEAR_LINE.match(self._text, line, most) else most

    def _may_close(self, mark: str, place: int) -> bool:
        return mark != "[" or len(self._text) - place <= LONGEST_LABEL + 1

    def _take(self, token: re.Match[str]) -> int | None:
        """Note what the token opens or closes; returns where to read on, or None where the rest hangs on it."""
        start, end = token.span()
        at: int | None = end
        match token.lastgroup:
            case "address":
                at = self._after_address(start, end)
            case "code":
                at = self._after_code(token.group(), end)
            case "formula":
                at = self._after_formula(self._text.find(FORMULA_ENDS[token.group()], end, end + 2_000), start)
            case "dollar":
                at = self._after_dollar(start)
            case "angle":
                at = self._after_angle(start)
            case "mark":
                self._take_mark(token.group(), start, end)
            case "open":
                self._begin("[", start)
            case "close":
                at = self._after_label(start)
        return at

    def _after_formula(self, closed: int, start: int) -> int | None:
        if closed >= 0:
            return closed + 2
        return None if len(self._text) - start <= 2_000 + 2 else start + 2

    def _after_address(self, start: int, end: int) -> int | None:
        run = ADDRESS.match(self._text, end)
        if run is None or run.end() == len(self._text):
            return None
        return max(end, start + len(bare_address(self._text[start : run.end()])))

    def _after_code(self, run: str, end: int) -> int | None:
        later = self._runs.get(run, [])
        while later and later[-1] < end:
            later.pop()
        closed = later[-1] + len(run) if later else 0
        return closed if closed and closed < len(self._text) else None

    def _after_dollar(self, start: int) -> int | None:
        found = FORMULA.match(self._text, start)
        if found is not None:
            return found.end() if found.end() < len(self._text) else None
        longest = 2_000 if self._text.startswith("$$", start) else LONGEST_FORMULA
        goes_on = self._text.find("$", start + 2) < 0 and len(self._text) - start <= longest + 2
        return None if goes_on and not self._text.startswith(("$ ", "$\n"), start) else start + 1

    def _after_angle(self, start: int) -> int | None:
        if self._text.startswith("<!--", start):
            closed = self._text.find("-->", start, start + LONGEST_COMMENT)
            may_end = len(self._text) - start <= LONGEST_COMMENT
            return closed + len("-->") if closed >= 0 else None if may_end else start + 1
        if len(self._text) - start > 2 and _MAY_BE_TAG.match(self._text, start) is None:
            return start + 1
        closed = self._text.find(">", start)
        if closed < 0:
            return None if len(self._text) - start <= 2_000 else start + 1
        tag = TAG.match(self._text, start)
        if tag is None:
            return self._after_autolink(start, closed)
        name = tag["name"].lower()
        if name in PAIRED_TAGS:
            self._take_tag(name, start, closes=bool(tag["end"]))
        return tag.end()

    def _after_autolink(self, start: int, closed: int) -> int:
        """Return where to read on behind an angle bracket that begins no tag: behind the address that it holds."""
        inner = self._text[start + 1 : closed]
        holds_address = re.fullmatch(r"(?:https?://|mailto:)[^\s<]++", inner, re.IGNORECASE) is not None
        return closed + 1 if holds_address else start + 1

    def _take_tag(self, name: str, start: int, *, closes: bool) -> None:
        if not closes:
            self._begin(name, start)
        elif self._numbers.get(name):
            self._close(name, self._text.index(">", start) + 1)

    def _take_mark(self, run: str, start: int, end: int) -> None:
        before, after = self._text[start - 1 : start] if start else "", self._text[end : end + 2]
        opens, closes = flanking(run, before, after)
        numbers, brackets = self._numbers.get(run), self._numbers.get("[")
        if closes and numbers and (not brackets or numbers[-1] > brackets[-1]):
            self._close(run, end)
        elif opens:
            self._begin(run, start)

    def _begin(self, mark: str, start: int) -> None:
        self._numbers.setdefault(mark, []).append(len(self._open))
        self._open.append((mark, start))

    def _close(self, mark: str, end: int) -> None:
        """Close what was opened last by a mark, and with it all that was opened since."""
        number = self._numbers[mark][-1]
        self._closed.append((self._open[number][1], end))
        for each, _ in self._open[number:]:
            if each:
                self._numbers[each].pop()
        del self._open[number:]

    def _after_label(self, start: int) -> int | None:
        """Return where to read on behind a closing bracket; what a link's label holds is closed with it."""
        if not self._numbers.get("["):
            return start + 1
        target = TARGET.match(self._text, start + 1)
        if target is not None:
            self._close("[", target.end())
            return target.end()
        if start + 1 == len(self._text) or TARGET_SO_FAR.match(self._text, start + 1):
            return None
        self._open[self._numbers["["].pop()] = ("", len(self._text))  # the bracket is one; what it holds stays open
        return start + 1
