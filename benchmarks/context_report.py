"""What the policies did, in figures and in tables."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean

from benchmarks.context_billing import NOT_SENT, Account, Request, Windows
from benchmarks.context_policies import CONTENDERS, UNCOUNTED

OPTIMUM, OURS = (contender.name for contender in CONTENDERS[:2])


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One policy in one cell.

    `relative` is its cost as a multiple of the optimum; `visible` the mean and `guaranteed` the least tokens in view
    once the conversation had the floor's; `failed` turns were longer than the model takes, `lost` questions were not
    in the request.
    """

    policy: str
    cost: float
    relative: float
    hit_rate: float
    visible: float
    guaranteed: int
    failed: int
    lost: int


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One trace under one floor and one price ratio, with the outcome of every policy."""

    trace: str
    turns: int
    floor: int
    ratio: float
    notes: int
    outcomes: Sequence[Outcome]

    def of(self, policy: str) -> Outcome:
        """Return the outcome of one policy."""
        return next(outcome for outcome in self.outcomes if outcome.policy == policy)

    @property
    def rivals(self) -> Iterable[Outcome]:
        """The other policies that answer every question with at least the floor in view."""
        for outcome in self.outcomes:
            served = not (outcome.failed or outcome.lost) and outcome.guaranteed >= self.floor
            if outcome.policy not in {OPTIMUM, OURS} and served:
                yield outcome


def bills(account: Account, firsts: Sequence[int]) -> list[Request | None]:
    """Return the request of each turn with the notes it causes; None where it was longer than the model takes, and so
    failed.
    """
    before: int | None = None
    reached = 0
    requests: list[Request | None] = []
    noted = firsts.noted if isinstance(firsts, Windows) else firsts
    for turn, first in enumerate(firsts):
        if noted[turn] > reached and before is not None:
            before = NOT_SENT  # other notes stand before the window, wherever it begins
        request = None if first == NOT_SENT else account.bill(turn, first, before, noted=noted[turn])
        if request is None or request.prompt > account.terms.most_prompt:
            requests.append(None)
            before = NOT_SENT
            continue
        requests.append(replace(request, cost=request.cost + account.notes_bill(noted[turn], reached)))
        before, reached = first, max(reached, noted[turn])
    return requests


def measure(account: Account) -> Cell:
    """All policies on one account; the first of them is the measure of the others."""
    outcomes: list[Outcome] = []
    for contender in (*CONTENDERS, UNCOUNTED) if account.terms.notes else CONTENDERS:
        requests = bills(account, contender.choose(account))
        outcomes.append(_outcome(account, contender.name, requests, outcomes[0].cost if outcomes else None))
    return Cell(
        trace=account.trace.name,
        turns=len(account.trace),
        floor=account.terms.floor,
        ratio=account.terms.ratio,
        notes=account.terms.notes,
        outcomes=outcomes,
    )


def _outcome(account: Account, name: str, requests: Sequence[Request | None], best: float | None) -> Outcome:
    made = [(turn, request) for turn, request in enumerate(requests) if request is not None]
    visible = [account.visible(request.first, turn) for turn, request in made]
    full = [tokens for (turn, _), tokens in zip(made, visible, strict=True) if _has_floor(account, turn)]
    cost = sum(request.cost for _, request in made)
    return Outcome(
        policy=name,
        cost=cost,
        relative=1.0 if best is None else cost / best,
        hit_rate=sum(request.cached for _, request in made) / max(1, sum(request.prompt for _, request in made)),
        visible=fmean(visible) if visible else 0.0,
        guaranteed=min(full, default=0),
        failed=len(requests) - len(made),
        lost=sum(request.first > 2 * turn for turn, request in made),
    )


def _has_floor(account: Account, turn: int) -> bool:
    return account.visible(0, turn) >= account.terms.floor


# ---------------------------------------------------------------- for people and programs


def table(cells: Sequence[Cell]) -> str:
    """Return a Markdown table of cells that differ in their price ratio: cost as a multiple of the optimum, then the
    rest.

    Hit rate, history and faults are means and sums over the cells' pieces at the lowest ratio given.
    """
    ratios = sorted({cell.ratio for cell in cells})
    shown = [cell for cell in cells if cell.ratio == ratios[0]]
    names = ("policy", *(f"{ratio:g}" for ratio in ratios), "hit rate", "mean history", "least", "failed", "lost")
    lines = [
        f"| {' | '.join(names)} |",
        "|---|" + "---:|" * (len(ratios) + 5),
    ]
    for policy in (outcome.policy for outcome in shown[0].outcomes):
        costs = [_relative([cell for cell in cells if cell.ratio == ratio], policy) for ratio in ratios]
        own = [cell.of(policy) for cell in shown]
        rest = (
            f"{fmean(outcome.hit_rate for outcome in own):.0%}",
            f"{fmean(outcome.visible for outcome in own):,.0f}",
            f"{min(outcome.guaranteed for outcome in own):,}",
            f"{sum(outcome.failed for outcome in own):,}",
            f"{sum(outcome.lost for outcome in own):,}",
        )
        lines.append("| " + " | ".join((policy, *(f"{cost:.3f}" for cost in costs), *rest)) + " |")
    return "\n".join(lines)


def _relative(cells: Sequence[Cell], policy: str) -> float:
    """Return the cost of a policy over several pieces as a multiple of the optimum's."""
    return sum(cell.of(policy).cost for cell in cells) / sum(cell.of(OPTIMUM).cost for cell in cells)


