"""Find the boundaries of visible characters, as far as a cut must know."""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"
_MARKS = frozenset({"Mn", "Me", "Mc"})


def is_boundary(text: str, at: int, start: int = 0) -> bool:
    """Return whether a cut at `at` leaves combined characters, flags, emoji sequences and syllables whole.

    `start` is where what is shown begins: flags are paired from there on.

    Follows the rules of Unicode Annex 29 for what people write; where a property is not in the standard library it
    says no rather than yes (after any zero-width joiner). It looks at one character after `at` and none beyond.
    """
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if before.isascii() and after.isascii():
        return (before, after) != ("\r", "\n")
    if before == _JOINER or _extends(after) or _is_pair(before, after):
        return False
    if _is_flag_letter(before) and _is_flag_letter(after):
        return _flag_letters_before(text, at, start) % 2 == 0
    return True


def _extends(character: str) -> bool:
    """Return whether the character belongs to the one before it: marks, joiners, skin tones, tags."""
    return (
        character == _JOINER
        or unicodedata.category(character) in _MARKS
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )


def _is_pair(before: str, after: str) -> bool:
    """Return whether the two are halves of one character: Hangul letters of a syllable, or lone surrogates."""
    if "\ud800" <= before <= "\udbff":
        return "\udc00" <= after <= "\udfff"
    if "\u1160" <= after <= "\u11ff":  # a vowel or final of a syllable
        return "\u1100" <= before <= "\u11ff" or "\uac00" <= before <= "\ud7a3"
    return "\u1100" <= before <= "\u115f" and ("\u1100" <= after <= "\u115f" or "\uac00" <= after <= "\ud7a3")


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_letters_before(text: str, at: int, start: int) -> int:
    first = at
    while first > start and _is_flag_letter(text[first - 1]):
        first -= 1
    return at - first
