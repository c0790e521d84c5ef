"""Let the parser ask at each place only those rules that the character there can begin.

markdown-it asks all of its rules at each mark and each line, which is most of its time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.parser_block import RuleFuncBlockType
from markdown_it.parser_inline import ParserInline, RuleFuncInlineType
from markdown_it.ruler import Ruler
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType

_OF_BLOCKS: Final[Mapping[str, str]] = {
    "prompt": ">",
    "fence": "`~",
    "formula": "$\\",
    "blockquote": ">",
    "hr": "*-_",
    "list": "*+-0123456789",
    "reference": "[",
    "html_block": "<",
    "heading": "#",
}
"""The characters that begin what a rule reads, by its name; the others are asked at each line."""

_OF_RUNNING_TEXT: Final[Mapping[str, str]] = {
    "text": "",
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
"""The same within a paragraph, where each rule has to be named."""

_TEXT: Final = re.compile(r"(?:[^\n:$\\`*_~\[!<&]++|:(?!//)|!(?!\[)|<(?!(?i:[a-z/!?]))|&(?!(?i:[a-z#])))*+")
"""What no rule begins with."""


def dispatching(parser: MarkdownIt) -> MarkdownIt:
    """Return a parser that has all its rules, which reads the same with them in less time.

    Raises `KeyError` where it has a rule for running text of which it is not known what begins it.
    """
    parser.inline = _InlineParser(parser.inline)
    parser.block.ruler = _BlockRuler(parser.block.ruler)
    return parser


class _InlineParser(ParserInline):
    """Reads as another one does."""

    def __init__(self, other: ParserInline) -> None:
        super().__init__()
        self.ruler, self.ruler2 = other.ruler, other.ruler2
        named = list(zip(self.ruler.get_active_rules(), self.ruler.getRules(""), strict=True))
        self._rules: Mapping[str, tuple[RuleFuncInlineType, ...]] = {
            mark: tuple(rule for name, rule in named if mark in _OF_RUNNING_TEXT[name])
            for mark in set("".join(_OF_RUNNING_TEXT.values()))
        }

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

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        """Push the tokens of a text: one for a text without marks."""
        text = _TEXT.match(src)
        if text is None or text.end() < len(src):
            return super().parse(src, md, env, tokens)
        if src:
            tokens.append(Token("text", "", 0, content=src, level=0))
        return tokens

    def skipToken(self, state: StateInline) -> None:  # noqa: N802 - the library's name
        """Skip one token, as each label and address of a link asks at each place of them."""
        known = state.cache.get(state.pos)
        if known is None:
            super().skipToken(state)
        else:
            state.pos = known


class _BlockRuler(Ruler[RuleFuncBlockType]):
    """The rules of another one, each chain of them as one rule."""

    def __init__(self, other: Ruler[RuleFuncBlockType]) -> None:
        super().__init__()
        self.__rules__ = other.__rules__
        self._other = other
        self._names = dict(zip(other.getRules(""), other.get_active_rules(), strict=True))
        self._chains: dict[str, list[RuleFuncBlockType]] = {}

    def getRules(self, chainName: str = "") -> list[RuleFuncBlockType]:  # noqa: N802, N803 - the library's names
        """Return the one rule of a chain."""
        if chainName not in self._chains:
            self._chains[chainName] = [self._chained(self._other.getRules(chainName))]
        return self._chains[chainName]

    def _chained(self, rules: list[RuleFuncBlockType]) -> RuleFuncBlockType:
        begins = {rule: _OF_BLOCKS.get(self._names[rule]) for rule in rules}
        everywhere = [rule for rule in rules if begins[rule] is None]
        at_mark = {
            mark: [rule for rule in rules if mark in (begins[rule] or mark)]
            for mark in set("".join(_OF_BLOCKS.values()))
        }

        def chained(state: StateBlock, start: int, end: int, silent: bool) -> bool:
            place = state.bMarks[start] + state.tShift[start]
            for rule in at_mark.get(state.src[place : place + 1], everywhere):  # noqa: SIM110 - `any` is slower
                if rule(state, start, end, silent):
                    return True
            return False

        return chained