def verdict(cells: Sequence[Cell]) -> str:
    """Return how ours did over all cells: the greatest and mean multiple, and how it stands against its rivals."""
    chosen = [cell for cell in cells if cell.ratio < 1 or cell.notes]
    if not chosen:
        return "Every price ratio is 1: there is nothing to save."
    beaten = [cell for cell in chosen if all(cell.of(OURS).cost <= rival.cost * (1 + 1e-9) for rival in cell.rivals)]
    lead = min((rival.cost / cell.of(OURS).cost for cell in chosen for rival in cell.rivals), default=math.inf)
    ours = f"{_spread(chosen, OURS)}; cheapest with that history in {len(beaten)} of {len(chosen)}, where the next one"
    ours += f" costs {lead:.3f} times as much or more."
    noted = [cell for cell in chosen if cell.notes]
    return f"{ours}\n{_spread(noted, UNCOUNTED.name)}." if noted else ours


def _spread(cells: Sequence[Cell], policy: str) -> str:
    multiples = [cell.of(policy).relative for cell in cells]
    worst = max(cells, key=lambda cell: cell.of(policy).relative)
    notes = f", notes of {worst.notes}" if worst.notes else ""
    return (
        f"{policy} over {len(cells)} cells where something can be saved: {fmean(multiples):.4f} of the optimum on "
        f"average, {max(multiples):.4f} at most ({worst.trace}, floor {worst.floor:,}, ratio {worst.ratio:g}{notes})"
    )


def as_json(cell: Cell) -> Mapping[str, object]:
    """Return a cell as plain values."""
    return asdict(cell)


def write_decisions(path: Path, account: Account, firsts: Sequence[int]) -> None:
    """One row for each turn, from which its cost can be computed again; entry 2i is question i, 2i + 1 its answer."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("turn", "arrival_s", "question", "answer", "first_entry", "prompt", "cached", "cost"))
        for turn, request in enumerate(bills(account, firsts)):
            trace = account.trace
            known = (turn, f"{trace.at[turn]:.3f}", trace.questions[turn], trace.answers[turn], firsts[turn])
            billed = ("", "", "") if request is None else (request.prompt, request.cached, f"{request.cost:.1f}")
            rows.writerow((*known, *billed))
