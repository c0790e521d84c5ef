"""Read spreadsheets in binary formats (xls, xlsb) with calamine, a library in Rust."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

import python_calamine

from adapters.media.job import FileNote, Job
from adapters.media.office.number_formats import plain
from adapters.media.office.sheets import csv_line, spaced
from adapters.media.unreadable import Unreadable
from bot.types.said import Said

NOTE: Final = FileNote(
    Said("its numbers stand as they are stored, not as they are shown"),
    Said("Save it as xlsx to have percentages, currencies and notes."),
)


def open_binary_book(job: Job) -> python_calamine.CalamineWorkbook:
    """Return the workbook. Raises `Unreadable`."""
    try:
        return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(job.data))
    except python_calamine.PasswordError:
        raise Unreadable("is protected by a password") from None
    except python_calamine.CalamineError as error:
        if "assword" in str(error):
            raise Unreadable("is protected by a password") from None
        raise Unreadable("is broken (its workbook cannot be opened)") from None


def binary_sheet_lines(book: python_calamine.CalamineWorkbook) -> Generator[str, None, None]:
    """Yield the sheets of a workbook in order: a heading each, then its rows."""
    for about in book.sheets_metadata:
        hidden = "" if about.visible == python_calamine.SheetVisibleEnum.Visible else " (hidden)"
        yield f"## Sheet {about.name}{hidden}"
        if about.typ == python_calamine.SheetTypeEnum.WorkSheet:
            yield from _rows(book.get_sheet_by_name(about.name))
        yield ""


def _rows(sheet: python_calamine.CalamineSheet) -> Iterator[str]:
    left = (
        sheet.start[1] if sheet.start else 0
    )  # rows are told from the first one on, columns from the first with a value
    for number, row in enumerate(sheet.iter_rows(), 1):
        if line := csv_line(spaced({column: _shown(value) for column, value in enumerate(row, left)}, number)):
            yield line


def _shown(value: object) -> str:
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float() | int():
            return plain(value)
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}".removesuffix(" 00:00:00")
        case date() | time():
            return value.isoformat()
        case timedelta():
            seconds = round(value.total_seconds())
            return f"{seconds // 3_600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        case _:
            return str(value).replace("\0", "")  # of Excel 95 texts come with the zeros of UTF-16
