"""Join surrogate halves: servers whose strings are UTF-16 may cut a character between two pieces of an answer.

JSON lets such a half pass as an escape (RFC 8259, section 8.2), but no database, socket or log takes it.
"""

from __future__ import annotations

import re

HALF = re.compile("[\ud800-\udfff]")
FIRST_HALVES = ("\ud800", "\udbff")


def without_halves(text: str) -> str:
    """`text` with pairs of halves made whole, and U+FFFD for each half that stands alone."""
    if text.isascii() or not HALF.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class Joiner:
    """Makes characters whole that were cut between two pieces; `held` is the first half of the last one, or ""."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held = ""

    def feed(self, piece: str) -> str:
        """Return what can be given out now that `piece` has come; may be ""."""
        text = self.held + piece
        self.held = ""
        if text and FIRST_HALVES[0] <= text[-1] <= FIRST_HALVES[1]:
            text, self.held = text[:-1], text[-1]
        return without_halves(text)

    def end(self) -> str:
        """Return what is left when no more will come."""
        rest, self.held = self.held, ""
        return without_halves(rest)
