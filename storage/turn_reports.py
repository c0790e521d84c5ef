"""Read turns from a database for operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.types import (
    Charge,
    ConversationKey,
    RequestLine,
    TurnFilter,
    TurnId,
    TurnLine,
    TurnReport,
    TurnState,
)
from storage.codec import as_utc, figures_from_json
from storage.database import SqlPart, unit_of_work
from storage.exact_sum import exact_sum
from storage.tables import IS_ASKED, IS_OPEN, IS_REMARKABLE, KEY_COLUMNS, BaseTable, LedgerRow, TurnRow

_COLUMNS: Final = (
    "id",
    *KEY_COLUMNS,
    "author_id",
    "author_name",
    "task",
    "state",
    "accepted_at",
    "ended_at",
    "attempt",
    "retries",
    "worker",
    "error",
)
_LINE: Final = sa.select(*(col(getattr(TurnRow, name)) for name in _COLUMNS)).where(IS_ASKED)
_COUNTED: Final = ("turn", "entry", "media", "ledger", "channel_message", "audit")


class SqlTurnReports(SqlPart):
    """`TurnReports` over a database."""

    @unit_of_work
    def turns(self, session: Session, which: TurnFilter, *, limit: int) -> Sequence[TurnLine]:
        wanted = _LINE.where(*_conditions(which)).order_by(col(TurnRow.id).desc()).limit(limit)
        return _lines(session, wanted)

    @unit_of_work
    def open_turns(self, session: Session, *, limit: int) -> Sequence[TurnLine]:
        oldest = (col(TurnRow.accepted_at), col(TurnRow.id))
        return _lines(session, _LINE.where(IS_OPEN).order_by(*oldest).limit(limit))

    @unit_of_work
    def failed_turns(self, session: Session, *, since: datetime, limit: int) -> Sequence[TurnLine]:
        failed = (IS_REMARKABLE, col(TurnRow.state) == TurnState.FAILED, col(TurnRow.accepted_at) >= as_utc(since))
        return _lines(session, _LINE.where(*failed).order_by(col(TurnRow.id).desc()).limit(limit))

    @unit_of_work
    def turn_report(self, session: Session, id: TurnId) -> TurnReport | None:
        row = session.get(TurnRow, id)
        if row is None:
            return None
        lines = session.exec(select(LedgerRow).where(LedgerRow.turn_id == id).order_by(col(LedgerRow.id)))
        return TurnReport(
            turn=row.to_turn(),
            accepted_at=row.accepted_at,
            shown_at=row.shown_at,
            recorded_at=row.recorded_at,
            ended_at=row.ended_at,
            worker=row.worker,
            error=row.error,
            parameters=row.parameters,
            figures=None if row.request is None else figures_from_json(row.request),
            requests=tuple(_request(line) for line in lines),
        )

    @unit_of_work
    def names_of(self, session: Session, people: Sequence[str]) -> Mapping[str, str]:
        found = {person: session.exec(_newest_name(person)).first() for person in people}
        return {person: name for person, name in found.items() if name}

    @unit_of_work
    def sizes(self, session: Session) -> Mapping[str, int]:
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            pages, size = (connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in _PRAGMAS)
            total = pages * size
        else:
            total = connection.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0
        tables = BaseTable.metadata.tables
        counts = {name: connection.scalar(sa.select(sa.func.count()).select_from(tables[name])) for name in _COUNTED}
        return {"bytes": int(total), **{name: int(count or 0) for name, count in counts.items()}}


_PRAGMAS: Final = ("page_count", "page_size")


def _conditions(which: TurnFilter) -> list[sa.ColumnElement[bool]]:
    platform, _, person = which.person.partition("/")
    place = dict(
        zip(("platform", "workspace", "channel"), which.place.split("/", 2) if which.place else (), strict=False)
    )
    conditions = [col(getattr(TurnRow, name)) == value for name, value in place.items()]
    if which.person:
        conditions += [col(TurnRow.platform) == platform, col(TurnRow.author_id) == person]
    if which.state is not None:
        conditions.append(col(TurnRow.state) == which.state)
    if which.state in (TurnState.FAILED, TurnState.CANCELLED):
        conditions.append(IS_REMARKABLE)  # type: ignore[arg-type]  # text of a condition: these have an index
    if which.state in (TurnState.QUEUED, TurnState.RUNNING):
        conditions.append(IS_OPEN)  # type: ignore[arg-type]  # the same
    if which.before is not None:
        conditions.append(col(TurnRow.id) < which.before)
    return conditions


def _lines(session: Session, wanted: sa.Select[Any]) -> list[TurnLine]:
    rows = session.connection().execute(wanted).mappings().all()
    paid = (
        session.connection()
        .execute(
            sa.select(col(LedgerRow.turn_id), col(LedgerRow.requests), col(LedgerRow.cost)).where(
                col(LedgerRow.turn_id).in_([row["id"] for row in rows])
            )
        )
        .all()
    )
    return [_line(row, [(requests, cost) for turn, requests, cost in paid if turn == row["id"]]) for row in rows]


def _line(row: sa.RowMapping, paid: Sequence[tuple[int, str | None]]) -> TurnLine:
    columns = dict(row)
    key = ConversationKey(**{name: columns.pop(name) for name in KEY_COLUMNS})
    author, name = columns.pop("author_id"), columns.pop("author_name")
    return TurnLine(
        key=key,
        person=f"{key.platform}/{author}",
        name=name,
        requests=sum(requests for requests, _ in paid),
        cost=exact_sum(Decimal(cost or 0) for _, cost in paid),
        **columns,
    )


def _request(line: LedgerRow) -> RequestLine:
    return RequestLine(
        purpose=line.purpose,
        model=line.model,
        at=line.at,
        settled_at=line.settled_at,
        charge=Charge(
            usage=line.to_usage(),
            cost=Decimal(line.cost or 0),
            first_byte_at=line.first_byte_at,
            first_text_at=line.first_text_at,
        ),
    )


def _newest_name(person: str) -> Any:
    platform, _, id = person.partition("/")
    theirs = (TurnRow.platform == platform, TurnRow.author_id == id)
    newest = (col(TurnRow.id) + 0).desc()  # a sum, or PostgreSQL would read all turns backwards for who has none
    return select(TurnRow.author_name).where(*theirs).order_by(newest).limit(1)
