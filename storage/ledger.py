"""Store usage and cost in a database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.access.budgets import reservation
from bot.errors import ClaimLost
from bot.types import EVERYTHING, Charge, Purpose, RequestId, SentRequest, Spending, TurnState, Within
from storage.budgets import count_spent, lock_budgets, scope_of, uses
from storage.codec import as_utc
from storage.daily_spend import COUNTS, SqlDailySpending, count_lines
from storage.database import begin_writing, unit_of_work
from storage.exact_sum import sum_of
from storage.tables import IS_UNSETTLED, LedgerRow, TurnRow, charge_columns, key_columns

_AUTHOR = sa.select(col(TurnRow.author_id)).where(
    col(TurnRow.id) == sa.bindparam("of_id"), col(TurnRow.epoch) == sa.bindparam("of_epoch")
)
_ASKER = _AUTHOR.where(col(TurnRow.state) == TurnState.RUNNING)


class SqlLedger(SqlDailySpending):
    """A `Ledger` over a database."""

    @unit_of_work
    def open_request(self, session: Session, request: SentRequest) -> RequestId:
        begin_writing(session)
        turn = request.turn
        asked_by = _AUTHOR if request.purpose is Purpose.NOTES else _ASKER  # notes are written when a turn has ended
        asker = session.connection().execute(asked_by, {"of_id": turn.id, "of_epoch": turn.epoch}).scalar_one_or_none()
        if asker is None:
            raise ClaimLost(f"Turn {turn.id} is no longer run under epoch {turn.epoch}.")
        now = as_utc(self._clock())
        row = LedgerRow(
            **key_columns(turn.incoming.key),
            **charge_columns(request.charge),
            turn_id=turn.id,
            purpose=request.purpose,
            author_id=asker,
            at=now,
            model=request.model,
        )
        covering = uses(session, lock_budgets(session, scope_of(row), now))
        row.reserved = str(reservation(covering, request.purpose, request.costs)) if covering else None
        session.add(row)
        session.flush()
        return row.id

    @unit_of_work
    def note_progress(self, session: Session, id: RequestId, charge: Charge) -> None:
        begin_writing(session)
        row = session.get(LedgerRow, id, with_for_update=True)
        if row is not None and row.settled_at is None:
            row.sqlmodel_update(charge_columns(charge))

    @unit_of_work
    def settle_request(self, session: Session, id: RequestId, charge: Charge) -> None:
        begin_writing(session)
        row = session.get(LedgerRow, id, with_for_update=True)
        if row is not None:
            if row.settled_at is not None:
                count_lines(session, [row], sign=-1)
            _settle(session, row, charge_columns(charge), at=self._clock())
            count_lines(session, [row])

    @unit_of_work
    def drop_request(self, session: Session, id: RequestId) -> None:
        row = session.get(LedgerRow, id, with_for_update=True)
        if row is not None and row.settled_at is not None:
            count_lines(session, [row], sign=-1)
        session.connection().execute(sa.delete(LedgerRow).where(col(LedgerRow.id) == id))

    @unit_of_work
    def settle_abandoned(self, session: Session, *, before: datetime) -> int:
        return settle_open(session, col(LedgerRow.at) < as_utc(before), at=self._clock())

    @unit_of_work
    def usage_totals(
        self, session: Session, *, since: datetime, until: datetime, within: Within = EVERYTHING
    ) -> Spending:
        sums = _sums(session.get_bind().dialect.name).where(
            col(LedgerRow.at) >= as_utc(since), col(LedgerRow.at) < as_utc(until), *_conditions(within)
        )
        row: dict[str, Any] = session.connection().execute(sums).one()._asdict()
        return Spending(**row | {name: Decimal(row[name] or 0) for name in ("cost", "estimated")})

    @unit_of_work
    def cost_by_day(
        self, session: Session, *, since: datetime, until: datetime, within: Within = EVERYTHING
    ) -> Mapping[date, Decimal]:
        dialect, at = session.get_bind().dialect.name, col(LedgerRow.at)
        day = sa.cast(sa.func.date(at if dialect == "sqlite" else sa.func.timezone("UTC", at)), sa.String())
        sums = sa.select(day, sum_of(col(LedgerRow.cost), dialect=dialect)).where(
            at >= as_utc(since), at < as_utc(until), *_conditions(within)
        )
        found = session.connection().execute(sums.group_by(day).order_by(day))
        return {date.fromisoformat(day): Decimal(cost or 0) for day, cost in found}


def _conditions(within: Within) -> list[sa.ColumnElement[bool]]:
    return [col(getattr(LedgerRow, name)) == value for name, value in within.columns.items()]


def settle_open(session: Session, which: sa.ColumnElement[bool], *, at: datetime) -> int:
    """Settle open requests as they stand, since nobody is left who could; return how many there were."""
    begin_writing(session)
    rows = session.exec(
        select(LedgerRow).where(IS_UNSETTLED, which).order_by(col(LedgerRow.id)).with_for_update()
    ).all()
    for row in rows:
        _settle(session, row, {"cost": row.cost, "estimated": True}, at=at)
    count_lines(session, rows)  # behind all budgets, so that processes wait for each other in one order
    return len(rows)


def _settle(session: Session, row: LedgerRow, columns: dict[str, Any], *, at: datetime) -> None:
    """Settle a request, or settle it anew, and free what was reserved for it."""
    counted = Decimal(row.cost or 0) if row.settled_at is not None else Decimal(0)
    count_spent(session, row, Decimal(columns["cost"] or 0) - counted, as_utc(at))
    row.sqlmodel_update({**columns, "settled_at": as_utc(at), "reserved": None})


@cache
def _sums(dialect: str) -> sa.Select[Any]:
    counts = [sa.func.coalesce(sa.func.sum(col(getattr(LedgerRow, name))), 0).label(name) for name in COUNTS]
    return sa.select(
        *counts,
        sum_of(col(LedgerRow.cost), dialect=dialect).label("cost"),
        (sa.func.count() - sa.func.count(col(LedgerRow.settled_at))).label("under_way"),
        sum_of(sa.case((col(LedgerRow.estimated), col(LedgerRow.cost))), dialect=dialect).label("estimated"),
    )
