"""Write numbers with their nouns."""

from __future__ import annotations


def quantity(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun, as in "1 message" and "2,000 messages"; `many` is a plural that is not regular."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
