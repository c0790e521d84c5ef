"""Write a parsed document in a platform's own grammar; the base class writes CommonMark. Pure.

A platform's renderer overrides what its people read otherwise. Nothing that is written depends on a later block, so
that what was shown of a growing text stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from markdown_it.token import Token

from bot.delivery.addresses import looks_like_address, pretends, visible
from bot.delivery.document import parse, parse_running
from bot.delivery.formulas import readable_formula, superscript
from bot.delivery.marks import BREAKING_TAGS, ITEM_TAGS, PAIRED_TAGS, is_punctuation
from bot.delivery.tables import Align, PlainTable, aligned_lines, row_lines, shortened

Allowed = Callable[[str], bool]
Cut = Callable[[str, bool], int]

BLANKS_OF_QUOTES: Final = " \t>"
_BACKTICKS: Final = re.compile("`+")
_NOT_IN_ADDRESS: Final = re.compile(r"[\s<>\"`\\^{}|]")
_FENCE: Final = re.compile(r"^( *)```", re.MULTILINE)  # a character without width keeps it from being a fence
_TASK: Final = re.compile(r"\[([ xX])\](?=\s|\Z)")
_BOXES: Final = {" ": "☐", "x": "☑", "X": "☑"}
_MOVABLE: Final = ".,:;!?"
_CLOSING: Final = ")]\"'"
_OPEN_PAIRS: Final = frozenset({"strong_open", "em_open", "s_open", "link_open"})

_ESCAPED: Final = re.compile(
    r"""\\(?=[!-/:-@\[-`{-~]|\Z) | ` | \*(?![ ]) | (?<![ ])\*
      | (?<![^\W_])_ | _(?![^\W_]) | ~(?=~) | (?<=~)~ | \](?=[(:]) | <(?=[a-zA-Z/!?]) | &(?=\#?\w+;)
    """,
    re.VERBOSE,
)
_ESCAPED_AT_START: Final = re.compile(r"(?P<number>\d{1,9}(?=[.)]))|(?=[#>+=-])")


def any_address(_address: str) -> bool:
    """Allow all addresses: those of our own texts."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block as it is written; `gap` is what parts it from what stands before."""

    text: str
    gap: str


@dataclass(slots=True, kw_only=True)
class _Frame:
    """What is being written between an opening and a closing mark, with and without marks."""

    kind: str
    token: Token | None = None
    written: list[str] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)

    def add(self, written: str, plain: str) -> None:
        self.written.append(written)
        self.plain.append(plain)

    def last(self) -> str:
        return next((part[-1] for part in reversed(self.written) if part), "")


class MarkdownRenderer:
    """Writes CommonMark. `allowed` tells which addresses may stand behind a label: those that people or a search named.

    Any other address is shown in full, as a link whose label it is.
    """

    marks: Mapping[str, str] = {"strong": "**", "em": "*", "s": "~~", "u": ""}
    rule = "---"
    escaped: re.Pattern[str] = _ESCAPED
    escaped_at_start: re.Pattern[str] = _ESCAPED_AT_START
    quotes_nest = True

    def __init__(self, allowed: Allowed = any_address) -> None:
        self.allowed = allowed
        self.has_unknown = False
        """Whether an address was written that is not allowed behind a label."""
        self._in_quote = False
        self._cut: Cut | None = None
        self.tables = 0
        """How many tables have been written, those before the text in hand included."""

    def render(self, text: str) -> str:
        """Return a whole text."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return joined(self.blocks(parse(text), text.split("\n")))

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
        self._last = _last_leaf(tokens)
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
            case "inline":
                text = self._running_text(token, is_paragraph=True)
            case "paragraph_open":
                text = joined(self._blocks(cursor, "paragraph_close"))
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

    # ------------------------------------------------------------ running text

    def running(self, children: Sequence[Token], after: str = "") -> str:
        """Return what stands within a paragraph; `after` is the character behind it."""
        return "".join(self._read(children, after).written)

    def plain(self, children: Sequence[Token]) -> str:
        """Return what stands within a paragraph as it is read, in one line."""
        return " ".join("".join(self._read(children).plain).split())

    def _read(self, children: Sequence[Token], behind: str = "") -> _Frame:
        frames = [_Frame(kind="")]
        for number, token in enumerate(children):
            after = _first_character(children, number + 1) if number + 1 < len(children) else behind
            if token.type in _OPEN_PAIRS:
                frames.append(_Frame(kind=token.type.removesuffix("_open"), token=token))
            elif token.nesting < 0:
                self._close(frames, token.type.removesuffix("_close"), after)
            elif token.type == "html_inline":
                self._tag(frames, token, after)
            else:
                self._leaf(frames, token)
        while len(frames) > 1:
            self._drop(frames)
        return frames[0]

    def _leaf(self, frames: Sequence[_Frame], token: Token) -> None:
        frame = frames[-1]
        match token.type:
            case "text" | "text_special":
                before = next((item.last() for item in reversed(frames) if item.last()), "\n")
                frame.add(self._escaped(token.content, at_start=before == "\n"), token.content)
            case "softbreak":
                frame.add("\n", "\n")
            case "hardbreak":
                frame.add(self.hard_break, "\n")
            case "code_inline":
                frame.add(self.code_span(token.content), token.content)
            case "formula":
                readable = readable_formula(token.content)
                written = self.code_span(token.content) if readable is None else self._escaped(readable, at_start=False)
                frame.add(written, readable or token.content)
            case "footnote":
                mark = self._footnote(token.content)
                frame.add(mark, mark)

    hard_break = "\n"

    def _footnote(self, name: str) -> str:
        high = superscript(name)
        return f"[{name}]" if high.startswith("^") else high

    def _tag(self, frames: list[_Frame], token: Token, after: str) -> None:
        """Take a tag of HTML for what it means, or leave it out."""
        kind = PAIRED_TAGS.get(token.tag)
        if token.tag in BREAKING_TAGS or token.tag in ITEM_TAGS:
            self._break(frames[-1], item=token.tag in ITEM_TAGS and not token.info)
        elif kind is not None and not token.info:
            frames.append(_Frame(kind=kind, token=token))
        elif kind is not None and frames[-1].token is not None and frames[-1].token.tag == token.tag:
            self._close(frames, kind, after)
            if token.tag == "summary":
                self._break(frames[-1])

    def _break(self, frame: _Frame, *, item: bool = False) -> None:
        if frame.written and frame.last() not in {"\n", ""}:
            frame.add("\n", "\n")
        if item:
            frame.add("• ", "• ")

    def _close(self, frames: list[_Frame], kind: str, after: str) -> None:
        """End what was opened last of a kind; tags within that were never closed are left out."""
        while len(frames) > 1 and frames[-1].kind != kind:
            self._drop(frames)
        if len(frames) == 1:
            return
        frame = frames.pop()
        written, plain = "".join(frame.written), "".join(frame.plain)
        before = frames[-1].last()
        if kind == "link" and frame.token is not None:
            address = str(frame.token.attrs["href"])
            written, plain = self._link(written, plain, (address, frame.token.info), after)
        elif kind == "code":
            written = self.code_span(plain)
        elif kind == "sup":
            high = superscript(plain)
            written = written if high.startswith("^(") else self._escaped(high, at_start=False)
        elif kind != "sub":
            ends_in_text = bool(frame.written) and frame.written[-1] == frame.plain[-1]
            written = self._emphasised(kind, written, (before, after), brackets=ends_in_text)
        frames[-1].add(written, plain)

    def _drop(self, frames: list[_Frame]) -> None:
        """Leave out a mark that nothing closes, and keep what stands behind it."""
        frame = frames.pop()
        frames[-1].add("".join(frame.written), "".join(frame.plain))

    # ------------------------------------------------------------ what platforms write otherwise

    def heading(self, level: int, text: str) -> str:
        """Return a heading of one line."""
        return f"{'#' * level} {text}"

    def code_block(self, language: str, code: str) -> str:
        """Return a code block that nothing in it ends; "" for one without code."""
        code = _FENCE.sub("\\1`\u200b``", code.strip("\n"))
        return f"```{language}\n{code}\n```" if code.strip() else ""

    def code_span(self, code: str) -> str:
        """Return code within a line, whatever backticks it holds."""
        code = " ".join(code.split())
        if not code:
            return ""
        runs = set(map(len, _BACKTICKS.findall(code)))
        if {1, 2} <= runs:  # three backticks are a code block to some
            code, runs = code.replace("``", "`\u200b`"), {1}
        mark = "``" if 1 in runs else "`"
        space = " " if runs else ""
        return f"{mark}{space}{code}{space}{mark}"

    def address(self, address: str, after: str) -> str:
        """Return a link whose label is its address; `after` is the character behind it, "" at the end."""
        del after
        return f"<{percent_encoded(address)}>"

    def named_link(self, label: str, address: str) -> str:
        """Return a link with a label."""
        return f"[{label}](<{percent_encoded(address)}>)"

    def escape(self, text: str) -> str:
        """Return a text in which nothing is a mark."""
        return self.escaped.sub(lambda mark: f"\\{mark.group()}", text)

    # ------------------------------------------------------------ helpers

    def _escaped(self, text: str, *, at_start: bool) -> str:
        return self.escape_at_start(text) if at_start else self.escape(text)

    def escape_at_start(self, text: str) -> str:
        """Return a text at the beginning of a line, where it begins no block."""
        start = self.escaped_at_start.match(text)
        if start is None:
            return self.escape(text)
        number = start["number"] or ""
        rest = text[len(number) :]
        return f"{number}\\{rest[:1]}{self.escape(rest[1:])}"

    def marked(self, kind: str, text: str, before: str = "", after: str = "") -> str:  # noqa: ARG002 - for platforms
        """Return a text between marks; `before` and `after` are the characters around it."""
        mark = self.marks[kind]
        return f"{mark}{text}{mark}"

    def _emphasised(self, kind: str, written: str, around: tuple[str, str], *, brackets: bool) -> str:
        """Return a text between marks, spaces outside of them, and punctuation that would hide them from a reader.

        `brackets` says that a bracket at its end is one, and not the end of a link.
        """
        text, (before, after) = written.strip(), around
        movable = _MOVABLE + (_CLOSING if brackets else "")
        if not text or not self.marks[kind]:
            return written
        head = written[: len(written) - len(written.lstrip())]
        tail = written[len(written.rstrip()) :]
        start, end = 0, len(text)
        if not tail and after.isalnum():
            while end > 0 and _is_movable(text[end - 1], movable) and text[end - 2 : end - 1] != "\\":
                end -= 1
        if not head and before.isalnum():
            while start < end and not text[start].isascii() and is_punctuation(text[start]):
                start += 1
        if start >= end:
            return written
        beside = (head or text[:start] or before)[-1:], (text[end:] or tail or after)[:1]
        return f"{head}{text[:start]}{self.marked(kind, text[start:end], *beside)}{text[end:]}{tail}"

    def _link(self, written: str, plain: str, target: tuple[str, str], after: str) -> tuple[str, str]:
        """Return a link, and what is read of it: no label hides where it leads to."""
        address, kind = target
        label = visible(plain).strip()
        is_allowed = self.allowed(address)
        if address.lower().startswith("mailto:"):
            mail = address[len("mailto:") :]
            same = label in {"", mail, address}
            return (self.escape(mail), mail) if same else (f"{written} ({self.escape(mail)})", f"{plain} ({mail})")
        self.has_unknown = self.has_unknown or not is_allowed
        if not label and kind == "image":
            written = label = "image"
        if kind == "address" or label in {"", address}:
            return self.address(address, after), address
        if is_allowed and not pretends(label, address):
            return self.named_link(" ".join(written.split()), address), label
        shown = self.code_span(label) if looks_like_address(label) else written
        return f"{shown} ({self.address(address, ')')})", f"{label} ({address})"


class _Cursor:
    """Tokens in their order."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self.at = 0

    def next(self) -> Token | None:
        token = self.peek()
        self.at += 1
        return token

    def peek(self, ahead: int = 0) -> Token | None:
        return self._tokens[self.at + ahead] if self.at + ahead < len(self._tokens) else None


def joined(blocks: Sequence[Block]) -> str:
    """Return blocks one below the other."""
    return "".join(f"{block.gap if number else ''}{block.text}" for number, block in enumerate(blocks))


def indented(text: str, indent: str, *, first: bool = True) -> str:
    """Return a text whose lines stand further in; the first one as well, unless said."""
    lines = text.split("\n")
    moved = [f"{indent}{line}" if line else line for line in lines]
    return "\n".join(moved if first else [lines[0], *moved[1:]])


def percent_encoded(address: str) -> str:
    """Return an address without what could end it where it is written."""
    return _NOT_IN_ADDRESS.sub(lambda each: "".join(f"%{byte:02X}" for byte in each.group().encode()), address)


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


def _first_character(children: Sequence[Token], at: int) -> str:
    """Return the first character that is shown from a token on, as far as that token tells."""
    token = children[at]
    if token.type in {"softbreak", "hardbreak"}:
        return "\n"
    return token.content[:1] if token.type == "text" else "`"


def _is_movable(character: str, movable: str) -> bool:
    return character in movable or (not character.isascii() and is_punctuation(character))
