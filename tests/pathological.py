"""Texts that are made to be costly: each pattern at any length, for whatever reads text of people or of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Final

Pattern = Callable[[int], str]
"""A text of so many characters, give or take one unit of it."""


def _repeated(unit: str, *, before: str = "", after: str = "") -> Pattern:
    return lambda length: before + unit * max(1, (length - len(before) - len(after)) // len(unit)) + after


def _nested(opening: str, closing: str, *, middle: str = "x") -> Pattern:
    unit = len(opening) + len(closing)

    def nested(length: int) -> str:
        depth = max(1, length // unit)
        return opening * depth + middle + closing * depth

    return nested


def _growing(make: Callable[[int], str]) -> Pattern:
    """Pieces that are each made from their number, as many as there is room for."""

    def growing(length: int) -> str:
        pieces: list[str] = []
        held = 0
        for number in count(1):
            piece = make(number)
            if held + len(piece) > length and pieces:
                break
            pieces.append(piece)
            held += len(piece)
        return "".join(pieces)

    return growing


_UNITS: Final[Mapping[str, str]] = {
    # Brackets, links, images.
    "brackets": "[",
    "closing-brackets": "]",
    "bracket-pairs": "[]",
    "label-ends": "](",
    "links-unclosed": "[a](",
    "images": "![a](b)",
    "images-unclosed": "![](",
    "links-after-links": "[a](b)",
    "links-with-angles": "[a](<b",
    "links-with-titles": '[a](b "',
    "references": "[a][b]",
    "definitions": "[a]: b\n",
    "definitions-in-line": "[a]: ",
    "footnotes": "[^1]",
    "parentheses": "(",
    "target-parentheses": "[a](b(",
    "citations": " [1]",
    "full-width-brackets": "\uff3b1",
    # Angle brackets, mentions, entities.
    "angles": "<",
    "angle-pairs": "<>",
    "comments": "<!",
    "comments-open": "<!--",
    "instructions": "<?",
    "tags": "<a ",
    "tags-with-attributes": '<a b="',
    "autolinks-open": "<a:",
    "addresses-in-angles": "<http://a",
    "closing-tags": "</file ",
    "mentions": "@",
    "mentions-open": "<@",
    "mentions-named": "<@U0123456|a ",
    "mentions-whole": "<@123456789>",
    "everyone": "@everyone_",
    "bot-mentions": "@seedling ",
    "mentions-of-bot-spaced": "<@UBOT> ",
    "dates-open": "<!date^",
    "escaped-angles": "&lt;",
    "ampersands": "&",
    "entities-open": "&#x",
    # Code.
    "backticks": "`",
    "backticks-spaced": "` ",
    "backtick-pairs": "`` ` ",
    "fences": "```\n",
    "fences-in-line": "``` ",
    "fences-unclosed": "```a",
    "tilde-fences": "~~~~ ",
    "fences-in-quotes": "> ```\n",
    "fences-in-items": "\n> - ```",
    "escaped-backticks": "\\`",
    # Emphasis.
    "stars": "*",
    "underscores": "_",
    "tildes": "~",
    "double-stars-open": "**a",
    "stars-and-words": "*a ",
    "stars-closing": "a* ",
    "emphasis-mixed": "*_~",
    "emphasis-alternating": "**a *b ",
    "emphasis-words-underscored": "_a ",
    "strikes-open": "~~a ",
    "intraword-stars": "a**b",
    "slack-marks": "*a_b~c ",
    "spoilers": "||a",
    # Blocks.
    "pipes": "|",
    "table-rows": "|a|b\n",
    "table-rules": "|-",
    "escaped-pipes": "\\|",
    "headings": "# ",
    "headings-in-line": "#",
    "deep-headings": "#### a #\n",
    "quotes": ">",
    "quotes-spaced": "> ",
    "quote-lines": "> a\n",
    "escaped-quotes": "&gt;",
    "items": "- ",
    "item-lines": "- a\n",
    "items-numbered": "1. ",
    "numbers": "1.",
    "rules": "-",
    "rules-spaced": "- - ",
    "underlines": "a\n===\n",
    "equals": "=",
    "bullets": "\u2022 ",
    # Addresses.
    "addresses": "http://",
    "address-long": "https://a",
    "addresses-spaced": "http://a ",
    "hosts": "www.",
    "schemes": "javascript:",
    "scheme-letters": "a+",
    "scheme-marks": "://",
    "dotted": "a.",
    "dashed": "a-",
    "mail": "a@b.",
    "queries": "&utm_a=",
    # Characters.
    "one-word": "a",
    "digits": "1",
    "digits-listed": "1,",
    "digits-spaced": "[1 ",
    "spaces": " ",
    "tabs": "\t",
    "lines": "\n",
    "blank-lines": " \n",
    "carriage-returns": "\r\n",
    "old-carriage-returns": "\r",
    "line-separators": "\u2028",
    "no-break-spaces": "\u00a0",
    "full-stops": ".",
    "sentences": "a. ",
    "sentence-marks": "!?",
    "chinese-full-stops": "\u3002\u300d",
    "exclamations": "!",
    "backslashes": "\\",
    "dollars": "$",
    "quotation-marks": '"',
    "apostrophes": "'",
    "possessives": "a'",
    "slashes": "/",
    "colons": ":",
    "emoji-open": "<a:b",
    "emoji-codes-open": " :a",
    "thanks": "ok ",
    "dashes-spaced": " -",
    "words": "word ",
    "nul": "\x00",
    "surrogates": "\ud83d",
    "surrogates-reversed": "\udc00\ud83d",
    "right-to-left": "\u202e",
    "zero-width": "\u200b",
    "combining-marks": "\u0301",
    "joined-emoji": "\U0001f469\u200d",
    "flags": "\U0001f1e9",
    "hangul": "\u1112",
    "ligatures": "\ufdfa",
    "chinese": "\u6f22",
    # Words of the bot's own grammar.
    "overrides": "max_tokens=1 ",
    "overrides-open": 'thinking="',
    "commands": "/set ",
    "private-words": "for me ",
    "places": "the channel ",
    "headlines": "Headline:\n",
    "headline-marks": "_:",
    "sources": "Sources\n",
    "think-tags": "<think>",
    "file-marks": "<file ",
    "labels": "[20",
    "ranges": "[1-5] ",
    "dotted-numbers": "1.1",
}

_WRAPPED: Final[Mapping[str, Pattern]] = {
    "nested-brackets": _nested("[", "]"),
    "nested-links": _nested("[", "](a)"),
    "nested-images": _nested("![", "](a)"),
    "nested-linked-addresses": _nested("[", "](https://a.b)"),
    "nested-parentheses": _nested("(", ")"),
    "nested-angles": _nested("<", ">"),
    "nested-stars": _nested("*a", "b*"),
    "nested-bare-stars": _nested("*", "*"),
    "nested-bare-underscores": _nested("_", "_"),
    "nested-spaced-stars": _nested("**a ", " b**"),
    "nested-emphasis": _nested("**a *b ", "c* d**"),
    "nested-items": _growing(lambda number: "  " * (number % 60) + "- a\n"),
    "nested-quotes": _growing(lambda number: ">" * (number % 60) + " a\n"),
    "brackets-around-addresses": _nested("[", "]", middle="https://a.b "),
    "brackets-then-target": _repeated("[", after="](https://a.b)"),
    "images-then-targets": _repeated("![", after="](a)" * 50),
    "backticks-growing": _growing(lambda number: "`" * number + " "),
    "backticks-falling-pairs": _growing(lambda number: "`" * (number % 100 + 1) + "a"),
    "stars-growing": _growing(lambda number: "*" * (number % 50 + 1) + "a"),
    "tildes-then-word": _repeated("~", after="a"),
    "spaces-then-word": _repeated(" ", before="a", after="b"),
    "spaces-between-words": _growing(lambda number: "a" + " " * number),
    "newlines-then-word": _repeated("\n", before="a", after="b"),
    "target-then-spaces": _repeated(" ", before="[a](b", after="c"),
    "targets-with-spaces": _growing(lambda number: "[a](b" + " " * number),
    "fence-unclosed-long": _repeated("a b\n", before="```py\n"),
    "fence-in-line-long": _repeated("x", before="```"),
    "code-span-long": _repeated("a ", before="`", after="`"),
    "table-wide": lambda length: (
        "|" + "a|" * (length // 6) + "\n|" + "-|" * (length // 6) + "\n|" + "b|" * (length // 6)
    ),
    "table-long": _repeated("|a|b|\n", before="|a|b|\n|-|-|\n"),
    "table-of-backticks": _growing(lambda number: "|" + "`" * number + "|\n" + ("|-|\n" if number == 1 else "")),
    "headings-of-hashes": _repeated("#", before="#### a "),
    "headings-of-spaces": _growing(lambda number: "#### a" + " #" * number + "a\n"),
    "number-then-dots": _repeated(".", before="1"),
    "command-then-spaces": _repeated(" ", before="/ask"),
    "address-then-marks": _repeated(")*", before="https://a.b"),
    "address-then-parentheses": _repeated("(", before="https://a.b/"),
    "named-dashes": _repeated("-", before="a ", after="b"),
    "mention-then-spaces": _repeated(" ", before="@", after="a"),
    "angle-then-spaces": _repeated(" ", before="<", after="a"),
    "long-lines": _repeated("word " * 2_000 + "\n"),
    "different-lines": _growing(lambda number: f"{number}. line {number} of [many]({number}) *lines*\n"),
    "word-then-space": _repeated("a", after=" "),
    "words-then-address": _repeated("a ", after="https://a.b"),
    "rules-then-word": _repeated("-", after="x"),
    "stars-then-word": _repeated("*", after="x"),
    "dots-then-word": _repeated(".", after="x"),
    "quotation-marks-then-word": _repeated('"', before=".", after="x"),
    "target-unclosed": _repeated("a", before="[a]("),
    "target-of-spaces": _repeated(" ", before="[a]("),
    "target-of-parentheses-then-space": _repeated("(b", before="[a](b", after=" x"),
    "target-of-backslashes": _repeated("\\a(", before="[a](", after=" x"),
    "title-unclosed": _repeated("'a ", before='[a](b "'),
    "links-of-words": _growing(lambda number: f"[{'a ' * number}]("),
    "bot-mentions-within": _repeated("<@UBOT> ", before="hi ", after="x"),
    "people-mentioned-within": _repeated("<@1> ", before="hi ", after="x"),
    "exclaimed-links": _repeated("!<http://a>"),
    "heading-then-spaces": _repeated(" ", before="#### a", after="a"),
    "heading-then-spaced-hashes": _repeated("# ", before="#### a", after="a"),
    "different-numbers": _growing(lambda number: f"[{number}] "),
    "digits-then-letter": _repeated("1", before="last ", after="a"),
    "count-of-digits": _repeated("1", before="last "),
    "time-then-spaces": _repeated(" ", before="daily at 9", after="x"),
    "file-mark-then-spaces": _repeated(" ", before="<", after="/x"),
    "table-wide-and-long": lambda length: (
        "|" + "a|" * (length // 6) + "\n|" + "-|" * (length // 6) + "\n" + "|b\n" * (length // 9)
    ),
    "table-header-long": lambda length: "|" + "a" * (length // 2) + "|\n|-|\n" + "|b|\n" * (length // 8),
    "fence-info-long": lambda length: "```" + "a" * (length // 2) + "\n" + "b\n" * (length // 4),
    "fence-marker-long": lambda length: "`" * (length // 2) + "\n" + "`\n" * (length // 4),
    "fences-opened-by-longer": _growing(lambda number: "`" * (number % 90 + 3) + "\n"),
    "indented-more": _growing(lambda number: " " * (number % 200) + "- a\n"),
    "blank-then-lines": lambda length: "a\n" + "\n" * (length // 2) + "b\n" * (length // 4),
    "quote-blank-then-lines": lambda length: "> a" + " " * (length // 2) + "\n" + "\n> b" * (length // 8),
    "flags-behind-text": _repeated("\U0001f1e9", before="a"),
    "label-then-newlines": _repeated("\n", before="[", after="20"),
    "label-then-spaces": _repeated(" ", before="[", after="20"),
    "labels-in-lines": _repeated(" [20\n"),
    "addresses-in-brackets": _repeated("[https://a]"),
    "address-of-brackets": _repeated("a]", before="[[[[https://"),
    "apostrophes-in-words": _repeated(" 'a"),
    "reasoning-open": _repeated("</thin", before="<think>"),
}

PATTERNS: Final[Mapping[str, Pattern]] = {**{name: _repeated(unit) for name, unit in _UNITS.items()}, **_WRAPPED}
