"""Look at single pages of a PDF with PDFium: what they say, whether that is all that is on them, and their picture."""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any, Final

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
from PIL import Image, ImageChops, ImageDraw

from adapters.media import media_limits

_LOOKED_AT: Final = 128  # pixels of the longer side of the small picture that is compared with the text
_DIFFERENT: Final = 40  # of 256 shades from the paper, for ink; what tables have behind their rows is fainter
_FAINT: Final = 12  # the same on a scan, which may be pale or on dark paper
_STAMPED: Final = 0.03  # of the page under text that programs put on scans
_MUCH: Final = 0.03  # of the page with ink on it where no text is, for a picture of the page
_SOME: Final = 0.003  # the same where that is more ink than the text has
_BARE: Final = 0.001  # the same for a page without text
_MOSTLY: Final = 0.5  # of the page under pictures, for a scan, which is drawn no finer than it is
_GARBLED: Final = 0.15  # of the characters, for a text that no program can read
_SAMPLE: Final = 3_000  # characters that tell whether a text can be read
_THIN: Final = 3.0  # points; what is no wider is a line of a table or a frame
_PATHS_LOOKED_AT: Final = 2_000  # a page with more is a drawing
_PICTURES_COUNTED: Final = 100
_RECTANGLE: Final = 5  # segments of a path that goes around one
_COMMENTS: Final = frozenset(
    {pdfium.FPDF_ANNOT_TEXT, pdfium.FPDF_ANNOT_FREETEXT, pdfium.FPDF_ANNOT_HIGHLIGHT, pdfium.FPDF_ANNOT_UNDERLINE}
    | {pdfium.FPDF_ANNOT_STRIKEOUT, pdfium.FPDF_ANNOT_SQUIGGLY, pdfium.FPDF_ANNOT_STAMP, pdfium.FPDF_ANNOT_CARET}
)
_LONGEST_FIELD: Final = 20_000
_HIDDEN_MODE: Final = 3  # text that is found and not seen: what a scanner recognised (PDF 1.7, 9.3.6)
_STRANGE: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\ufffd\ufffe\ufff0-\ufff8\ue000-\uf8ff]")


Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfPage:
    """Findings on a page: its text, "" where none can be read, and whether it has to be looked at as well.

    `pictures` counts those beside the text of a page that is not looked at; `is_broken` says that a fault kept it from
    being read.
    """

    text: str
    pictures: int = 0
    fields: tuple[str, ...] = ()
    is_drawn: bool = False
    is_broken: bool = False


class PdfPages:
    """The pages of an opened PDF, by their number from 0."""

    def __init__(self, document: Any) -> None:
        self._document = document
        document.init_forms()

    def look(self, number: int, *, beside_text: bool, bare: bool) -> PdfPage:
        """Return what is on a page; `beside_text` and `bare` say whether pages with text and without are drawn small.

        That takes time. One without text that is not drawn is taken to show something.
        """
        with closing(self._document[number]) as page, closing(page.get_textpage()) as text_page:
            count = text_page.count_chars()
            text = _tidy(text_page.get_text_bounded() if count > 0 else "")
            garbled = _is_garbled(text_page, text, count)
            hidden = not garbled and _is_hidden(text_page, count)
            fields = tuple(_fields(self._document, page))
            covered = (
                [] if garbled or hidden else [text_page.get_rect(place) for place in range(text_page.count_rects())]
            )
            text = "" if garbled else text
            looks = beside_text if text else bare
            is_drawn = garbled or (_shows_more(page, covered) if looks else not text)
            pictures = 0 if is_drawn or not text else _pictures(page)
            return PdfPage(text=text, pictures=pictures, fields=fields, is_drawn=is_drawn)

    def draw(self, number: int, detail: str) -> Image.Image:
        """Return the picture of a page, as fine as the model looks."""
        with closing(self._document[number]) as page:
            width, height = page.get_size()
            useful = math.sqrt(media_limits.USEFUL_PIXELS[detail] / (width * height))
            scale = min(useful, _finest(page) or useful)
            picture: Image.Image = page.render(scale=scale, may_draw_forms=True).to_pil()
            return picture


