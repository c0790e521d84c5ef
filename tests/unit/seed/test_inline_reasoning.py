"""Reasoning inside the answer is told apart from it, wherever the pieces are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.seed.inline import InlineReasoning


def part(pieces: list[str]) -> tuple[str, str]:
    inline = InlineReasoning()
    parted = [inline.feed(piece) for piece in pieces] + [inline.end()]
    return "".join(reasoning for reasoning, _ in parted), "".join(text for _, text in parted)


@pytest.mark.parametrize(
    ("content", "reasoning", "text"),
    [
        pytest.param("Hello", "", "Hello", id="no-reasoning"),
        pytest.param("<think>hm</think>\n\nHello", "hm", "Hello", id="reasoning-first"),
        pytest.param("\n <think>hm</think>Hello", "hm", "Hello", id="blanks-before-it"),
        pytest.param("Use <think>x</think> tags", "", "Use <think>x</think> tags", id="tag-later-in-the-text"),
        pytest.param("<think>never closed", "never closed", "", id="not-closed"),
        pytest.param("<think>a</thi", "a</thi", "", id="cut-in-the-closing-tag"),
        pytest.param("<thin", "", "<thin", id="cut-in-the-opening-tag"),
        pytest.param("<thing> is a tag", "", "<thing> is a tag", id="another-tag"),
        pytest.param("<think></think>Hi", "", "Hi", id="empty-reasoning"),
        pytest.param("  Hi", "", "  Hi", id="blanks-of-the-text-stay"),
    ],
)
def test_reasoning_and_text_are_parted(content: str, reasoning: str, text: str) -> None:
    assert part([content]) == (reasoning, text)
    assert part(list(content)) == (reasoning, text)


@given(st.lists(st.sampled_from(["<think>", "</think>", "<th", "ink>", "</", "a", " ", "\n"]), max_size=8), st.data())
def test_any_way_of_cutting_it_gives_the_same_parts(words: list[str], data: st.DataObject) -> None:
    content = "".join(words)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=8)))
    pieces = [content[start:end] for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    assert part(pieces) == part([content])
