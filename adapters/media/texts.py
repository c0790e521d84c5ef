"""Decode text of any encoding, extract the text of web pages, and cut long texts to a number of tokens."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from html.parser import HTMLParser
from typing import Final

from adapters.media import media_limits
from adapters.media.unreadable import Unreadable
from bot.context.tokens import MOST_CHARACTERS, estimate
from bot.types import FileTerms, ReadFile

_MARKS: Final = (  # the longer ones first: UTF-32 begins like UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LEGACY: Final = "cp1252"  # what Latin-1 means in practice (WHATWG Encoding, section 4.2)
_LEGACY_NOTE: Final = "read as Western European text"
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_STRAY_CONTROLS: Final = 0.002  # terminal logs have a few; programs and pictures have many
_NULL_SHARE: Final = 0.3  # Latin text in UTF-16 is half zero bytes, all at places of one parity
_SAMPLE: Final = 4_096


def read_text(name: str, data: bytes, terms: FileTerms) -> ReadFile:
    """Text, code or a table as it stands. Raises `Unreadable` for anything that is not text."""
    text, note = decode(data)
    return text_file(name, text, terms, note=note)


def read_html(name: str, data: bytes, terms: FileTerms) -> ReadFile:
    """Return what a web page says, without its markup. Raises `Unreadable`."""
    source, note = decode(data)
    page = _PageText()
    page.feed(source[: media_limits.PAGE_SOURCE])
    page.close()
    note = "; ".join(filter(None, (note, "without its markup")))
    return text_file(name, page.text, terms, note=note, whole=len(source) <= media_limits.PAGE_SOURCE)


def text_file(name: str, text: str, terms: FileTerms, *, note: str = "", whole: bool = True) -> ReadFile:
    """Return a text as a file that was read; `whole` False says that the text goes on where it ends. Raises
    `Unreadable`.
    """
    if not text.strip():
        raise Unreadable("has no text in it")
    kept = cut(text, terms.text_tokens)
    if not kept.strip():
        raise Unreadable("does not fit beside the other files")
    if len(kept) < len(text) or not whole:
        left = f"{len(text) - len(kept):,} of {len(text):,}" if whole else "all further"
        note = "; ".join(filter(None, (note, f"cut after {len(kept):,} characters, {left} characters left out")))
    return ReadFile(name=name, text=kept, note=note)


def cut(text: str, tokens: int) -> str:
    """Return the longest beginning of `text` estimated at no more than `tokens`, back to the end of a line near its
    end.
    """
    beginning = text[: int(tokens * MOST_CHARACTERS) + 1]
    if len(beginning) == len(text) and estimate(text) <= tokens:
        return text
    length = bisect_right(range(len(beginning)), tokens, key=lambda end: estimate(beginning[:end])) - 1
    kept = beginning[: max(0, length)]
    line_end = kept.rfind("\n") + 1
    return kept[:line_end] if line_end > len(kept) * 0.9 else kept


def decode(data: bytes) -> tuple[str, str]:
    """Return the text in `data`, and a note where its encoding was guessed. Raises `Unreadable` when it is
    not text.

    A byte order mark is believed; then UTF-8, UTF-16 by its zero bytes, and Western European as the last resort.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _checked(_decoded(data.removeprefix(mark), encoding)), ""
    if wide := _unmarked_utf16(data):
        return _checked(_decoded(data, wide)), ""
    if b"\0" in data:
        raise _binary()
    try:
        return _checked(data.decode("utf-8")), ""
    except UnicodeDecodeError:
        return _checked(data.decode(_LEGACY, errors="replace")), _LEGACY_NOTE


def _decoded(data: bytes, encoding: str) -> str:
    return data.decode(encoding, errors="replace")


def _unmarked_utf16(data: bytes) -> str | None:
    sample = data[: _SAMPLE - _SAMPLE % 2]
    if len(data) % 2 or not sample:
        return None
    even, odd = (sample[parity::2].count(0) / (len(sample) / 2) for parity in (0, 1))
    if odd > _NULL_SHARE and not even:
        return "utf-16-le"
    return "utf-16-be" if even > _NULL_SHARE and not odd else None


def _checked(text: str) -> str:
    """Return the text without stray controls. Raises `Unreadable` when it has too many signs that no text has."""
    strange = len(_CONTROLS.findall(text)) + text.count("\ufffd")
    if strange > max(2, len(text) * _STRAY_CONTROLS):
        raise _binary()
    return _CONTROLS.sub("", text)


def _binary() -> Unreadable:
    return Unreadable("is of a kind that cannot be read (images, MP4, MOV, AVI, PDF, Office and text files can)")


class _PageText(HTMLParser):
    """Gathers what a page says: blocks as lines, cells apart by bars, scripts and styles left out."""

    _SILENT: Final = frozenset({"script", "style", "noscript", "template", "svg", "math", "iframe", "object"})
    _BLOCKS: Final = frozenset(
        {
            *(
                "address",
                "article",
                "aside",
                "blockquote",
                "body",
                "br",
                "dd",
                "details",
                "div",
                "dl",
                "dt",
                "fieldset",
            ),
            *(
                "figcaption",
                "figure",
                "footer",
                "form",
                "h1",
                "h2",
                "h3",
                "h4",
                "h5",
                "h6",
                "header",
                "hr",
                "html",
                "li",
            ),
            *("main", "nav", "ol", "option", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead"),
            *("title", "tr", "ul"),
        }
    )
    _HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
    _CELLS: Final = frozenset({"td", "th"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._silent = 0
        self._kept = 0

    @property
    def text(self) -> str:
        """The text so far, with at most one empty line in a row."""
        lines = (line.strip(" \t|") for line in "".join(self._pieces).split("\n"))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in self._SILENT
        self._kept += tag == "pre"
        if tag in self._BLOCKS:
            self._pieces.append("\n")
        if tag in self._HEADINGS:
            self._pieces.append("#" * int(tag[1]) + " ")
        elif tag == "li":
            self._pieces.append("- ")
        elif tag in self._CELLS:
            self._pieces.append(" | ")
        elif tag == "img" and (described := dict(attrs).get("alt")):
            self.handle_data(described)

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in self._SILENT))
        self._kept = max(0, self._kept - (tag == "pre"))
        if tag in self._BLOCKS:
            self._pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._pieces.append(data if self._kept else re.sub(r"\s+", " ", data))
