"""Budgets: caps on spending, and how far they are used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

LEAST_DOLLARS: Final = Decimal("0.01")
MOST_DOLLARS: Final = 1_000_000
"""Of a budget: less or more is a slip of the hand."""


class Period(StrEnum):
    """Period of a budget, after which it begins anew."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class BudgetScope:
    """Scope of the spending under a budget; "" leaves a name open, and all names open mean the whole installation."""

    platform: str = ""
    workspace: str = ""
    channel: str = ""
    person: str = ""

    @property
    def columns(self) -> Mapping[str, str]:
        """Every name, open ones too."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def place(self) -> str:
        """Return the place of the scope by its names, "platform/workspace/channel"; "" for everywhere."""
        return "/".join(filter(None, (self.platform, self.workspace, self.channel)))

    def covers(self, narrower: BudgetScope) -> bool:
        """Return whether all that is spent in a scope counts in this one as well."""
        return all(value in ("", narrower.columns[name]) for name, value in self.columns.items())


INSTALLATION = BudgetScope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Cap on spending in US dollars per period, which begins at midnight in a time zone; `amount` None is no limit."""

    scope: BudgetScope
    period: Period
    amount: Decimal | None
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUse:
    """A budget in its present period: what was spent since `begins`, and what is reserved for requests under way.

    `step` is how far requests were degraded in this period to save money; it does not go back before the next one.
    """

    budget: Budget
    begins: datetime
    ends: datetime
    spent: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    step: int = 0

    @property
    def left(self) -> Decimal | None:
        """Return what may still be reserved, None without a limit; below 0 when more was spent."""
        return None if self.budget.amount is None else self.budget.amount - self.spent - self.reserved
