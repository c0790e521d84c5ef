"""Parse the Markdown of a model: CommonMark with tables, and with the habits that models have. Pure.

What depends on text that comes much later is left out (link definitions), so that what was shown of a growing text need
not be taken back. Two rare forms are the exception: a line that turns out to be a heading by the double line below it,
and a table whose lines do not begin with a bar.

The library asks all of its rules at each mark and each line, which would be most of its time; here it asks at each
place only those that the character there can begin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.parser_block import RuleFuncBlockType
from markdown_it.parser_inline import ParserInline, RuleFuncInlineType
from markdown_it.ruler import RuleOptionsType, Ruler
from markdown_it.rules_block import StateBlock, list_block, table
from markdown_it.rules_core import StateCore, text_join
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType

from bot.delivery import inline_rules

LONGEST_TITLE: Final = 80
"""Characters of a line that may turn out to be a heading, or the header of a table, by the line below it."""

MOST_FILLED_UP: Final = 2_000
"""Cells of a text's tables that nobody wrote, and as many more as a quarter of its characters."""

GROWING: Final = "growing"
"""Whether the text may go on: an unclosed formula then waits for its end."""

_DEEPEST: Final = 12  # levels; what is deeper is text, since the parser drops what lies below its own limit
_QUOTES: Final = 12  # marks of quotes before a line; more are left out
_MANY_QUOTES: Final = re.compile(rf"^( {{0,3}}(?:> ?){{{_QUOTES}}})(?:> ?)++", re.MULTILINE)
_FREED_AT_ONCE: Final = 1_000  # tokens
_UNDERLINE: Final = re.compile(r"=+[ \t]*\Z")
_PROMPT: Final = re.compile(r">>>(?: +(?=\S)|\Z)")
_ENVIRONMENT: Final = re.compile(r"\\begin\{(?P<name>[a-zA-Z]{1,20}\*?)\}")
_FILLED_UP: Final = "filled_up"


def parse(text: str, *, growing: bool = False) -> list[Token]:
    """Return the blocks of a text in their order, each with the lines that it takes (`map`)."""
    return _parser().parse(_MANY_QUOTES.sub(r"\1", text), {GROWING: growing})


def parse_running(text: str) -> list[Token]:
    """Return the parts of a paragraph's text."""
    return _parser().parseInline(text, {})[0].children or []


def release(tokens: list[Token]) -> None:
    """Empty a list, a part at a time: freeing a long text's tokens at once takes 20 ms, in which no thread runs."""
    while tokens:
        del tokens[-_FREED_AT_ONCE:]


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST + 2 * _QUOTES})
    parser.disable(["reference", "html_block", "autolink", "html_inline", "linkify"], ignoreInvalid=True)
    parser.enable("table")
    inline, block = parser.inline.ruler, parser.block.ruler
    inline.before("newline", "address", inline_rules.address)
    inline.before("escape", "formula", inline_rules.formula)
    inline.at("emphasis", inline_rules.emphasis)
    inline.at("link", inline_rules.link)
    inline.at("image", inline_rules.image)
    inline.before("link", "footnote", inline_rules.footnote)
    inline.before("entity", "angled", inline_rules.angled)
    parser.inline.ruler2.enable("strikethrough")
    alternatives: RuleOptionsType = {"alt": ["paragraph", "blockquote", "list"]}
    list_alternatives: RuleOptionsType = {"alt": ["paragraph", "blockquote"]}
    block.at("table", _table, {"alt": ["paragraph"]})
    block.at("lheading", _underlined)
    block.before("table", "prompt", _prompt, alternatives)
    block.before("blockquote", "formula", _formula)
    parser.core.ruler.at("text_join", _text_join)
    block.at("list", lambda *at: at[0].level < _DEEPEST and list_block(*at), list_alternatives)
    return dispatching(parser)


def _text_join(state: StateCore) -> None:
    """Join what escapes and entities stand for with the text around it, where there are any."""
    if "\\" in state.src or "&" in state.src:
        text_join(state)


def guarded_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a table, unless most of it would be cells that nobody wrote: each short row is filled up to its header."""
    if silent or not table(state, start, end, True):
        return silent and table(state, start, end, True)
    last = next((line for line in range(start, end) if state.isEmpty(line)), end)
    columns = state.src.count("|", state.bMarks[start], state.eMarks[start]) + 1
    written = state.src.count("|", state.bMarks[start], state.eMarks[last - 1])
    filled_up = state.env.get(_FILLED_UP, 0) + max(0, columns * (last - start) - written)
    if filled_up > MOST_FILLED_UP + len(state.src) // 4:
        return False
    state.env[_FILLED_UP] = filled_up
    return table(state, start, end, False)


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a table whose first line begins with a bar, or is short and begins its paragraph."""
    header = _line(state, start)
    has_bars = start + 1 < end and "|" in _line(state, start + 1)
    may_be = header.startswith("|") or (has_bars and not silent and len(header) <= LONGEST_TITLE)
    return may_be and guarded_table(state, start, end, silent)


def _line(state: StateBlock, number: int) -> str:
    """Return a line as it stands in its quote or list item, without the spaces before it."""
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _underlined(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a heading that is one short line above a double line; a single one is a rule in a chat."""
    below = start + 1
    if silent or below >= end or state.is_code_block(start) or not state.blkIndent <= state.sCount[below]:
        return False
    title, underline = _line(state, start).strip(), _line(state, below)
    if len(title) > LONGEST_TITLE or _UNDERLINE.match(underline) is None:
        return False
    state.line = start + 2
    opening = state.push("heading_open", "h1", 1)
    opening.map = [start, state.line]
    inline = state.push("inline", "", 0)
    inline.content, inline.map, inline.children = title, [start, below], []
    state.push("heading_close", opening.tag, -1)
    return True


def _prompt(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read the lines of an interpreter (`>>> 1 + 1`) up to a blank one as code, not as quotes within quotes."""
    if state.is_code_block(start) or _PROMPT.match(_line(state, start)) is None:
        return False
    if silent:
        return True
    last = start + 1
    while last < end and not state.isEmpty(last) and state.sCount[last] >= state.blkIndent:
        last += 1
    token = state.push("fence", "code", 0)
    token.content = "".join(f"{_line(state, number)}\n" for number in range(start, last))
    token.info, token.map, token.markup = "python", [start, last], ">>>"
    state.line = last
    return True


def _formula(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read TeX on lines of its own, without a blank one: between `$$`, backslash brackets, or as an environment."""
    first = _line(state, start)
    environment = _ENVIRONMENT.match(first)
    closing = f"\\end{{{environment['name']}}}" if environment else {"$$": "$$", "\\[": "\\]"}.get(first[:2])
    if closing is None or state.is_code_block(start):
        return False
    lines, after = [first if environment else first[2:]], start + 1
    while closing not in lines[-1]:
        if after >= end or state.isEmpty(after) or state.sCount[after] < state.blkIndent:
            if not (state.env.get(GROWING) and after >= state.lineMax):
                return False
            break
        lines.append(_line(state, after))
        after += 1
    inner, closed, behind = "\n".join(lines).partition(closing)
    if behind.strip() or (closed and not inner.strip()):
        return False
    if not silent:
        token = state.push("formula", "", 0)
        content = inner + closed if environment else inner
        token.content, token.block, token.info = content.strip(), True, "" if closed else GROWING
        token.map = [start, after]
        state.line = after
    return True


# ------------------------------------------------------------ which rules are asked


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
