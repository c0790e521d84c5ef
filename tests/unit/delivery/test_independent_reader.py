"""A reader of Discord's Markdown that others wrote sees what the model's text says: words, bold words and code.

It is the npm package discord-markdown-parser, which `make test-slow` installs. What it reads is compared with the parse
of the model's own text, and with our own reading of Discord (`tests.emulators.discord.markdown`).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from markdown_it.token import Token

from adapters.discord.replies.markdown import to_discord
from adapters.discord.replies.rendering import plain_pages
from bot.delivery.document import parse
from scripts.catalogues import ROOT
from tests.data import data_folder
from tests.emulators.discord import markdown as discord
from tests.unit.delivery.markdown import DOCUMENTS, real_answers

pytestmark = pytest.mark.slow

FOLDER: Final = Path(os.environ.get("SEEDLING_TEST_DISCORD_PARSER", ROOT / ".venv" / "discord-markdown"))
SCRIPT: Final = """
const { parse } = require("discord-markdown-parser");
require("readline").createInterface({ input: process.stdin }).on("line", (line) =>
  console.log(JSON.stringify(parse(JSON.parse(line), "extended"))));
"""
KINDS: Final = {
    "strong": "bold", "em": "italic", "codeBlock": "code_block", "inlineCode": "code", "blockQuote": "quote",
    "autolink": "link", "url": "link", "link": "link", "heading": "heading", "spoiler": "spoiler",
    "strikethrough": "strike", "underline": "underline", "user": "mention", "timestamp": "timestamp",
}  # fmt: skip
NAMED: Final = re.compile(r"<(?:t|id):[^>]*>")
UNSEEN: Final = frozenset({"timestamp"})
"""What both know and name otherwise."""

Seen = tuple[str, str]
"""A kind of part, and the words in it without spaces."""


class Reader:
    """The package, in one process of node for all texts."""

    def __init__(self) -> None:
        self._node = subprocess.Popen(
            ["node", "-e", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=FOLDER
        )

    def read(self, text: str) -> list[Any]:
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        self._node.stdin.write(json.dumps(text) + "\n")
        self._node.stdin.flush()
        nodes: list[Any] = json.loads(self._node.stdout.readline())
        return nodes

    def close(self) -> None:
        self._node.kill()
        self._node.communicate()


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    if not (FOLDER / "node_modules" / "discord-markdown-parser").exists():
        pytest.skip(f"discord-markdown-parser is not in {FOLDER}: `make test-slow` installs it where there is npm")
    reader = Reader()
    yield reader
    reader.close()


def bare(text: str) -> str:
    """A text without spaces, and without the characters that nobody sees."""
    return re.sub(r"[\s\u200b\u2060]+", "", text)


def words(node: Any) -> str:
    if isinstance(node, list):
        return "".join(map(words, node))
    return words(node.get("content", node.get("name", ""))) if isinstance(node, dict) else str(node)


def seen(nodes: Any) -> Iterator[Seen]:
    """What the package sees of a message beside plain words."""
    for node in nodes if isinstance(nodes, list) else []:
        if kind := KINDS.get(node["type"]):
            yield kind, bare(words(node))
        yield from seen(node.get("content"))


def seen_by_us(text: str) -> Iterator[Seen]:
    for node in discord.walk(discord.read_markdown(text)):
        if node.kind in KINDS.values():
            yield node.kind, bare(node.visible)


def written(tokens: Sequence[Token]) -> Iterator[Seen]:
    """The bold words, and the code, of a model's text outside tables, whose cells have neither."""
    in_table = in_heading = False
    for token in tokens:
        in_table ^= token.type in {"table_open", "table_close"}
        in_heading ^= token.type in {"heading_open", "heading_close"}
        if token.type in {"fence", "code_block"}:
            yield "code_block", bare(token.content)
        if token.type == "inline" and not in_table:
            yield from _written_in(token.children or [], in_heading=in_heading)


def _written_in(children: Sequence[Token], *, in_heading: bool) -> Iterator[Seen]:
    bold: list[str] | None = None
    for child in children:
        if child.type == "strong_open":
            bold = []
        elif child.type == "strong_close" and bold is not None:
            if not in_heading:
                yield "bold", bare("".join(bold))
            bold = None
        elif child.type == "code_inline":
            yield "code", bare(child.content)
        if bold is not None:
            bold.append(child.content)


def _letters(item: Seen) -> Seen:
    """Marks at the edge of bold words may stand beside them: beside scripts without spaces they have to."""
    return (item[0], re.sub(r"\W", "", item[1])) if item[0] == "bold" else item


def check(reader: Reader, text: str) -> None:
    sent = to_discord(text, allowed=lambda _: True)
    nodes = reader.read(sent)
    theirs, ours = Counter(seen(nodes)), Counter(seen_by_us(sent))
    assert {key: count for key, count in theirs.items() if key[0] not in UNSEEN} == {
        key: count for key, count in ours.items() if key[0] not in UNSEEN
    }, sent
    missing = Counter(map(_letters, written(parse(text)))) - Counter(map(_letters, theirs.elements()))
    assert [item for item in missing if item[1]] == [], sent
    assert {kind for kind, _ in theirs} & {"spoiler", "underline", "mention"} == set(), sent


def texts() -> list[str]:
    cases = json.loads((data_folder() / "cases" / "answers.json").read_text(encoding="utf-8"))
    return [*(case["text"] for case in cases), *real_answers()]


def test_what_answers_say_is_what_discord_shows(reader: Reader) -> None:
    every = texts()
    assert len(every) >= 73
    for text in every:
        check(reader, text)
        for page in plain_pages(to_discord(text, allowed=lambda _: True)):
            content = NAMED.sub("", page.content)
            assert bare(words(reader.read(content))) == bare(discord.visible(content)), content


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(text=DOCUMENTS)
def test_what_any_tree_says_is_what_discord_shows(reader: Reader, text: str) -> None:
    check(reader, text)
