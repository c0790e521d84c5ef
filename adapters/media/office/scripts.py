"""Tell raised and lowered words of Office files (ECMA-376 part 1, 17.3.2.42 and 18.4.14). Pure."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from adapters.media.office.package import attribute, child
from adapters.media.superscripts import subscript, superscript


def vertical_align(properties: Element | None) -> str:
    """Return how the properties of a run or a style place its words: "superscript", "subscript", "baseline" or ""."""
    found = child(properties, "vertAlign")
    return "" if found is None else attribute(found, "val")


def scripted(words: str, properties: Element | None, style: str = "") -> str:
    """Return the words of a run as they are placed; `style` is where its style places them."""
    match vertical_align(properties) or style:
        case "superscript":
            return superscript(words)
        case "subscript":
            return subscript(words)
        case _:
            return words
