"""Keep what a terminal would take for a command out of what is printed on it. Pure."""

from __future__ import annotations

import re
from typing import Final

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def without_controls(text: str) -> str:
    """Return text without control characters, and without those that turn the direction of what follows."""
    return _CONTROLS.sub("", text)
