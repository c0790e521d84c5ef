"""Convert documents and slides (ECMA-376) to Markdown with headings and tables; `sheets` does spreadsheets."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from xml.etree.ElementTree import Element

from adapters.media.archives import Archive, attribute, local, open_archive
from adapters.media.media_limits import UnpackLimits
from adapters.media.sheets import workbook_lines
from adapters.media.texts import text_file
from adapters.media.unreadable import Unreadable
from bot.context.tokens import MOST_CHARACTERS
from bot.types import FileTerms, ReadFile

_HEADING: Final = re.compile(r"(?:heading|title)\s*(\d?)", re.IGNORECASE)
_DOCUMENT: Final = "word/document.xml"
_NOTES: Final = ("word/footnotes.xml", "word/endnotes.xml")
_SLIDES: Final = "ppt/presentation.xml"
_LEFT_OUT: Final = frozenset({"del", "moveFrom", "Fallback", "instrText", "delText"})  # not what a reader sees
_SPACES: Final = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def read_office(name: str, form: str, data: bytes, terms: FileTerms, limits: UnpackLimits) -> ReadFile:
    """Return the text of a document; `form` is docx, xlsx or pptx. Raises `Unreadable`."""
    with open_archive(data, limits) as archive:
        text, whole = _gather(_LINES[form](archive), int(terms.text_tokens * MOST_CHARACTERS))
    return text_file(name, text, terms, whole=whole)


def _gather(lines: Iterator[str], most: int) -> tuple[str, bool]:
    """Lines until there are more than `most` characters, and whether these are all."""
    gathered: list[str] = []
    size = 0
    for line in lines:
        gathered.append(line)
        size += len(line) + 1
        if size > most:
            return "\n".join(gathered), False
    return "\n".join(gathered), True


# ---------------------------------------------------------------- documents


def document_lines(archive: Archive) -> Iterator[str]:
    """Yield the paragraphs and tables of a docx in order, then its notes."""
    yield from _blocks(archive, _DOCUMENT)
    for part in _NOTES:
        yield from _blocks(archive, part)


def _blocks(archive: Archive, part: str) -> Iterator[str]:
    """Yield the outermost paragraphs and tables of a part; each is forgotten once it is told."""
    depth = 0
    for event, element in archive.elements(part):
        if local(element) not in {"p", "tbl"}:
            continue
        depth += 1 if event == "start" else -1
        if event == "end" and depth == 0:
            yield from _table(element) if local(element) == "tbl" else _paragraph(element)
            element.clear()


def _paragraph(element: Element) -> Iterator[str]:
    text = words(element).strip()
    if text:
        yield f"{_heading_mark(element)}{text}"


def _heading_mark(element: Element) -> str:
    style = next((attribute(item, "val") for item in element.iter() if local(item) == "pStyle"), "")
    found = _HEADING.fullmatch(style)
    return "" if found is None else "#" * int(found[1] or 1) + " "


def _table(element: Element) -> Iterator[str]:
    for row in _children(element, "tr"):
        cells = (" ".join(words(cell).split()) for cell in _children(row, "tc"))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def _children(element: Element, name: str) -> Iterator[Element]:
    """Yield the nearest elements of that name, through wrappers, but not those inside one another."""
    for child in element:
        if local(child) == name:
            yield child
        elif local(child) not in _LEFT_OUT:
            yield from _children(child, name)


def words(element: Element) -> str:
    """Return the text inside an element as a reader sees it: deletions left out, paragraphs apart."""
    pieces: list[str] = []
    _collect(element, pieces.append)
    return "".join(pieces)


def _collect(element: Element, say: Callable[[str], None]) -> None:
    name = local(element)
    if name in _LEFT_OUT:
        return
    if name == "t":
        say(element.text or "")
    say(_SPACES.get(name, ""))
    for child in element:
        _collect(child, say)
    if name in {"p", "tc"}:
        say("\n")


# ---------------------------------------------------------------- slides


def slide_lines(archive: Archive) -> Iterator[str]:
    """Yield the words of a pptx, slide by slide in the order in which they are shown, with the speaker's notes."""
    presentation = archive.tree(_SLIDES)
    targets = relations(archive, _SLIDES)
    shown = [] if presentation is None else [item for item in presentation.iter() if local(item) == "sldId"]
    for number, item in enumerate(shown, 1):
        ids = [value for key, value in item.attrib.items() if key.endswith("}id")]
        slide = targets.get(ids[0], "") if ids else ""
        yield f"## Slide {number}"
        yield from _slide_words(archive, slide)
        notes = next((part for part in relations(archive, slide).values() if "/notesSlides/" in part), "")
        if spoken := list(_slide_words(archive, notes)):
            yield "Notes:"
            yield from spoken
        yield ""


def _slide_words(archive: Archive, part: str) -> Iterator[str]:
    root = archive.tree(part)
    for shape in () if root is None else _children_of_any(root, {"txBody", "tbl"}):
        if local(shape) == "tbl":
            yield from _table(shape)
        else:
            yield from (line for line in words(shape).splitlines() if line.strip() and not line.strip().isdecimal())


def _children_of_any(element: Element, names: set[str]) -> Iterator[Element]:
    for child in element:
        if local(child) in names:
            yield child
        else:
            yield from _children_of_any(child, names)


def relations(archive: Archive, part: str) -> Mapping[str, str]:
    """Return what a part points to inside the archive, by id (ECMA-376 part 2, section 9)."""
    folder, file = posixpath.split(part)
    root = archive.tree(f"{folder}/_rels/{file}.rels")
    found: dict[str, str] = {}
    for item in () if root is None else root:
        target = attribute(item, "Target")
        inside = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{folder}/{target}")
        found[attribute(item, "Id")] = inside
    return found


def sheet_lines(archive: Archive) -> Iterator[str]:
    """Yield the cells of an xlsx, sheet by sheet."""
    part = "xl/workbook.xml"
    if part not in archive:
        raise Unreadable("is broken (it has no workbook)")
    yield from workbook_lines(archive, part, relations(archive, part))


_LINES: Final[Mapping[str, Callable[[Archive], Iterator[str]]]] = {
    "docx": document_lines,
    "pptx": slide_lines,
    "xlsx": sheet_lines,
}
