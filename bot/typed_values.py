"""Read values as people type them: with quotes, units and the decimal marks of their language. Pure.

What is read has one canonical text, which is what is stored, confirmed and read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

CLOSING_QUOTES: Final = {
    '"': '"', "'": "'", "`": "`", "“": "”", "”": "”", "„": "“”\"", "«": "»", "»": "«»",
    "‘": "’", "’": "’", "‚": "‘’", "‹": "›",  # noqa: RUF001
}  # fmt: skip
"""What ends a text that begins with a quotation mark."""

_LONGEST_NUMBER: Final = 40
_MINUS: Final = re.compile("^[\u2212\u2013\u2010\u2011]")
_SPACES: Final = re.compile(r"(?<=\d)[\s_'’\u00a0\u202f](?=\d{3}(?!\d))")  # noqa: RUF001 - between groups of digits
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[+-]?\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?")
_NUMBER: Final = re.compile(
    r"(?P<digits>[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d{1,4})?)\s?(?P<unit>[km]?)", re.IGNORECASE
)
_DOTTED: Final = re.compile(r"[+-]?\d{1,3}\.\d{3}")
_UNITS: Final = {"": 1, "k": 1_000, "m": 1_000_000}
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}
_NEXT_ITEM: Final = re.compile(r"""\s*+(?:[,;]|\Z)|\s++(?=["'“”„«‘’‚‹»`])""")  # noqa: RUF001
_JSON: Final = re.compile(r"""\[\s*+(["'].*["'])\s*+\]""", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_NEEDS_QUOTES: Final = re.compile(r"""[,\\"\n\r\t]|^\s|\s\Z|^['“”„«‘’‚‹»`]""")  # noqa: RUF001


def read_number(text: str, *, whole: bool = False) -> Decimal | None:
    """Return a number as in 200, 2k, 1e3, 4,096 or 0,5; None for anything else.

    `whole` says that a whole number is meant, so that 4.096 has a mark between its groups.
    """
    text = unquoted(text.strip())
    if len(text) > _LONGEST_NUMBER:
        return None
    text = _SPACES.sub("", _MINUS.sub("-", text))
    if _GROUPED.fullmatch(text) or (whole and _DOTTED.fullmatch(text)):
        text = text.replace("," if text.lstrip("+-").partition(",")[0].isdigit() else ".", "")
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    try:
        return Decimal(found["digits"].replace(",", ".")) * _UNITS[found["unit"].lower()]
    except InvalidOperation:
        return None


def unquoted(text: str) -> str:
    """Return a text without the quotation marks around all of it."""
    closing = CLOSING_QUOTES.get(text[:1], "")
    inner = text[1:-1]
    if len(text) < 2 or text[-1] not in closing or text[0] in inner or text[-1] in inner:
        return text
    return inner


def read_list(text: str) -> tuple[str, ...]:
    """Return values parted by commas; what stands in quotes may hold commas, and `\\n` is a line break.

    Between quoted ones a space is enough, and brackets as programs write them are left out.
    """
    listed = _JSON.fullmatch(text.strip())
    return tuple(item for item in _items(listed[1] if listed else text) if item)


def list_text(items: Sequence[str]) -> str:
    """Return what `read_list` reads back."""
    return ",".join(map(_list_item, items))


def _items(text: str) -> Iterator[str]:
    at, unended = 0, set[str]()
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        mark = text[at]
        is_fence = mark == "`" == text[at + 1 : at + 2]
        closing = CLOSING_QUOTES.get(mark, "") if mark not in unended and not is_fence else ""
        end = _end_of_quoted(text, at + 1, closing) if closing else -1
        if end >= 0:
            yield _unescaped(text[at + 1 : end])
            at = end + 1
            while at < len(text) and (text[at].isspace() or text[at] in ",;"):
                at += 1
            continue
        unended.add(mark)
        comma = text.find(",", at)
        yield _unescaped(text[at : comma if comma >= 0 else len(text)].strip())
        if comma < 0:
            return
        at = comma + 1


def _end_of_quoted(text: str, start: int, closing: str) -> int:
    """Return where a quoted item ends, -1 where what begins with a quotation mark is none."""
    at = start
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] in closing and _NEXT_ITEM.match(text, at + 1):
            return at
        at += 1
    return -1


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), text)


def _list_item(item: str) -> str:
    if not _NEEDS_QUOTES.search(item):
        return item
    escaped = (
        item.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    )
    return f'"{escaped}"'
