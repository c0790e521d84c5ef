"""Write tables as text, for platforms that have none: in a code block when narrow, as lists when wide."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from bot.delivery.markdown import BlockState, after_line

WIDEST: Final = 56  # columns: what a phone shows of a code block in a line or two

_CELL_END: Final = re.compile(r"(?<!\\)\|")
_MARKS: Final = re.compile(r"\*\*|~~|`")
_FENCE: Final = "```"  # no cell has a backtick left in it
_BETWEEN: Final = 2  # columns between two cells
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+\Z")


def tables_as_text(text: str, *, widest: int = WIDEST) -> str:
    """Return the text with each table as an aligned code block, or as a list of its rows where lines would pass
    `widest`.

    A table inside of a blockquote or list is left as it is. When text is added at the end, what stands before the
    last table, or before the last line, stays.
    """
    return "".join(_as_text(lines, widest) if is_table else "".join(lines) for is_table, lines in _parts(text))


def settled_tables(text: str) -> int:
    """Return how much of a growing text is settled: whole lines, up to a table at the end, which may go on."""
    end = text.rfind("\n") + 1
    is_table, lines = _parts(text[:end])[-1]
    if is_table:
        return end - sum(map(len, lines))
    may_be_header = bool(lines) and "|" in lines[-1]
    return end - len(lines[-1]) if may_be_header else end


def _parts(text: str) -> list[tuple[bool, list[str]]]:
    """Return the lines in order, those of each table by themselves."""
    parts: list[tuple[bool, list[str]]] = [(False, [])]
    state = BlockState()
    for line in _LINE.findall(text):
        after = after_line(state, line.removesuffix("\n"))
        if after.table and not after.items and not after.quotes:
            if not state.table:
                header = parts[-1][1].pop()
                parts.append((True, [header]))
            parts[-1][1].append(line)
        elif parts[-1][0]:
            parts.append((False, [line]))
        else:
            parts[-1][1].append(line)
        state = after
    return parts


def _as_text(lines: Sequence[str], widest: int) -> str:
    header, rows = _cells(lines[0]), [_cells(line) for line in lines[2:]]
    rows = [row[: len(header)] for row in rows]
    end = "\n" if lines[-1].endswith("\n") else ""
    if _BETWEEN * (len(header) - 1) > widest:  # before short rows are filled up, to as many cells as the header has
        return "\n".join(_as_list(header, row) for row in rows or [header]) + end
    plain = [[_MARKS.sub("", cell) for cell in (*row, *[""] * (len(header) - len(row)))] for row in (header, *rows)]
    widths = [max(map(_width, column)) for column in zip(*plain, strict=True)]
    if sum(widths) + _BETWEEN * (len(widths) - 1) <= widest:
        ruled = [plain[0], ["-" * width for width in widths], *plain[1:]]
        return "\n".join((_FENCE, *(_aligned(row, widths) for row in ruled), _FENCE)) + end
    return "\n".join(_as_list(header, row) for row in rows or [header]) + end


def _as_list(header: Sequence[str], row: Sequence[str]) -> str:
    """One row: its first cell as a list item, the others below it by name."""
    first, *others = [
        f"**{name}:** {cell}" if name else cell
        for name, cell in zip(map(_shortened, header), row, strict=False)
        if cell
    ] or [""]
    return "\n".join((f"- {first}", *(f"  {other}" for other in others)))


def _shortened(name: str) -> str:
    """Return the name of a column, which stands before each of its cells."""
    return name if len(name) <= WIDEST else f"{name[: WIDEST - 1]}…"


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    inner = inner if inner.endswith("\\|") else inner.removesuffix("|")
    return [cell.strip().replace("\\|", "|").replace("<br>", " ") for cell in _CELL_END.split(inner)]


def _aligned(row: Sequence[str], widths: Iterable[int]) -> str:
    return (
        (" " * _BETWEEN)
        .join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        .rstrip()
    )


def _width(text: str) -> int:
    """Return the columns a text takes in a fixed-width font: wide characters take two, marks none."""
    return sum(
        0 if unicodedata.combining(item) else 2 if unicodedata.east_asian_width(item) in "WF" else 1 for item in text
    )
