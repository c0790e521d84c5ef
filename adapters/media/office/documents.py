"""Convert documents (ECMA-376 part 1, section 17) to Markdown: headings, lists, tables, notes, comments, links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from xml.etree.ElementTree import Element

from adapters.media.office.charts import chart_lines
from adapters.media.office.lists import Lists
from adapters.media.office.package import LEFT_OUT, Package, Relation, attribute, child, children, is_on, local, seen
from adapters.media.office.scripts import scripted, vertical_align
from adapters.media.office.symbols import symbol
from adapters.media.office.table_rows import row_line, spread
from adapters.media.pictures import Pictures
from adapters.media.texts import decode
from adapters.media.web_pages import page_text

_HEADING: Final = re.compile(r"(?:heading|title)\s*(\d?)", re.IGNORECASE)
_SPACES: Final = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_ADDRESS: Final = re.compile(r'HYPERLINK\s+(?:\\\S+\s+)*"([^"]+)"')
_BESIDE: Final = frozenset({"separator", "continuationSeparator", "continuationNotice"})  # notes that nobody wrote


class Document:
    """A docx that is being read: what its parts share, and what stands beside its text."""

    def __init__(self, package: Package, part: str, pictures: Pictures) -> None:
        self._package = package
        self._part = part
        self._pictures = pictures
        self._relations = package.relations(part)
        self._styles = _Styles(package.tree(self._target("styles")))
        self._lists = Lists(package.tree(self._target("numbering")))
        self._comments = dict(_comments(package.tree(self._target("comments"))))
        self._notes: list[tuple[str, str]] = []
        self._address = ""

    def lines(self) -> Iterator[str]:
        """Yield headers, the paragraphs and tables in order, footers, and the notes at the foot."""
        yield from self._beside("header")
        yield from self._blocks(self._part)
        yield from self._beside("footer")
        yield from self._foot_notes()

    def _target(self, kind: str) -> str:
        return next((item.target for item in self._relations.values() if item.kind == kind), "")

    def _beside(self, kind: str) -> Iterator[str]:
        """Yield what stands above or below every page, the same words once."""
        said: dict[str, None] = {}
        for relation in self._relations.values():
            root = self._package.tree(relation.target) if relation.kind == kind else None
            if root is not None:
                said[" ".join(self._words(root).split())] = None
        yield from (f"({kind}) {words}" for words in said if words)

    def _blocks(self, part: str) -> Iterator[str]:
        """Yield the outermost paragraphs and tables of a part; each is forgotten once it is told."""
        depth = skipped = 0
        for event, element in self._package.elements(part):
            name = local(element)
            if name == "Fallback" and not depth:
                skipped += 1 if event == "start" else -1
            if name == "altChunk" and event == "end":
                yield from self._chunk(element)
            if name not in {"p", "tbl"} or skipped:
                continue
            depth += 1 if event == "start" else -1
            if event == "end" and depth == 0:
                yield from self._table(element) if name == "tbl" else self._paragraph(element)
                element.clear()

    def _chunk(self, element: Element) -> Iterator[str]:
        """Yield a part in another format that stands in the document as if it were written there: a page or a text."""
        ids = [value for key, value in element.attrib.items() if key.endswith("}id")]
        target = self._relations.get(ids[0]) if ids else None
        text = decode(self._package.read(target.target))[0] if target is not None and not target.is_external else ""
        yield from page_text(text).split("\n") if text else ()

    def _paragraph(self, element: Element) -> Iterator[str]:
        text = self._words(element).strip()
        if text:
            yield f"{self._before(element)}{text}"

    def _before(self, paragraph: Element) -> str:
        """Return what stands before the words of a paragraph: the mark of a heading, the number in a list."""
        properties = child(paragraph, "pPr")
        style = attribute(item, "val") if (item := child(properties, "pStyle")) is not None else ""
        heading = _outline(properties) or self._styles.heading(style)
        number, depth = _list_of(properties) or self._styles.list_of(style) or ("", 0)
        label = self._lists.label(number, depth)
        indent = "  " * depth if label and not heading else ""
        return f"{'#' * heading} {label}".rstrip() + " " if heading else f"{indent}{label} " if label else ""

    def _table(self, element: Element) -> Iterator[str]:
        for row in children(element, "tr"):
            cells: list[str] = []
            before, after = (child(row, "trPr", name) for name in ("gridBefore", "gridAfter"))
            cells.extend([""] * _count(before))
            for cell in children(row, "tc"):
                spanned = child(cell, "tcPr", "gridSpan")
                cells.extend(spread(self._words(cell), "" if spanned is None else attribute(spanned, "val")))
            cells.extend([""] * _count(after))
            yield row_line(cells)
        yield ""

    def _foot_notes(self) -> Iterator[str]:
        for kind in ("footnotes", "endnotes"):
            numbers = {id: number for number, (name, id) in enumerate(self._notes, 1) if name == kind}
            for item in self._package.tree(self._target(kind)) or ():
                if attribute(item, "type") not in _BESIDE and attribute(item, "id") in numbers:
                    yield f"[^{numbers[attribute(item, 'id')]}]: {' '.join(self._words(item).split())}"

    # ------------------------------------------------------------ words

    def _words(self, element: Element) -> str:
        """Return the text inside an element as a reader sees it: deletions left out, paragraphs apart."""
        pieces: list[str] = []
        self._collect(element, pieces.append)
        return "".join(pieces)

    def _collect(self, element: Element, say: Callable[[str], None]) -> None:
        name = local(element)
        if name in LEFT_OUT or (name == "r" and is_on(child(element, "rPr", "vanish"))):
            return
        if name == "r":
            self._run(element, say)
            return
        if special := _SPECIAL.get(name):
            special(self, element, say)
            return
        if name == "t":
            say(element.text or "")
        say(_SPACES.get(name, ""))
        for item in seen(element):
            self._collect(item, say)
        if name in {"p", "tc"}:
            say("\n")

    def _run(self, element: Element, say: Callable[[str], None]) -> None:
        words: list[str] = []
        self._inside(element, words.append)
        properties = child(element, "rPr")
        style = child(properties, "rStyle")
        placed = "" if style is None else self._styles.vertical_align(attribute(style, "val"))
        say(scripted("".join(words), properties, placed))

    def _inside(self, element: Element, say: Callable[[str], None]) -> None:
        for item in seen(element):
            self._collect(item, say)

    def _link(self, element: Element, say: Callable[[str], None]) -> None:
        words: list[str] = []
        self._inside(element, words.append)
        ids = [value for key, value in element.attrib.items() if key.endswith("}id")]
        target = self._relations.get(ids[0]) if ids else None
        say(_with_address("".join(words), target))

    def _field(self, element: Element, say: Callable[[str], None]) -> None:
        """Say where a link leads that is written as a field, once the field ends."""
        if attribute(element, "fldCharType") == "end" and self._address:
            say(f" ({self._address})")
            self._address = ""
        box = child(element, "ffData", "checkBox")
        if box is not None:
            checked = child(box, "checked")
            say(_tick(is_on(checked if checked is not None else child(box, "default"))))
        chosen = child(element, "ffData", "ddList")
        if chosen is not None:
            say(_chosen(chosen))

    def _instruction(self, element: Element, _say: Callable[[str], None]) -> None:
        if found := _ADDRESS.search(element.text or ""):
            self._address = found[1]

    def _control(self, element: Element, say: Callable[[str], None]) -> None:
        """Say a content control: a box as ticked or not, all others by what is in them."""
        box = child(element, "sdtPr", "checkbox")
        if box is None:
            self._inside(element, say)
        else:
            say(_tick(is_on(child(box, "checked")) and child(box, "checked") is not None))

    def _symbol(self, element: Element, say: Callable[[str], None]) -> None:
        say(symbol(attribute(element, "font"), attribute(element, "char")))

    def _note(self, element: Element, say: Callable[[str], None]) -> None:
        kind = "footnotes" if local(element) == "footnoteReference" else "endnotes"
        self._notes.append((kind, attribute(element, "id")))
        say(f"[^{len(self._notes)}]")

    def _comment(self, element: Element, say: Callable[[str], None]) -> None:
        if comment := self._comments.get(attribute(element, "id")):
            say(f" [comment {comment}] ")

    def _picture(self, element: Element, say: Callable[[str], None]) -> None:
        """Say what is drawn: the words in it, its pictures and charts."""
        described = next((attribute(item, "descr") for item in element.iter() if local(item) == "docPr"), "")
        for item in element.iter():
            if local(item) not in {"blip", "imagedata", "chart"}:
                continue
            ids = [
                value for key, value in item.attrib.items() if key.rpartition("}")[2] in {"embed", "id"} and "}" in key
            ]
            target = self._relations.get(ids[0]) if ids else None
            if target is None or target.is_external:
                continue
            if target.kind == "chart":
                say("\n" + "\n".join(chart_lines(self._package, target.target)))
            elif data := self._package.read(target.target):
                say(self._pictures.mark(data, described))
        self._inside(element, say)

    def _formula(self, element: Element, say: Callable[[str], None]) -> None:
        """Say a fraction, a power or an index on one line."""
        parts = _FORMULAS[local(element)]
        said = [self._words(item) if (item := child(element, name)) is not None else "" for name in parts.names]
        say(parts.written.format(*said))


class _Formula:
    def __init__(self, written: str, *names: str) -> None:
        self.written, self.names = written, names


_FORMULAS: Final = {
    "f": _Formula("({})/({})", "num", "den"),
    "sSup": _Formula("{}^({})", "e", "sup"),
    "sSub": _Formula("{}_({})", "e", "sub"),
    "rad": _Formula("root({})", "e"),
}
_SPECIAL: Final[Mapping[str, Callable[[Document, Element, Callable[[str], None]], None]]] = {
    "hyperlink": Document._link,
    "fldChar": Document._field,
    "instrText": Document._instruction,
    "sdt": Document._control,
    "sym": Document._symbol,
    "footnoteReference": Document._note,
    "endnoteReference": Document._note,
    "commentReference": Document._comment,
    "drawing": Document._picture,
    "pict": Document._picture,
    "object": Document._picture,
    **dict.fromkeys(_FORMULAS, Document._formula),
}


class _Styles:
    """The styles of paragraphs, as far as they make headings or lists; a style has what it is based on."""

    def __init__(self, styles: Element | None) -> None:
        self._styles = {
            attribute(item, "styleId"): item for item in (() if styles is None else styles) if local(item) == "style"
        }

    def heading(self, style: str) -> int:
        """Return the level of a heading, from 1 on; 0 for a style of other paragraphs. Names differ by language."""
        for item in self._chain(style):
            if level := _outline(child(item, "pPr")):
                return level
            name = child(item, "name")
            if found := _HEADING.fullmatch("" if name is None else attribute(name, "val")):
                return min(int(found[1] or 1) or 1, 6)
        found = None if style in self._styles else _HEADING.fullmatch(style)
        return 0 if found is None else min(int(found[1] or 1) or 1, 6)

    def vertical_align(self, style: str) -> str:
        """Return how a style of characters places words: "superscript", "subscript", or ""."""
        return next((found for item in self._chain(style) if (found := vertical_align(child(item, "rPr")))), "")

    def list_of(self, style: str) -> tuple[str, int] | None:
        """Return the list that paragraphs of a style belong to, and the depth."""
        return next((found for item in self._chain(style) if (found := _list_of(child(item, "pPr")))), None)

    def _chain(self, style: str) -> Iterator[Element]:
        for _ in range(20):  # Word itself follows no more
            item = self._styles.get(style)
            if item is None:
                return
            yield item
            based = child(item, "basedOn")
            style = "" if based is None else attribute(based, "val")


def _outline(properties: Element | None) -> int:
    level = child(properties, "outlineLvl")
    value = "" if level is None else attribute(level, "val")
    return min(int(value) + 1, 6) if value.isdecimal() and int(value) < 9 else 0


def _list_of(properties: Element | None) -> tuple[str, int] | None:
    numbered = child(properties, "numPr")
    if numbered is None:
        return None
    number, depth = (child(numbered, name) for name in ("numId", "ilvl"))
    level = "" if depth is None else attribute(depth, "val")
    return ("" if number is None else attribute(number, "val"), int(level) if level.isdecimal() else 0)


def _comments(root: Element | None) -> Iterator[tuple[str, str]]:
    for item in () if root is None else root:
        words = " ".join(part.text or "" for part in item.iter() if local(part) == "t")
        author = attribute(item, "author")
        yield attribute(item, "id"), f"by {author}: {words}" if author else f": {words}"


def _with_address(words: str, target: Relation | None) -> str:
    if target is None or not target.is_external or not words.strip() or target.target in words:
        return words
    return f"{words} ({target.target})"


def _tick(is_ticked: bool) -> str:
    return "[x]" if is_ticked else "[ ]"


def _chosen(choices: Element) -> str:
    entries = [attribute(item, "val") for item in choices if local(item) == "listEntry"]
    result = child(choices, "result")
    place = "0" if result is None else attribute(result, "val")
    return entries[int(place)] if place.isdecimal() and int(place) < len(entries) else ""


def _count(element: Element | None) -> int:
    value = "" if element is None else attribute(element, "val")
    return min(int(value), 64) if value.isdecimal() else 0
