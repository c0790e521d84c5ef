"""Keep the cells of tables and the numbers of lists in web pages where a reader sees them. Pure."""

from __future__ import annotations

from typing import Final

_MOST_COLUMNS: Final = 64  # in which cells may reach down into further rows
_MOST_ROWS: Final = 1_000
KEPT: Final = "\0"
"""An empty cell that must not be dropped at the beginning of a line; no page can hold this sign itself."""

_CELL: Final = " | "


class Table:
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
