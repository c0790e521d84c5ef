"""Meaning of platforms' error codes: the rows of each adapter's table of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Meaning of an error code: it passes and the call is tried again, or it is final for the `reason`.

    `maybe_done` says of one that passes that the call may have had its effect.
    """

    passes: bool = False
    maybe_done: bool = False
    reason: str = ""


PASSES: Final = Verdict(passes=True)


def final(reason: str) -> Verdict:
    """Return the verdict on a code that stays; `reason` is a clause for people, as in `PlatformRefused`."""
    return Verdict(reason=reason)
