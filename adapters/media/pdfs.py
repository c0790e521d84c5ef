"""Read PDFs: their text, or pictures of their pages for scans; pictures or the file itself by setting."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Final

from PIL import Image
from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, PdfReadError, WrongPasswordError

from adapters.media import media_limits
from adapters.media.images import image_media
from adapters.media.media_limits import UnpackLimits
from adapters.media.media_tokens import document_tokens
from adapters.media.texts import text_file
from adapters.media.unreadable import Unreadable
from bot.context.tokens import MOST_CHARACTERS
from bot.types import FileTerms, Media, ReadFile

MEDIA_TYPE: Final = "application/pdf"
SCAN_NOTE: Final = "a scan without text of its own, so its pages stand as pictures"


def read_pdf(name: str, data: bytes, terms: FileTerms, limits: UnpackLimits) -> ReadFile:
    """Return the text of a PDF page by page, or pictures of its pages when it has none. Raises `Unreadable`."""
    reader, pages = open_pdf(data, limits)
    said = _said(reader, pages, int(terms.text_tokens * MOST_CHARACTERS))
    wordless = sum(len(item) < media_limits.SCAN_TEXT for item in said)
    if wordless == len(said):
        scan = _pictures(name, pages, terms, lambda number: _scanned(reader.pages[number]))
        if scan:
            return replace(scan, note=", ".join(filter(None, (SCAN_NOTE, scan.note))))
    if not any(said):
        raise Unreadable("is a PDF without text, and no pictures of its pages can be had")
    notes = [_first_of(len(said), pages)] if len(said) < pages else []
    if wordless and wordless < len(said):
        notes.append(f"{wordless:,} of its pages with hardly any text of their own")
    text = "\n".join(f"(page {number})\n{item}\n" for number, item in enumerate(said, 1))
    return text_file(name, text, terms, whole=len(said) == pages, note=", ".join(notes))


def pass_pdf(name: str, data: bytes, terms: FileTerms, limits: UnpackLimits) -> ReadFile:
    """Return the PDF as it is, for the model to look at every page. Raises `Unreadable`."""
    most = min(media_limits.DOCUMENT_BYTES, terms.media_bytes)
    if len(data) > most:
        raise Unreadable(
            f"is a PDF of {media_limits.megabytes(len(data))}, and at most {media_limits.megabytes(most)} can be sent"
        )
    _, pages = open_pdf(data, limits)
    tokens = document_tokens(pages)
    if tokens > terms.media_tokens:
        fitting = terms.media_tokens // media_limits.PAGE_TOKENS
        raise Unreadable(f"is a PDF of {pages:,} pages, and at most {fitting:,} fit")
    media = Media(kind="document", media_type=MEDIA_TYPE, name=name, data=data, tokens=tokens)
    return ReadFile(name=name, media=(media,))


def show_pdf(name: str, data: bytes, terms: FileTerms, limits: UnpackLimits) -> ReadFile:
    """Pictures of the pages as they would be printed, as many as fit. Raises `Unreadable`."""
    _, pages = open_pdf(data, limits)
    shown = _drawn(name, data, pages, terms)
    if shown is None:
        raise Unreadable("is a PDF of which no page can be drawn, or none fits")
    return shown


def open_pdf(data: bytes, limits: UnpackLimits) -> tuple[PdfReader, int]:
    """Return an opened PDF and its number of pages. Raises `Unreadable`."""
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("is protected by a password")
        pages = len(reader.pages)
    except (DependencyError, FileNotDecryptedError, WrongPasswordError):
        raise Unreadable("is protected by a password") from None
    except PdfReadError:
        raise Unreadable("is a broken PDF") from None
    if not pages:
        raise Unreadable("is a PDF without pages")
    if pages > limits.pdf_pages:
        raise Unreadable(f"is a PDF of {pages:,} pages, and at most {limits.pdf_pages:,} are read")
    return reader, pages


def _said(reader: PdfReader, pages: int, most: int) -> list[str]:
    """Return what the pages say, one after the other, until that is more than `most` characters."""
    said: list[str] = []
    size = 0
    for number in range(pages):
        said.append(_page_text(reader.pages[number]))
        size += len(said[-1])
        if size > most:
            break
    return said


def _page_text(page: PageObject) -> str:
    """Return the text of one page; "" where a fault of this page keeps it from being read, since others may
    be whole.
    """
    try:
        return (page.extract_text() or "").strip()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - pypdf raises many kinds of errors for broken pages
        return ""


# ---------------------------------------------------------------- pictures


def _drawn(name: str, data: bytes, pages: int, terms: FileTerms) -> ReadFile | None:
    """Return the first pages drawn as far as they fit; None where there are none."""
    import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415 - large, and seldom needed

    def draw(number: int) -> Image.Image | None:
        with closing(document[number]) as page:
            width, height = page.get_size()
            scale = math.sqrt(media_limits.USEFUL_PIXELS[terms.image_detail] / (width * height))
            picture: Image.Image = page.render(scale=scale).to_pil()
            return picture

    try:
        with closing(pypdfium2.PdfDocument(data)) as document:
            return _pictures(name, pages, terms, draw)
    except pypdfium2.PdfiumError:
        return None


def _pictures(
    name: str, pages: int, terms: FileTerms, picture_of: Callable[[int], Image.Image | None]
) -> ReadFile | None:
    """Return a picture of each of the first pages, as far as they fit; None where there are none."""
    media: list[Media] = []
    tokens = size = looked = 0
    for number in range(min(pages, media_limits.PICTURE_PAGES)):
        page = _picture(f"{name}, page {number + 1}", number, picture_of, terms)
        if page is not None:
            tokens, size = tokens + page.tokens, size + len(page.data)
            if tokens > terms.media_tokens or size > terms.media_bytes:
                break
            media.append(page)
        looked = number + 1
    note = _first_of(looked, pages) if looked < pages else ""
    return ReadFile(name=name, media=tuple(media), note=note) if media else None


def _picture(name: str, number: int, picture_of: Callable[[int], Image.Image | None], terms: FileTerms) -> Media | None:
    """Return the picture of a page as media; None where there is none that can be read."""
    try:
        picture = picture_of(number)
        return None if picture is None else image_media(name, picture, terms, lossy=True)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a page that cannot be read leaves the others whole
        return None


def _scanned(page: PageObject) -> Image.Image | None:
    """Return the largest picture on a page, upright; None where there is none."""
    largest = max(_pictures_on(page), key=lambda picture: picture.width * picture.height, default=None)
    turn = page.rotation % 360  # clockwise in PDF, counter-clockwise in Pillow
    return largest.rotate(-turn, expand=True) if largest and turn else largest


def _pictures_on(page: PageObject) -> Iterator[Image.Image]:
    for file in page.images:
        picture = file.image
        if picture is not None and picture.width * picture.height >= media_limits.SCAN_PIXELS:
            yield picture


def _first_of(read: int, pages: int) -> str:
    return f"the first {read:,} of its {pages:,} pages"
