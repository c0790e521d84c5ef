"""What people saw of a message, from when on: kept by emulators whose `Options` say so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A message as people saw it from `at` on, in seconds since 1970, until the next version.

    `text` is what its author wrote, `controls` the names of the buttons below it; `growing` while it is being streamed.
    """

    at: float
    text: str
    controls: tuple[str, ...] = ()
    growing: bool = False
    removed: bool = False
