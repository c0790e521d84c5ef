"""Make a model's output harmless: it can neither link, nor ping, nor format, nor repeat its rules. Pure.

The only links of a summary are those to messages, and they are built from messages that were read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Set
from functools import cache
from typing import Final

from bot.summary.prompts import SYSTEM_PROMPT

LINK_REMOVED: Final = "(link removed)"
LEAK_WORDS: Final = 8  # that many words of the system prompt in a row are no accident

_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}://|www\.|mailto:|javascript:|data:)[^\s<>]+", re.IGNORECASE)
_APART = re.compile(rf"(?P<code>`[^`]+`)|(?P<address>{_ADDRESS.pattern})", re.IGNORECASE)
_TRAILING = ".,;:!?*_)]}'\""
_MASKED = re.compile(r"!?\[(?P<label>[^\[\]]*)\]\s*\((?P<target>[^()\s]*+(?:\([^()]*+\))?[^()]*+)\)")
_TAG = re.compile(r"<\s*(?=[@!#&:/a-z])", re.IGNORECASE)
# Discord takes "@everyone" for a mention whatever follows it; others end where a word does, and "_" may be a mark.
_PING = re.compile(
    r"(?:[@\uff20]\s*+)++"
    r"(?P<name>everyone|here|(?:channel|all|[!&]?\d{5,}+|[UWS][A-Z0-9]{6,}+)(?![^\W_]))?",
    re.IGNORECASE,
)
_SPECIAL = str.maketrans({"[": "\\[", "]": "\\]", "<": "\\<", "\\": "\\\\", "`": "'"})
_ESCAPING = re.compile(r"\\(?=[!-/:-@\[-`{-~])")
_BLOCK = re.compile(r"^(?:(?:[#>+\-=]+|\d+[.)])\s*|[*_~]+(?:\s+|$))+")
_PAIRED = ("*", "_", "~")


def addresses(text: str) -> frozenset[str]:
    """Return the addresses in what people wrote: these alone may stand in a summary, and only in full."""
    return frozenset(match.group().rstrip(_TRAILING) for match in _ADDRESS.finditer(text))


def harmless(text: str, known: Set[str]) -> str:
    """Return a statement on one line as Markdown; addresses that are not `known` are left out, and a link shows where
    to.
    """
    line = "".join(" " if character.isspace() else character for character in text)
    line = "".join(character for character in line if unicodedata.category(character) not in {"Cc", "Cf", "Co", "Cs"})
    line = _ESCAPING.sub("", " ".join(line.split()))
    line = _MASKED.sub(lambda match: f"{match['label']} {match['target']}", line)
    line = _PING.sub(lambda match: match["name"] or match[0], _TAG.sub("", line))
    pieces = list(_split(_BLOCK.sub("", line), known))
    written = "".join(piece for piece, is_apart in pieces if not is_apart)
    unpaired = str.maketrans({mark: f"\\{mark}" for mark in _PAIRED if written.count(mark) % 2})
    return "".join(piece if is_apart else piece.translate(_SPECIAL).translate(unpaired) for piece, is_apart in pieces)


def repeats_rules(text: str) -> bool:
    """Return whether a text repeats what the system prompt says."""
    return not _runs_of(_words(text)).isdisjoint(_runs_of_prompt())


def _split(line: str, known: Set[str]) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a line, each with whether it stays as it is: code, and addresses that people wrote."""
    end = 0
    for match in _APART.finditer(line):
        yield line[end : match.start()], False
        end = match.end()
        if match["code"]:
            yield match.group(), True
            continue
        address = match.group().rstrip(_TRAILING)
        yield (address, True) if address in known else (LINK_REMOVED, False)
        end = match.start() + len(address)
    yield line[end:], False


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def _runs_of(words: list[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(words[start : start + LEAK_WORDS]) for start in range(len(words) - LEAK_WORDS + 1))


@cache
def _runs_of_prompt() -> frozenset[tuple[str, ...]]:
    return _runs_of(_words(SYSTEM_PROMPT))
