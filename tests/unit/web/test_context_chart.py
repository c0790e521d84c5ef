"""The picture of a conversation's requests: nothing leaves the plot, nothing is lost, nothing overlaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.playground.context_chart import LEAST_SLOTS, MOST_TICKS, SHOWN, Prompt, lay_out, prompt_of, tick_step
from bot.types import Usage
from tests.unit.web.records import record


@st.composite
def prompt(draw: st.DrawFn) -> Prompt:
    total = draw(st.integers(0, 300_000))
    part = st.integers(0, total)
    return Prompt(total=total, system=draw(part), cached=draw(part), estimated=draw(st.booleans()))


prompts = st.lists(prompt(), max_size=SHOWN)


@given(prompts)
def test_every_bar_stands_on_the_axis_inside_the_plot(shown: Sequence[Prompt]) -> None:
    for bar, item in zip(lay_out(shown).bars, shown, strict=True):
        edges = [100.0, *(segment.y for segment in bar.segments)]
        assert [below - segment.height for below, segment in zip(edges, bar.segments, strict=False)] == pytest.approx(
            edges[1:]
        )
        assert all(0 <= edge <= 100 for edge in edges)
        assert bool(bar.segments) is (item.total > 0)


@given(prompts)
def test_heights_are_the_tokens_on_the_axis(shown: Sequence[Prompt]) -> None:
    layout = lay_out(shown)
    top = layout.ticks[-1].tokens
    for bar, item in zip(layout.bars, shown, strict=True):
        tokens = {segment.kind: segment.height * top / 100 for segment in bar.segments}
        assert sum(tokens.values()) == pytest.approx(item.total)
        assert tokens.get("system", 0) + tokens.get("system-new", 0) == pytest.approx(item.system)
        assert tokens.get("system-new", 0) + tokens.get("new", 0) == pytest.approx(item.fresh)


@given(prompts)
def test_bars_stand_side_by_side_in_their_slots(shown: Sequence[Prompt]) -> None:
    layout = lay_out(shown)
    for bar in layout.bars:
        assert bar.slot <= bar.x
        assert bar.x + layout.bar_width <= bar.slot + layout.slot_width + 1e-9
    for one, other in pairwise(layout.bars):
        assert one.slot + layout.slot_width == pytest.approx(other.slot)
    assert all(bar.slot + layout.slot_width <= 100 + 1e-9 for bar in layout.bars)


@given(prompts)
def test_the_axis_goes_from_zero_to_a_round_number_just_above_the_highest(shown: Sequence[Prompt]) -> None:
    ticks = lay_out(shown).ticks
    assert (ticks[0].tokens, ticks[0].y, ticks[-1].y) == (0, 100, 0)
    assert 2 <= len(ticks) <= MOST_TICKS + 1
    highest = max((item.total for item in shown), default=0)
    assert ticks[-1].tokens >= highest
    assert not highest or ticks[-2].tokens < highest


@pytest.mark.parametrize(
    ("highest", "step"),
    [
        pytest.param(0, 1, id="nothing"),
        pytest.param(4, 1, id="four"),
        pytest.param(5, 2, id="five"),
        pytest.param(2000, 500, id="exact"),
        pytest.param(2001, 1000, id="one-more"),
        pytest.param(230_000, 100_000, id="many"),
    ],
)
def test_steps_are_round(highest: int, step: int) -> None:
    assert tick_step(highest) == step


def test_a_short_conversation_does_not_have_fat_bars() -> None:
    one = lay_out([prompt_of(record())])
    assert one.slot_width == 100 / LEAST_SLOTS
    assert one.bars[0].slot == 0


def test_what_the_provider_counted_comes_before_the_estimates() -> None:
    counted = prompt_of(record(total=1000, usage=Usage(input=1234, cached=567)))
    assert counted == Prompt(total=1234, system=494, cached=567, estimated=False)
    assert counted.fresh == 667


@pytest.mark.parametrize(
    "usage",
    [
        pytest.param(Usage(input=9999, cached=9, estimated=True), id="nothing-reported"),
        pytest.param(Usage(input=9999, cached=9, requests=2), id="two-requests-as-one"),
    ],
)
def test_without_a_count_of_this_request_its_estimates_are_shown(usage: Usage) -> None:
    assert prompt_of(record(total=1000, cached=600, usage=usage)) == Prompt(
        total=1000, system=400, cached=600, estimated=True
    )


def test_a_failed_request_has_estimates() -> None:
    assert prompt_of(replace(record(total=1000), usage=None)).estimated


def test_no_part_is_more_than_the_whole() -> None:
    small = record(total=300, cached=350)
    prompt = prompt_of(replace(small, usage=None))
    assert (prompt.total, prompt.system, prompt.cached, prompt.fresh) == (300, 300, 300, 0)
    assert prompt_of(record(total=0, cached=0)) == Prompt(total=0, system=0, cached=0, estimated=False)
