"""Spreadsheets in binary formats are read through calamine, which tells values without their formats.

No library here writes xls or xlsb; calamine gives the values of an xlsx in the same way.
"""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import pytest

from adapters.media.job import Job
from adapters.media.office.binary_sheets import binary_sheet_lines, open_binary_book
from adapters.media.read_file import read
from adapters.media.rules import ReadingRules
from adapters.media.unreadable import Unreadable
from bot.types import FileTerms


def job(data: bytes) -> Job:
    return Job(name="a.xls", form="xls", data=data, terms=FileTerms(), rules=ReadingRules(), read=read)


def test_values_stand_in_their_places() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    cells: dict[str, Any] = {
        "B3": "rope", "C3": 0.1, "D3": True, "N3": "far", "B4": date(2026, 1, 5), "D4": time(9, 30),
        "C4": datetime.fromisoformat("2026-01-05T09:30"), "B5": timedelta(hours=36),
    }  # fmt: skip
    for place, value in cells.items():
        sheet[place] = value
    book.create_sheet("Secret").sheet_state = "hidden"
    file = io.BytesIO()
    book.save(file)
    assert list(binary_sheet_lines(open_binary_book(job(file.getvalue())))) == [
        "## Sheet Sheet", ",rope,0.1,TRUE,,[N3] far", ",2026-01-05,2026-01-05 09:30:00,09:30:00", ",36:00:00", "",
        "## Sheet Secret (hidden)", "",
    ]  # fmt: skip


def test_what_is_no_workbook_is_broken() -> None:
    with pytest.raises(Unreadable, match="is broken"):
        open_binary_book(job(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)))
