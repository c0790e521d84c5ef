"""Draw charts as SVG, without scripts and styles of their own: colours come from the style sheet by class. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from markupsafe import Markup

WIDTH: Final = 720
HEIGHT: Final = 180
LEFT: Final = 64
BOTTOM: Final = 24
TOP: Final = 10
LABELS: Final = 8
"""Names under the bars that have room beside each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartBar:
    """One bar: its name below, its height, and what it says when somebody points at it."""

    label: str
    value: Decimal
    text: str


def bar_chart(title: str, bars: Sequence[ChartBar], top_label: str) -> Markup:
    """Return bars beside each other; `top_label` is what the highest one comes to. The same stands in a table below."""
    highest = max((bar.value for bar in bars), default=Decimal(0))
    room = Decimal(WIDTH - LEFT) / max(1, len(bars))
    every = -(-len(bars) // LABELS)
    drawn = Markup("").join(
        _bar(bar, LEFT + number * room, room, bar.value / highest if highest else Decimal(0), named=number % every == 0)
        for number, bar in enumerate(bars)
    )
    ground = HEIGHT - BOTTOM
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" role="img" aria-label="{title}">'
        '<line class="axis" x1="{left}" y1="{ground}" x2="{w}" y2="{ground}"/>'
        '<line class="grid" x1="{left}" y1="{top}" x2="{w}" y2="{top}"/>'
        '<text x="{beside}" y="{text_top}" text-anchor="end">{top_label}</text>'
        '<text x="{beside}" y="{ground}" text-anchor="end">0</text>{drawn}</svg>'
    ).format(
        w=WIDTH,
        h=HEIGHT,
        title=title,
        left=LEFT,
        ground=ground,
        top=TOP,
        beside=LEFT - 6,
        text_top=TOP + 9,
        top_label=top_label,
        drawn=drawn,
    )


def _bar(bar: ChartBar, left: Decimal, room: Decimal, share: Decimal, *, named: bool) -> Markup:
    height = share * (HEIGHT - BOTTOM - TOP)
    label = Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>').format(
        _short(left + room / 2), HEIGHT - 6, bar.label
    )
    return Markup('<g><title>{}</title><rect class="bar" x="{}" y="{}" width="{}" height="{}"/>{}</g>').format(
        bar.text,
        _short(left + room / 10),
        _short(HEIGHT - BOTTOM - height),
        _short(room * 8 / 10),
        _short(height),
        label if named else "",
    )


def _short(number: Decimal) -> str:
    return f"{number:.1f}"
