"""A parser that asks only the rules which a character can begin reads what one that asks all of them reads."""

from __future__ import annotations

import random

import pytest
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from bot.delivery.document import dispatching
from bot.surrogates import without_halves
from tests.pathological import PATTERNS

LENGTH = 40  # characters of each pattern, many of which make a text
TEXTS = 300


def parser() -> MarkdownIt:
    """One with every rule that any of our parsers has from the library."""
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def test_it_reads_the_same() -> None:
    chosen = random.Random(4)
    pieces = [without_halves(make(LENGTH)) for make in PATTERNS.values()]
    texts = ["".join(chosen.choices([*pieces, "\n", "\n\n", "> ", "- "], k=12)) for _ in range(TEXTS)]
    asks_all, asks_few = parser(), dispatching(parser())
    for text in texts:
        assert asks_few.parse(text) == asks_all.parse(text)


def test_a_rule_whose_beginning_is_not_known_is_told_at_once() -> None:
    def rule(state: StateInline, silent: bool) -> bool:
        raise AssertionError(state, silent)

    unknown = parser()
    unknown.inline.ruler.push("unheard", rule)
    with pytest.raises(KeyError, match="unheard"):
        dispatching(unknown)
