"""Count the paragraphs of numbered lists in a document (ECMA-376 part 1, section 17.9)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from xml.etree.ElementTree import Element

from adapters.media.office.package import attribute, child, is_on, local

_PLACE: Final = re.compile(r"%(\d)")
_ROMAN: Final = (
    *((1_000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_LEVELS: Final = 9
_BULLET: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Numbering of the paragraphs of one level of a list: `text` has the places of the numbers, as in "%1.%2."."""

    form: str
    text: str
    start: int
    is_legal: bool = False  # all numbers above it are decimal as well, as in 4.1 below IV


class Lists:
    """The lists of a document; `label` counts on with each paragraph."""

    def __init__(self, numbering: Element | None) -> None:
        levels = {attribute(item, "abstractNumId"): _levels(item) for item in _named(numbering, "abstractNum")}
        self._abstract: dict[str, str] = {}
        self._levels: dict[str, Mapping[int, Level]] = {}
        self._counts: dict[str, list[int]] = {}
        for item in _named(numbering, "num"):
            of = child(item, "abstractNumId")
            abstract = "" if of is None else attribute(of, "val")
            changed = {int(attribute(over, "ilvl") or 0): over for over in _named(item, "lvlOverride")}
            number = attribute(item, "numId")
            self._levels[number] = _overridden(levels.get(abstract, {}), changed)
            self._abstract[number] = (
                number if changed else abstract
            )  # lists of one kind count on, unless they begin anew

    def label(self, number: str, depth: int) -> str:
        """Return what stands before the next paragraph of a list: "2.1.", "-" for a bullet; "" where there is none."""
        level = self._levels.get(number, {}).get(depth)
        if level is None or level.form == "none":
            return ""
        if level.form == "bullet":
            return _BULLET
        counts = self._counts.setdefault(self._abstract[number], [])
        del counts[depth + 1 :]
        while len(counts) < depth:
            above = self._levels[number].get(len(counts))
            counts.append(above.start if above else 1)
        counts[depth:] = [counts[depth] + 1] if len(counts) > depth else [level.start]
        forms = [self._levels[number].get(place, level).form for place in range(len(counts))]
        if level.is_legal:
            forms = ["decimal"] * len(forms)
        return _PLACE.sub(lambda found: _written(int(found[1]) - 1, counts, forms), level.text)


def _written(place: int, counts: list[int], forms: list[str]) -> str:
    return _FORMS.get(forms[place], str)(counts[place]) if 0 <= place < len(counts) else ""


def _named(element: Element | None, name: str) -> list[Element]:
    return [] if element is None else [item for item in element if local(item) == name]


def _levels(abstract: Element) -> dict[int, Level]:
    found: dict[int, Level] = {}
    for item in _named(abstract, "lvl"):
        depth = attribute(item, "ilvl")
        if depth.isdecimal() and int(depth) < _LEVELS:
            found[int(depth)] = _level(item)
    return found


def _level(item: Element) -> Level:
    form, text, start = (child(item, name) for name in ("numFmt", "lvlText", "start"))
    begins = attribute(start, "val") if start is not None else "1"
    return Level(
        form="decimal" if form is None else attribute(form, "val"),
        text="" if text is None else attribute(text, "val"),
        start=int(begins) if begins.isdecimal() else 1,
        is_legal=is_on(child(item, "isLgl")),
    )


def _overridden(levels: Mapping[int, Level], changed: Mapping[int, Element]) -> Mapping[int, Level]:
    found = dict(levels)
    for depth, over in changed.items():
        if (level := child(over, "lvl")) is not None:
            found[depth] = _level(level)
        start = child(over, "startOverride")
        if start is not None and depth in found and attribute(start, "val").isdecimal():
            old = found[depth]
            found[depth] = replace(old, start=int(attribute(start, "val")))
    return found


def _letters(number: int) -> str:
    """Count from a to z, then from aa to zz, as word processors do."""
    return chr(ord("a") + (number - 1) % 26) * min(1 + (number - 1) // 26, 9) if number > 0 else "0"


def roman(number: int) -> str:
    """Return a number in Roman numerals; a very large one as it is."""
    if not 0 < number < 4_000:
        return str(number)
    written = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        written += letters * count
    return written


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


_FORMS: Final[Mapping[str, Callable[[int], str]]] = {
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerRoman": roman,
    "upperRoman": lambda number: roman(number).upper(),
    "decimalZero": lambda number: f"{number:02}",
    "ordinal": _ordinal,
    "bullet": lambda _number: "",
}
