"""What was used and paid, over a database."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlmodel import Session, col, select

from bot.types import EVERYTHING, Spending, Within
from storage.codec import as_utc
from storage.database import SqlPart, unit_of_work
from storage.tables import LedgerRow


class SqlLedger(SqlPart):
    """A `Ledger` over a database."""

    @unit_of_work
    def spent(self, session: Session, *, since: datetime, until: datetime, within: Within = EVERYTHING) -> Spending:
        lines = select(LedgerRow).where(col(LedgerRow.at) >= as_utc(since), col(LedgerRow.at) < as_utc(until))
        for name, value in within.columns.items():
            lines = lines.where(col(getattr(LedgerRow, name)) == value)
        rows = session.exec(lines).all()
        return Spending(
            requests=sum(row.requests for row in rows),
            input=sum(row.input for row in rows),
            cached=sum(row.cached for row in rows),
            output=sum(row.output for row in rows),
            cost=sum((Decimal(row.cost) for row in rows if row.cost), Decimal(0)),
        )
