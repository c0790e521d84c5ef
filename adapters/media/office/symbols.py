"""Tell what a symbol of a font says whose letters are no letters (ECMA-376 part 1, 17.3.3.30). Pure.

Of Symbol the whole table of signs is here, as Unicode maps it; of the Wingdings only marks that mean something.
"""

# ruff: noqa: RUF001 - Greek letters and signs are what this is about
from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_PRIVATE: Final = 0xF000  # where programs put the places of such fonts, so that they are taken for no letters
_FIRST: Final = 0x20
_SYMBOL: Final[Mapping[int, str]] = {
    **dict(enumerate(" !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_", _FIRST)),
    **dict(enumerate("\u203eαβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼", 0x60)),
    **dict(enumerate("€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…|-↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊⟨®©™∑", 0xA0)),
    0xF1: "⟩", 0xF2: "∫",
}  # fmt: skip
_TICKED: Final = "[x]"
_UNTICKED: Final = "[ ]"
_WINGDINGS: Final[Mapping[int, str]] = {
    **dict.fromkeys((0xFC, 0xFD, 0xFE, 0x78), _TICKED),
    **dict.fromkeys((0x6F, 0x71, 0x72, 0xA8), _UNTICKED),
    0xFB: "✗", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE7: "←", 0xE8: "→", 0xE9: "↑", 0xEA: "↓", 0xEF: "⇦",
    0xF0: "⇨", 0x28: "☎", 0x2A: "✉", 0x4A: "☺", 0x4B: "😐", 0x4C: "☹", 0x6C: "●", 0x6E: "■", 0x9F: "•", 0xA7: "▪",
    0xAB: "★", 0xD8: "➢",
}  # fmt: skip
_WINGDINGS_2: Final[Mapping[int, str]] = {
    **dict.fromkeys((0x50, 0x51, 0x52, 0x53, 0x54), _TICKED),
    **dict.fromkeys((0xA1, 0xA3), _UNTICKED),
    0x4F: "✗",
}
_FONTS: Final[Mapping[str, Mapping[int, str]]] = {
    "symbol": _SYMBOL,
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
}


def symbol(font: str, code: str) -> str:
    """Return what the symbol at a place of a font says, "F061" of "Symbol" as alpha; of others their font and place."""
    try:
        place = int(code, 16)
    except ValueError:
        return ""
    table = _FONTS.get(font.strip().lower())
    if table is None and _FIRST <= place < 0xD800:
        return chr(place)  # a sign of a usual font, by its own number
    known = (table or {}).get(place - _PRIVATE if place >= _PRIVATE else place)
    return known or f"[symbol {place:X} of {' '.join(font.split()) or 'an unnamed font'}]"
