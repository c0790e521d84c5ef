"""Characters that people do not see."""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = (
    r"\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff"
)
"""These characters, for a set: controls, what Unicode calls default ignorable, and blank letters."""

_HIDDEN: Final = re.compile(f"[{HIDDEN}]+")


def without_hidden(text: str) -> str:
    """Return a text without them."""
    return _HIDDEN.sub("", text)
