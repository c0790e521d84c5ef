"""Convert spreadsheets (ECMA-376 part 1, section 18) to lines of comma-separated values, as the sheets show them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element

from adapters.media.job import FileNote
from adapters.media.office.charts import chart_lines
from adapters.media.office.number_formats import BUILT_IN, GENERAL, shown
from adapters.media.office.package import LEFT_OUT, Package, Relation, attribute, child, children, local
from adapters.media.office.scripts import scripted
from adapters.media.pictures import Pictures
from bot.types.said import Said

_REFERENCE: Final = re.compile(r"([A-Z]{1,3})(\d+)")
_MOST_COLUMNS: Final = 16_384
_WIDEST_GAP: Final = 8  # more empty cells in a row are left out, and the next cell has its address in front
_LINK: Final = re.compile(r'HYPERLINK\(\s*"([^"]+)"', re.IGNORECASE)
_IN_PLACE_OF_THREAD: Final = "[Threaded comment]"  # what old programs are told of a comment that stands elsewhere
_ABOVE_AND_BELOW: Final = frozenset(
    {"oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter"}
)
_CODES: Final = re.compile(  # of headers and footers (section 18.3.1.46): fonts, sizes, colours, places, page numbers
    r'&(?:&|"[^"]*"|K[\dA-Fa-f]{6}|K\d\d[+-]\d{3}|\d{1,3}|[A-JL-Za-z])'
)
_UNCALCULATED_ADVICE: Final = Said("Open the file in a spreadsheet program and save it, so that the values are in it.")


@dataclass(kw_only=True)
class Book:
    """Data that the cells of a workbook share: texts, the number format of each style, where dates count from."""

    texts: Sequence[str]
    formats: Sequence[str]
    from_1904: bool
    uncalculated: int = 0

    @property
    def notes(self) -> list[FileNote]:
        """Return what is to be said of the workbook once it was read."""
        return uncalculated(self.uncalculated)


@dataclass(kw_only=True)
class _Sheet:
    """Collect what a sheet says beside its cells, by their addresses."""

    links: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


def open_book(package: Package, part: str) -> Book:
    """Return what the cells of a workbook share."""
    targets = package.relations(part)
    workbook = package.tree(part)
    return Book(
        texts=tuple(_shared_texts(package, _target(targets, "sharedStrings"))),
        formats=_formats(package.tree(_target(targets, "styles"))),
        from_1904=_is_set(child(workbook, "workbookPr"), "date1904"),
    )


def sheet_lines(package: Package, part: str, book: Book, pictures: Pictures) -> Iterator[str]:
    """Yield the sheets of a workbook in order: a heading each, its rows, then its comments, links and drawings."""
    targets = package.relations(part)
    for sheet in child(package.tree(part), "sheets") or ():
        ids = [value for key, value in sheet.attrib.items() if key.endswith("}id")]
        target = targets.get(ids[0]) if ids else None
        hidden = " (hidden)" if attribute(sheet, "state") in {"hidden", "veryHidden"} else ""
        yield f"## Sheet {attribute(sheet, 'name')}{hidden}"
        if target is not None:
            yield from _sheet(package, target.target, book)
            yield from _drawings(package, target.target, pictures)
        yield ""


def uncalculated(formulas: int) -> list[FileNote]:
    """Return what is to be said of formulas that have no value yet."""
    told = Said("{count} formulas of it were never calculated and stand as formulas", count=formulas)
    return [FileNote(told, _UNCALCULATED_ADVICE)] if formulas else []


def csv_line(cells: Sequence[str]) -> str:
    """Return cells as a line of comma-separated values; "" when all of them are empty."""
    if not any(cells):
        return ""
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(cells)
    return written.getvalue().rstrip(",")


def column_name(column: int) -> str:
    """Return the letters of a column, counted from 0: "C"."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def spaced(cells: Mapping[int, str], row: int) -> list[str]:
    """Return cells by their columns as a row: behind a wide gap a cell has its address in front, as in "[GR7] x"."""
    line: list[str] = []
    last = -1
    for column in sorted(column for column, value in cells.items() if value):
        gap = column - last - 1
        line.extend([""] * (gap if gap <= _WIDEST_GAP else 1))
        line.append(f"[{column_name(column)}{row}] {cells[column]}" if gap > _WIDEST_GAP else cells[column])
        last = column
    return line


# ---------------------------------------------------------------- what cells share


def _target(targets: Mapping[str, Relation], kind: str) -> str:
    return next((relation.target for relation in targets.values() if relation.kind == kind), "")


def _is_set(element: Element | None, name: str) -> bool:
    return element is not None and attribute(element, name) in {"1", "true"}


def _shared_texts(package: Package, part: str) -> Iterator[str]:
    for event, element in package.elements(part):
        if event == "end" and local(element) == "si":
            yield words_of(element)
            element.clear()


def words_of(element: Element) -> str:
    """Return rich text as plain text, without the reading aid of Japanese."""
    if local(element) in LEFT_OUT:
        return ""
    own = element.text or "" if local(element) == "t" else ""
    words = own + "".join(words_of(item) for item in element)
    return scripted(words, child(element, "rPr")) if local(element) == "r" else words


def _formats(styles: Element | None) -> Sequence[str]:
    """Return the number format of each style of cells, by its number."""
    codes = dict(BUILT_IN)
    for item in child(styles, "numFmts") or ():
        codes[_whole_number(attribute(item, "numFmtId"))] = attribute(item, "formatCode")
    return tuple(
        codes.get(_whole_number(attribute(item, "numFmtId")), GENERAL) for item in child(styles, "cellXfs") or ()
    )


