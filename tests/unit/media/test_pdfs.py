"""PDFs become text where they have any, and pictures where they are scans."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image, ImageDraw
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import Highlight, Text
from pypdf.generic import ArrayObject, FloatObject

from adapters.media import media_limits
from adapters.media.media_limits import UnpackLimits
from adapters.media.pdf_pages import PdfPage, PdfPages
from adapters.media.read_file import read_file
from adapters.media.rules import ReadingRules
from bot.types import FileTerms, Media, ReadFile, UnreadableFile
from tests.unit.media import samples

NATIVE = ReadingRules(docs="file_part")
SHOWN = ReadingRules(docs="pages")


def read(data: bytes, rules: ReadingRules | None = None, **terms: Any) -> ReadFile:
    found = read_file("a.pdf", data, FileTerms(**terms), rules or ReadingRules())
    assert isinstance(found, ReadFile), found
    return found


def reason(data: bytes, rules: ReadingRules | None = None, **terms: Any) -> str:
    found = read_file("a.pdf", data, FileTerms(**terms), rules or ReadingRules())
    assert isinstance(found, UnreadableFile), found
    return found.reason


def test_text_is_read_page_by_page() -> None:
    found = read(samples.pdf("The rope costs seven dollars.", "And the nails cost two."))
    assert found.text.splitlines() == [
        "(page 1)", "The rope costs seven dollars.", "", "(page 2)", "And the nails cost two."
    ]  # fmt: skip
    assert (found.media, found.note) == ((), "")


def test_a_long_text_is_cut_and_says_so() -> None:
    found = read(samples.pdf(*["Words upon words upon words upon words. " * 9] * 50), text_tokens=200)
    assert found.text.startswith("(page 1)\nWords")
    assert len(found.text) < 900
    assert "the first" in found.note
    assert "of its 50 pages" in found.note
    assert "all further characters left out" in found.note


def test_a_scan_becomes_pictures_of_its_pages() -> None:
    found = read(samples.scan(samples.drawing(800, 600), samples.drawing(600, 800)))
    assert found.text == ""
    assert found.note == "pages 1 to 2 shown as pictures"
    assert [media.name for media in found.media] == ["a.pdf, page 1", "a.pdf, page 2"]
    assert [Image.open(io.BytesIO(media.data)).size for media in found.media] == [(800, 600), (600, 800)]
    assert {(media.kind, media.media_type, media.tokens) for media in found.media} == {("image", "image/jpeg", 1_280)}


def test_a_turned_page_of_a_scan_stands_upright() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(samples.scan(samples.drawing(800, 600)))))
    writer.pages[0].rotate(90)
    file = io.BytesIO()
    writer.write(file)
    picture = Image.open(io.BytesIO(read(file.getvalue()).media[0].data)).convert("RGB")
    assert picture.size == (600, 800)
    top_left = picture.getpixel((60, 60))
    assert isinstance(top_left, tuple)
    assert (top_left[2] > 200, top_left[0] < 60) == (
        True,
        True,
    )  # turned clockwise, the blue corner comes to the top left


@pytest.mark.parametrize(
    ("terms", "pages"),
    [
        pytest.param({}, media_limits.PICTURE_PAGES, id="by-pages"),
        pytest.param({"media_tokens": 1_280 * 3}, 3, id="by-tokens"),
        pytest.param({"media_bytes": 11_000}, 2, id="by-bytes"),
    ],
)
def test_of_a_long_scan_the_first_pages_are_shown(terms: dict[str, Any], pages: int) -> None:
    found = read(samples.scan(*[samples.drawing(400, 400)] * 25), **terms)
    if "media_bytes" in terms:
        pages = min(len(found.media), 24)
        assert sum(len(media.data) for media in found.media) <= terms["media_bytes"]
    assert len(found.media) == pages
    assert found.note.endswith(f"pages {pages + 1} to 25 left out, since no more pictures fit or can be drawn")
    assert "in parts" in found.advice


def test_by_setting_the_file_itself_is_passed_on() -> None:
    data = samples.pdf("one", "two", "three")
    media = Media(kind="document", media_type="application/pdf", name="a.pdf", data=data, tokens=3 * 1_280)
    assert read(data, NATIVE) == ReadFile(name="a.pdf", media=(media,))
    assert reason(data, NATIVE, media_tokens=2_000) == "is a PDF of 3 pages, and at most 1 fit"
    assert "at most 0 MB can be sent" in reason(data, NATIVE, media_bytes=100)


def test_a_model_that_takes_no_documents_gets_the_text() -> None:
    found = read(samples.pdf("The rope costs seven dollars."), ReadingRules(docs="file_part", takes=frozenset()))
    assert "seven dollars" in found.text


@pytest.mark.parametrize("rules", [ReadingRules(), NATIVE], ids=["auto", "file-part"])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(samples.locked_pdf("secret"), "is protected by a password", id="locked"),
        pytest.param(b"%PDF-1.7 broken", "is a broken PDF", id="broken"),
        pytest.param(samples.pdf("some text that is long")[:300], "is a broken PDF", id="cut"),
    ],
)
def test_a_pdf_that_cannot_be_opened_says_why(rules: ReadingRules, data: bytes, said: str) -> None:
    assert said in reason(data, rules)


def test_a_pdf_that_only_its_owner_may_change_is_read() -> None:
    assert "those who know" in read(samples.locked_pdf("")).text


def test_too_many_pages_are_not_read() -> None:
    rules = ReadingRules(limits=UnpackLimits(pdf_pages=2))
    assert reason(samples.pdf("a", "b", "c"), rules) == "is a PDF of 3 pages, and at most 2 are read"


def test_a_pdf_with_nothing_on_it_says_so() -> None:
    assert "no pictures of its pages" in reason(samples.pdf(""))


def test_a_pdf_of_few_words_is_still_text() -> None:
    assert read(samples.pdf("Yes.")).text.splitlines() == ["(page 1)", "Yes."]


def joined(*files: bytes) -> bytes:
    """One PDF of several."""
    writer = PdfWriter()
    for data in files:
        writer.append(io.BytesIO(data))
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def test_each_page_stands_as_what_is_on_it() -> None:
    found = read(joined(samples.pdf("A cover with a long enough title."), samples.scan(samples.drawing(400, 400))))
    assert found.text.splitlines() == [
        "(page 1)",
        "A cover with a long enough title.",
        "",
        "(page 2, shown as a picture)",
    ]
    assert found.note == "page 2 shown as a picture"
    assert [media.name for media in found.media] == ["a.pdf, page 2"]


def test_a_page_with_words_and_a_photograph_is_both() -> None:
    page = samples.pdf("The rope is this one.", beside="q 400 0 0 300 100 200 cm 0.5 g 0 0 1 1 re f Q")
    found = read(page)
    assert "The rope is this one." in found.text
    assert len(found.media) == 1


def test_letters_drawn_as_lines_are_looked_at() -> None:
    found = read(samples.pdf("", beside="72 700 m 100 650 l 130 700 l 160 650 l 4 w S 200 600 80 80 re f"))
    assert (found.text, len(found.media)) == ("", 1)


def test_lines_of_a_table_are_no_picture() -> None:
    rules = " ".join(f"72 {y} m 540 {y} l 0.5 w S" for y in range(300, 700, 20))
    assert (
        read(samples.pdf("A table with thin lines around its numbers, all of which are text.", beside=rules)).media
        == ()
    )


def test_oblique_lines_are_a_picture() -> None:
    lines = " ".join(f"100 {100 + 3 * line} m 400 {100 + 5 * line} l 1 w S" for line in range(100))
    assert len(read(samples.pdf("A drawing", beside=lines)).media) == 1


@pytest.mark.parametrize(("paper", "ink"), [("red", "black"), ("#eeeeee", "#d0d0d0"), ("black", "#303030")])
def test_a_scan_is_looked_at_however_faint_it_is(paper: str, ink: str) -> None:
    page = Image.new("RGB", (620, 877), paper)
    for line in range(40):
        ImageDraw.Draw(page).text((50, 40 + line * 20), f"words upon words {line}", fill=ink, font_size=14)
    assert len(read(samples.scan(page)).media) == 1


def test_a_blank_scan_shows_nothing() -> None:
    assert "no pictures of its pages" in reason(samples.scan(Image.new("RGB", (620, 877), "#eeeeee")))


def test_a_small_picture_beside_text_is_told() -> None:
    picture = f"BI /W 90 /H 60 /CS /G /BPC 8 /F /AHx ID {'f0' * 90 * 60}> EI"
    found = read(samples.pdf("The price stands below, as a picture.", beside=f"120 0 0 20 50 100 cm {picture}"))
    assert found.media == ()
    assert found.text.splitlines()[-1] == "[1 of the pictures on this page not shown]"


def test_a_font_that_does_not_tell_its_letters_is_looked_at() -> None:
    found = read(samples.pdf("\\001\\002\\003\\004\\005\\006\\001\\002"))
    assert (found.text, len(found.media)) == ("", 1)


def test_text_that_a_scanner_recognised_stands_beside_the_page() -> None:
    found = read(samples.pdf("Dear madam, I write to you", beside="0.2 g 50 50 500 700 re f", mode=3))
    assert "Dear madam" in found.text
    assert len(found.media) == 1


def test_no_page_is_drawn_where_the_setting_says_text() -> None:
    found = read(joined(samples.pdf("Words."), samples.scan(samples.drawing(400, 400))), ReadingRules(docs="text"))
    assert (found.media, found.text.splitlines()[-1]) == ((), "(page 2)")
    assert found.note == "page 2 left out, for want of text that can be read"
    assert "DOCS_MODE" in reason(samples.scan(samples.drawing(400, 400)), ReadingRules(docs="text"))


def test_a_page_that_cannot_be_read_does_not_spoil_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    look = PdfPages.look

    def fail_once(pages: PdfPages, number: int, *, beside_text: bool, bare: bool) -> PdfPage:
        if number == 0:
            raise ZeroDivisionError
        return look(pages, number, beside_text=beside_text, bare=bare)

    monkeypatch.setattr(PdfPages, "look", fail_once)
    found = read(samples.pdf("This page is broken, so to speak.", "This page is a whole one."))
    assert found.text.splitlines() == ["(page 1)", "", "(page 2)", "This page is a whole one."]
    assert found.note == "page 1 could not be read"


def test_pages_become_pictures_by_setting() -> None:
    found = read(samples.pdf("The rope costs seven dollars.", "And the nails cost two."), SHOWN)
    assert (found.text, found.note) == ("", "")
    assert [media.name for media in found.media] == ["a.pdf, page 1", "a.pdf, page 2"]
    assert {(media.kind, media.tokens) for media in found.media} == {("image", 1_280)}
    first, second = (Image.open(io.BytesIO(media.data)).convert("L") for media in found.media)
    assert abs(first.width * first.height / media_limits.USEFUL_PIXELS["high"] - 1) < 0.01  # as fine as the model looks
    assert any(first.histogram()[:100])  # there is ink on it
    assert first.tobytes() != second.tobytes()


def test_the_same_pdf_gives_the_same_pictures() -> None:
    data = samples.pdf("The rope costs seven dollars.")
    assert read(data, SHOWN) == read(data, SHOWN)


def test_pages_that_do_not_fit_are_left_out_and_the_note_says_so() -> None:
    found = read(samples.pdf(*["Words upon words."] * 5), SHOWN, media_tokens=1_280 * 3)
    assert (len(found.media), found.note) == (3, "the first 3 of its 5 pages")
    assert "none fits" in reason(samples.pdf("Words."), SHOWN, media_tokens=1_000)


def test_a_locked_or_broken_pdf_cannot_be_drawn_either() -> None:
    assert "password" in reason(samples.locked_pdf("secret"), SHOWN)
    assert "broken" in reason(b"%PDF-1.7\n" + b"x" * 200, SHOWN)


def test_a_model_that_takes_no_pictures_gets_the_text() -> None:
    rules = ReadingRules(docs="pages", takes=frozenset())
    assert "seven dollars" in read(samples.pdf("The rope costs seven dollars."), rules).text


def test_what_people_wrote_on_a_page_stands_below_it() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(samples.pdf("The rope costs seven dollars."))))
    for kind, said in ((Text, "Too much!"), (Highlight, "")):
        more = {"quad_points": ArrayObject([FloatObject(0)] * 8)} if kind is Highlight else {"text": said}
        writer.add_annotation(0, kind(rect=(50, 50, 90, 90), **more))
    file = io.BytesIO()
    writer.write(file)
    assert read(file.getvalue()).text.splitlines()[-1] == "[comment: Too much!]"


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_text_on_a_turned_page_is_no_picture(angle: int) -> None:
    large = "BT /F1 36 Tf 36 640 Td 44 TL (MANY LARGE LETTERS) Tj" + " T* (MANY LARGE LETTERS) Tj" * 12 + " ET"
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(samples.pdf("A line of text.", beside=large))))
    writer.pages[0].rotate(angle)
    file = io.BytesIO()
    writer.write(file)
    assert read(file.getvalue()).media == ()