def _tidy(text: str) -> str:
    """Return a text with plain line ends, and with hyphens where PDFium has signs of its own."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufffe", "-").replace("\x02", "-")
    return "\n".join(line.rstrip() for line in plain.split("\n")).strip()


def _is_garbled(text_page: Any, text: str, count: int) -> bool:
    """Return whether the fonts of a page do not tell which letters they show: copying it gives nonsense."""
    looked = range(0, count, max(1, count // _SAMPLE))
    unmapped = sum(pdfium.FPDFText_HasUnicodeMapError(text_page.raw, place) == 1 for place in looked)
    strange = len(_STRANGE.findall(text[:_SAMPLE]))
    strange += sum(character > "\xff" and not ord(character) & 0xFF for character in text[:_SAMPLE])  # bytes swapped
    return bool(count) and (unmapped > len(looked) * _GARBLED or strange > min(len(text), _SAMPLE) * _GARBLED)


def _is_hidden(text_page: Any, count: int) -> bool:
    """Return whether the text is mostly a scanner's, invisible above the picture of the page."""
    looked = range(0, count, max(1, count // 20))
    hidden = 0
    for place in looked:
        item = pdfium.FPDFText_GetTextObject(text_page.raw, place)
        hidden += bool(item) and pdfium.FPDFTextObj_GetTextRenderMode(item) == _HIDDEN_MODE
    return bool(count) and hidden * 2 > len(looked)


def _shows_more(page: Any, covered: Sequence[Box]) -> bool:
    """Return whether there is ink where no text is: a scan, a photograph, a drawing, letters drawn as lines.

    Of a page with text that counts where it is much, or more than what the text covers. Lines of tables never count.
    """
    ink, scale = _ink(page, _FAINT if _is_scan(page, covered) else _DIFFERENT)
    pixels = ink.width * ink.height
    if covered:
        _wipe(ink, page, _lines(page), scale)
    whole = ink.histogram()[255]
    _wipe(ink, page, covered, scale)
    beside = ink.histogram()[255]
    if not covered:
        return beside > pixels * _BARE
    return beside > pixels * _MUCH or (beside > pixels * _SOME and beside > whole - beside)


def _is_scan(page: Any, covered: Sequence[Box]) -> bool:
    """Return whether pictures cover a page, and no text but a stamp or a number lies on them."""
    width, height = page.get_size()
    text = sum((right - left) * (top - bottom) for left, bottom, right, top in covered)
    return text < width * height * _STAMPED and _finest(page) > 0


def _wipe(ink: Image.Image, page: Any, boxes: Iterable[Box], scale: float) -> None:
    """Take what is in these boxes, in points of the page before it is turned, off the picture of the ink."""
    draw = ImageDraw.Draw(ink)
    left, bottom, right, top = page.get_bbox()
    turned = page.get_rotation()
    for x0, y0, x1, y1 in boxes:
        across, down = {
            0: ((x0 - left, x1 - left), (top - y0, top - y1)),
            90: ((y0 - bottom, y1 - bottom), (x0 - left, x1 - left)),
            180: ((right - x0, right - x1), (y0 - bottom, y1 - bottom)),
            270: ((top - y0, top - y1), (right - x0, right - x1)),
        }[turned]
        first, last = min(across) * scale - 1, max(across) * scale + 1
        draw.rectangle((first, min(down) * scale - 1, last, max(down) * scale + 1), fill=0)


def _lines(page: Any) -> Iterator[Box]:
    """Yield the lines and the sides of frames on a page, which are no picture; nothing for a page full of lines."""
    paths = list(islice(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=1), _PATHS_LOOKED_AT))
    for item in paths if len(paths) < _PATHS_LOOKED_AT else ():
        left, bottom, right, top = item.get_bounds()
        if min(right - left, top - bottom) <= _THIN:
            yield left, bottom, right, top
        elif _is_frame(item):
            yield from ((left, bottom, right, bottom), (left, top, right, top))
            yield from ((left, bottom, left, top), (right, bottom, right, top))


def _is_frame(item: Any) -> bool:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    told = pdfium.FPDFPath_GetDrawMode(item.raw, fill, stroke)
    if not told or fill.value or pdfium.FPDFPath_CountSegments(item.raw) > _RECTANGLE:
        return False
    corners = [_corner(item, place) for place in range(pdfium.FPDFPath_CountSegments(item.raw))]
    return all(min(abs(x - x0), abs(y - y0)) <= _THIN for (x0, y0), (x, y) in pairwise(corners))  # none is oblique


def _corner(item: Any, place: int) -> tuple[float, float]:
    x, y = ctypes.c_float(), ctypes.c_float()
    pdfium.FPDFPathSegment_GetPoint(pdfium.FPDFPath_GetPathSegment(item.raw, place), x, y)
    return x.value, y.value


def _ink(page: Any, different: int) -> tuple[Image.Image, float]:
    """Return where a page is so different from the shade of its paper, small, and how many pixels a point has."""
    scale = _LOOKED_AT / max(page.get_size())
    small: Image.Image = page.render(scale=scale, grayscale=True, may_draw_forms=False).to_pil().convert("L")
    paper = max(enumerate(small.histogram()), key=lambda shade: shade[1])[0]
    away = ImageChops.difference(small, Image.new("L", small.size, paper))
    return away.point(lambda shade: 255 * (shade > different)), scale


def _pictures(page: Any) -> int:
    """Return how many pictures lie on a page that are more than decoration; many are counted no further."""
    found = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=4)
    sizes = (item.get_px_size() for item in islice(found, _PICTURES_COUNTED))
    return sum(width * height >= media_limits.DECORATION_PIXELS for width, height in sizes)


