"""Extract what a web page says: its text, its tables, and where its links lead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin

from adapters.media import media_limits
from adapters.media.job import Job
from adapters.media.superscripts import subscript, superscript
from adapters.media.texts import decode, text_file
from bot.types import ReadFile

Attributes = list[tuple[str, str | None]]

_MOST_COLUMNS: Final = 64  # in which cells may reach down into further rows
_MOST_ROWS: Final = 1_000
KEPT: Final = "\0"
"""An empty cell that must not be dropped at the beginning of a line; no page can hold this sign itself."""

_CELL: Final = " | "


def read_page(job: Job) -> ReadFile:
    """Return what a web page says, without its markup. Raises `Unreadable`."""
    source, notes = decode(job.data)
    return text_file(job, page_text(source), notes=notes, whole=len(source) <= media_limits.PAGE_SOURCE)


def page_text(source: str) -> str:
    """Return what a page says, of a very long one its beginning."""
    page = _PageText()
    page.feed(source[: media_limits.PAGE_SOURCE])
    page.close()
    return page.text


_SCRIPTS: Final[Mapping[str, Callable[[str], str]]] = {"sup": superscript, "sub": subscript}
_PIECES_OF_SCRIPTS: Final = 20  # what is longer is no power
_BLOCKS: Final = """
    address article aside blockquote body br dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5
    h6 header hr html li main nav ol option p pre section summary table tbody tfoot thead title tr ul
