"""Office and OpenDocument files as text: `documents`, `slides`, `sheets` and `open_documents` read a format each."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

from adapters.media.job import FileNote, Job
from adapters.media.office.documents import Document
from adapters.media.office.open_documents import OpenDocument
from adapters.media.office.package import Package, open_package
from adapters.media.office.sheets import open_book, sheet_lines
from adapters.media.office.slides import slide_lines
from adapters.media.pictures import Pictures
from adapters.media.texts import text_file
from bot.context.tokens import MOST_CHARACTERS
from bot.types import ReadFile


def read_office(job: Job) -> ReadFile:
    """Return the text of a docx, xlsx, pptx, odt, ods or odp, with its pictures. Raises `Unreadable`."""
    pictures = Pictures(job)
    notes: list[FileNote] = []
    with open_package(job.data, job.rules.limits) as package:
        text, whole = gathered(_lines(job.form, package, pictures, notes), job)
    return text_file(job, text, whole=whole, media=pictures.media, notes=[*notes, *pictures.notes])


def read_binary_sheets(job: Job) -> ReadFile:
    """Return the cells of an xls or xlsb. Raises `Unreadable`."""
    from adapters.media.office import binary_sheets  # noqa: PLC0415 - a library in Rust, which seldom is needed

    text, whole = gathered(binary_sheets.binary_sheet_lines(binary_sheets.open_binary_book(job)), job)
    return text_file(job, text, whole=whole, notes=[binary_sheets.NOTE])


def _lines(form: str, package: Package, pictures: Pictures, notes: list[FileNote]) -> Generator[str, None, None]:
    if form in {"odt", "ods", "odp"}:
        document = OpenDocument(package, pictures)
        try:
            yield from document.lines()
        finally:
            notes.extend(document.file_notes)
        return
    part = package.main_part()
    if form == "docx":
        yield from Document(package, part, pictures).lines()
    elif form == "pptx":
        yield from slide_lines(package, part, pictures)
    else:
        book = open_book(package, part)
        try:
            yield from sheet_lines(package, part, book, pictures)
        finally:
            notes.extend(book.notes)


def gathered(lines: Generator[str, None, None], job: Job) -> tuple[str, bool]:
    """Return lines until there are more characters than can be sent, and whether these are all."""
    most = int(job.terms.text_tokens * MOST_CHARACTERS)
    found: list[str] = []
    size = 0
    with closing(lines):
        for line in lines:
            found.append(line)
            size += len(line) + 1
            if size > most:
                return "\n".join(found), False
    return "\n".join(found), True
