"""Lay out tables as text, for platforms that have none: aligned when narrow, a list of their rows when wide. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

WIDEST: Final = 56  # columns: what a phone shows of a code block in a line or two

_BETWEEN: Final = 2  # columns between two cells
_NUMBER: Final = re.compile(r"[-+−~≈<>]?[$€£¥]?\s?[\d][\d.,' \u202f]*(?:\s?(?:%|‰|[a-zA-Zµ°$€£¥]{1,4}))?")  # noqa: RUF001

Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainTable:
    """A table whose cells are text without marks; every row has as many cells as the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    aligns: tuple[Align | None, ...]


def aligned_lines(table: PlainTable, *, widest: int = WIDEST) -> list[str] | None:
    """Return the lines of a table in a fixed-width font, numbers to the right; None where they would pass `widest`."""
    if _BETWEEN * (len(table.header) - 1) > widest:
        return None
    everything = (table.header, *table.rows)
    widths = [max(map(_width, column)) for column in zip(*everything, strict=True)]
    if sum(widths) + _BETWEEN * (len(widths) - 1) > widest:
        return None
    aligns = list(column_aligns(table))
    rule = tuple("-" * width for width in widths)
    return [_line(row, widths, aligns) for row in (table.header, rule, *table.rows)]


def column_aligns(table: PlainTable) -> Iterator[Align]:
    """Yield how each column is aligned; one of numbers alone to the right where nothing was said."""
    columns = zip(*table.rows, strict=True) if table.rows else ((),) * len(table.header)
    for align, column in zip(table.aligns, columns, strict=True):
        filled = [cell for cell in column if cell]
        numbers = bool(filled) and all(_NUMBER.fullmatch(cell) for cell in filled)
        yield align or ("right" if numbers else "left")


def row_lines(header: Sequence[str], row: Sequence[str], *, names: Sequence[str]) -> list[str]:
    """Return one row of a wide table: its first cell, then the others by the name of their column.

    `names` are the header's cells as plain text, which tell whether a column has a name.
    """
    named = [
        f"{title}: {cell}" if name else cell
        for title, name, cell in zip(header, names, row, strict=True)
        if cell.strip()
    ]
    return named or [""]


def shortened(name: str) -> str:
    """Return the name of a column, which stands before each of its cells."""
    return name if len(name) <= WIDEST else f"{name[: WIDEST - 1]}…"


def _line(row: Sequence[str], widths: Iterable[int], aligns: Iterable[Align]) -> str:
    cells = (_placed(cell, width, align) for cell, width, align in zip(row, widths, aligns, strict=True))
    return (" " * _BETWEEN).join(cells).rstrip()


def _placed(cell: str, width: int, align: Align) -> str:
    free = width - _width(cell)
    before = {"left": 0, "center": free // 2, "right": free}[align]
    return " " * before + cell + " " * (free - before)


def _width(text: str) -> int:
    """Return the columns a text takes in a fixed-width font: wide characters take two, marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(item) else 2 if unicodedata.east_asian_width(item) in "WF" else 1 for item in text
    )
