"""Budgets in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from bot.access.budgets import is_worth_warning, period_of, scope_of
from bot.types import Budget, BudgetScope, BudgetUse, Period
from storage.exact_sum import exact_sum
from storage.in_memory.ledger import LedgerLine, MemoryLedger

_Name: TypeAlias = tuple[BudgetScope, Period]


class MemoryBudgets(MemoryLedger):
    """A `BudgetStore` in memory: what is spent and reserved is added up anew each time."""

    def __init__(self) -> None:
        super().__init__()
        self._budgets: dict[_Name, Budget] = {}
        self._steps: dict[tuple[_Name, datetime], int] = {}
        self._warned: set[tuple[_Name, datetime]] = set()

    async def put_budget(self, budget: Budget) -> Budget | None:
        name = (budget.scope, budget.period)
        before = self._budgets.get(name)
        self._budgets[name] = budget
        self._steps = {key: step for key, step in self._steps.items() if key[0] != name}
        self._warned = {key for key in self._warned if key[0] != name}
        return before

    async def remove_budget(self, scope: BudgetScope, period: Period) -> Budget | None:
        return self._budgets.pop((scope, period), None)

    def budget_at(self, scope: BudgetScope, period: Period) -> Budget | None:
        """Return a budget as it is set, None where there is none."""
        return self._budgets.get((scope, period))

    async def budget_uses(self, covered: BudgetScope | None = None) -> Sequence[BudgetUse]:
        return self._uses(covered)

    async def note_budget_step(self, use: BudgetUse, step: int) -> None:
        key = ((use.budget.scope, use.budget.period), use.begins)
        self._steps[key] = max(self._steps.get(key, 0), step)

    async def take_budget_warnings(self) -> Sequence[BudgetUse]:
        due = {((use.budget.scope, use.budget.period), use.begins): use for use in self._uses(None)}
        found = {key: use for key, use in due.items() if key not in self._warned and is_worth_warning(use)}
        self._warned |= found.keys()
        return list(found.values())

    def _uses(self, covered: BudgetScope | None) -> Sequence[BudgetUse]:
        names = sorted(name for name in self._budgets if covered is None or name[0].covers(covered))
        return [self._use(self._budgets[name]) for name in names]

    def _use(self, budget: Budget) -> BudgetUse:
        begins, ends = period_of(budget, self._clock())
        lines = [line for line in self.lines.values() if line.at >= begins and self._counts(line, budget.scope)]
        return BudgetUse(
            budget=budget,
            begins=begins,
            ends=ends,
            spent=exact_sum(line.charge.cost for line in lines if line.settled_at is not None),
            reserved=exact_sum(line.reserved for line in lines if line.settled_at is None),
            step=self._steps.get(((budget.scope, budget.period), begins), 0),
        )

    def _counts(self, line: LedgerLine, scope: BudgetScope) -> bool:
        incoming = self._turns[line.turn].incoming
        return scope.covers(scope_of(incoming.key, incoming.author))
