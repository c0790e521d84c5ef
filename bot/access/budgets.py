"""Decide what budgets allow: periods, reservations, and how requests degrade near a cap. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from bot.errors import BudgetReached
from bot.time_zones import find_zone
from bot.types import Budget, BudgetScope, BudgetUse, ConversationKey, Costs, ModelRequest, Period, Person, Purpose

NEAR: Final = 10
"""So many answers at their greatest cost before a cap, the greatest cost is what is reserved, and nothing is written
that nobody waits for."""

LOW_EFFORT: Final = 6
"""So many before it, the model is to think little."""

SHORT_ANSWERS: Final = 3
"""So many before it, answers are short."""

STEPS: Final = (NEAR, LOW_EFFORT, SHORT_ANSWERS)

SHORT_TOKENS: Final = 1_024

AWAITED: Final = frozenset({Purpose.ANSWER, Purpose.TRANSCRIPTION})
"""What is still asked near a cap: what an answer needs."""

WARNING_SHARE: Final = Decimal("0.8")
"""At which administrators are told, once a period."""

DEFAULT_AMOUNT: Final = Decimal(5)
"""Of a fresh installation, for a day."""


def period_of(budget: Budget, now: datetime) -> tuple[datetime, datetime]:
    """Return when the present period of a budget began and when it ends, both in UTC."""
    zone = find_zone(budget.time_zone)
    begins = now.astimezone(zone).date()
    if budget.period is Period.MONTH:
        begins = begins.replace(day=1)
        ends = (begins + timedelta(days=31)).replace(day=1)
    else:
        ends = begins + timedelta(days=1)
    return datetime.combine(begins, time(), zone).astimezone(UTC), datetime.combine(ends, time(), zone).astimezone(UTC)


def reservation(uses: Sequence[BudgetUse], purpose: Purpose, costs: Costs) -> Decimal:
    """Return what to reserve for a request under all budgets that cover it. Raises `BudgetReached`.

    Far from every cap that is its likely cost. Near one it is its greatest, so that no more is spent than is left,
    and only answers, and the sounds that they are about, get any.
    """
    near = [use for use in uses if use.left is not None and use.left < NEAR * costs.greatest]
    if not near:
        return costs.likely
    tightest = min(near, key=lambda use: use.left or Decimal(0))
    if costs.greatest and ((tightest.left or 0) < costs.greatest or purpose not in AWAITED):
        raise BudgetReached(tightest)
    return costs.greatest


def used_up(uses: Sequence[BudgetUse]) -> BudgetUse | None:
    """Return a budget under which nothing is left, None while something is under all of them."""
    return next((use for use in uses if use.left is not None and use.left <= 0), None)


def step_of(use: BudgetUse, greatest: Decimal) -> int:
    """Return how far requests degrade under a budget: 0 not at all, up to the number of `STEPS`."""
    if use.left is None or not greatest:
        return 0
    return max(use.step, sum(use.left < answers * greatest for answers in STEPS))


def tightest(uses: Sequence[BudgetUse], greatest: Decimal) -> tuple[BudgetUse, int] | None:
    """Return the budget under which a request degrades most, and how far; None where it degrades under none."""
    steps = [(step, use) for use in uses if (step := step_of(use, greatest))]
    if not steps:
        return None
    step, use = max(steps, key=lambda found: found[0])
    return use, step


def scope_of(key: ConversationKey, person: Person) -> BudgetScope:
    """Return the narrowest scope that somebody's request in a conversation counts in."""
    return BudgetScope(platform=key.platform, workspace=key.workspace, channel=key.channel, person=person.id)


def degraded(request: ModelRequest, step: int) -> ModelRequest:
    """Return a request that costs less: low effort from the second step on, a short answer from the third.

    None of them gets more room than it reserves.
    """
    parameters = dict(request.parameters)
    if step > STEPS.index(LOW_EFFORT) and parameters.get("enable_thinking") is not False:
        parameters["reasoning_effort"] = "low"
    if step > STEPS.index(SHORT_ANSWERS):
        most = parameters.get("max_tokens")
        parameters["max_tokens"] = min(most, SHORT_TOKENS) if isinstance(most, int) else SHORT_TOKENS
    return replace(request, parameters=MappingProxyType(parameters), room=None)


def is_worth_warning(use: BudgetUse) -> bool:
    """Return whether administrators should hear how much of a budget is spent."""
    amount = use.budget.amount
    return amount is not None and use.spent >= WARNING_SHARE * amount
