"""Write a parsed document in a platform's own grammar; the base class writes CommonMark. Pure.

A platform's renderer overrides what its people read otherwise. Nothing that is written depends on a later block, so
that what was shown of a growing text stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from markdown_it.token import Token

from bot.delivery.document import parse, parse_running, release
from bot.delivery.formulas import readable_formula
from bot.delivery.running_text import Allowed, RunningTextRenderer, any_address
from bot.delivery.tables import Align, PlainTable, aligned_lines, row_lines, shortened

Cut = Callable[[str, bool], int]

BLANKS_OF_QUOTES: Final = " \t>"
_FENCE: Final = re.compile(r"^( *)```", re.MULTILINE)  # a character without width keeps it from being a fence
_TASK: Final = re.compile(r"\[([ xX])\](?=\s|\Z)")
_BOXES: Final = {" ": "☐", "x": "☑", "X": "☑"}


class Block(NamedTuple):
    """A block as it is written; `gap` is what parts it from what stands before."""

    text: str
    gap: str


class MarkdownRenderer(RunningTextRenderer):
    """Writes CommonMark, block by block; `allowed` is that of its running text."""

    rule = "---"
    quotes_nest = True

    def __init__(self, allowed: Allowed = any_address) -> None:
        super().__init__(allowed)
        self._in_quote = False
        self._cut: Cut | None = None
        self.tables = 0
        """How many tables have been written, those before the text in hand included."""

    def render(self, text: str) -> str:
        """Return a whole text."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        tokens = parse(text)
        written = joined(self.blocks(tokens, text.split("\n")))
        release(tokens)
        return written

    def blocks(
        self,
        tokens: Sequence[Token],
        lines: Sequence[str],
        *,
        after_blank: bool = False,
        cut: Cut | None = None,
    ) -> list[Block]:
        """Return the blocks of a parsed text; `lines` are its lines, `after_blank` says what stands before the first.

        `cut` says of the last block's text, and whether it is a paragraph's, how much of it is settled: of a growing
        text only that is written, and no table or formula that may go on.
        """
        self._lines, self._after_blank, self._cut = lines, after_blank, cut
        self._last = _last_leaf(tokens) if cut else None
        return self._blocks(_Cursor(tokens), "")

    # ------------------------------------------------------------ blocks

    def _blocks(self, cursor: _Cursor, end: str) -> list[Block]:
        """Return the blocks up to the closing token `end`, which is taken as well."""
        found: list[Block] = []
        while (token := cursor.next()) is not None and token.type != end:
            text = self._block(token, cursor)
            if text:
                found.append(Block(text=text, gap=self.gap(token, blank=self._is_after_blank(token))))
        return found

    def gap(self, token: Token, *, blank: bool) -> str:
        """Return what parts a block from the one before, which in the source may be a blank line."""
        return "\n\n" if blank or token.type == "hr" else "\n"

    def _is_after_blank(self, token: Token) -> bool:
        first = token.map[0] if token.map else 0
        return not self._lines[first - 1].strip(BLANKS_OF_QUOTES) if first else self._after_blank

    def _block(self, token: Token, cursor: _Cursor) -> str:
        text = ""
        match token.type:
            case "paragraph_open" if (inline := cursor.next()) is not None:
                text = self._running_text(inline, is_paragraph=True)
                cursor.next()
            case "heading_open":
                text = self._heading(token, cursor)
            case "bullet_list_open" | "ordered_list_open":
                text = joined(self._items(cursor, token.type.replace("open", "close")))
            case "blockquote_open":
                text = self._quote(cursor)
            case "fence" | "code_block":
                text = self.code_block("".join(token.info.split(maxsplit=1)[:1]), token.content)
            case "formula" if not (token.info or self._is_unsettled(token)):
                text = self._formula(token)
            case "hr":
                text = self.rule
            case "table_open":
                text = self._table(token, cursor)
        return text

    def _is_unsettled(self, token: Token) -> bool:
        return self._cut is not None and token is self._last

    def _running_text(self, token: Token, *, is_paragraph: bool) -> str:
        """Return the text of a paragraph or heading; of the last one of a growing text what is settled."""
        children, after = token.children or [], ""
        if self._is_unsettled(token) and self._cut is not None:
            settled = self._cut(token.content, is_paragraph)
            if settled < len(token.content):
                children, after = parse_running(token.content[:settled]), token.content[settled]
        return self.running(children, after).strip()

    def _heading(self, token: Token, cursor: _Cursor) -> str:
        inline = cursor.next()
        cursor.next()
        if inline is None:
            return ""
        text = " ".join(self._running_text(inline, is_paragraph=False).split("\n"))
        return self.heading(int(token.tag[1:]), text) if text else ""

    def _items(self, cursor: _Cursor, end: str) -> list[Block]:
        found: list[Block] = []
        while (token := cursor.next()) is not None and token.type != end:
            marker = f"{token.info}." if token.info else "-"
            box = _take_box(cursor)
            body = joined(self._blocks(cursor, "list_item_close"))
            if not body and not box and self._cut is not None:
                continue
            text = indented(f"{box} {body}".strip() if box else body, " " * (len(marker) + 1))
            found.append(
                Block(
                    text=f"{marker} {text.lstrip(' ')}".rstrip(), gap=self.gap(token, blank=self._is_after_blank(token))
                )
            )
        return found

    def _quote(self, cursor: _Cursor) -> str:
        outer, self._in_quote = self._in_quote, True
        body = joined(self._blocks(cursor, "blockquote_close"))
        self._in_quote = outer
        if not body or (outer and not self.quotes_nest):
            return body
        return "\n".join(f"> {line}".rstrip() for line in body.split("\n"))

    def _formula(self, token: Token) -> str:
        readable = readable_formula(token.content)
        return self.code_block("", token.content) if readable is None else self._escaped(readable, at_start=True)

    # ------------------------------------------------------------ tables

    def _table(self, token: Token, cursor: _Cursor) -> str:
        rows: list[list[Token]] = []
        aligns: list[Align | None] = []
        while (part := cursor.next()) is not None and part.type != "table_close":
            if part.type == "tr_open":
                rows.append([])
            elif part.type == "th_open":
                aligns.append(_align(part))
            elif part.type == "inline":
                rows[-1].append(part)
        if self._is_unsettled(token) or not rows:
            return ""
        self.tables += 1
        return self.table(rows, tuple(aligns), outermost=token.level == 0)

    def table(self, rows: Sequence[Sequence[Token]], aligns: tuple[Align | None, ...], *, outermost: bool) -> str:  # noqa: ARG002
        """Return a table as a code block, or as a list of its rows where it is wide or has links.

        `rows` are the texts of its cells, those of the header first; `outermost` is False within lists and quotes.
        """
        plain = [tuple(self.plain(cell.children or []) for cell in row) for row in rows]
        has_links = any(child.type == "link_open" for row in rows for cell in row for child in cell.children or ())
        table = PlainTable(header=plain[0], rows=tuple(plain[1:]), aligns=aligns)
        lines = None if has_links else aligned_lines(table)
        if lines is not None:
            return self.code_block("", "\n".join(lines))
        names = [shortened(name) for name in plain[0]]
        titles = [self.marked("strong", self._escaped(name, at_start=True)) if name else "" for name in names]
        items = []
        for row in rows[1:] or rows[:1]:
            cells = [" ".join(self.running(cell.children or []).split()) for cell in row]
            items.append(indented("- " + "\n".join(row_lines(titles, cells, names=names)), "  ", first=False))
        return "\n".join(items)

    # ------------------------------------------------------------ what platforms write otherwise

    def heading(self, level: int, text: str) -> str:
        """Return a heading of one line."""
        return f"{'#' * level} {text}"

    def code_block(self, language: str, code: str) -> str:
        """Return a code block that nothing in it ends; "" for one without code."""
        code = _FENCE.sub("\\1`\u200b``", code.strip("\n"))
        return f"```{language}\n{code}\n```" if code.strip() else ""


