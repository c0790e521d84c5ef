"""Parse the blocks of Markdown line by line: the state at a place depends on the text before it alone.

That is what makes cuts stable while a text grows: nothing here looks ahead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

_QUOTE: Final = re.compile(r" {0,3}>[ \t]?")
_ITEM: Final = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)")
_FENCE: Final = re.compile(r"(`{3,}|~{3,})(.*)", re.DOTALL)
_HEADING: Final = re.compile(r"#{1,6}(?:[ \t]|$)|\*\*[^*]+\*\*:?$")  # models write bold lines as headings, too
_RULES: Final = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$")
_CELL_END: Final = re.compile(r"(?<!\\)\|")
_INDENTED_CODE: Final = 4  # columns: CommonMark 0.31, section 4.4
_TELLING: Final = 400  # characters of a line, more than its marks take
_DEEPEST: Final = 16  # deeper quotes and lists are read as text, so that a line of marks is not costly

LineKind = Literal["blank", "text", "heading", "code", "item", "row"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """An open code block: `quotes` and `column` say in which blockquote and list item it stands."""

    marker: str
    info: str
    quotes: int
    column: int
    indent: int

    @property
    def prefix(self) -> str:
        """Return what stands before the marker when it is written again, outside of any list."""
        return quoted(self.quotes) + " " * min(self.indent, _INDENTED_CODE - 1)

    @property
    def opening(self) -> str:
        """The line that opens the block again."""
        return self.prefix + self.marker + self.info


class MarkdownLine(NamedTuple):
    """One line read: its quote marks, the columns where its list items' text begins, and what is left."""

    quotes: int
    indent: int
    columns: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockState:
    """State at the start of a line: `table` is the text of its two first lines, `header` a possible first."""

    fence: Fence | None = None
    table: str = ""
    header: str = ""
    items: tuple[int, ...] = ()
    quotes: int = 0
    last: LineKind = "blank"  # the last line with something on it
    after_blank: bool = True


def quoted(depth: int) -> str:
    """Return the marks that keep a line in `depth` blockquotes."""
    return "> " * depth


def read_line(line: str) -> MarkdownLine:
    """Take a line apart, from the outside in."""
    if line[:1].isalpha():
        return MarkdownLine(quotes=0, indent=0, columns=(), text=line.rstrip())
    quotes, rest = _unquote(line, depth=_DEEPEST)
    text = rest.lstrip(" \t")
    indent = column = _indent(rest)
    columns: list[int] = []
    while len(columns) < _DEEPEST and (item := _ITEM.match(text)):
        column += item.end()
        columns.append(column)
        text = text[item.end() :]
    return MarkdownLine(quotes=quotes, indent=indent, columns=tuple(columns), text=text.rstrip())


_TEXT: Final = BlockState(last="text", after_blank=False)


def head(text: str, at: int, end: int) -> str:
    """Return the line that begins at `at` as far as `end`, or as much of a long one as tells what it is.

    What a line opens or closes depends on all of it only where its text begins with the mark of a code block.
    """
    line_end = text.find("\n", at, min(end, at + _TELLING))
    if line_end < 0 and end > at + _TELLING:
        first = text[at : at + _TELLING]
        if read_line(first).text[:1] not in ("", "`", "~"):
            return first
        line_end = text.find("\n", at, end)
    return text[at : end if line_end < 0 else line_end]


def after_line(state: BlockState, line: str) -> BlockState:
    """Return what is open after a whole line, given without its line end."""
    if state.fence is None and (after := _after_usual_line(state, line)) is not None:
        return after
    if state.fence is not None:
        ending = _ending(state.fence, line)
        if ending == "inside" and (line.strip() or not state.fence.quotes):
            return state
        state = replace(state, fence=None, last="code", after_blank=False)
        if ending == "closed":
            return state
    read = read_line(line)
    items = _items(state, read)
    if not read.text and not read.columns:
        return BlockState(items=items, quotes=read.quotes, last=state.last)
    if (fence := _opened(read, items)) is not None:
        return BlockState(fence=fence, items=items, quotes=read.quotes, last="code", after_blank=False)
    table = _table(state, line, read)
    return BlockState(
        table=table,
        header=line if "|" in line and not table else "",
        items=items,
        quotes=read.quotes,
        last="row" if table else _kind(read),
        after_blank=False,
    )


