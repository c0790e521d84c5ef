"""Lay out the chart of a conversation's requests, one bar for each, without any I/O.

Lengths are percent of the plot, from its left and from its top, so that the picture fits any width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from bot.types import RequestRecord

SHOWN: Final = 60
"""The requests in the picture; on a phone more would not be told apart."""

LEAST_SLOTS: Final = 16
"""A short conversation's bars are as wide as those of one with this many requests."""

BAR_SHARE: Final = 0.74
"""The part of its slot that a bar fills."""

MOST_TICKS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """The tokens of one request; `cached` is the part of `total` that the provider had, `estimated` if not counted."""

    total: int
    system: int
    cached: int
    estimated: bool

    @property
    def fresh(self) -> int:
        """Return what was read anew."""
        return self.total - self.cached


def prompt_of(record: RequestRecord) -> Prompt:
    """Return what the provider counted; the estimates where it did not, or where it counted several requests
    as one.

    Nobody counts the system prompt: it has its share of the estimates.
    """
    figures, usage = record.figures, record.usage
    if usage is None or usage.estimated or usage.requests != 1:
        total, cached, estimated = figures.total, figures.cached, True
    else:
        total, cached, estimated = usage.input, usage.cached, False
    share = min(1, figures.system_prompt / figures.total) if figures.total > 0 else 0
    return Prompt(total=total, system=round(share * total), cached=min(cached, total), estimated=estimated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Part of a bar: "system" (the prompt), "system-new" where it was not cached, "cached" behind it, and "new"."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBar:
    """One request: its slot begins at `slot`, its bar at `x`; the segments stand on each other, the first below."""

    slot: float
    x: float
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line of the axis at a round number of tokens."""

    y: float
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The whole picture; the slots and the bars are all of one width."""

    slot_width: float
    bar_width: float
    bars: tuple[RequestBar, ...]
    ticks: tuple[Tick, ...]


def lay_out(prompts: Sequence[Prompt]) -> Layout:
    """Return the picture of some prompts, in their order; the axis goes from zero to a round number above
    the highest.
    """
    slot = 100 / max(LEAST_SLOTS, len(prompts))
    highest = max((prompt.total for prompt in prompts), default=0)
    step = tick_step(highest)
    top = step * max(1, ceil(highest / step))
    return Layout(
        slot_width=slot,
        bar_width=slot * BAR_SHARE,
        bars=tuple(
            RequestBar(slot=index * slot, x=(index + (1 - BAR_SHARE) / 2) * slot, segments=_segments(item, top))
            for index, item in enumerate(prompts)
        ),
        ticks=tuple(Tick(y=100 - 100 * value / top, tokens=value) for value in range(0, top + 1, step)),
    )


def _segments(prompt: Prompt, top: int) -> tuple[Segment, ...]:
    ends = (
        ("system", min(prompt.system, prompt.cached)),
        ("system-new", prompt.system),
        ("cached", max(prompt.system, prompt.cached)),
        ("new", prompt.total),
    )
    segments: list[Segment] = []
    start = 0
    for kind, end in ends:
        if end > start:
            segments.append(Segment(kind=kind, y=100 - 100 * end / top, height=100 * (end - start) / top))
            start = end
    return tuple(segments)


def tick_step(highest: int) -> int:
    """Return the least of 1, 2, 5, 10, 20, ... that reaches `highest` in at most `MOST_TICKS` steps."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power * MOST_TICKS >= highest:
                return factor * power
        power *= 10