# ---------------------------------------------------------------- sheets


def _sheet(package: Package, part: str, book: Book) -> Iterator[str]:
    sheet = _Sheet()
    targets = package.relations(part)
    row = 0
    for event, element in package.elements(part):
        if event != "end":
            continue
        match local(element):
            case "col" if _is_set(element, "hidden"):
                first, last = (column_name(_whole_number(attribute(element, end)) - 1) for end in ("min", "max"))
                yield f"(hidden columns {first} to {last})" if first != last else f"(hidden column {first})"
            case "row":
                row = _whole_number(attribute(element, "r"), row + 1)
                if line := csv_line(spaced(_cells(element, row, book, sheet), row)):
                    yield f"(hidden row) {line}" if _is_set(element, "hidden") else line
                element.clear()
            case place if place in _ABOVE_AND_BELOW:
                words = _CODES.sub(lambda found: "&" if found[0] == "&&" else " ", element.text or "")
                sheet.beside.append(f"({place[-6:].lower()}) {' '.join(words.split())}" if words.strip() else "")
            case "hyperlink":
                sheet.links.append(_link(element, targets))
                element.clear()
    sheet.comments.extend(_comments(package, targets))
    yield from dict.fromkeys(filter(None, sheet.beside))
    yield from _section("Comments:", sheet.comments)
    yield from _section("Links:", [link for link in sheet.links if link])


def _section(heading: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield heading
        yield from dict.fromkeys(lines)


def _cells(row: Element, number: int, book: Book, sheet: _Sheet) -> dict[int, str]:
    cells: dict[int, str] = {}
    column = -1
    for cell in row:
        if local(cell) != "c":
            continue
        at = _column(attribute(cell, "r"))
        column = column + 1 if at is None else at
        cells[column] = _value(cell, book)
        formula = child(cell, "f")
        if formula is not None and (found := _LINK.search(formula.text or "")):
            sheet.links.append(f"{column_name(column)}{number}: {found[1]}")
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
        return words_of(cell)
    stored, formula = child(cell, "v"), child(cell, "f")
    value = "" if stored is None else stored.text or ""
    if not value and formula is not None and kind != "str":
        book.uncalculated += 1
        return f"={formula.text}" if formula.text else "=(as above)"
    match kind:
        case "s":
            index = _whole_number(value)
            return book.texts[index] if 0 <= index < len(book.texts) else ""
        case "b":
            return "TRUE" if value == "1" else "FALSE"
        case "" | "n" if value:
            return _number(value, _whole_number(attribute(cell, "s"), 0), book)
        case _:
            return value


def _number(value: str, style: int, book: Book) -> str:
    code = book.formats[style] if 0 <= style < len(book.formats) else GENERAL
    try:
        return shown(float(value), code, from_1904=book.from_1904)
    except (ValueError, ArithmeticError):
        return value


def _whole_number(text: str, otherwise: int = -1) -> int:
    return int(text) if text.isdecimal() else otherwise


# ---------------------------------------------------------------- comments and links


def _link(element: Element, targets: Mapping[str, Relation]) -> str:
    ids = [value for key, value in element.attrib.items() if key.endswith("}id")]
    target = targets.get(ids[0]) if ids else None
    return f"{attribute(element, 'ref')}: {target.target}" if target is not None and target.is_external else ""


def _comments(package: Package, targets: Mapping[str, Relation]) -> Iterator[str]:
    """Yield the comments of a sheet; of threads of comments what each person wrote."""
    for relation in targets.values():
        if relation.kind == "comments":
            yield from _notes(package.tree(relation.target))
        elif relation.kind == "threadedComment":
            for item in package.tree(relation.target) or ():
                text = child(item, "text")
                yield f"{attribute(item, 'ref')}: {'' if text is None else text.text or ''}"


def _notes(root: Element | None) -> Iterator[str]:
    authors = [author.text or "" for author in child(root, "authors") or ()]
    for item in child(root, "commentList") or ():
        text = " ".join(words_of(item).split())
        number = _whole_number(attribute(item, "authorId"))
        author = authors[number] if 0 <= number < len(authors) else ""
        if not text.startswith(_IN_PLACE_OF_THREAD):
            by = f" ({author})" if author and not author.startswith("tc=") and not text.startswith(author) else ""
            yield f"{attribute(item, 'ref')}: {text}{by}"


def _drawings(package: Package, part: str, pictures: Pictures) -> Iterator[str]:
    """Yield what is drawn on a sheet: words, pictures, and the titles of charts, whose data the cells have."""
    for drawing in package.relations(part).values():
        root = package.tree(drawing.target) if drawing.kind == "drawing" else None
        targets = package.relations(drawing.target) if root is not None else {}
        for item in children(root, "txBody", "blip", "chart"):
            if local(item) == "txBody":
                yield from filter(None, [" ".join(words_of(item).split())])
                continue
            ids = [value for key, value in item.attrib.items() if key.rpartition("}")[2] in {"embed", "id"}]
            target = targets.get(ids[0]) if ids else None
            if target is not None and target.kind == "chart":
                yield next(chart_lines(package, target.target))
            elif target is not None and not target.is_external:
                yield from filter(None, [pictures.mark(package.read(target.target))])
