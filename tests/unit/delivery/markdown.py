"""Markdown for tests: whole blocks at random, characters that matter at random, and real answers of a model."""

from __future__ import annotations

import json

import pytest
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.data import data_folder

WORDS = st.text("abcdefgh ", min_size=1, max_size=60).map(lambda text: " ".join(text.split()) or "a")
SENTENCES = st.one_of(
    WORDS.map(lambda words: words + "."),
    WORDS.map(lambda words: f"**{words}**"),
    WORDS.map(lambda words: f"`{words}`"),
    WORDS.map(lambda words: f"{words} [1]"),
    WORDS.map(lambda words: f"[{words}](https://example.com/{len(words)})"),
    st.sampled_from(["👩‍👩‍👧‍👦", "é", "🇩🇪🇫🇷", "漢字。漢字。", "한국어", "a < b & c", "https://example.com/a"]),
)
PARAGRAPHS = st.lists(SENTENCES, min_size=1, max_size=12).map(" ".join)
CODE_LINES = st.lists(st.text("xyz =(){}#|", max_size=40).map(lambda line: "c" + line), min_size=1, max_size=20)


def fenced(lines: list[str], language: str, marker: str) -> str:
    return "\n".join((marker + language, *lines, marker))


FENCES = st.builds(fenced, CODE_LINES, st.sampled_from(["", "py", "c++"]), st.sampled_from(["```", "````", "~~~"]))
ROWS = st.lists(st.tuples(st.text("abc ", max_size=12), st.text("def ", max_size=12)), min_size=1, max_size=15)
TABLES = ROWS.map(lambda rows: "\n".join(("| one | two |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows))))
LISTS = st.lists(PARAGRAPHS, min_size=1, max_size=8).map(lambda items: "\n".join(f"- {item}" for item in items))
QUOTES = st.lists(WORDS, min_size=1, max_size=8).map(lambda lines: "\n".join(f"> {line}" for line in lines))
HEADINGS = WORDS.map(lambda words: f"## {words}")
DOCUMENTS = st.lists(st.one_of(PARAGRAPHS, FENCES, TABLES, LISTS, QUOTES, HEADINGS), max_size=10).map("\n\n".join)
SOUP = st.text("ab1.-*#>|~` \n[]()<:/!\\\t\r^_=&é\u200d👍🏽🇩🇪", max_size=400)
TEXTS = st.one_of(DOCUMENTS, SOUP, st.tuples(DOCUMENTS, SOUP).map("".join))
LIMITS = st.one_of(st.integers(50, 300), st.sampled_from([2000, 4000, 12_000]))


def tokens(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def code_in(text: str) -> str:
    """The lines of all code blocks of a text."""
    return "".join(token.content for token in tokens(text) if token.type == "fence")


def real_answers() -> list[str]:
    """Answers of a real model; skips the test where they are not kept."""
    path = data_folder() / "llm" / "mtbench_gpt-4.jsonl"
    if not path.exists():
        pytest.skip(f"no {path.name}")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [turn for line in lines for choice in line["choices"] for turn in choice["turns"]]
