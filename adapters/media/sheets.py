"""Convert cells of spreadsheets (ECMA-376 part 1, section 18) to lines of comma-separated values."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element

from adapters.media.archives import Archive, attribute, local

# Built-in number formats that show dates and times (ECMA-376 part 1, section 18.8.30).
_DATE_FORMATS: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_NOT_SHOWN: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]')
_DATE_LETTERS: Final = re.compile(r"[dmyhs]", re.IGNORECASE)
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - cells have no time zone; two days early for 1900's leap day
_EPOCH_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001 - the same
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})\d+")
_MOST_COLUMNS: Final = 16_384
_MOST_GAP: Final = 64  # empty cells shown in a row; a cell far to the right must not become thousands of commas


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Data that the cells of a workbook share: texts, which styles are dates, and the day that dates count from."""

    texts: tuple[str, ...]
    date_styles: frozenset[int]
    epoch: datetime


def workbook_lines(archive: Archive, part: str, targets: Mapping[str, str]) -> Iterator[str]:
    """Yield the sheets of a workbook in order: a heading each, then its rows; `targets` are the workbook's
    relations.
    """
    workbook = archive.tree(part)
    elements = [] if workbook is None else list(workbook.iter())
    sheets = [element for element in elements if local(element) == "sheet"]
    from_1904 = any(
        local(element) == "workbookPr" and attribute(element, "date1904") in {"1", "true"} for element in elements
    )
    book = Book(
        texts=tuple(_shared_texts(archive, _target(targets, "sharedStrings", "xl/sharedStrings.xml"))),
        date_styles=_date_styles(archive, _target(targets, "styles", "xl/styles.xml")),
        epoch=_EPOCH_1904 if from_1904 else _EPOCH,
    )
    for sheet in sheets:
        ids = [value for key, value in sheet.attrib.items() if key.endswith("}id")]
        hidden = " (hidden)" if attribute(sheet, "state") in {"hidden", "veryHidden"} else ""
        yield f"## Sheet {attribute(sheet, 'name')}{hidden}"
        yield from _rows(archive, targets.get(ids[0], "") if ids else "", book)
        yield ""


def _target(targets: Mapping[str, str], name: str, usual: str) -> str:
    return next((part for part in targets.values() if part.rpartition("/")[2] == f"{name}.xml"), usual)


def _shared_texts(archive: Archive, part: str) -> Iterator[str]:
    for event, element in archive.elements(part):
        if event == "end" and local(element) == "si":
            yield _text_of(element)
            element.clear()


def _text_of(element: Element) -> str:
    """Rich text as plain text, without the reading aid of Japanese (rPh)."""
    if local(element) == "rPh":
        return ""
    own = element.text or "" if local(element) == "t" else ""
    return own + "".join(_text_of(child) for child in element)


def _date_styles(archive: Archive, part: str) -> frozenset[int]:
    """Return the styles by number whose cells show dates."""
    root = archive.tree(part)
    if root is None:
        return frozenset()
    dates = set(_DATE_FORMATS)
    for element in root.iter():
        if local(element) == "numFmt" and _DATE_LETTERS.search(_NOT_SHOWN.sub("", attribute(element, "formatCode"))):
            dates.add(_whole_number(attribute(element, "numFmtId")))
    styles = next((item for item in root if local(item) == "cellXfs"), ())
    formats = (_whole_number(attribute(style, "numFmtId")) for style in styles)
    return frozenset(index for index, number in enumerate(formats) if number in dates)


def _rows(archive: Archive, part: str, book: Book) -> Iterator[str]:
    for event, element in archive.elements(part):
        if event == "end" and local(element) == "row":
            cells = _cells(element, book)
            element.clear()
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                yield _line(cells)


def _line(cells: list[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(cells)
    return written.getvalue()


def _cells(row: Element, book: Book) -> list[str]:
    cells: list[str] = []
    column = 0
    for cell in row:
        if local(cell) != "c":
            continue
        at = _column(attribute(cell, "r"))
        gap = max(0, (column if at is None else at) - column)
        cells.extend([""] * min(gap, _MOST_GAP))
        column += gap + 1
        cells.append(_value(cell, book))
    return cells


def _column(reference: str) -> int | None:
    """Return the column of "C7" counted from 0."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return None
    number = 0
    for letter in found[1]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return min(number, _MOST_COLUMNS) - 1


def _value(cell: Element, book: Book) -> str:
    kind = attribute(cell, "t")
    if kind == "inlineStr":
        return _text_of(cell)
    value = next((item.text or "" for item in cell if local(item) == "v"), "")
    match kind:
        case "s":
            index = _whole_number(value)
            return book.texts[index] if 0 <= index < len(book.texts) else ""
        case "b":
            return "TRUE" if value == "1" else "FALSE"
        case "" | "n":
            is_date = _whole_number(attribute(cell, "s") or "0") in book.date_styles
            return _date(value, book.epoch) if is_date else _number(value)
        case _:
            return value


def _number(value: str) -> str:
    """Return a number as it was typed: 0.1 is stored as 0.10000000000000001."""
    try:
        return f"{float(value):.15g}" if value and not value.lstrip("-").isdecimal() else value
    except ValueError:
        return value


def _date(value: str, epoch: datetime) -> str:
    try:
        moment = epoch + timedelta(seconds=round(float(value) * 86_400))
    except (ValueError, OverflowError):
        return value
    if abs(float(value)) < 1:
        return f"{moment:%H:%M:%S}"
    return f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(" 00:00:00")


def _whole_number(text: str) -> int:
    return int(text) if text.isdecimal() else -1
