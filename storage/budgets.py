"""Store budgets in a database, and keep what is spent under them.

Whoever reserves or settles locks the rows of all budgets that cover the request, in one order, so that processes wait
for each other there and never forever. What is reserved is not counted apart: it is the sum over the open lines of the
ledger, so that no reservation can outlive its request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.access.budgets import is_worth_warning, period_of
from bot.types import Budget, BudgetScope, BudgetUse, Period
from storage.codec import as_utc
from storage.database import SqlPart, begin_writing, put, unit_of_work
from storage.exact_sum import exact_sum, sum_of
from storage.tables import IS_UNSETTLED, BudgetRow, LedgerRow

_ORDER = tuple(col(getattr(BudgetRow, name)) for name in ("platform", "workspace", "channel", "person", "period"))
_OPEN: sa.Select[Any] = sa.select(  # type: ignore[assignment]  # the columns are known, their tuple is not
    col(LedgerRow.platform),
    col(LedgerRow.workspace),
    col(LedgerRow.channel),
    col(LedgerRow.author_id).label("person"),
    col(LedgerRow.at),
    col(LedgerRow.reserved),
).where(IS_UNSETTLED)


@dataclass(frozen=True, slots=True)
class LockedBudget:
    """A budget's row, locked and of its present period."""

    row: BudgetRow
    budget: Budget
    begins: datetime
    ends: datetime

    def use(self, open_requests: Sequence[sa.Row[Any]]) -> BudgetUse:
        """Return how far the budget is used, with what is reserved for open requests."""
        reserved = [
            Decimal(request.reserved)
            for request in open_requests
            if request.reserved is not None
            and request.at >= self.begins
            and self.budget.scope.covers(scope_of(request))
        ]
        return BudgetUse(
            budget=self.budget,
            begins=self.begins,
            ends=self.ends,
            spent=Decimal(self.row.spent),
            reserved=exact_sum(reserved),
            step=self.row.step,
        )


def scope_of(request: object) -> BudgetScope:
    """Return the narrowest scope that a line of the ledger counts in."""
    row: dict[str, str] = {name: getattr(request, name, "") for name in ("platform", "workspace", "channel")}
    return BudgetScope(**row, person=getattr(request, "person", "") or getattr(request, "author_id", ""))


def lock_budgets(session: Session, covered: BudgetScope | None, now: datetime) -> list[LockedBudget]:
    """Return the budgets that cover a scope, or all, the widest first, locked until the end of the transaction."""
    begin_writing(session)
    wanted = select(BudgetRow).order_by(*_ORDER).with_for_update()
    for name, value in covered.columns.items() if covered is not None else ():
        wanted = wanted.where(col(getattr(BudgetRow, name)).in_(("", value)))
    return [_present(session, row, now) for row in session.exec(wanted)]


def _present(session: Session, row: BudgetRow, now: datetime) -> LockedBudget:
    """Return a budget whose row is of the present period; of a new one it begins with what is settled of it."""
    budget = row.to_budget()
    begins, ends = period_of(budget, now)
    if row.begins != begins:
        row.begins, row.step, row.warned = begins, 0, False
        row.spent = _settled_since(session, budget.scope, begins)
    return LockedBudget(row, budget, begins, ends)


def _settled_since(session: Session, scope: BudgetScope, begins: datetime) -> str:
    dialect = session.get_bind().dialect.name
    spent = sa.select(sum_of(col(LedgerRow.cost), dialect=dialect)).where(
        col(LedgerRow.at) >= begins, col(LedgerRow.settled_at).is_not(None)
    )
    for name, value in scope.columns.items():
        if value:
            spent = spent.where(col(getattr(LedgerRow, "author_id" if name == "person" else name)) == value)
    return str(session.connection().execute(spent).scalar_one() or 0)


def uses(session: Session, locked: Sequence[LockedBudget]) -> list[BudgetUse]:
    """Return how far budgets are used."""
    if not locked:
        return []
    open_requests = session.connection().execute(_OPEN).all()
    return [budget.use(open_requests) for budget in locked]


def count_spent(session: Session, line: LedgerRow, cost: Decimal, now: datetime) -> None:
    """Count what a request came to, or came to more, under the budgets of the period in which it was sent.

    Before the line itself says so: a budget that begins a period here takes what the ledger has.
    """
    for locked in lock_budgets(session, scope_of(line), now):
        if line.at >= locked.begins:
            locked.row.add(cost)


def _is(scope: BudgetScope, period: Period) -> Sequence[sa.ColumnElement[bool]]:
    return [
        *(col(getattr(BudgetRow, name)) == value for name, value in scope.columns.items()),
        col(BudgetRow.period) == period.value,
    ]


def budget_at(session: Session, scope: BudgetScope, period: Period) -> Budget | None:
    begin_writing(session)
    row = session.exec(select(BudgetRow).where(*_is(scope, period)).with_for_update()).one_or_none()
    return None if row is None else row.to_budget()


class SqlBudgets(SqlPart):
    """A `BudgetStore` over a database."""

    @unit_of_work
    def put_budget(self, session: Session, budget: Budget) -> Budget | None:
        before = budget_at(session, budget.scope, budget.period)
        put(session, BudgetRow, [BudgetRow.from_budget(budget).model_dump()])  # processes begin together
        return before

    @unit_of_work
    def remove_budget(self, session: Session, scope: BudgetScope, period: Period) -> Budget | None:
        before = budget_at(session, scope, period)
        session.exec(sa.delete(BudgetRow).where(*_is(scope, period)))
        return before

    @unit_of_work
    def budget_uses(self, session: Session, covered: BudgetScope | None = None) -> Sequence[BudgetUse]:
        return uses(session, lock_budgets(session, covered, self._clock()))

    @unit_of_work
    def note_budget_step(self, session: Session, use: BudgetUse, step: int) -> None:
        for locked in lock_budgets(session, use.budget.scope, self._clock()):
            if (locked.budget.scope, locked.budget.period) == (use.budget.scope, use.budget.period):
                locked.row.step = max(locked.row.step, step) if locked.begins == as_utc(use.begins) else locked.row.step

    @unit_of_work
    def take_budget_warnings(self, session: Session) -> Sequence[BudgetUse]:
        due = [locked for locked in lock_budgets(session, None, self._clock()) if not locked.row.warned]
        found = [use for use in uses(session, due) if is_worth_warning(use)]
        told = {(use.budget.scope, use.budget.period) for use in found}
        for locked in due:
            locked.row.warned = (locked.budget.scope, locked.budget.period) in told
        return found
