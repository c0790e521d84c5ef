"""Keep what was spent by day and by place, person, kind and model, in the transaction of the ledger.

A page reads sums of a year from here in a few milliseconds; adding up the ledger itself would take seconds. Days are
those of UTC, in which a request was sent. What is settled is counted here, and what is under way added as it is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.types import MOST_KEYS, DaySpending, Dimension, KeySpending, Purpose, RequestKind, Spending, kind_of
from storage.codec import as_utc
from storage.database import SqlPart, chunks, unit_of_work, upsert_of
from storage.exact_sum import exact_sum, plus, sum_of
from storage.tables import IS_UNSETTLED, LedgerRow, SpendingDayRow, TurnRow

COUNTS: Final = ("requests", "input", "cached", "output", "reasoning")
SUMS: Final = ("cost", "estimated")

_Key = tuple[str, date, str]  # as rows are ordered, and locked
_Row = dict[str, Any]


def count_lines(session: Session, lines: Sequence[LedgerRow], *, sign: int = 1) -> None:
    """Count settled lines of the ledger, or with `sign` -1 take back what was counted of them."""
    kinds = _kinds(session, lines)
    sums: defaultdict[_Key, list[Spending]] = defaultdict(list)
    for line in lines:
        for dimension, key in keys_of(line, kinds[line.id]).items():
            sums[dimension.value, as_utc(line.at).date(), key].append(_spending(line))
    rows = [_row(key, _added(spent), sign) for key, spent in sorted(sums.items())]
    if rows:
        session.connection().execute(_count(session.get_bind().dialect.name), rows)


def keys_of(line: LedgerRow, kind: RequestKind) -> Mapping[Dimension, str]:
    """Return under which keys a line counts."""
    workspace = f"{line.platform}/{line.workspace}"
    return {
        Dimension.TOTAL: "",
        Dimension.WORKSPACE: workspace,
        Dimension.CHANNEL: f"{workspace}/{line.channel}",
        Dimension.PERSON: f"{line.platform}/{line.author_id}",
        Dimension.KIND: kind.value,
        Dimension.MODEL: line.model,
    }


def rename_person(session: Session, before: str, after: str) -> None:
    """Count what somebody spent as somebody else's, who is nobody, on the same days."""
    theirs = (SpendingDayRow.dimension == Dimension.PERSON.value, SpendingDayRow.key == before)
    rows = session.exec(select(SpendingDayRow).where(*theirs).order_by(col(SpendingDayRow.day))).all()
    moved = [row.model_dump() | {"key": after} for row in rows]
    if moved:
        session.connection().execute(_count(session.get_bind().dialect.name), moved)
        session.connection().execute(sa.delete(SpendingDayRow).where(*theirs))  # type: ignore[arg-type]  # columns


class SqlDailySpending(SqlPart):
    """`SpendingReports` over a database."""

    @unit_of_work
    def spending_by_day(
        self, session: Session, *, since: date, until: date, of: tuple[Dimension, str] = (Dimension.TOTAL, "")
    ) -> Sequence[DaySpending]:
        row, (dimension, key) = SpendingDayRow, of
        columns = [col(getattr(row, name)) for name in ("day", *COUNTS, *SUMS)]
        here = (col(row.dimension) == dimension.value, col(row.key) == key)
        span = (col(row.day) >= since, col(row.day) < until, col(row.requests) != 0)
        days = defaultdict[date, list[Spending]](list)
        for found in session.connection().execute(sa.select(*columns).where(*here, *span)).mappings():
            days[found["day"]].append(_spending_of(found))
        for line, kind in self._under_way(session, since, until):
            if keys_of(line, kind)[dimension] == key:
                days[as_utc(line.at).date()].append(_spending(line))
        return [DaySpending(day=day, spent=_added(spent)) for day, spent in sorted(days.items())]

    @unit_of_work
    def spending_by_key(
        self, session: Session, dimension: Dimension, *, since: date, until: date, limit: int = MOST_KEYS
    ) -> Sequence[KeySpending]:
        sums = _by_key(session.get_bind().dialect.name)
        values = {"dimension": dimension.value, "since": since, "until": until, "most": limit}
        keys = defaultdict[str, list[Spending]](list)
        for found in session.connection().execute(sums, values).mappings():
            keys[found["key"]].append(_spending_of(found))
        for line, kind in self._under_way(session, since, until):
            keys[keys_of(line, kind)[dimension]].append(_spending(line))
        totals = [KeySpending(key=key, spent=_added(spent)) for key, spent in keys.items()]
        return sorted(totals, key=lambda total: (-total.spent.cost, total.key))[:limit]

    @unit_of_work
    def recent_keys(self, session: Session, dimension: Dimension, *, limit: int) -> Sequence[str]:
        row = SpendingDayRow
        newest = sa.func.max(col(row.day)).desc()
        theirs = sa.select(col(row.key)).where(col(row.dimension) == dimension.value).group_by(col(row.key))
        return session.connection().execute(theirs.order_by(newest, col(row.key)).limit(limit)).scalars().all()

    def _under_way(self, session: Session, since: date, until: date) -> Iterable[tuple[LedgerRow, RequestKind]]:
        lines = [  # all that are open, which are few: beside a time the database would take the index of times
            line
            for line in session.exec(select(LedgerRow).where(IS_UNSETTLED))
            if since <= as_utc(line.at).date() < until
        ]
        kinds = _kinds(session, lines)
        return [(line, kinds[line.id]) for line in lines]


