"""Office files, written by other people's libraries, become text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any
from xml.etree.ElementTree import fromstring

import docx
import openpyxl
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from adapters.media.media_limits import UnpackLimits
from adapters.media.office.lists import Lists
from adapters.media.office.symbols import symbol
from adapters.media.read_file import read_file
from adapters.media.rules import ReadingRules
from bot.types import FileTerms, ReadFile, UnreadableFile
from tests.unit.media import samples


def text_of(data: bytes, **terms: Any) -> str:
    found = read_file("a", data, FileTerms(**terms), ReadingRules())
    assert isinstance(found, ReadFile), found
    return found.text


def reason(data: bytes, rules: ReadingRules | None = None) -> str:
    found = read_file("a", data, FileTerms(), rules or ReadingRules())
    assert isinstance(found, UnreadableFile), found
    return found.reason


def changed(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The archive with every part as `change` gives it back."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return file.getvalue()


# ---------------------------------------------------------------- documents


def test_a_document_keeps_headings_tables_and_order() -> None:
    assert text_of(samples.word_document()).splitlines() == [
        "# Minutes",
        "We met on Monday.",
        "| who | what |",
        "| Ada | the \\| engine |",
        "",
        "After the table.",
    ]


def test_a_document_is_read_as_it_looks_with_its_changes_accepted() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("We buy ")
    for tag, inner, text in (("w:ins", "w:t", "rope"), ("w:del", "w:delText", "nails")):
        change, run, words = OxmlElement(tag), OxmlElement("w:r"), OxmlElement(inner)
        words.text = text
        run.append(words)
        change.append(run)
        paragraph._p.append(change)  # python-docx has no interface for tracked changes
    paragraph.add_run("\tnow").add_break()
    file = io.BytesIO()
    document.save(file)
    assert text_of(file.getvalue()) == "We buy rope\tnow"


def test_raised_words_are_powers_in_documents_slides_and_sheets() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("10")
    paragraph.add_run("-6").font.superscript = True
    paragraph.add_run(" H")
    paragraph.add_run("2").font.subscript = True
    style = document.styles.add_style("High", WD_STYLE_TYPE.CHARACTER)
    style.font.superscript = True
    paragraph.add_run("O m")
    paragraph.add_run("2", style="High")
    paragraph.add_run(" 1")
    paragraph.add_run("st").font.superscript = True
    file = io.BytesIO()
    document.save(file)
    assert text_of(file.getvalue()) == "10⁻⁶ H₂O m² 1st"
    book = openpyxl.Workbook()
    book.worksheets[0]["A1"] = CellRichText("10", TextBlock(InlineFont(vertAlign="superscript"), "6"))
    file = io.BytesIO()
    book.save(file)
    assert "10⁶" in text_of(file.getvalue())
    raised = b'<a:rPr baseline="30000"/><a:t>6'
    slides = changed(samples.slides(), lambda _, part: part.replace(b"<a:t>Buy rope", raised))
    assert "⁶" in text_of(slides)


def test_numbers_of_lists_are_written_as_their_levels_say() -> None:
    level = '<lvl ilvl="{}"><numFmt val="{}"/>{}<lvlText val="{}"/></lvl>'
    levels = level.format(0, "upperRoman", "", "%1.") + level.format(1, "decimal", "<isLgl/>", "%1.%2")
    levels += level.format(2, "ordinal", "", "%3")
    lists = Lists(
        fromstring(
            f'<numbering><abstractNum abstractNumId="1">{levels}</abstractNum>'
            '<num numId="7"><abstractNumId val="1"/></num></numbering>'
        )
    )
    said = [lists.label("7", depth) for depth in [0, 0, 1, 1, *[2] * 12]]
    assert said[:7] == ["I.", "II.", "2.1", "2.2", "1st", "2nd", "3rd"]
    assert said[-2:] == ["11th", "12th"]


@pytest.mark.parametrize(
    ("font", "code", "said"),
    [
        ("Symbol", "F061", "\u03b1"), ("Symbol", "F0A3", "\u2264"), ("Symbol", "F0B9", "\u2260"),
        ("symbol", "6D", "\u03bc"),
        ("Symbol", "F0E5", "\u2211"), ("Wingdings", "F0E0", "\u2192"), ("Wingdings", "F0FE", "[x]"),
        ("Wingdings 2", "F0A3", "[ ]"), ("Webdings", "F0FC", "[symbol F0FC of Webdings]"), ("Arial", "00E9", "\u00e9"),
    ],
)  # fmt: skip
def test_a_symbol_is_told_by_its_font(font: str, code: str, said: str) -> None:
    assert symbol(font, code) == said


# ---------------------------------------------------------------- slides


def test_slides_keep_order_notes_and_tables() -> None:
    assert text_of(samples.slides()).strip().splitlines() == [
        "## Slide 1",
        "Plan",
        "Buy rope",
        "Buy nails",
        "Notes:",
        "Say it slowly.",
        "",
        "## Slide 2",
        "| left | right |",
    ]


# ---------------------------------------------------------------- spreadsheets


def test_sheets_become_comma_separated_lines() -> None:
    assert text_of(samples.spreadsheet()).splitlines()[:6] == [
        "## Sheet Costs",
        "item,price",
        '"rope, long",0.1',
        "2026-01-05,TRUE",
        ",after a gap,-7",
        "",
    ]


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        pytest.param(datetime.fromisoformat("2026-11-22T14:03"), None, "2026-11-22 14:03:00", id="moment"),
        pytest.param(time(14, 3), None, "14:03:00", id="time"),
        pytest.param(46_000, "[$-409]d\\-mmm\\-yy;@", "2025-12-09", id="own-date-format"),
        pytest.param(0.5, '0.00 "days"', "0.50 days", id="letters-in-quotes-are-no-date"),
        pytest.param(7, "[Red]0", "7", id="colours-are-no-date"),
        pytest.param(1_234_567_890_123, None, "1234567890123", id="long-number"),
        pytest.param(1 / 3, None, "0.333333333333333", id="third"),
        pytest.param(1e21, None, "1e+21", id="large"),
        pytest.param("=1+1", None, "=1+1", id="formula-never-calculated"),
        pytest.param("007", None, "007", id="digits-as-text"),
    ],
)
def test_a_cell_shows_what_a_person_sees(value: Any, form: str | None, shown: str) -> None:
    book = openpyxl.Workbook()
    cell = book.worksheets[0].cell(1, 1, value)
    book.worksheets[0].cell(1, 2, "end")
    if form:
        cell.number_format = form
    file = io.BytesIO()
    book.save(file)
    assert text_of(file.getvalue()).splitlines()[1] == f"{shown},end"


def test_dates_can_count_from_1904() -> None:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.worksheets[0].append([date(2026, 1, 5)])
    file = io.BytesIO()
    book.save(file)
    assert text_of(file.getvalue()).splitlines()[1] == "2026-01-05"


def test_a_cell_far_to_the_right_is_no_thousand_commas() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0]["XFD1"] = "far"
    file = io.BytesIO()
    book.save(file)
    assert text_of(file.getvalue()).splitlines()[1] == ",[XFD1] far"


def test_what_stands_above_and_below_a_printed_sheet_is_told() -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.worksheets[0]  # the library's types leave open whether it has headers
    sheet.append(["x"])
    sheet.oddHeader.center.text = "R&&D secret"
    sheet.oddFooter.left.text = "Page &P of &N"
    sheet.oddFooter.left.size = 12
    file = io.BytesIO()
    book.save(file)
    assert text_of(file.getvalue()).splitlines()[1:4] == ["x", "(header) R&D secret", "(footer) Page of"]


def test_a_hidden_sheet_says_so() -> None:
    book = openpyxl.Workbook()
    book.create_sheet("Secret").sheet_state = "hidden"
    file = io.BytesIO()
    book.save(file)
    assert "## Sheet Secret (hidden)" in text_of(file.getvalue())


def test_a_long_sheet_is_read_only_as_far_as_it_is_shown() -> None:
    found = read_file(
        "a",
        samples.spreadsheet([[number, "word"] for number in range(9_999)]),
        FileTerms(text_tokens=500),
        ReadingRules(),
    )
    assert isinstance(found, ReadFile)
    assert found.text.startswith("## Sheet Costs\n0,word\n")
    assert 500 < len(found.text) <= 2_000
    assert found.note.endswith("all further characters left out")


# ---------------------------------------------------------------- hostile ones


def test_a_file_that_unpacks_to_too_much_is_refused() -> None:
    assert (
        reason(samples.word_document(), ReadingRules(limits=UnpackLimits(archive_bytes=1_000)))
        == "unpacks to more than 0 MB"
    )


def test_a_file_of_too_many_parts_is_refused() -> None:
    assert (
        reason(samples.word_document(), ReadingRules(limits=UnpackLimits(archive_parts=3))) == "has more than 3 parts"
    )


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "'
    + b"ha" * 500
    + b'">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 20) for n in range(8))
    + b"]><d>&i;</d>"
)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({"word/document.xml": LAUGHS}, id="entities-that-grow"),
        pytest.param({"word/document.xml": b"<not closed"}, id="no-xml"),
        pytest.param({"word/document.xml": b"<a>" * 50_000}, id="never-closed"),
    ],
)
def test_xml_that_cannot_be_read_is_refused(parts: Mapping[str, bytes]) -> None:
    assert "is broken" in reason(changed(samples.word_document(), parts.get))


def test_very_deep_xml_is_refused() -> None:
    deep = b"<w:p xmlns:w='w'>" + b"<w:r>" * 50_000 + b"</w:r>" * 50_000 + b"</w:p>"
    assert reason(changed(samples.word_document(), lambda name, data: deep if name == "word/document.xml" else data))


def test_a_document_with_a_cut_end_is_broken() -> None:
    assert "is broken" in reason(samples.word_document()[:-500])
