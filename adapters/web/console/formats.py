"""Write numbers, money and times as the pages of the console show them. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from markupsafe import Markup, escape
from starlette.responses import Response

from bot.delivery.footer import money

_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_BYTES: Final = ("bytes", "KB", "MB", "GB", "TB")
UNKNOWN: Final = "\u2013"  # a dash
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def moment(at: datetime | None) -> Markup:
    """Return a time in UTC; a script shows it on the clock of whoever reads it."""
    if at is None:
        return escape(UNKNOWN)
    at = at.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{at:%Y-%m-%d %H:%M} UTC")


def duration(span: timedelta | float | None) -> str:
    """Return how long something took or is ago, in its two largest units."""
    if span is None:
        return UNKNOWN
    seconds = span.total_seconds() if isinstance(span, timedelta) else span
    if seconds < 60:
        return f"{max(0.0, seconds):.1f} s"
    parts = []
    for unit, length in _UNITS:
        number, seconds = divmod(seconds, length)
        if number:
            parts.append(counted(int(number), unit))
    return " ".join(parts[:2])


def counted(count: int, noun: str) -> str:
    """Return a number with its noun; the console speaks English."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def size(count: int) -> str:
    """Return a number of bytes."""
    number = float(count)
    for unit in _BYTES:
        if number < 1_000 or unit == _BYTES[-1]:
            return f"{number:,.0f} {unit}" if unit == _BYTES[0] else f"{number:,.1f} {unit}"
        number /= 1_000
    raise AssertionError(count)


def percent(part: Decimal | int, whole: Decimal | int) -> str:
    """Return a share, a dash of nothing."""
    return f"{Decimal(part) / Decimal(whole):.0%}" if whole else UNKNOWN


def dollars(amount: Decimal | None) -> str:
    """Return money, "no limit" for none."""
    if amount is None:
        return "no limit"
    return money(amount) if amount else "$0"


def words(text: str) -> Markup:
    """Return somebody's words with their line breaks."""
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


FILTERS: Final[Mapping[str, Callable[..., object]]] = {
    "moment": moment,
    "duration": duration,
    "size": size,
    "percent": percent,
    "dollars": dollars,
    "counted": counted,
    "words": words,
}


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """Return a table as a file; what a spreadsheet would take for a formula gets a quote in front."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    disposition = f'attachment; filename="{name}"'
    return Response(text.getvalue(), media_type="text/csv", headers={"Content-Disposition": disposition})


def _cell(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
