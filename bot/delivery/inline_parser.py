"""Read what stands within a paragraph: at each character only the rules that it can begin are tried.

markdown-it asks all of its rules at each mark, which for a text of marks is most of its time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Final

from markdown_it.parser_inline import ParserInline, RuleFuncInlineType
from markdown_it.rules_inline import StateInline

_BEGINNINGS: Final[Mapping[str, str]] = {
    "newline": "\n",
    "address": ":",
    "formula": "$\\",
    "escape": "\\",
    "backticks": "`",
    "strikethrough": "~",
    "emphasis": "*_~",
    "footnote": "[",
    "link": "[",
    "image": "!",
    "angled": "<",
    "autolink": "<",
    "html_inline": "<",
    "entity": "&",
}
"""The characters that begin what a rule reads, by its name; a rule that is not named here is not asked."""

_TEXT: Final = re.compile(r"(?:[^\n:$\\`*_~\[!<&]++|:(?!//)|!(?!\[)|<(?!(?i:[a-z/!?]))|&(?!(?i:[a-z#])))*+")
"""What no rule begins with."""


class InlineParser(ParserInline):
    """Reads as its base class does with the same rules."""

    @cached_property
    def _rules(self) -> Mapping[str, tuple[RuleFuncInlineType, ...]]:
        """The rules by the character that begins what they read, in the order of the ruler."""
        named = list(zip(self.ruler.get_active_rules(), self.ruler.getRules(""), strict=True))
        marks = set("".join(_BEGINNINGS.values()))
        return {mark: tuple(rule for name, rule in named if mark in _BEGINNINGS.get(name, "")) for mark in marks}

    def tokenize(self, state: StateInline) -> None:
        """Push the tokens of the text between the positions of the state."""
        src, end, rules = state.src, state.posMax, self._rules
        while state.pos < end:
            start = state.pos
            text = _TEXT.match(src, start, end)
            if text is not None and text.end() > start:
                state.append_pending(text.group())
                state.pos = text.end()
                continue
            for rule in rules[src[start]]:
                if rule(state, False):
                    break
            else:
                state.append_pending(src[start])
                state.pos += 1
        if state.pending:
            state.pushPending()
