"""Sources that an answer names in its own words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.seed.protocols.sources import source_of, sources_in_text
from bot.types import Source


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        pytest.param("No source.", [], id="none"),
        pytest.param(
            "See https://a.example/x, then (https://b.example).",
            [Source(url="https://a.example/x"), Source(url="https://b.example")],
            id="bare-addresses",
        ),
        pytest.param(
            "As [A](https://a.example) says.\n\n## References\n[1] Beta - https://b.example\n2. [C](https://c.example)",
            [Source(url="https://b.example", title="Beta"), Source(url="https://c.example", title="C")],
            id="only-the-references-block",
        ),
        pytest.param(
            "**Sources:**\n- https://a.example\n- https://a.example",
            [Source(url="https://a.example")],
            id="each-once",
        ),
    ],
)
def test_sources_are_read_from_the_text(text: str, sources: list[Source]) -> None:
    assert sources_in_text(text) == sources


@given(st.text(max_size=200))
def test_no_text_makes_it_fail(text: str) -> None:
    assert all(source.url.startswith("http") for source in sources_in_text(text + " https://a.example " + text))


@pytest.mark.parametrize("raw", [None, 7, [], {}, "", "mailto:a@b", {"url": 7}, "https://", "https://" + "x" * 3000])
def test_what_is_no_web_address_is_no_source(raw: object) -> None:
    assert source_of(raw) is None
