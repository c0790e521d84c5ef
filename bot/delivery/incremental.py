"""Render a growing text again and again: what is settled once, the rest with each showing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from markdown_it.token import Token

from bot.delivery.document import parse
from bot.delivery.renderer import BLANKS_OF_QUOTES, Cut, MarkdownRenderer, joined
from bot.delivery.running_text import Allowed
from bot.delivery.settled import settled_lines, settled_running

_END_OF_CODE: Final = re.compile(r"`*\n[ >]*```\Z")
_BLANK_END: Final = re.compile(r"(?:\A|\n)(?:>[ \t]?)?[ \t]*\n\Z")
_BARE_MARKER: Final = re.compile(r"(?:\A|\n)[ >]*(?:(?:-|\d{1,9}\.)[ ☐☑]*)*\Z")


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
        text = text.replace("\r\n", "\n").replace("\r", "\n" if not growing else "")
        if not text.startswith(self._text[: self._at]):
            self._at, self._written, self._after_blank, self._tables = 0, "", False, 0
        self._text = text
        tail, tokens = self._parsed(growing=growing)
        if not growing:
            return self._render(tokens, tail.split("\n"))
        if settled := _last_start(tokens):
            self._settle(tail.split("\n"), settled)
            tail, tokens = self._parsed(growing=growing)
        space = tail[len(tail.rstrip()) :][:1]  # the parser leaves it out, but it ends the last word
        goes_on = _BLANK_END.search(tail) is None

        def cut(text: str, is_paragraph: bool) -> int:
            return settled_running(text + space, is_paragraph)

        rest = self._render(tokens, tail.split("\n"), cut=cut if goes_on else None)
        return _BARE_MARKER.sub("", _END_OF_CODE.sub("", rest)).rstrip()

    def _parsed(self, *, growing: bool) -> tuple[str, Sequence[Token]]:
        """Return what is not settled, without a last line that only its end will tell, and its blocks."""
        tail = self._text[self._at :]
        tail = settled_lines(tail) if growing else tail
        return tail, parse(tail, growing=growing)

    def _settle(self, lines: Sequence[str], count: int) -> None:
        part = "\n".join(lines[:count])
        self._written = self._render(parse(part), lines[:count])
        self._after_blank = not lines[count - 1].strip(BLANKS_OF_QUOTES)
        self._at += len(part) + 1
        self._tables = self._renderer.tables

    def _render(self, tokens: Sequence[Token], lines: Sequence[str], *, cut: Cut | None = None) -> str:
        self._renderer.tables = self._tables
        blocks = self._renderer.blocks(tokens, lines, after_blank=self._after_blank, cut=cut)
        gap = blocks[0].gap if blocks and self._written else ""
        return self._written + gap + joined(blocks)


def _last_start(tokens: Sequence[Token]) -> int:
    """Return the line of the last block, or of the last item of a list: all before it is settled."""
    start = 0
    for token in tokens:
        if token.map and (token.level == 0 or (token.level == 1 and token.type == "list_item_open")):
            start = token.map[0]
    return start
