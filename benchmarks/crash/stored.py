"""What the database of a run holds, looked at from outside of the bot's processes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.pool import NullPool
from sqlmodel import col

from adapters.web.playground.live_reply import TAKEN_BACK
from benchmarks.crash.books import Books, added_up
from benchmarks.crash.history import Charge, Stored, WebAnswer
from storage.codec import as_utc
from storage.database import is_sqlite, parse_url
from storage.tables import (
    IS_OPEN,
    BaseTable,
    ChannelMessageRow,
    DeliveryRow,
    LedgerRow,
    ScheduleRow,
    SettingRow,
    TurnRow,
)
from storage.turn_rules import PLAYGROUND
from tests.emulators.seed.answers import CALL

PROBE = "direct_idle_hours"
"""The setting that people change in a run: it takes many values, and changes no answer."""

_IS_OWED = col(DeliveryRow.incoming).is_not(None)


@contextmanager
def looking(url: str) -> Iterator[sa.Connection]:
    """Yield a connection that only reads; blocks."""
    parsed = parse_url(url)
    engine = sa.create_engine(parsed.set(drivername="sqlite") if is_sqlite(parsed) else parsed, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def open_turns(url: str) -> int:
    """Return how many turns are open."""
    with looking(url) as connection:
        return _count(connection, TurnRow, IS_OPEN)


def is_quiet(url: str) -> bool:
    """Return whether no turn is open and no answer to a command is owed.

    What is owed to pages of the playground does not count, since no process tells it by itself: a page asks until it is
    told (`Browser.insist`), and whoever does so is waited for as a person (`Crowd.done`); what a page asked once and
    never again stays owed until it is too late for telling, and a run that waited for that would wait in vain.
    """
    with looking(url) as connection:
        owed = _IS_OWED & (col(DeliveryRow.platform) != PLAYGROUND)
        return not (_count(connection, TurnRow, IS_OPEN) or _count(connection, DeliveryRow, owed))


def read_stored(url: str) -> Stored:
    """Return all that counts for the verdicts."""
    with looking(url) as connection:
        said = sa.select(col(TurnRow.text), col(TurnRow.accepted_at)).where(col(TurnRow.source_id) != "")
        stored = [(name, at) for text, at in connection.execute(said) for name, _ in CALL.findall(text)]
        return Stored(
            open_turns=_count(connection, TurnRow, IS_OPEN),
            texts=list(_texts(connection)),
            turns=Counter(name for name, _ in stored),
            accepted={name: as_utc(at).timestamp() for name, at in stored},
            settings=_settings(connection),
            schedules=_schedules(connection),
            told_until=_told_until(connection),
            ledger=_ledger(connection),
            estimated=_count(connection, LedgerRow, col(LedgerRow.estimated).is_(True)),
            web=_web(connection),
        )


def _count(connection: sa.Connection, table: type[BaseTable], where: sa.ColumnElement[bool] | sa.TextClause) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table).where(where)).scalar_one())


def _texts(connection: sa.Connection) -> Iterator[str]:
    """Every row of every table as text."""
    for table in BaseTable.metadata.sorted_tables:
        for row in connection.execute(sa.select(table)):
            yield f"{table.name}: {json.dumps([str(value) for value in row], ensure_ascii=False)}"


def _settings(connection: sa.Connection) -> dict[str, str]:
    rows = connection.execute(
        sa.select(col(SettingRow.scope_key), col(SettingRow.value)).where(col(SettingRow.name) == PROBE)
    )
    return {str(key).rpartition("/")[2]: str(value) for key, value in rows}


def _schedules(connection: sa.Connection) -> dict[str, int]:
    rows = connection.execute(sa.select(col(ScheduleRow.channel), sa.func.count()).group_by(col(ScheduleRow.channel)))
    return {str(channel): int(count) for channel, count in rows}


def _told_until(connection: sa.Connection) -> dict[str, float]:
    rows = connection.execute(sa.select(col(ScheduleRow.channel), col(ScheduleRow.since)))
    return {str(channel): as_utc(since).timestamp() for channel, since in rows}


def _ledger(connection: sa.Connection) -> list[Charge]:
    counted = sa.select(col(LedgerRow.input), col(LedgerRow.cached), col(LedgerRow.output))
    rows = connection.execute(counted.where(~col(LedgerRow.estimated).is_(True)))
    return [Charge(input=row[0], cached=row[1], output=row[2]) for row in rows]


def read_books(url: str, *, billed: Decimal) -> Books:
    """Return the sums of the ledger beside what was billed, in US dollars."""
    with looking(url) as connection:
        lines = connection.execute(sa.select(col(LedgerRow.cost), col(LedgerRow.estimated)))
        return added_up(((row[0], row[1]) for row in lines), billed=billed)


def _web(connection: sa.Connection) -> dict[str, WebAnswer]:
    """Return the answers that stand in the playground; not those whose place a note has taken."""
    row = ChannelMessageRow
    read = sa.select(col(row.id), col(row.thread), col(row.channel), col(row.answer), col(row.text), col(row.at))
    rows = connection.execute(read.where(col(row.author_is_bot), col(row.answer).is_not(None)))
    return {
        id: WebAnswer(
            place=thread or channel,
            status=answer["status"],
            text=text,
            at=as_utc(at).timestamp(),
            is_cut=answer["is_cut"],
        )
        for id, thread, channel, answer, text, at in rows
        if answer is not None and tuple(answer["notices"]) != (TAKEN_BACK,)
    }
