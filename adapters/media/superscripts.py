"""Write raised and lowered words so that they change no number: 10 to the power of 6 is not 106. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_LONGEST: Final = 40  # characters; what is longer is a text that is set high, and no power
_UP: Final = str.maketrans("0123456789+-\u2212=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_DOWN: Final = str.maketrans("0123456789+-\u2212=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_ENDINGS: Final = frozenset("aeo")  # as in 1o, 2e: parts of numerals, where other letters alone are powers


def superscript(words: str) -> str:
    """Return raised words: "⁶", "^(2k)", and as they are where they are a mark or an ending, as in 1st."""
    return _written(words, _UP, "^")


def subscript(words: str) -> str:
    """Return lowered words: "₂", "_(2k)"."""
    return _written(words, _DOWN, "_")


def _written(words: str, signs: Mapping[int, int], sign: str) -> str:
    said = words.strip()
    if not said or len(said) > _LONGEST or said.startswith("[") or "://" in said:
        return words
    if all(ord(character) in signs for character in said):
        return words.replace(said, said.translate(signs))
    if len(said) == 1:
        return words.replace(said, f"{sign}{said}") if said.isalpha() and said not in _ENDINGS else words
    return words.replace(said, f"{sign}({said})") if any(map(str.isdigit, said)) else words
