"""Store usage and cost in a database."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from bot.types import EVERYTHING, Spending, Within
from storage.codec import as_utc
from storage.database import SqlPart, unit_of_work
from storage.exact_sum import sum_of
from storage.tables import LedgerRow

SUMS = ("requests", "input", "cached", "output")


class SqlLedger(SqlPart):
    """A `Ledger` over a database."""

    @unit_of_work
    def usage_totals(
        self, session: Session, *, since: datetime, until: datetime, within: Within = EVERYTHING
    ) -> Spending:
        sums = _sums(session.get_bind().dialect.name).where(
            col(LedgerRow.at) >= as_utc(since), col(LedgerRow.at) < as_utc(until)
        )
        for name, value in within.columns.items():
            sums = sums.where(col(getattr(LedgerRow, name)) == value)
        row: dict[str, Any] = session.connection().execute(sums).one()._asdict()
        return Spending(**row | {"cost": Decimal(row["cost"] or 0)})


@cache
def _sums(dialect: str) -> sa.Select[Any]:
    counts = [sa.func.coalesce(sa.func.sum(col(getattr(LedgerRow, name))), 0).label(name) for name in SUMS]
    return sa.select(*counts, sum_of(col(LedgerRow.cost), dialect=dialect).label("cost"))
