"""Tell what somebody says from what they quote or show as code. Pure."""

from __future__ import annotations

import re

# Quotations of one line, and of all that follows: Slack and Discord have both.
_QUOTATION = r"^>>>\s.*|^[>\uff1e][^\n]*$"
_QUOTED = re.compile(rf"```.*?(?:```|\Z)|`[^`\n]*`|{_QUOTATION}", re.DOTALL | re.MULTILINE)
_QUOTATIONS = re.compile(_QUOTATION, re.DOTALL | re.MULTILINE)


def without_quotes(text: str) -> str:
    """Return a text in Markdown without code and quotations: who is mentioned in them is not called."""
    return _QUOTED.sub(" ", text)


def own_words(text: str) -> str:
    """Return a text in Markdown without quotations, or all of it where it is nothing else."""
    return _QUOTATIONS.sub(" ", text).strip() or text
