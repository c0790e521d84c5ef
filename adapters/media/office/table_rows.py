"""Write tables as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def row_line(cells: Sequence[str]) -> str:
    """Return a row: "| a | b |", each cell on one line, with nothing in it that passes for the end of a cell."""
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def spread(cell: str, columns: str) -> Iterator[str]:
    """Yield a cell and, for each further column that it spans, an empty one, so that all others keep their columns."""
    yield cell
    for _ in range(min(int(columns), MOST_SPANNED) - 1 if columns.isdecimal() else 0):
        yield ""


MOST_SPANNED = 64
"""Columns that a merged cell may take; the widest tables of documents have 63 (Word's own limit)."""