def _finest(page: Any) -> float:
    """Return how many pixels a point has in the pictures that cover a page; 0 where none do."""
    width, height = page.get_size()
    area, finest = 0.0, 0.0
    for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=4):
        left, bottom, right, top = item.get_bounds()
        pixels = item.get_px_size()
        if right > left and top > bottom:
            area += (right - left) * (top - bottom)
            finest = max(finest, pixels[0] / (right - left), pixels[1] / (top - bottom))
    return finest if area > width * height * _MOSTLY else 0.0


# ---------------------------------------------------------------- forms


def _fields(document: Any, page: Any) -> Iterator[str]:
    """Yield the fields of a form as "name: value", those that are filled, and the comments on a page."""
    form = document.formenv
    told: Counter[str] = Counter()
    for place in range(pdfium.FPDFPage_GetAnnotCount(page.raw)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, place)
        if not annotation:
            continue
        try:
            kind = pdfium.FPDFAnnot_GetSubtype(annotation)
            line = _comment(annotation) if kind in _COMMENTS else _field(form.raw, annotation) if form else ""
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
        if line and not told[line]:
            told[line] += 1
            yield line


def _field(form: Any, annotation: Any) -> str:
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in {pdfium.FPDF_FORMFIELD_UNKNOWN, pdfium.FPDF_FORMFIELD_PUSHBUTTON, pdfium.FPDF_FORMFIELD_SIGNATURE}:
        return ""
    name = _string(pdfium.FPDFAnnot_GetFormFieldAlternateName, form, annotation)
    name = name or _string(pdfium.FPDFAnnot_GetFormFieldName, form, annotation)
    if kind in {pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON}:
        if not pdfium.FPDFAnnot_IsChecked(form, annotation):
            return "" if kind == pdfium.FPDF_FORMFIELD_RADIOBUTTON else f"{name}: [ ]"
        value = _string(pdfium.FPDFAnnot_GetFormFieldExportValue, form, annotation)
        return f"{name}: [x]{f' {value}' if value not in {'', 'Yes', 'On', '1'} else ''}"
    value = _string(pdfium.FPDFAnnot_GetFormFieldValue, form, annotation)
    return f"{name}: {value}" if value.strip() else ""


def _comment(annotation: Any) -> str:
    """Return what somebody wrote on a page, beside it or about a piece of it."""
    said = _string(lambda _, *rest: pdfium.FPDFAnnot_GetStringValue(rest[0], b"Contents", *rest[1:]), None, annotation)
    return f"[comment: {' '.join(said.split())}]" if said.strip() else ""


def _string(read: Any, form: Any, annotation: Any) -> str:
    """Return what a function of PDFium writes as UTF-16 with a zero at its end."""
    size = min(read(form, annotation, None, 0), 2 * _LONGEST_FIELD)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    read(form, annotation, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), size)
    return buffer.raw[: size - 2].decode("utf-16-le", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