def _after_usual_line(state: BlockState, line: str) -> BlockState | None:
    """Return what is open after a blank line, or one of text without any mark; None for others. Nearly all lines are
    such.
    """
    if line and not line.isspace():
        is_plain = line[0].isalpha() and "|" not in line and not state.table
        return _TEXT if is_plain else None  # it closes what was open
    if state.after_blank and not state.quotes and not state.table and not state.header:
        return state
    return BlockState(items=() if state.quotes else state.items, last=state.last)


def fence_within(state: BlockState, head: str) -> Fence | None:
    """Return the code block that is open after `head`, the first part of a line."""
    if state.fence is not None:
        if _ending(state.fence, head) == "inside":
            return state.fence
        if _ending(state.fence, head) == "closed":
            return None
    read = read_line(head)
    return _opened(read, _items(state, read))


def may_open(state: BlockState, head: str) -> Fence | None:
    """Return the code block that `head` has opened or looked like opening, whatever came later on the line."""
    read = read_line(head)
    return _opened(read, _items(state, read), strict=False)


def missing_marker(fence: Fence, head: str) -> str | None:
    """Return what lacks for `head` to be the closing line of the fence; None where it is no beginning of one."""
    quotes, rest = _unquote(head, depth=fence.quotes)
    run = rest.strip(" \t")
    if quotes < fence.quotes or not run or run != fence.marker[0] * len(run):
        return None
    if not fence.column <= _indent(rest) < fence.column + _INDENTED_CODE:
        return None
    if len(run) < len(fence.marker) and rest[-1] in " \t":
        return None
    return fence.marker[len(run) :]


def starts_row(line: str) -> bool:
    """Return whether a line below a table, or what there is of it, goes on with the table."""
    read = read_line(line)
    return bool(read.text) and not read.columns and not read.quotes and read.text[0] not in "#`~"


def is_heading(text: str) -> bool:
    """Return whether the text of a line is a heading."""
    return _HEADING.match(text) is not None


def _ending(fence: Fence, line: str) -> Literal["inside", "closed", "left"]:
    """Return how a line stands to the fence: in it, its end, or outside of the quote or list item that holds it."""
    if not fence.quotes and not fence.column and line.lstrip(" \t")[:1] != fence.marker[0]:
        return "inside"
    quotes, rest = _unquote(line, depth=fence.quotes)
    text = rest.lstrip(" \t")
    if quotes < fence.quotes:
        # The beginning of a line may still become a quoted one.
        return "left" if text else "inside"
    if text.rstrip() and _indent(rest) < fence.column:
        return "left"
    return "closed" if missing_marker(fence, line) == "" else "inside"


def _opened(read: MarkdownLine, items: tuple[int, ...], *, strict: bool = True) -> Fence | None:
    found = _FENCE.match(read.text)
    if found is None:
        return None
    marker, info = found.groups()
    if strict and marker[0] == "`" and "`" in info:
        return None
    column = items[-1] if items else 0
    indent = read.columns[-1] if read.columns else read.indent
    if indent - column >= _INDENTED_CODE:
        return None
    return Fence(marker=marker, info=info.strip(), quotes=read.quotes, column=column, indent=indent)


def _items(state: BlockState, read: MarkdownLine) -> tuple[int, ...]:
    """Return the columns of the list items that are open with this line."""
    if read.quotes != state.quotes:
        return read.columns
    if not read.text and not read.columns:
        return state.items
    return tuple(column for column in state.items if column <= read.indent) + read.columns


def _table(state: BlockState, line: str, read: MarkdownLine) -> str:
    """Return the first two lines of the table this line belongs to."""
    if state.table:
        return state.table if starts_row(line) else ""
    if not state.header or "-" not in read.text or not _RULES.match(line.strip()):
        return ""
    if cell_count(state.header) != cell_count(line):
        return ""
    return f"{state.header}\n{line}\n"


def cell_count(row: str) -> int:
    """Return how many cells a row of a table has."""
    return len(_CELL_END.findall(row.strip().removeprefix("|").removesuffix("|"))) + 1


def _kind(read: MarkdownLine) -> LineKind:
    if is_heading(read.text):
        return "heading"
    return "item" if read.columns else "text"


def _unquote(line: str, *, depth: int) -> tuple[int, str]:
    """Return how many quote marks, up to `depth`, stand before the line, and what follows them."""
    count = at = 0
    while count < depth and (mark := _QUOTE.match(line, at)):
        at = mark.end()
        count += 1
    return count, line[at:]


def _indent(line: str) -> int:
    """Return the columns before the text of a line, tabs going to the next multiple of four."""
    if line[:1] not in (" ", "\t"):
        return 0
    return len(line[: len(line) - len(line.lstrip(" \t"))].expandtabs(_INDENTED_CODE))