class _Cursor:
    """Tokens in their order."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self.at = 0

    def next(self) -> Token | None:
        at = self.at
        self.at = at + 1
        return self._tokens[at] if at < len(self._tokens) else None

    def peek(self, ahead: int = 0) -> Token | None:
        return self._tokens[self.at + ahead] if self.at + ahead < len(self._tokens) else None


def joined(blocks: Sequence[Block]) -> str:
    """Return blocks one below the other."""
    if len(blocks) == 1:
        return blocks[0].text
    return "".join(f"{block.gap if number else ''}{block.text}" for number, block in enumerate(blocks))


def indented(text: str, indent: str, *, first: bool = True) -> str:
    """Return a text whose lines stand further in; the first one as well, unless said."""
    if "\n" not in text:
        return f"{indent}{text}" if first and text else text
    lines = text.split("\n")
    moved = [f"{indent}{line}" if line else line for line in lines]
    return "\n".join(moved if first else [lines[0], *moved[1:]])


def _last_leaf(tokens: Sequence[Token]) -> Token | None:
    """Return what the last block is known by: its text, or the token that opens a table."""
    for token in reversed(tokens):
        if token.type == "table_close":
            return next(each for each in reversed(tokens) if each.type == "table_open")
        if token.nesting == 0:
            return token
    return None


def _take_box(cursor: _Cursor) -> str:
    """Take the box of a task from the text of the item that begins."""
    first, inline = cursor.peek(), cursor.peek(1)
    if first is None or inline is None or first.type != "paragraph_open" or not inline.children:
        return ""
    found = _TASK.match(inline.children[0].content) if inline.children[0].type == "text" else None
    if found is None:
        return ""
    inline.content = inline.content[found.end() :].lstrip()
    inline.children = parse_running(inline.content)
    return _BOXES[found[1]]


def _align(token: Token) -> Align | None:
    style = str(token.attrs.get("style", ""))
    sides: tuple[Align, ...] = ("left", "center", "right")
    return next((side for side in sides if style.endswith(side)), None)


# ------------------------------------------------------------ plain text


class PlainRenderer(MarkdownRenderer):
    """Writes text alone, for notifications, screen readers and whatever shows no marks: a link as its label and its
    address.
    """

    marks: Mapping[str, str] = {"strong": "", "em": "", "s": "", "u": ""}

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
