"""Numbers agree with their nouns."""

from __future__ import annotations

import pytest

from bot.language import quantity


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [
        pytest.param(0, "message", "0 messages", id="none"),
        pytest.param(1, "message", "1 message", id="one"),
        pytest.param(2_000, "message", "2,000 messages", id="many"),
        pytest.param(1, "web search", "1 web search", id="one-of-an-irregular-noun"),
        pytest.param(2, "web search", "2 web searches", id="two-of-an-irregular-noun"),
    ],
)
def test_a_number_agrees_with_its_noun(count: int, noun: str, said: str) -> None:
    assert quantity(count, noun) == said
