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

from bot.access.budget_text import name_of
from bot.delivery.footer import money
from bot.language import capitalised, gettext, gettext_noop, number, quantity, weekday
from bot.language import dollars as in_dollars
from bot.types import BudgetScope, Schedule

_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_BYTES: Final = ("KB", "MB", "GB", "TB")
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
        return gettext("{seconds} s").format(seconds=number(max(0.0, seconds), places=1))
    parts = []
    for unit, length in _UNITS:
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(quantity(int(count), unit))
    return " ".join(parts[:2])


def size(count: int) -> str:
    """Return a number of bytes."""
    if count < 1_000:
        return quantity(count, "byte")
    length, unit = count / 1_000, 0
    while length >= 1_000 and unit < len(_BYTES) - 1:
        length, unit = length / 1_000, unit + 1
    return f"{number(length, places=1)} {_BYTES[unit]}"


def percent(part: Decimal | int, whole: Decimal | int) -> str:
    """Return a share, a dash of nothing."""
    if not whole:
        return UNKNOWN
    return gettext("{share}%").format(share=number(round(100 * Decimal(part) / Decimal(whole))))


def dollars(amount: Decimal | None) -> str:
    """Return money, "no limit" for none."""
    if amount is None:
        return gettext("no limit")
    return money(amount) if amount else in_dollars(amount, places=0)


def words(text: str) -> Markup:
    """Return somebody's words with their line breaks."""
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


WORDS: Final = (
    *(gettext_noop("queued"), gettext_noop("running"), gettext_noop("done"), gettext_noop("failed")),
    *(gettext_noop("cancelled"), gettext_noop("remembered")),  # states of a turn
    *(gettext_noop("answer"), gettext_noop("summary"), gettext_noop("context"), gettext_noop("notes")),
    *(gettext_noop("search"), gettext_noop("digest"), gettext_noop("transcription")),  # what is asked of the model
    *(gettext_noop("workspace"), gettext_noop("channel"), gettext_noop("person"), gettext_noop("kind")),
    *(gettext_noop("model"), gettext_noop("day"), gettext_noop("month")),  # by what is added up
    *(gettext_noop("run"), gettext_noop("worker")),  # kinds of processes
    *(gettext_noop("password"), gettext_noop("password of an account"), gettext_noop("administrator link")),
    *(gettext_noop("default"), gettext_noop("conversation")),  # where a setting comes from
)
"""Words that are stored, and so are said in the language of whoever reads them."""


def word(stored: str) -> str:
    """Return a stored word as people read it; others stay as they are."""
    return gettext(stored) if stored in WORDS else stored


def whom(scope: BudgetScope) -> str:
    """Return what a budget caps, as the beginning of a sentence."""
    return capitalised(name_of(scope))


def rhythm(item: Schedule) -> str:
    """Return when a digest comes."""
    if item.weekday is None:
        day = gettext("every day")
    else:
        day = gettext("every {weekday}").format(weekday=weekday(item.weekday))
    told = gettext("Digest {id}: {day} at {time} ({zone})")
    return told.format(id=item.id, day=day, time=f"{item.at:%H:%M}", zone=item.time_zone)


def fill_in(sentence: Markup, **values: str) -> Markup:
    """Return a sentence with HTML in it, with values that are text."""
    return sentence.format(**values)


FILTERS: Final[Mapping[str, Callable[..., object]]] = {
    "moment": moment,
    "duration": duration,
    "size": size,
    "percent": percent,
    "dollars": dollars,
    "words": words,
    "word": word,
    "whom": whom,
    "rhythm": rhythm,
    "capitalised": capitalised,
    "fill": fill_in,
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
