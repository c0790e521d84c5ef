"""Render an answer and divide it into messages, no further than they are shown. Pure."""

from __future__ import annotations

from typing import Final

from bot.delivery.addresses import known
from bot.delivery.incremental import IncrementalRenderer
from bot.delivery.renderer import MarkdownRenderer
from bot.delivery.running_text import Allowed
from bot.delivery.split import Piece, Size, Splitter
from bot.types import Draft

_MORE: Final = 8  # times as much is read where that was not enough


class AnswerPieces:
    """The messages of one answer that grows; `head` is rendered already and stands above it.

    `limit` is that of a message in what `size` counts.
    """

    def __init__(self, renderer: MarkdownRenderer, *, limit: int, size: Size = len, head: str = "") -> None:
        self._text = IncrementalRenderer(renderer)
        self._splitter = Splitter(limit=limit, size=size)
        self._limit = limit
        self._head = head
        self._shown = head
        self._enough = 0  # characters of the text that are tried before all of it is read

    def divide(self, draft: Draft, *, growing: bool, most: int | None = None) -> list[Piece]:
        """Return the pieces of an answer, with links only to what people or the search named.

        Where more than `most` of them show something, those behind the first `most` only tell that: of a text that is
        much longer its beginning alone is read, as of one that is still `growing`.
        """
        text, allowed = draft.text, known(draft.addresses)
        if most is not None:
            most = 0 if draft.file_name and not growing else most  # nothing of it is shown
            self._enough = max(self._enough, (most + 2) * self._limit)
            while self._enough < len(text) and self._ends_line(text):
                pieces = self._divided(text[: self._enough], allowed, growing=True)
                if sum(bool(piece.shown.strip()) for piece in pieces[:-1]) > most:
                    return pieces
                self._enough *= _MORE
        return self._divided(text, allowed, growing=growing)

    def first(self, limit: int) -> str:
        """Return what the first message shows of the answer that was divided last, where it holds only `limit`
        characters, fewer than the others.
        """
        return Splitter(limit=limit).split(self._shown, most=1)[0].shown

    def _ends_line(self, text: str) -> bool:
        """Return whether a line ends where reading would stop: all of a paragraph may hang on its end."""
        return text.find("\n", self._enough - self._limit, self._enough) >= 0

    def _divided(self, text: str, allowed: Allowed, *, growing: bool) -> list[Piece]:
        self._shown = self._head + self._text.render(text, allowed=allowed, growing=growing)
        return self._splitter.split(self._shown)
