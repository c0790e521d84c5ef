"""Write a document as plain text, for notifications, screen readers and whatever shows no marks. Pure."""

from __future__ import annotations

from typing import Final

from bot.delivery.renderer import MarkdownRenderer

_NO_MARKS: Final = {"strong": "", "em": "", "s": "", "u": ""}


class PlainRenderer(MarkdownRenderer):
    """Writes text alone: a link as its label and its address."""

    marks = _NO_MARKS

    def heading(self, level: int, text: str) -> str:
        """Return the words of a heading."""
        del level
        return text

    def code_block(self, language: str, code: str) -> str:
        """Return the code."""
        del language
        return code.strip("\n") if code.strip() else ""

    def code_span(self, code: str) -> str:
        """Return the code."""
        return " ".join(code.split())

    def address(self, address: str, after: str) -> str:
        """Return the address."""
        del after
        return address

    def named_link(self, label: str, address: str) -> str:
        """Return the label and the address."""
        return f"{label} ({address})"

    def escape(self, text: str) -> str:
        """Return the text: nothing is a mark."""
        return text

    def escape_at_start(self, text: str) -> str:
        """Return the text at the beginning of a line."""
        return text


def plain_text(markdown: str) -> str:
    """Return Markdown as it is read."""
    return PlainRenderer().render(markdown)
