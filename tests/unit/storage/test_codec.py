"""Nested values survive the way into a column and back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.types import Attachment, CostSplit, Draft, Footer, Source, Usage
from storage import codec

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
counts = st.integers(min_value=0, max_value=2**53)
money = st.none() | st.decimals(allow_nan=False, allow_infinity=False)

attachments = st.builds(Attachment, id=text, name=text, media_type=text, size=counts, url=text, transcript=text)
sources = st.builds(Source, url=text, title=text)
usages = st.builds(
    Usage,
    input=counts,
    cached=counts,
    output=counts,
    reasoning=counts,
    estimated=st.booleans(),
    tools=st.dictionaries(text, counts, max_size=3),
    reported_cost=money,
    requests=st.integers(1, 4),
)
amounts = st.decimals(allow_nan=False, allow_infinity=False)
splits = st.builds(CostSplit, read=amounts, cached=amounts, reasoned=amounts, written=amounts, tools=amounts)
footers = st.builds(
    Footer,
    model=text,
    usage=usages,
    cost=money,
    seconds=st.floats(allow_nan=False, allow_infinity=False),
    show_cost=st.booleans(),
    split=st.none() | splits,
)
drafts = st.builds(
    Draft,
    status=st.sampled_from(["thinking", "writing", "searching", "done", "stopped", "failed"]),
    text=text,
    reasoning=text,
    sources=st.lists(sources, max_size=3).map(tuple),
    notices=st.lists(text, max_size=3).map(tuple),
    footer=st.none() | footers,
)


def through_text(value: Any) -> Any:
    """What a column gives back for JSON."""
    return json.loads(json.dumps(value))


@given(drafts)
def test_a_draft_comes_back_equal(draft: Draft) -> None:
    assert codec.draft_from_json(through_text(codec.draft_to_json(draft))) == draft


@given(footers)
def test_a_footer_keeps_every_digit_of_its_money(footer: Footer) -> None:
    back = codec.footer_from_json(through_text(codec.footer_to_json(footer)))
    assert back == footer
    assert str(back.cost) == str(footer.cost)
    assert str(back.usage.reported_cost) == str(footer.usage.reported_cost)
    assert str(back.split) == str(footer.split)


@given(footers)
def test_a_footer_of_an_earlier_version_has_no_split(footer: Footer) -> None:
    stored = through_text(codec.footer_to_json(footer))
    del stored["split"]
    assert codec.footer_from_json(stored) == replace(footer, split=None)


@given(st.lists(attachments, max_size=4).map(tuple))
def test_attachments_come_back_equal_and_in_order(files: tuple[Attachment, ...]) -> None:
    assert codec.attachments_from_json(through_text(codec.attachments_to_json(files))) == files


@given(usages)
def test_the_tools_of_a_usage_cannot_be_changed(usage: Usage) -> None:
    tools: Any = codec.usage_from_json(through_text(codec.usage_to_json(usage))).tools
    with pytest.raises(TypeError):
        tools["web_search"] = 1


def test_an_aware_time_becomes_the_same_instant_in_utc() -> None:
    there = datetime(2026, 1, 5, 18, tzinfo=timezone(timedelta(hours=9)))
    here = codec.as_utc(there)
    assert here == there
    assert here.isoformat() == "2026-01-05T09:00:00+00:00"
    assert codec.as_utc(datetime(2026, 1, 5, tzinfo=UTC)).tzinfo is UTC


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        codec.as_utc(datetime(2026, 1, 5))  # noqa: DTZ001 - the point of the test
