"""Table of budgets, with the conversion of rows to values and back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Field

from bot.types import Budget, BudgetScope, Period
from storage.codec import decimal_from_text, decimal_to_text
from storage.tables.base import BaseTable

PERIOD = sa.Enum(Period, native_enum=False, values_callable=lambda periods: [p.value for p in periods], length=20)


class BudgetRow(BaseTable, table=True):
    """A budget, and how far it is used in the period that began at `begins`; amounts are exact decimals.

    `spent` is the sum of the settled requests of that period. Of an older period, or of none, nothing counts.
    """

    __tablename__ = "budget"

    platform: str = Field(primary_key=True)
    workspace: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    person: str = Field(primary_key=True)
    period: Period = Field(primary_key=True, sa_type=PERIOD)
    amount: str | None = None
    time_zone: str
    begins: datetime | None = None
    spent: str = "0"
    step: int = 0
    warned: bool = False

    def to_budget(self) -> Budget:
        """Return the budget."""
        scope = BudgetScope(platform=self.platform, workspace=self.workspace, channel=self.channel, person=self.person)
        amount = decimal_from_text(self.amount)
        return Budget(scope=scope, period=self.period, amount=amount, time_zone=self.time_zone)

    @classmethod
    def from_budget(cls, budget: Budget) -> BudgetRow:
        """Return the row of a budget of which nothing is known yet."""
        return cls(
            platform=budget.scope.platform,
            workspace=budget.scope.workspace,
            channel=budget.scope.channel,
            person=budget.scope.person,
            period=budget.period,
            amount=decimal_to_text(budget.amount),
            time_zone=budget.time_zone,
        )

    def add(self, cost: Decimal) -> None:
        """Count more as spent."""
        self.spent = str(Decimal(self.spent) + cost)
