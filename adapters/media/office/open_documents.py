"""Convert OpenDocument texts, spreadsheets and presentations (OASIS ODF 1.3) to text, as they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final
from xml.etree.ElementTree import Element

from adapters.media.job import FileNote
from adapters.media.office.lists import roman
from adapters.media.office.open_values import formula, stored_value
from adapters.media.office.package import Package, attribute, child, local
from adapters.media.office.sheets import column_name, csv_line, spaced, uncalculated
from adapters.media.office.table_rows import MOST_SPANNED, row_line
from adapters.media.pictures import Pictures
from adapters.media.superscripts import subscript, superscript
from adapters.media.unreadable import Unreadable

_CONTENT: Final = "content.xml"
_STYLES: Final = "styles.xml"
_MANIFEST: Final = "META-INF/manifest.xml"
_LEFT_OUT: Final = frozenset(
    {"tracked-changes", "annotation-end", "forms", "sequence-decls", "ruby-text", "event-listeners", "title", "desc"}
)
_MOST_REPEATED: Final = 64  # of equal cells or rows; the empty rest of a sheet is one cell repeated 16,384 times
_DRAWN: Final = frozenset({"frame", "custom-shape", "rect", "ellipse", "image", "object", "line", "g", "a"})
_PARAGRAPHS: Final = frozenset({"p", "h"})


class OpenDocument:
    """An OpenDocument file that is being read."""

    def __init__(self, package: Package, pictures: Pictures) -> None:
        self._package = package
        self._pictures = pictures
        if b"encryption-data" in package.read(_MANIFEST):
            raise Unreadable("is protected by a password")
        content, styles = package.tree(_CONTENT), package.tree(_STYLES)
        self._body = child(content, "body")
        self._styles = [item for root in (styles, content) for item in (() if root is None else root)]
        self._numbered = {id: forms for item in self._styles for id, forms in _lists(item)}
        self._scripts = {id: script for item in self._styles for id, script in _scripts(item)}
        self._hidden = {id for item in self._styles for id in _hidden(item)}
        self._notes: list[str] = []
        self._uncalculated = 0

    @property
    def file_notes(self) -> list[FileNote]:
        """Return what is to be said of the document once it was read."""
        return uncalculated(self._uncalculated)

    def lines(self) -> Iterator[str]:
        """Yield what the document says in order, then its notes. Raises `Unreadable`."""
        if self._body is None:
            raise Unreadable("is broken (it has no content)")
        kind = next((item for item in self._body), None)
        if kind is None:
            return
        if local(kind) == "spreadsheet":
            for table in _named(kind, "table"):
                yield from self._sheet(table)
            return
        yield from self._beside("header")
        slides = 0
        for item in kind:
            if local(item) == "page":
                slides += 1
                yield from self._slide(item, slides)
            else:
                yield from self._block(item)
        yield from self._beside("footer")
        yield from (f"[^{number}]: {note}" for number, note in enumerate(self._notes, 1))

    # ------------------------------------------------------------ texts

    def _beside(self, kind: str) -> Iterator[str]:
        """Yield what stands above or below the pages, the same words once."""
        found = (item for root in self._styles for item in root.iter() if local(item) in {kind, f"{kind}-first"})
        said = dict.fromkeys(" ".join(self._words(item).split()) for item in found)
        yield from (f"({kind}) {words}" for words in said if words)

    def _block(self, item: Element, depth: int = 0) -> Iterator[str]:
        match local(item):
            case "p":
                yield from filter(None, [self._words(item).strip()])
            case "h":
                level = attribute(item, "outline-level")
                mark = "#" * min(int(level), 6) if level.isdecimal() and int(level) else "#"
                yield from (f"{mark} {words}" for words in [self._words(item).strip()] if words)
            case "list":
                yield from self._list(item, attribute(item, "style-name"), depth)
            case "table":
                yield from self._table(item)
            case name if name not in _LEFT_OUT:
                if name in _DRAWN or name == "annotation":
                    yield from filter(None, self._words(item).strip().split("\n"))
                else:  # sections, indexes, text boxes
                    for inner in item:
                        yield from self._block(inner, depth)

    def _list(self, item: Element, style: str, depth: int) -> Iterator[str]:
        forms = self._numbered.get(style, {})
        number = 0
        for entry in item:
            if local(entry) not in {"list-item", "list-header"}:
                continue
            start = attribute(entry, "start-value")
            number = int(start) if start.isdecimal() else number + 1
            label = _label(forms.get(depth + 1), number) if local(entry) == "list-item" else ""
            for inner in entry:
                if local(inner) == "list":
                    yield from self._list(inner, attribute(inner, "style-name") or style, depth + 1)
                    continue
                for line in self._block(inner, depth + 1):
                    yield f"{'  ' * depth}{label} {line}" if label else f"{'  ' * depth}{line}"
                    label = ""

    def _table(self, table: Element) -> Iterator[str]:
        for row in _rows(table):
            cells: list[str] = []
            for cell in row:
                if local(cell) in {"table-cell", "covered-table-cell"}:
                    words = "" if local(cell).startswith("covered") else self._words(cell) or self._unshown(cell)
                    cells.extend([words] * min(_repeated(cell, "number-columns-repeated"), MOST_SPANNED))
            yield row_line(cells)
        yield ""

    # ------------------------------------------------------------ slides

    def _slide(self, page: Element, number: int) -> Iterator[str]:
        hidden = " (hidden)" if attribute(page, "style-name") in self._hidden else ""
        yield f"## Slide {number}{hidden}"
        for item in page:
            if local(item) == "notes":
                spoken = [line for frame in item for line in self._block(frame)]
                yield from ("Notes:", *spoken) if spoken else ()
            elif attribute(item, "class") != "page-number":
                yield from self._shape(item)
        yield ""

    def _shape(self, item: Element) -> Iterator[str]:
        tables = [inner for inner in item if local(inner) == "table"]
        boxes = [inner for inner in item if local(inner) == "text-box"]
        if tables:
            for table in tables:
                yield from self._table(table)
        elif boxes:
            for box in boxes:
                for inner in box:
                    yield from self._block(inner)
        else:
            yield from self._block(item)

    # ------------------------------------------------------------ sheets

    def _sheet(self, table: Element) -> Iterator[str]:
        hidden = " (hidden)" if attribute(table, "style-name") in self._hidden else ""
        yield f"## Sheet {attribute(table, 'name')}{hidden}"
        beside: list[str] = []
        number = 1
        for row in _rows(table):
            repeated = _repeated(row, "number-rows-repeated")
            cells = self._cells(row, number, beside)
            if line := csv_line(spaced(cells, number)):
                is_hidden = attribute(row, "visibility") in {"collapse", "filter"}
                for _ in range(min(repeated, _MOST_REPEATED)):
                    yield f"(hidden row) {line}" if is_hidden else line
            number += repeated
        for shapes in _named(table, "shapes"):
            beside.extend(self._drawn(shapes))
        if beside:
            yield "Comments and drawings:"
            yield from beside
        yield ""

    def _cells(self, row: Element, number: int, beside: list[str]) -> dict[int, str]:
        cells: dict[int, str] = {}
        column = 0
        for cell in row:
            if local(cell) not in {"table-cell", "covered-table-cell"}:
                continue
            repeated = _repeated(cell, "number-columns-repeated")
            if len(cell) or cell.attrib:
                words = "\n".join(self._words(item).strip() for item in cell if local(item) in _PARAGRAPHS)
                words = words or self._unshown(cell)
                for place in range(min(repeated, _MOST_REPEATED)):
                    cells[column + place] = words
                address = f"{column_name(column)}{number}"
                beside.extend(f"{address}: {_plain(item)}" for item in _named(cell, "annotation"))
                beside.extend(f"{address}: {drawn}" for drawn in self._drawn(cell))
            column += repeated
        return cells

    def _unshown(self, cell: Element) -> str:
        """Return what a cell without words would show: its value, or the formula that was never calculated."""
        value = stored_value(cell)
        written = "" if value or attribute(cell, "value-type") == "string" else formula(cell)
        self._uncalculated += bool(written)
        return value or written

    def _drawn(self, holder: Element) -> Iterator[str]:
        """Yield what is drawn over cells: pictures, charts as their tables, words in shapes."""
        for item in holder:
            if local(item) in _DRAWN:
                yield from filter(None, [self._words(item).strip()])

    # ------------------------------------------------------------ words

    def _words(self, element: Element) -> str:
        pieces: list[str] = []
        self._collect(element, pieces)
        return "".join(pieces)

    def _collect(self, element: Element, pieces: list[str]) -> None:
        """Gather the text of an element; its tail belongs to whatever it stands in."""
        match local(element):
            case name if name in _LEFT_OUT:
                return
            case "s":
                pieces.append(" " * min(_repeated(element, "c"), _MOST_REPEATED))
            case "tab" | "line-break" as space:
                pieces.append("\t" if space == "tab" else "\n")
            case "note":
                self._note(element, pieces)
            case "annotation":
                pieces.append(_comment(element))
            case "span" if script := self._scripts.get(attribute(element, "style-name")):
                words: list[str] = []
                self._inside(element, words)
                pieces.append(script("".join(words)))
            case "a":
                self._link(element, pieces)
            case "image" | "object":
                self._embedded(element, pieces)
            case _:
                self._inside(element, pieces)
        if local(element) in _PARAGRAPHS or local(element) == "list-item":
            pieces.append("\n")

    def _note(self, element: Element, pieces: list[str]) -> None:
        body = child(element, "note-body")
        self._notes.append("" if body is None else " ".join(self._words(body).split()))
        pieces.append(f"[^{len(self._notes)}]")

    def _inside(self, element: Element, pieces: list[str]) -> None:
        pieces.append(element.text or "" if _has_words(element) else "")
        for item in element:
            self._collect(item, pieces)
            pieces.append(item.tail or "" if _has_words(element) else "")

    def _link(self, element: Element, pieces: list[str]) -> None:
        words: list[str] = []
        self._inside(element, words)
        said, address = "".join(words), attribute(element, "href")
        is_told = not said.strip() or address in said or address.startswith(("#", "../"))
        pieces.append(said if is_told else f"{said} ({address})")

    def _embedded(self, element: Element, pieces: list[str]) -> None:
        """Say a picture by its mark, and a chart or formula by the table and words in its own content."""
        target = attribute(element, "href").removeprefix("./")
        if f"{target}/{_CONTENT}" in self._package:
            body = child(self._package.tree(f"{target}/{_CONTENT}"), "body")
            tables = [] if body is None else [item for item in body.iter() if local(item) == "table"]
            pieces.extend("\n[chart]\n" + "\n".join(self._table(table)) + "\n" for table in tables)
        elif target in self._package and not target.startswith("ObjectReplacements"):
            pieces.append(self._pictures.mark(self._package.read(target)))


def _comment(element: Element) -> str:
    author = child(element, "creator")
    by = "" if author is None else f" by {author.text or ''}"
    return f" [comment{by}: {_plain(element)}] "


def _has_words(element: Element) -> bool:
    """Return whether text right inside an element is meant to be read: white space between others is not."""
    return local(element) in {"p", "h", "span", "a", "meta", "ruby-base", "bookmark-ref", "note-ref"} or not len(
        element
    )


def _named(element: Element, name: str) -> list[Element]:
    return [item for item in element if local(item) == name]


def _rows(table: Element) -> Iterator[Element]:
    """Yield the rows of a table, those in groups and headers too."""
    for item in table:
        if local(item) == "table-row":
            yield item
        elif local(item) in {"table-rows", "table-header-rows", "table-row-group"}:
            yield from _rows(item)


def _repeated(element: Element, name: str) -> int:
    value = attribute(element, name)
    return int(value) if value.isdecimal() and int(value) else 1


def _plain(element: Element) -> str:
    return " ".join(
        "".join(text for item in element if local(item) in {"p", "list"} for text in item.itertext()).split()
    )


def _lists(styles: Element) -> Iterator[tuple[str, dict[int, str]]]:
    """Yield the lists of styles: how each level is numbered, as "1.", "a)" or "-"."""
    for style in styles.iter():
        if local(style) == "list-style":
            yield (
                attribute(style, "name"),
                {
                    int(attribute(level, "level")): _form(level)
                    for level in style
                    if attribute(level, "level").isdecimal()
                },
            )


def _form(level: Element) -> str:
    if local(level) != "list-level-style-number":
        return "-"
    kind = attribute(level, "num-format")
    return f"{attribute(level, 'num-prefix')}\0{kind}\0{attribute(level, 'num-suffix')}" if kind else ""


def _label(form: str | None, number: int) -> str:
    if form is None or "\0" not in form:
        return "-" if form is None else form
    before, kind, after = form.split("\0")
    written = {"a": _letter(number), "A": _letter(number).upper(), "i": roman(number), "I": roman(number).upper()}
    return f"{before}{written.get(kind, str(number))}{after}"


def _letter(number: int) -> str:
    return chr(ord("a") + (number - 1) % 26)


def _scripts(styles: Element) -> Iterator[tuple[str, Callable[[str], str]]]:
    """Yield the styles of raised and lowered words (ODF 1.3 part 3, 20.390), which say "super 58%" or "-33% 58%"."""
    for style in styles:
        for properties in style if local(style) == "style" else ():
            place = attribute(properties, "text-position").split(" ")[0]
            if place.strip("0%"):
                yield attribute(style, "name"), subscript if place.startswith(("sub", "-")) else superscript


def _hidden(styles: Element) -> Iterator[str]:
    """Yield the styles of hidden sheets and slides."""
    for style in styles.iter():
        if local(style) == "style":
            for properties in style:
                if attribute(properties, "display") == "false" or attribute(properties, "visibility") == "hidden":
                    yield attribute(style, "name")
