"""Ports for what requests cost, and for the caps on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from bot.types import (
    EVERYTHING,
    MOST_KEYS,
    Budget,
    BudgetScope,
    BudgetUse,
    Charge,
    DaySpending,
    Dimension,
    KeySpending,
    Period,
    RequestId,
    SentRequest,
    Spending,
    Within,
)


class Ledger(Protocol):
    """Record of usage and cost, a line for each request, without any text; it outlives the conversations.

    Any method can raise `StorageError`; each is one transaction.
    """

    async def open_request(self, request: SentRequest) -> RequestId:
        """Write a request ahead, before it is sent: until it is settled, its charge is an estimate.

        Its costs are reserved under every budget that covers it, in the same transaction, until it is settled.
        Raises `BudgetReached` when one of them leaves too little, and `ClaimLost` when somebody else runs its turn;
        notes are written after the turn, and need no claim.
        """
        ...

    async def note_progress(self, id: RequestId, charge: Charge) -> None:
        """Write what an open request has come to so far, for when nobody is left to settle it."""
        ...

    async def settle_request(self, id: RequestId, charge: Charge) -> None:
        """Write what a request came to; the last word counts."""
        ...

    async def drop_request(self, id: RequestId) -> None:
        """Remove the line of a request that the provider does not bill."""
        ...

    async def settle_abandoned(self, *, before: datetime) -> int:
        """Settle the open requests that were sent before then as they stand, as estimates; return how many there were.

        The caller knows that none of them can still be under way.
        """
        ...

    async def usage_totals(self, *, since: datetime, until: datetime, within: Within = EVERYTHING) -> Spending:
        """Return the sum of all requests `within` something from `since` to before `until`, both aware."""
        ...

    async def cost_by_day(
        self, *, since: datetime, until: datetime, within: Within = EVERYTHING
    ) -> Mapping[date, Decimal]:
        """Return what these requests cost on each day of UTC on which there were any, in order."""
        ...


class SpendingReports(Protocol):
    """Sums of the ledger by day of UTC, quick however long it is. Any method can raise `StorageError`."""

    async def spending_by_day(
        self, *, since: date, until: date, of: tuple[Dimension, str] = (Dimension.TOTAL, "")
    ) -> Sequence[DaySpending]:
        """Return what was spent on each day from `since` to before `until`, of everything or of one key; in order."""
        ...

    async def spending_by_key(
        self, dimension: Dimension, *, since: date, until: date, limit: int = MOST_KEYS
    ) -> Sequence[KeySpending]:
        """Return what was spent under each key of a dimension in those days, the dearest first."""
        ...

    async def recent_keys(self, dimension: Dimension, *, limit: int) -> Sequence[str]:
        """Return the keys of a dimension under which something was settled, those of the latest days first."""
        ...


class BudgetStore(Protocol):
    """Caps on spending, the same for all processes. Any method can raise `StorageError`; each is one transaction."""

    async def put_budget(self, budget: Budget) -> Budget | None:
        """Set a budget, replacing the one of the same scope and period; the one before, None where there was none."""
        ...

    async def remove_budget(self, scope: BudgetScope, period: Period) -> Budget | None:
        """Remove a budget; what it was, None where there was none."""
        ...

    async def budget_uses(self, covered: BudgetScope | None = None) -> Sequence[BudgetUse]:
        """Return how far budgets are used in their present periods, the widest first: those that cover a scope, or
        all.
        """
        ...

    async def note_budget_step(self, use: BudgetUse, step: int) -> None:
        """Remember how far requests degrade under a budget until its period ends; it never goes back before."""
        ...

    async def take_budget_warnings(self) -> Sequence[BudgetUse]:
        """Return the budgets that administrators should be told of now: each comes back once in a period."""
        ...
