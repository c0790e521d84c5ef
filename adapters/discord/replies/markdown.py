"""Write Markdown as Discord reads it (platform reference, 2.5): no tables, three headings, one level of quotes.

Discord's reader is made of regular expressions: three backticks end a code block wherever they stand, and an address
between angle brackets is a link without a preview. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from bot.delivery import MarkdownRenderer
from bot.delivery.renderer import percent_encoded

HEADINGS: Final = 3
RULE: Final = "─" * 12

_LANGUAGE: Final = re.compile(r"[a-z0-9_+\-.#]+", re.IGNORECASE)
_FENCE: Final = re.compile("`(?=``)")
_BROKEN: Final = "`\u200b"  # a character without width keeps backticks from being one mark
_ESCAPED: Final = re.compile(
    r"""\\(?=[!-/:-@\[-`{-~]|\Z) | ` | \*(?![ ]) | (?<![ ])\*
      | (?<![^\W_])_ | _(?![^\W_]) | ~(?=~) | (?<=~)~ | \|(?=\|) | (?<=\|)\| | \](?=\()
      | <(?!t:-?\d{1,13}(?::[tTdDfFR])?>|id:(?:guide|browse|customize|linked-roles)>)(?=[@\#:/a-zA-Z])
    """,
    re.VERBOSE,
)
_ESCAPED_AT_START: Final = re.compile(r"(?P<number>\d{1,9}(?=[.)]))|(?=[#>+]|-(?!# ))")


class DiscordRenderer(MarkdownRenderer):
    """Writes what Discord shows."""

    marks = {"strong": "**", "em": "*", "s": "~~", "u": "__"}  # noqa: RUF012 - a mapping of the base class
    rule = RULE
    escaped = _ESCAPED
    escaped_at_start = _ESCAPED_AT_START
    quotes_nest = False

    def heading(self, level: int, text: str) -> str:
        """Return a heading; below the third level a bold line."""
        if level <= HEADINGS:
            return super().heading(level, text)
        return text if "**" in text else self.marked("strong", text)

    def code_block(self, language: str, code: str) -> str:
        """Return a code block that nothing in it ends."""
        code = _FENCE.sub(_BROKEN, code.strip("\n"))
        known = language if _LANGUAGE.fullmatch(language) else ""
        return f"```{known}\n{code}\n```" if code.strip() else ""

    def named_link(self, label: str, address: str) -> str:
        """Return a link with a label, whose preview is off."""
        return f"[{label}](<{percent_encoded(address)}>)"


def to_discord(markdown: str, *, allowed: Callable[[str], bool]) -> str:
    """Return a whole text as Discord shows it."""
    return DiscordRenderer(allowed).render(markdown)
