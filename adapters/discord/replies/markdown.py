"""Render Markdown as Discord reads it (platform reference, 2.5): known links, no tables, three headings.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from bot.delivery import sanitize_links, settled_tables, stable_prefix_length, tables_as_text
from bot.delivery.markdown import BlockState, after_line

_DEEP_HEADING: Final = re.compile(r"\s{0,3}#{4,6}\s+")


def to_discord(markdown: str, *, allowed: Callable[[str], bool], growing: bool = False) -> str:
    """Return the model's Markdown with what Discord cannot show, or must not fetch, in another form.

    Of a text that is still growing only what stays as it is.
    """
    text = sanitize_links(markdown[: stable_prefix_length(markdown)] if growing else markdown, allowed=allowed)
    text = tables_as_text(text[: settled_tables(text)]) if growing and "|" in text else tables_as_text(text)
    return _flattened(text)


def _flattened(text: str) -> str:
    """Headings below the third level as bold lines; code blocks are left as they are."""
    if "####" not in text:
        return text
    lines, state = [], BlockState()
    for line in text.split("\n"):
        heading = _DEEP_HEADING.match(line) if state.fence is None else None
        words = line[heading.end() :].rstrip().rstrip("#").rstrip() if heading else ""
        lines.append(f"**{words}**" if words else line)
        state = after_line(state, line)
    return "\n".join(lines)