"""


def _absolute(base: str, address: str) -> str:
    """Return where a link leads on a page that states where its links start."""
    try:
        return urljoin(base, address) if base and address and not address.startswith("#") else address
    except ValueError:
        return address


def _row(line: str) -> str:
    """Return a row of a table whose first cells may be empty."""
    is_kept = line.lstrip(" \t|").startswith(f"{KEPT} |")
    return line.lstrip(" \t|").rstrip(" \t|" + KEPT).replace(KEPT, "").strip(" \t" if is_kept else " \t|")


class _PageText(HTMLParser):
    """Gathers what a page says: blocks as lines, cells apart by bars, links with their addresses."""

    _NEVER_SHOWN: Final = frozenset({"script", "style"})
    _SILENT: Final = frozenset({*_NEVER_SHOWN, "template", "iframe", "noframes"})
    _BLOCKS: Final = frozenset(_BLOCKS.split())
    _HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
    _CELLS: Final = frozenset({"td", "th"})
    _LISTS: Final = frozenset({"ol", "ul"})
    _ITEMS: Final = frozenset({*_LISTS, "li", "option"})
    _TABLES: Final = frozenset({*_CELLS, "table", "tr"})
    _SHOWN_INPUTS: Final = frozenset({"text", "email", "tel", "url", "number", "date", "search", "button", "submit"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._silent = ""
        self._depth = 0
        self._hidden: list[str] = []
        self._links: list[tuple[str, int]] = []
        self._lists: list[NumberedList | None] = []
        self._tables: list[HtmlTable] = []
        self._base = ""
        self._scripts: list[tuple[str, int]] = []
        self._kept = 0

    @property
    def text(self) -> str:
        """The text, with at most one empty line in a row; what a tag hides that is never closed is shown after all."""
        shown = "".join(self._pieces + (self._hidden if self._silent else []))
        lines = (_row(line) if KEPT in line else line.strip(" \t|") for line in shown.split("\n"))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """Begin a block, a cell, a link or what is not shown."""
        told = dict(attrs)
        if tag in self._SILENT and not self._silent:
            self._silent, self._depth = tag, 0
        self._depth += tag == self._silent
        self._kept += tag == "pre"
        if tag in self._BLOCKS:
            self._say("\n")
        if tag in self._HEADINGS:
            self._say("#" * int(tag[1]) + " ")
        elif tag in self._ITEMS:
            self._say_item(tag, told)
        elif tag in self._TABLES:
            self._say_table(tag, told)
        elif tag == "img":
            self.handle_data(told.get("alt") or "")
        elif tag in {"a", "base"}:
            self._begin_link(tag, told.get("href") or "")
        elif tag == "input":
            self._say_input(told)
        elif tag in _SCRIPTS:
            self._scripts.append((tag, len(self._pieces)))

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        """Take `<script/>` as what it is in XHTML: begun and ended."""
        self.handle_starttag(tag, attrs)
        if tag in self._SILENT or tag in {"a", "pre", "title", "textarea"}:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """End a block, a link or what is not shown."""
        if tag == self._silent:
            self._depth -= 1
            if not self._depth:
                self._silent, self._hidden = "", []
        self._kept = max(0, self._kept - (tag == "pre"))
        if tag == "a":
            self._end_link()
        if self._scripts and tag == self._scripts[-1][0]:
            self._end_script()
        if tag == "table" and self._tables:
            self._tables.pop()
        if tag in self._LISTS and self._lists:
            self._lists.pop()
        if tag in self._BLOCKS:
            self._say("\n")

    def handle_data(self, data: str) -> None:
        """Take words as they are shown: spaces as one, except where they are kept."""
        self._say(data if self._kept else re.sub(r"\s+", " ", data))

    def close(self) -> None:
        """End what was never ended."""
        super().close()
        self._end_link()

    def _say(self, words: str) -> None:
        if not self._silent:
            self._pieces.append(words)
        elif self._silent not in self._NEVER_SHOWN and self.cdata_elem is None:
            self._hidden.append(words)

    def _say_item(self, tag: str, told: dict[str, str | None]) -> None:
        """Say what stands before an item of a list: its number, a dash, a mark of what is chosen."""
        if tag in self._LISTS:
            numbered = NumberedList(told.get("start") or "", told.get("type") or "")
            self._lists.append(numbered if tag == "ol" else None)
        elif tag == "li":
            numbering = self._lists[-1] if self._lists else None
            self._say(numbering.label(told.get("value") or "") if numbering else "- ")
        elif "selected" in told:
            self._say("[x] ")

    def _say_table(self, tag: str, told: dict[str, str | None]) -> None:
        """Say what stands before a cell, so that those of one column stay in it."""
        if tag == "table":
            self._tables.append(HtmlTable())
        elif tag == "tr" and self._tables:
            self._tables[-1].row()
        elif tag in self._CELLS:
            spans = told.get("colspan") or "", told.get("rowspan") or ""
            self._say(self._tables[-1].cell(*spans) if self._tables else " | ")
            self._say(KEPT if tag == "th" else "")

    def _say_input(self, told: dict[str, str | None]) -> None:
        kind, value = (told.get("type") or "text").lower(), told.get("value") or ""
        if kind in {"checkbox", "radio"}:
            self._say("[x] " if "checked" in told else "[ ] ")
        elif kind in self._SHOWN_INPUTS and value:
            self._say(f" {value} ")

    def _end_script(self) -> None:
        """Write what is raised or lowered as that, once it ends."""
        tag, start = self._scripts.pop()
        if 0 < len(self._pieces) - start <= _PIECES_OF_SCRIPTS:
            self._pieces[start:] = [_SCRIPTS[tag]("".join(self._pieces[start:]))]

    def _begin_link(self, tag: str, address: str) -> None:
        if tag == "base":
            self._base = self._base or address
            return
        self._end_link()
        self._links.append((address, len(self._pieces)))

    def _end_link(self) -> None:
        """Put the address of a link behind its words, once it ends."""
        if not self._links:
            return
        address, start = self._links.pop()
        words = "".join(self._pieces[start:])
        address = _absolute(self._base, address)
        known = re.match(r"(?:https?|mailto|tel|ftp):", address, re.IGNORECASE)
        if known and words.strip() and address not in words and not self._silent:
            told = words.rstrip()
            self._pieces[start:] = [told, f" ({address})", words[len(told) :]]


# ------------------------------------------------------------ tables and numbered lists


class HtmlTable:
    """A table that is being read, cell by cell: which columns are taken by cells of rows above."""

    def __init__(self) -> None:
        self._column = 0
        self._beyond = 0
        self._taken: dict[int, int] = {}

    def row(self) -> None:
        """Begin a row."""
        for column in [column for column in self._taken if column >= self._column]:
            self._take(column)
        self._column = self._beyond = 0

    def cell(self, columns: str, rows: str) -> str:
        """Return what stands before a cell that spans so many columns and rows: bars, and cells that others take."""
        before = _CELL * self._beyond
        while self._column in self._taken:
            self._take(self._column)
            before += f"{_CELL}{KEPT}"
            self._column += 1
        wide, high = _number(columns, _MOST_COLUMNS), _number(rows, _MOST_ROWS)
        if high > 1:
            reached = range(self._column, min(self._column + wide, _MOST_COLUMNS))
            self._taken |= dict.fromkeys(reached, high - 1)
        self._column += wide
        self._beyond = wide - 1
        return before + _CELL

    def _take(self, column: int) -> None:
        self._taken[column] -= 1
        if not self._taken[column]:
            del self._taken[column]


class NumberedList:
    """A list whose items are numbered: from where on, and how."""

    def __init__(self, start: str, kind: str) -> None:
        self._next = int(start) if start.removeprefix("-").isdecimal() else 1
        self._kind = kind

    def label(self, value: str) -> str:
        """Return the number of the next item, which may state its own."""
        number = int(value) if value.isdecimal() else self._next
        self._next = number + 1
        if self._kind in {"a", "A"} and 0 < number <= 26:
            return f"{chr(ord(self._kind) + number - 1)}. "
        return f"{number}. "


def _number(value: str, most: int) -> int:
    return min(max(int(value), 1), most) if value.isdecimal() and len(value) < 10 else 1
