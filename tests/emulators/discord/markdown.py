"""How Discord's client reads a message: the rules of its Markdown, tried in their order at each place.

The expressions are those of Khan's simple-markdown and of the client, as collected in the npm package
discord-markdown-parser, with which a slow test compares this reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of a message: `target` is where a link leads to, or the language of code."""

    kind: str
    text: str = ""
    target: str = ""
    inner: tuple[Node, ...] = ()

    @property
    def visible(self) -> str:
        return self.text + "".join(node.visible for node in self.inner)


_INSIDE: Final = r"(?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*"
_RULES: Final = (
    ("quote", re.compile(r"( *>>> ?([\s\S]*))|( *> [^\n]*(\n *> [^\n]*)*\n?)")),
    ("code_block", re.compile(r"```(?:([a-z0-9_+\-.#]+?)\n)?\n*([^\n][\s\S]*?)\n*```", re.IGNORECASE)),
    ("heading", re.compile(r"(#{1,3}) +([^\n]+)(\n|$)")),
    ("small", re.compile(r"-# +([^\n]+)(\n|$)")),
    ("escape", re.compile(r"\\([^0-9A-Za-z\s])")),
    ("timestamp", re.compile(r"<t:(-?\d{1,17})(?::([tTdDfFR]))?>")),
    ("place", re.compile(r"<id:(customize|browse|guide|linked-roles)>")),
    ("mention", re.compile(r"<(?:@!?|@&|#)\d+>|<a?:\w+:\d+>|</[\w -]+:\d+>")),
    ("autolink", re.compile(r"<(https?://[^\s>]+)>")),
    ("link", re.compile(rf"\[({_INSIDE})\]\(\s*<?((?:\([^)]*\)|[^\s\\]|\\.)*?)>?(?:\s+['\"]([\s\S]*?)['\"])?\s*\)")),
    ("url", re.compile(r"(https?://[^\s<]+[^<.,:;\"'\]\s])")),
    ("bold", re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)")),
    ("underline", re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)")),
    (
        "italic",
        re.compile(
            r"\b_((?:__|\\[\s\S]|[^\\_])+?)_\b"
            r"|\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)"
        ),
    ),
    ("strike", re.compile(r"~~([\s\S]+?)~~(?!_)")),
    ("code", re.compile(r"(`+)([\s\S]*?[^`])\1(?!`)")),
    ("spoiler", re.compile(r"\|\|([\s\S]+?)\|\|")),
)
_TEXT: Final = re.compile(r"[\s\S]+?(?=[^0-9A-Za-z\s\u00c0-\uffff]|\n\n|\n|\w+:\S|$)")
_AT_LINE: Final = frozenset({"quote", "heading", "small"})


def read_markdown(content: str, *, quoted: bool = False) -> tuple[Node, ...]:
    """The parts of a message in their order."""
    return tuple(_joined(_parts(content, quoted)))


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """All parts, each before those within it."""
    for node in nodes:
        yield node
        yield from walk(node.inner)


def visible(content: str) -> str:
    """What people see, without marks."""
    return "".join(node.visible for node in read_markdown(content))


def kinds(content: str) -> set[str]:
    """What a message holds beside text."""
    return {node.kind for node in walk(read_markdown(content))} - {"text"}


def _parts(content: str, quoted: bool) -> Iterator[Node]:
    at = 0
    while at < len(content):
        at_line = at == 0 or content[at - 1] == "\n"
        for kind, rule in _RULES:
            if kind in _AT_LINE and not (at_line and not (quoted and kind == "quote")):
                continue
            if kind == "link" and "](" not in content[at:]:
                continue
            # Each rule sees what is left, so that a word boundary is there at its beginning.
            if found := rule.match(content[at:]):
                yield _MAKE.get(kind, _marked)(kind, found, quoted)
                at += found.end()
                break
        else:
            found = _TEXT.match(content[at:])
            text = found.group() if found and found.group() else content[at]
            yield Node(kind="text", text=text)
            at += len(text)


def _joined(nodes: Iterator[Node]) -> Iterator[Node]:
    text = ""
    for node in nodes:
        if node.kind == "text":
            text += node.text
            continue
        if text:
            yield Node(kind="text", text=text)
        text = ""
        yield node
    if text:
        yield Node(kind="text", text=text)


def _marked(kind: str, found: re.Match[str], quoted: bool) -> Node:
    inner = next(group for group in found.groups() if group is not None)
    return Node(kind=kind, inner=read_markdown(inner, quoted=quoted))


def _quote(kind: str, found: re.Match[str], quoted: bool) -> Node:
    whole = found.group()
    if whole.lstrip().startswith(">>>"):
        return Node(kind=kind, inner=read_markdown(re.sub(r"^ *>>> ?", "", whole), quoted=True))
    return Node(kind=kind, inner=read_markdown(re.sub(r"(?m)^ *> ?", "", whole), quoted=True))


def _link(kind: str, found: re.Match[str], quoted: bool) -> Node:
    if "://" in found[1]:
        return Node(kind="text", text=found.group())  # the client refuses a label that holds an address
    return Node(kind=kind, target=found[2], inner=read_markdown(found[1], quoted=quoted))


_MAKE: Final[dict[str, Callable[[str, re.Match[str], bool], Node]]] = {
    "quote": _quote,
    "code_block": lambda kind, found, _: Node(kind=kind, text=found[2], target=found[1] or ""),
    "code": lambda kind, found, _: Node(kind=kind, text=found[2].strip()),
    "heading": lambda kind, found, quoted: Node(
        kind=kind, inner=read_markdown(found[2], quoted=quoted), target=found[1]
    ),
    "escape": lambda kind, found, _: Node(kind="text", text=found[1]),
    "timestamp": lambda kind, found, _: Node(kind=kind, text="(a moment)", target=found[1]),
    "place": lambda kind, found, _: Node(kind=kind, text=f"({found[1]})"),
    "mention": lambda kind, found, _: Node(kind=kind, text=found.group()),
    "autolink": lambda kind, found, _: Node(kind="link", text=found[1], target=found[1]),
    "url": lambda kind, found, _: Node(kind="link", text=found[1], target=found[1]),
    "link": _link,
}
