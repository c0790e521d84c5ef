"""What a single thread costs: a slow one with memory and without, and a lively one beside simpler bots.

    python -m benchmarks.context_threads

Slow: a question every twelve minutes, after the cache has expired each time. Lively: a thread of 60, 100 or 150 turns
cut from recorded traffic, in which no pause outlasts the cache. Costs are input and, where notes are written, the
requests for them. The simpler bots keep a stable system prompt and write no notes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import fmean

if not __package__:  # run as a file: the packages lie beside this folder
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.context_billing import Account, Terms, Windows, asked_notes
from benchmarks.context_cost import RATIOS, recorded_traffic
from benchmarks.context_policies import fill_and_slide, last_messages, seedling
from benchmarks.context_report import bills
from benchmarks.context_traces import ANSWER_TOKENS, Trace, read_traces
from bot.context.view import FLOORS

HEAD_TOKENS = 1_100
OUTPUT_PRICE = Terms.output
TWELVE_MINUTES = 720.0
SLOW_TURNS = 140
LIVELY_TURNS = (60, 100, 150)
ENDS = range(30, 151, 6)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One policy on one thread: its cost, the mean history in view, and what becomes of the first question."""

    cost: float
    history: float
    first: str


def slow_thread(turns: int = SLOW_TURNS, *, pause: float = TWELVE_MINUTES) -> Trace:
    """Return a thread with a question of 60 to 120 tokens each time the cache has expired."""
    return Trace("slow", [pause * turn for turn in range(turns)], [60 + turn * 7 % 61 for turn in range(turns)],
                 [ANSWER_TOKENS] * turns)  # fmt: skip


def memory_factor(trace: Trace, context: str, ratio: float) -> float:
    """Return what a thread costs with memory, its answers included, as a multiple of what it costs without."""
    off = Account(trace, Terms(floor=FLOORS[context], ratio=ratio, head=HEAD_TOKENS))
    on = Account(trace, replace(off.terms, notes=asked_notes(FLOORS[context])))
    written = sum(trace.answers) * OUTPUT_PRICE
    return (_cost(on, seedling(on)) + written) / (_cost(off, seedling(off)) + written)


def lively_threads(turns: int) -> Iterator[Trace]:
    """Yield the first part of so many turns of each recorded channel that knows no long pause."""
    for trace in (trace for path in recorded_traffic() for trace in read_traces(path)):
        start = run = 0
        for turn, (earlier, later) in enumerate(pairwise(trace.at), 1):
            run = run + 1 if later - earlier <= Terms.lifetime else 0
            if run == turns - 1:
                start = turn - run
                break
        if run == turns - 1:
            cut = slice(start, start + turns)
            yield Trace(trace.name, trace.at[cut], trace.questions[cut], trace.answers[cut])


def kept(trace: Trace, floor: int, ratio: float) -> dict[str, Kept]:
    """Return what ours and the simpler bots do with a thread."""
    plain = Account(trace, Terms(floor=floor, ratio=ratio, head=HEAD_TOKENS))
    ours = Account(trace, replace(plain.terms, notes=asked_notes(FLOORS["normal"])))
    return {
        "Seedling": _kept(ours, seedling(ours)),
        "keep everything that fits": _kept(plain, fill_and_slide(plain)),
        "last 25 messages": _kept(plain, last_messages(plain)),
    }


def _kept(account: Account, firsts: Sequence[int]) -> Kept:
    turns = len(account.trace)
    in_view = sum(first == 0 for first in firsts)
    noted = isinstance(firsts, Windows) and account.terms.notes > 0
    gone = f"in notes from turn {in_view + 1}" if noted else f"gone from turn {in_view + 1}"
    history = fmean(account.visible(first, turn) for turn, first in enumerate(firsts))
    return Kept(cost=_cost(account, firsts), history=history, first="in view" if in_view == turns else gone)


def _cost(account: Account, firsts: Sequence[int]) -> float:
    return sum(request.cost for request in bills(account, firsts) if request is not None)


def slow_table() -> str:
    """Return a Markdown table: cost with memory as a multiple of that without."""
    lines = [f"| context | {' | '.join(f'c/p = {ratio:g}' for ratio in RATIOS)} |", "|---|" + "---:|" * len(RATIOS)]
    for name in ("economy", "normal"):
        factors = (memory_factor(slow_thread(), name, ratio) for ratio in RATIOS)
        lines.append(f"| {name} | {' | '.join(f'{factor:.3f}' for factor in factors)} |")
    return "\n".join(lines)


def lively_table(turns: int, floor: int) -> str:
    """Return a Markdown table: cost as a multiple of keeping everything, mean history, the first question."""
    titles = ("thread", "policy", *(f"c/p = {ratio:g}" for ratio in RATIOS), "history at 0.2", "first question at 0.2")
    lines = [f"| {' | '.join(titles)} |", "|---|---|" + "---:|" * (len(RATIOS) + 1) + "---|"]
    for trace in lively_threads(turns):
        by_ratio = {ratio: kept(trace, floor, ratio) for ratio in RATIOS}
        for name, shown in by_ratio[0.2].items():
            costs = [by_ratio[ratio][name].cost / by_ratio[ratio]["keep everything that fits"].cost for ratio in RATIOS]
            cells = (trace.name, name, *(f"{cost:.3f}" for cost in costs), f"{shown.history:,.0f}", shown.first)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def ends_table(floor: int) -> str:
    """Return a Markdown table: cost as a multiple of keeping everything, for threads that end sooner or later."""
    lines = [f"| thread | {' | '.join(f'c/p = {ratio:g}' for ratio in RATIOS)} |", "|---|" + "---:|" * len(RATIOS)]
    for trace in lively_threads(ENDS[-1]):
        cells = (" to ".join(f"{each:.3f}" for each in _over_ends(trace, floor, ratio)) for ratio in RATIOS)
        lines.append(f"| {trace.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _over_ends(trace: Trace, floor: int, ratio: float) -> tuple[float, float]:
    """Return the mean over the ends, and the most."""
    factors = list[float]()
    for turns in ENDS:
        ours, everything, _ = kept(next(trace.pieces(turns)), floor, ratio).values()
        factors.append(ours.cost / everything.cost)
    return fmean(factors), max(factors)


def main() -> int:
    """Print the tables."""
    print(f"### a question every twelve minutes, {SLOW_TURNS} turns: with memory, without = 1\n\n{slow_table()}\n")
    for turns in LIVELY_TURNS:
        print(f"### lively, {turns} turns, context=normal\n\n{lively_table(turns, FLOORS['normal'])}\n", flush=True)
    ends = f"### that end after {ENDS[0]} to {ENDS[-1]} turns, context=normal, keeping everything = 1: mean to most"
    print(f"{ends}\n\n{ends_table(FLOORS['normal'])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
