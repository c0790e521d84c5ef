"""Write Markdown as Slack's markdown blocks read it, and its tables as native blocks (platform reference, 1.5). Pure.

A message holds one native table; it stands in the text as a table in Markdown, of which a stream makes one by itself,
and `message_blocks` gives it its own block. Further tables, and larger ones, are text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from markdown_it.token import Token

from adapters.slack.api.limits import TABLE_CHARACTERS, TABLE_COLUMNS, TABLE_ROWS
from bot.delivery import MarkdownRenderer
from bot.delivery.document import parse
from bot.delivery.marks import TIMESTAMP, is_wide
from bot.delivery.renderer import PlainRenderer
from bot.delivery.running_text import percent_encoded
from bot.delivery.tables import Align, PlainTable, column_aligns

Block = dict[str, Any]

_WITHOUT_WIDTH: Final = "\u200b"  # lets Slack see marks beside letters of a script without spaces
JOINER: Final = "\u2060"  # keeps Slack from making a link of a name with a dot, such as README.md
_ESCAPED: Final = re.compile(
    r"""\\(?=[!-/:-@\[-`{-~]|\Z) | ` | \*(?![ ]) | (?<![ ])\*
      | (?<![^\W_])_ | _(?![^\W_]) | ~(?=~) | (?<=~)~ | \](?=[(:])
    """,
    re.VERBOSE,
)
_LIKE_A_HOST: Final = re.compile(r"(?<=[\w-])\.(?=(?:[a-z]{2}|[a-z]{3,12}(?<!\d))(?![\w]))", re.IGNORECASE)
_ENDS_ADDRESS: Final = frozenset({"", " ", "\n"})


class SlackRenderer(MarkdownRenderer):
    """Writes what a markdown block shows, before `<` is escaped in all of it.

    Where Slack does not show entities in code as what they stand for, `code_entities` is False: then a `<` in code is
    parted from what follows, by which Slack finds no mention, and stays as it is.
    """

    escaped = _ESCAPED
    code_entities = True

    def code_block(self, language: str, code: str) -> str:
        """Return a code block."""
        return super().code_block(language, self._code(code))

    def code_span(self, code: str) -> str:
        """Return code within a line."""
        return super().code_span(self._code(code))

    def _code(self, code: str) -> str:
        return code if self.code_entities else code.replace("<", f"<{JOINER}")

    def escape(self, text: str) -> str:
        """Return a text in which nothing is a mark, a link or one of Discord's timestamps."""
        if "<t:" in text:
            text = TIMESTAMP.sub(lambda found: _moment(int(found["seconds"])), text)
        return _LIKE_A_HOST.sub(f"{JOINER}.", super().escape(text)) if "." in text else super().escape(text)

    def marked(self, kind: str, text: str, before: str = "", after: str = "") -> str:
        """Return a text between marks that Slack sees."""
        left = _WITHOUT_WIDTH if before and is_wide(before) else ""
        right = _WITHOUT_WIDTH if after and is_wide(after) else ""
        return f"{left}{super().marked(kind, text)}{right}"

    def address(self, address: str, after: str) -> str:
        """Return a link whose label is its address, written out where Slack might not see its end."""
        address = percent_encoded(address)
        bare = after in _ENDS_ADDRESS and "(" not in address and "_" not in address and "*" not in address
        return address if bare else self.named_link(MarkdownRenderer.escape(self, address), address)

    def named_link(self, label: str, address: str) -> str:
        """Return a link with a label."""
        return f"[{label}]({percent_encoded(address).replace('(', '%28').replace(')', '%29')})"

    def table(self, rows: Sequence[Sequence[Token]], aligns: tuple[Align | None, ...], *, outermost: bool) -> str:
        """Return the first table as one, others as text."""
        if self.tables > 1 or not outermost or len(rows) > TABLE_ROWS or len(aligns) > TABLE_COLUMNS:
            return super().table(rows, aligns, outermost=outermost)
        cells = [[" ".join(self.running(cell.children or []).split()) for cell in row] for row in rows]
        if sum(len(cell) for row in cells for cell in row) > TABLE_CHARACTERS:
            return super().table(rows, aligns, outermost=outermost)
        plain = [tuple(self.plain(cell.children or []) for cell in row) for row in rows]
        sides = column_aligns(PlainTable(header=plain[0], rows=tuple(plain[1:]), aligns=aligns))
        rule = [{"left": "---", "center": ":-:", "right": "--:"}[side] for side in sides]
        written = [[cell.replace("|", "\\|") for cell in row] for row in cells]
        return "\n".join(f"| {' | '.join(row)} |" for row in (written[0], rule, *written[1:]))


def _moment(seconds: int) -> str:
    """Return a moment in words; Slack knows nobody's time zone here."""
    try:
        at = datetime.fromtimestamp(seconds, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return str(seconds)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def to_slack(markdown: str, *, allowed: Callable[[str], bool]) -> str:
    """Return a whole text as a markdown block shows it, before it is escaped."""
    return SlackRenderer(allowed).render(markdown)


# ---------------------------------------------------------------- native tables


def with_native_table(text: str) -> list[str | Block]:
    """Return a rendered text in its order, its first table as Slack's own block."""
    if "\n|" not in f"\n{text}":
        return [text]
    tokens = parse(text)
    for number, token in enumerate(tokens):
        if token.type == "table_open" and token.level == 0 and token.map is not None:
            lines, (first, last) = text.split("\n"), token.map
            before, after = "\n".join(lines[:first]).strip("\n"), "\n".join(lines[last:]).strip("\n")
            table = _native(tokens[number:])
            return [part for part in (before, table, after) if part]
    return [text]


def _native(tokens: Sequence[Token]) -> Block:
    rows: list[list[Block]] = []
    settings: list[Block] = []
    for token in tokens:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "th_open":
            style = str(token.attrs.get("style", "text-align:left"))
            settings.append({"align": style.removeprefix("text-align:"), "is_wrapped": True})
        elif token.type == "inline":
            rows[-1].append(_cell(token.children or []))
    return {"type": "table", "rows": rows, "column_settings": settings}


def _cell(children: Sequence[Token]) -> Block:
    """Return a cell: text alone where it has no marks."""
    if all(child.type == "text" for child in children):
        return {"type": "raw_text", "text": "".join(child.content for child in children).replace(JOINER, "") or " "}
    elements = _elements(children)
    section = {"type": "rich_text_section", "elements": elements or [{"type": "text", "text": " "}]}
    return {"type": "rich_text", "elements": [section]}


_STYLES: Final = {"strong_open": "bold", "em_open": "italic", "s_open": "strike"}


def _elements(children: Sequence[Token]) -> list[Block]:
    """Return the parts of a cell, each with the style and the link in which it stands."""
    found: list[Block] = []
    styles: list[str] = []
    address = ""
    for child in children:
        if child.type in _STYLES:
            styles.append(_STYLES[child.type])
        elif child.type == "link_open":
            address = str(child.attrs["href"])
        elif child.type == "link_close":
            address = ""
        elif child.nesting < 0 and styles:
            styles.pop()
        elif child.content:
            words = child.content.replace(JOINER, "").replace(_WITHOUT_WIDTH, "")
            code = ["code"] if child.type == "code_inline" else []
            element: Block = {"type": "link", "url": address} if address else {"type": "text"}
            element["text"] = words
            style = dict.fromkeys((*styles, *code), True)
            found.append({**element, "style": style} if style else element)
    return found


class MrkdwnRenderer(MarkdownRenderer):
    """Writes mrkdwn, the markup of sections and of the home tab; for our own short texts."""

    marks = {"strong": "*", "em": "_", "s": "~", "u": ""}  # noqa: RUF012 - a mapping of the base class

    def heading(self, level: int, text: str) -> str:
        """Return a bold line."""
        del level
        return self.marked("strong", text)

    def code_block(self, language: str, code: str) -> str:
        """Return a code block, which has no language here."""
        del language
        return super().code_block("", escape_mrkdwn(code))

    def code_span(self, code: str) -> str:
        """Return code within a line."""
        return super().code_span(escape_mrkdwn(code))

    def address(self, address: str, after: str) -> str:
        """Return a link."""
        del after
        return f"<{percent_encoded(address)}>"

    def named_link(self, label: str, address: str) -> str:
        """Return a link with a label."""
        return f"<{percent_encoded(address)}|{label}>"

    def escape(self, text: str) -> str:
        """Return a text without Slack's control characters."""
        return escape_mrkdwn(text)

    def escape_at_start(self, text: str) -> str:
        """Return the same: mrkdwn has no blocks but quotes."""
        return escape_mrkdwn(text)


def escape_mrkdwn(text: str) -> str:
    """Return plain text for a `mrkdwn` object or a `text` argument."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class FallbackRenderer(PlainRenderer):
    """Writes what notifications and screen readers are told, with Discord's timestamps in words."""

    def escape(self, text: str) -> str:
        """Return the text."""
        return TIMESTAMP.sub(lambda found: _moment(int(found["seconds"])), text)
