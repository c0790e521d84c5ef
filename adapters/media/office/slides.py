"""Convert presentations (ECMA-376 part 1, section 19) to text: slide by slide, with tables, charts and the notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from xml.etree.ElementTree import Element

from adapters.media.office.charts import chart_lines
from adapters.media.office.package import Package, Relation, attribute, child, children, local, seen
from adapters.media.office.table_rows import row_line, spread
from adapters.media.pictures import Pictures
from adapters.media.superscripts import subscript, superscript

_NO_CONTENT: Final = frozenset({"sldNum", "dt", "hdr", "sldImg"})
"""Placeholders that say nothing of their own: the slide's number, today, a running title, the slide itself."""

_SHAPES: Final = ("sp", "graphicFrame", "pic", "cxnSp")


def slide_lines(package: Package, part: str, pictures: Pictures) -> Iterator[str]:
    """Yield what is on the slides in the order in which they are shown, with the speaker's notes and comments."""
    targets = package.relations(part)
    shown = children(package.tree(part), "sldId")
    for number, item in enumerate(shown, 1):
        ids = [value for key, value in item.attrib.items() if key.endswith("}id")]
        target = targets.get(ids[0]) if ids else None
        root = None if target is None else package.tree(target.target)
        hidden = " (hidden)" if root is not None and attribute(root, "show") in {"0", "false"} else ""
        yield f"## Slide {number}{hidden}"
        if root is not None and target is not None:
            yield from _slide(package, root, package.relations(target.target), pictures)
        yield ""


def _slide(package: Package, root: Element, targets: Mapping[str, Relation], pictures: Pictures) -> Iterator[str]:
    yield from _shapes(package, root, targets, pictures)
    for relation in targets.values():
        if relation.kind == "notesSlide":
            notes = package.tree(relation.target)
            spoken = list(_shapes(package, notes, package.relations(relation.target), pictures))
            yield from ("Notes:", *spoken) if spoken else ()
        elif relation.kind == "comments":
            yield from _comments(package.tree(relation.target))


def _shapes(
    package: Package, root: Element | None, targets: Mapping[str, Relation], pictures: Pictures
) -> Iterator[str]:
    for shape in children(root, *_SHAPES):
        placeholder = next((item for item in shape.iter() if local(item) == "ph"), None)
        if placeholder is not None and attribute(placeholder, "type") in _NO_CONTENT:
            continue
        for item in children(shape, "txBody", "tbl", "chart", "relIds", "blip"):
            match local(item):
                case "txBody":
                    yield from _paragraphs(item, targets)
                case "tbl":
                    yield from _table(item, targets)
                case "chart" | "relIds":
                    yield from _drawn(package, item, targets)
                case _:
                    yield from _picture(package, shape, item, targets, pictures)


def _paragraphs(body: Element, targets: Mapping[str, Relation]) -> Iterator[str]:
    for paragraph in children(body, "p"):
        level = child(paragraph, "pPr")
        depth = "" if level is None else attribute(level, "lvl")
        text = _words(paragraph, targets).strip()
        for line in text.split("\n"):
            if line.strip():
                yield f"{'  ' * min(int(depth), 9) if depth.isdecimal() else ''}{line.strip()}"


def _words(element: Element, targets: Mapping[str, Relation]) -> str:
    """Return the text of a paragraph, with the addresses of its links."""
    name = local(element)
    if name == "t":
        return element.text or ""
    if name in {"br", "tab"}:
        return "\n" if name == "br" else "\t"
    words = "".join(_words(item, targets) for item in seen(element))
    if name != "r":
        return words
    baseline = attribute(properties, "baseline") if (properties := child(element, "rPr")) is not None else ""
    if baseline.strip("0%"):
        words = subscript(words) if baseline.startswith("-") else superscript(words)
    link = child(element, "rPr", "hlinkClick")
    ids = [] if link is None else [value for key, value in link.attrib.items() if key.endswith("}id")]
    target = targets.get(ids[0]) if ids else None
    is_told = target is None or not target.is_external or target.target in words or not words.strip()
    return words if is_told or target is None else f"{words} ({target.target})"


def _table(table: Element, targets: Mapping[str, Relation]) -> Iterator[str]:
    for row in children(table, "tr"):
        cells: list[str] = []
        for cell in children(row, "tc"):
            if attribute(cell, "hMerge") in {"1", "true"}:  # its column is taken by the cell that spans it
                continue
            words = " ".join(_words(paragraph, targets) for paragraph in children(cell, "p"))
            cells.extend(spread(words, attribute(cell, "gridSpan")))
        yield row_line(cells)


def _drawn(package: Package, item: Element, targets: Mapping[str, Relation]) -> Iterator[str]:
    """Yield a chart as its table, and a diagram as the words in it."""
    ids = {key.rpartition("}")[2]: value for key, value in item.attrib.items() if "}" in key}
    target = targets.get(ids.get("dm") or ids.get("id") or "")
    if target is None or target.is_external:
        return
    if target.kind == "chart":
        yield from chart_lines(package, target.target)
    elif target.kind == "diagramData":
        for paragraph in children(package.tree(target.target), "p"):
            if text := _words(paragraph, {}).strip():
                yield f"- {text}"


def _picture(
    package: Package, shape: Element, item: Element, targets: Mapping[str, Relation], pictures: Pictures
) -> Iterator[str]:
    ids = [value for key, value in item.attrib.items() if key.endswith("}embed")]
    target = targets.get(ids[0]) if ids else None
    if target is None or target.is_external or local(shape) != "pic":
        return
    described = next((attribute(about, "descr") for about in shape.iter() if local(about) == "cNvPr"), "")
    if mark := pictures.mark(package.read(target.target), described):
        yield mark


def _comments(root: Element | None) -> Iterator[str]:
    for item in children(root, "cm"):
        words = " ".join(part.text or "" for part in item.iter() if local(part) in {"text", "t"} and part.text)
        if words.strip():
            yield f"[comment: {' '.join(words.split())}]"
