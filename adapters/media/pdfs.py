"""Read PDFs page by page: text where text covers a page, its picture where something else does, both where both do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Final

import pypdfium2  # type: ignore[import-untyped]

from adapters.media import media_limits
from adapters.media.images import image_media
from adapters.media.job import CUT_ADVICE, FileNote, Job, made
from adapters.media.media_tokens import document_tokens
from adapters.media.pdf_pages import PdfPage, PdfPages
from adapters.media.texts import text_file
from adapters.media.unreadable import Unreadable
from bot.context.tokens import MOST_CHARACTERS
from bot.types import Media, ReadFile
from bot.types.said import Said, joined

MEDIA_TYPE: Final = "application/pdf"
_DRAWN_ADVICE: Final = Said("Check names and numbers against the original.")
_PICTURES_ADVICE: Final = Said("Save it anew as PDF, or attach pictures of those pages to a model that takes them.")
_BARE_LOOKED_AT: Final = 5  # pages that cannot be shown, before those that follow are taken to be like them


@dataclass(kw_only=True)
class _Found:
    """Contents of a PDF, as far as they were read: the pages looked at, and the pictures of those that are drawn."""

    pages: list[PdfPage] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    drawn: list[int] = field(default_factory=list)
    unseen: list[int] = field(default_factory=list)
    half_seen: list[int] = field(default_factory=list)
    tokens: int = 0
    size: int = 0
    is_full: bool = False


def read_pdf(job: Job) -> ReadFile:
    """Return a PDF as the operator wants them read. Raises `Unreadable`."""
    if job.rules.docs == "file_part" and "document" in job.rules.takes:
        return pass_pdf(job)
    with _opened(job) as (pages, count):
        if job.rules.docs == "pages" and "image" in job.rules.takes:
            return show_pdf(job, pages, count)
        return look_through(job, pages, count)


def pass_pdf(job: Job) -> ReadFile:
    """Return the PDF as it is, for the model to look at every page. Raises `Unreadable`."""
    most = min(media_limits.DOCUMENT_BYTES, job.terms.media_bytes)
    if len(job.data) > most:
        size = media_limits.megabytes(len(job.data))
        raise Unreadable(
            "is a PDF of {size}, and at most {most} can be sent", size=size, most=media_limits.megabytes(most)
        )
    with _opened(job) as (_, count):
        tokens = document_tokens(count)
    if tokens > job.terms.media_tokens:
        fitting = job.terms.media_tokens // media_limits.PAGE_TOKENS
        raise Unreadable("is a PDF of {count} pages, and at most {most} fit", count=count, most=fitting)
    media = Media(kind="document", media_type=MEDIA_TYPE, name=job.name, data=job.data, tokens=tokens)
    return made(job.name, media=(media,))


def show_pdf(job: Job, pages: PdfPages, count: int) -> ReadFile:
    """Return pictures of the pages as they would be printed, as many as fit. Raises `Unreadable`."""
    found = _Found()
    for number in range(min(count, media_limits.PICTURE_PAGES)):
        if not _draw(found, job, pages, number):
            break
    if not found.media:
        raise Unreadable("is a PDF of which no page can be drawn, or none fits")
    shown = len(found.drawn)
    notes = [FileNote(_first_of(shown, count), CUT_ADVICE)] if shown < count else []
    return made(job.name, media=found.media, notes=notes)


def look_through(job: Job, pages: PdfPages, count: int) -> ReadFile:
    """Return the pages with what each needs, until there is more text than fits. Raises `Unreadable`."""
    found = _Found()
    draws = job.rules.docs == "auto" and "image" in job.rules.takes
    said, most = 0, int(job.terms.text_tokens * MOST_CHARACTERS)
    for number in range(count):
        may_look = draws and not found.is_full
        page = _looked_at(pages, number, beside_text=may_look, bare=may_look or len(found.unseen) < _BARE_LOOKED_AT)
        found.pages.append(page)
        said += len(page.text)
        if page.is_drawn and not (draws and _draw(found, job, pages, number)):
            (found.half_seen if page.text else found.unseen).append(number)
        if said > most:
            break
    if not found.media and not any(page.text or page.fields for page in found.pages):
        raise _nothing(job)
    text = _text_of(found)
    whole = len(found.pages) == count
    return text_file(job, text, media=found.media, whole=whole, notes=list(_notes(found, count, draws=draws)))


def _nothing(job: Job) -> Unreadable:
    if "image" not in job.rules.takes:
        return Unreadable("would have to be looked at, and the model in use takes no pictures")
    if job.rules.docs == "text":
        return Unreadable("is a PDF without text, and this installation reads their text alone (DOCS_MODE)")
    return Unreadable("is a PDF without text, and no pictures of its pages can be had")


def _text_of(found: _Found) -> str:
    """Return what the pages say, each under its number; "" where none says anything."""
    if not any(page.text or page.fields for page in found.pages):
        return ""
    drawn = frozenset(found.drawn)
    return "\n".join(_page_text(page, number + 1, number in drawn) for number, page in enumerate(found.pages))


def _page_text(page: PdfPage, number: int, is_drawn: bool) -> str:
    heading = f"(page {number}, shown as a picture)" if is_drawn else f"(page {number})"
    pictures = f"[{page.pictures:,} of the pictures on this page not shown]" if page.pictures else ""
    return "\n".join(filter(None, (heading, page.text, pictures, *page.fields))) + "\n"


def _looked_at(pages: PdfPages, number: int, *, beside_text: bool, bare: bool) -> PdfPage:
    """Return what is on one page; nothing where a fault of it keeps it from being read, since others may be whole."""
    try:
        return pages.look(number, beside_text=beside_text, bare=bare)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - whatever is wrong with this page, it is no fault of the others
        return PdfPage(text="", is_broken=True)


def _draw(found: _Found, job: Job, pages: PdfPages, number: int) -> bool:
    """Take the picture of a page along; say whether it could be had and fitted."""
    found.is_full = found.is_full or len(found.media) >= media_limits.PICTURE_PAGES
    if found.is_full:
        return False
    try:
        picture = pages.draw(number, job.terms.image_detail)
        media = image_media(f"{job.name}, page {number + 1}", picture, job.terms, lossy=True)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a page that cannot be drawn leaves the others whole
        return False
    tokens, size = found.tokens + media.tokens, found.size + len(media.data)
    if tokens > job.terms.media_tokens or size > job.terms.media_bytes:
        found.is_full = True
        return False
    found.tokens, found.size = tokens, size
    found.media.append(media)
    found.drawn.append(number)
    return True


def _notes(found: _Found, count: int, *, draws: bool) -> Iterator[FileNote]:
    if len(found.pages) < count:
        yield FileNote(_first_of(len(found.pages), count), CUT_ADVICE)
    if found.drawn:
        shown = Said("{pages} shown as pictures") if len(found.drawn) > 1 else Said("{pages} shown as a picture")
        yield FileNote(Said(shown.message, pages=_numbers(found.drawn)), _DRAWN_ADVICE)
    if found.unseen:
        pages = _numbers(found.unseen)
        if draws:
            yield FileNote(
                Said("{pages} left out, since no more pictures fit or can be drawn", pages=pages), CUT_ADVICE
            )
        else:
            yield FileNote(Said("{pages} left out, for want of text that can be read", pages=pages), _PICTURES_ADVICE)
    if found.half_seen:
        yield FileNote(
            Said("of {pages} and perhaps of later ones only the text", pages=_numbers(found.half_seen)), CUT_ADVICE
        )
    broken = [number for number, page in enumerate(found.pages) if page.is_broken]
    if broken:
        yield FileNote(Said("{pages} could not be read", pages=_numbers(broken)), _PICTURES_ADVICE)


def _numbers(pages: Sequence[int]) -> Said:
    """Return pages for people: "page 3", "pages 1 to 4 and 9"."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    spans = [
        Said("{first} to {last}", first=str(run[0] + 1), last=str(run[-1] + 1)) if len(run) > 1 else str(run[0] + 1)
        for run in runs
    ]
    listed = spans[-1]
    if len(spans) > 1:
        listed = Said("{first} and {last}", first=joined(", ", spans[:-1]), last=listed)
    return Said("page {number}", number=listed) if len(pages) == 1 else Said("pages {numbers}", numbers=listed)


def _first_of(read: int, pages: int) -> Said:
    return Said("the first {count} of its {all} pages", count=read, all=pages)


@contextmanager
def _opened(job: Job) -> Iterator[tuple[PdfPages, int]]:
    """Yield the pages of a PDF and how many there are. Raises `Unreadable`."""
    try:
        document = pypdfium2.PdfDocument(job.data)
    except pypdfium2.PdfiumError as error:
        locked = "assword" in str(error) or "security" in str(error)
        raise (Unreadable("is protected by a password") if locked else Unreadable("is a broken PDF")) from None
    with closing(document):
        count = len(document)
        if not count:
            raise Unreadable("is a PDF without pages")
        if count > job.rules.limits.pdf_pages:
            raise Unreadable(
                "is a PDF of {count} pages, and at most {most} are read", count=count, most=job.rules.limits.pdf_pages
            )
        yield PdfPages(document), count