def _kinds(session: Session, lines: Sequence[LedgerRow]) -> Mapping[int, RequestKind]:
    """Return what the requests of lines were for; of a summary its turn tells whether it was a digest."""
    turns = sorted({line.turn_id for line in lines if line.purpose is Purpose.SUMMARY})
    names: dict[int, str] = {}
    for some in chunks(turns):
        names |= session.exec(select(TurnRow.id, TurnRow.dedupe_key).where(col(TurnRow.id).in_(some))).all()
    return {line.id: kind_of(line.purpose, line.tools, names.get(line.turn_id, "")) for line in lines}


def _spending_of(found: sa.RowMapping) -> Spending:
    columns: _Row = {name: found[name] for name in COUNTS} | {name: Decimal(found[name] or 0) for name in SUMS}
    return Spending(**columns)


def _spending(line: LedgerRow) -> Spending:
    cost = Decimal(line.cost or 0)
    return Spending(
        **{name: getattr(line, name) for name in COUNTS},
        cost=cost,
        estimated=cost if line.estimated else Decimal(0),
        under_way=int(line.settled_at is None),
    )


def _added(spent: Sequence[Spending]) -> Spending:
    sums: _Row = {name: sum(getattr(item, name) for item in spent) for name in (*COUNTS, "under_way")}
    sums |= {name: exact_sum(getattr(item, name) for item in spent) for name in SUMS}
    return Spending(**sums)


def _row(key: _Key, spent: Spending, sign: int) -> _Row:
    dimension, day, name = key
    counts = {name: sign * getattr(spent, name) for name in COUNTS}
    return {
        "dimension": dimension,
        "day": day,
        "key": name,
        **counts,
        **{column: str(sign * getattr(spent, column)) for column in SUMS},
    }


@cache
def _count(dialect: str) -> sa.Insert:
    row = SpendingDayRow
    insert = upsert_of(dialect, row)
    added: dict[str, Any] = {name: col(getattr(row, name)) + insert.excluded[name] for name in COUNTS}
    added |= {name: plus(col(getattr(row, name)), insert.excluded[name], dialect=dialect) for name in SUMS}
    return insert.on_conflict_do_update(index_elements=["dimension", "day", "key"], set_=added)


def _if_any(amount: sa.SQLColumnExpression[str]) -> sa.SQLColumnExpression[str | None]:
    """Return an amount, NULL for nothing: what is estimated is nothing nearly always, and SQLite calls us for each."""
    return sa.func.nullif(amount, "0")


@cache
def _by_key(dialect: str) -> sa.Executable:
    row = SpendingDayRow
    counts = [sa.func.sum(col(getattr(row, name))).label(name) for name in COUNTS]
    sums = [sum_of(_if_any(col(getattr(row, name))), dialect=dialect).label(name) for name in SUMS]
    these = (
        col(row.dimension) == sa.bindparam("dimension"),
        col(row.day) >= sa.bindparam("since"),
        col(row.day) < sa.bindparam("until"),
    )
    # The dearest are found with floats, which both databases add up themselves, and only these are added up exactly.
    dearest = (
        sa.select(col(row.key))
        .where(*these)
        .group_by(col(row.key))
        .having(sa.func.sum(col(row.requests)) != 0)
        .order_by(sa.func.sum(sa.cast(col(row.cost), sa.Double())).desc(), col(row.key))
        .limit(sa.bindparam("most"))
    )
    return sa.select(col(row.key), *counts, *sums).where(*these, col(row.key).in_(dearest)).group_by(col(row.key))
