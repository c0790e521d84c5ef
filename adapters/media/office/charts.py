"""Write charts as the tables that they are drawn from (ECMA-376 part 1, section 21.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from xml.etree.ElementTree import Element

from adapters.media.office.number_formats import GENERAL, shown
from adapters.media.office.package import Package, attribute, child, local
from adapters.media.office.table_rows import row_line

_MOST_POINTS: Final = 2_000  # of a chart; nobody reads more off it


def chart_lines(package: Package, part: str) -> Iterator[str]:
    """Yield a chart's title and a row for each of its points; its name alone where its data cannot be read."""
    root = package.tree(part)
    title = "" if root is None else " ".join(_title(root).split())
    yield f"[chart: {title}]" if title else "[chart]"
    series = [] if root is None else [item for item in root.iter() if local(item) == "ser"]
    columns = [(_name(item), _points(item, "val", "yVal")) for item in series]
    if not columns:
        return
    labels = next((found for item in series if (found := _points(item, "cat", "xVal"))), {})
    places = sorted({*labels, *(place for _, points in columns for place in points)})[:_MOST_POINTS]
    yield row_line(["", *(name for name, _ in columns)])
    for place in places:
        yield row_line([labels.get(place, ""), *(points.get(place, "") for _, points in columns)])
    yield ""


def _title(root: Element) -> str:
    title = child(root, "chart", "title")
    return "" if title is None else " ".join(item.text or "" for item in title.iter() if local(item) in {"t", "v"})


def _name(series: Element) -> str:
    said = child(series, "tx")
    return "" if said is None else " ".join(item.text or "" for item in said.iter() if local(item) == "v")


def _points(series: Element, *names: str) -> Mapping[int, str]:
    """Return the values of a series by their places, as the chart shows them; of several levels the innermost."""
    data = next((item for name in names if (item := child(series, name)) is not None), None)
    cache = None if data is None else next((item for item in data.iter() if local(item) in _CACHES), None)
    if cache is None:
        return {}
    code = child(cache, "formatCode")
    is_number = local(cache) in {"numCache", "numLit"}
    form = GENERAL if code is None else code.text or GENERAL
    points: dict[int, str] = {}
    for item in cache:
        place, value = attribute(item, "idx"), child(item, "v")
        if local(item) == "pt" and place.isdecimal() and value is not None:
            own = attribute(item, "formatCode") or form
            points[int(place)] = _shown(value.text or "", own) if is_number else value.text or ""
    return points


def _shown(value: str, form: str) -> str:
    try:
        return shown(float(value), form)
    except (ValueError, ArithmeticError):
        return value


_CACHES: Final = frozenset({"strCache", "numCache", "strLit", "numLit", "lvl"})
