"""The picture of the comparison: one dot for each policy, floor and price ratio, as plain SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from benchmarks.context_policies import CONTENDERS
from benchmarks.context_report import OPTIMUM, OURS, Cell

WIDTH, TOP, ROW, LEFT, GAP = 960, 86, 30, 190, 28
MOST = 20.0  # right end of the axis, as a multiple of the optimum; dearer policies are drawn there as arrows
TICKS = (1, 1.5, 2, 3, 5, 10, 20)
COLOURS = ("#1b9e77", "#7570b3", "#d95f02", "#888888")


def draw(cells: Sequence[Cell]) -> str:
    """Return the SVG: a panel for each floor, a row for each policy, a colour for each ratio below 1; over
    all traces.
    """
    floors = sorted({cell.floor for cell in cells})
    ratios = [ratio for ratio in sorted({cell.ratio for cell in cells}) if ratio < 1]
    policies = [contender.name for contender in CONTENDERS if contender.name != OPTIMUM]
    height = TOP + ROW * len(policies) + 46
    panel = (WIDTH - LEFT - 20 - GAP * (len(floors) - 1)) / len(floors)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(20, 26, "Input cost as a multiple of the clairvoyant optimum", size=16, weight="bold"),
        *_legend(ratios),
    ]
    for row, policy in enumerate(policies):
        weight = "bold" if policy == OURS else "normal"
        parts.append(_text(LEFT - 12, TOP + ROW * (row + 0.5) + 4, policy, anchor="end", weight=weight))
    for column, floor in enumerate(floors):
        left = LEFT + column * (panel + GAP)
        parts += _axis(left, panel, len(policies), f"at least {floor:,} tokens kept in view")
        for row, policy in enumerate(policies):
            for index, ratio in enumerate(ratios):
                chosen = [cell for cell in cells if cell.floor == floor and cell.ratio == ratio]
                at = _x(_multiple(chosen, policy), left, panel), TOP + ROW * (row + 0.5) + 7 * (index - 1)
                parts.append(
                    _mark(*at, COLOURS[index], beyond=_multiple(chosen, policy) > MOST, kept=_keeps(chosen, policy))
                )
    return "\n".join([*parts, "</svg>", ""])


def _multiple(cells: Sequence[Cell], policy: str) -> float:
    return sum(cell.of(policy).cost for cell in cells) / sum(cell.of(OPTIMUM).cost for cell in cells)


def _keeps(cells: Sequence[Cell], policy: str) -> bool:
    """Return whether a policy answered every question of every trace with the floor in view."""
    outcomes = [(cell, cell.of(policy)) for cell in cells]
    return all(o.guaranteed >= cell.floor and not o.failed and not o.lost for cell, o in outcomes)


def _x(multiple: float, left: float, width: float) -> float:
    return left + width * math.log(min(max(multiple, 1.0), MOST)) / math.log(MOST)


def _legend(ratios: Sequence[float]) -> Iterator[str]:
    yield _text(20, 50, "price of cached input as a share of uncached input:")
    for index, ratio in enumerate(ratios):
        left = 318 + 60 * index
        yield f'<circle cx="{left}" cy="46" r="4.5" fill="{COLOURS[index]}"/>'
        yield _text(left + 10, 50, f"{ratio:g}")
    yield _text(330 + 60 * len(ratios), 50, "hollow: not always that much history in view, or failed turns")


def _axis(left: float, width: float, rows: int, title: str) -> Iterator[str]:
    bottom = TOP + ROW * rows
    yield _text(left, TOP - 10, title, weight="bold")
    for row in range(0, rows, 2):
        yield f'<rect x="{left:.1f}" y="{TOP + ROW * row}" width="{width:.1f}" height="{ROW}" fill="#f4f4f4"/>'
    for tick in TICKS:
        x = _x(tick, left, width)
        colour = "#444444" if tick == 1 else "#dddddd"
        yield f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" stroke="{colour}"/>'
        yield _text(x, bottom + 18, f"{tick:g}", anchor="middle", size=11)


def _mark(x: float, y: float, colour: str, *, beyond: bool, kept: bool) -> str:
    style = f'fill="{colour if kept else "#ffffff"}" stroke="{colour}" stroke-width="1.5"'
    if beyond:
        return f'<path d="M{x - 4:.1f} {y - 4:.1f} l7 4 l-7 4 z" {style}/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" {style}/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" '
        f'fill="#222222">{escape(text)}</text>'
    )
