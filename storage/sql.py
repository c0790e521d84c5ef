"""All stores over one SQL database: a SQLite file, or PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.ports import Clock
from storage.adapter_state import SqlAdapterState
from storage.database import Database, make_engine, parse_url
from storage.deliveries import SqlDeliveries
from storage.exports import SqlExports
from storage.ledger import SqlLedger
from storage.schema import MIGRATIONS, check_schema
from storage.summaries import SqlSummaries
from storage.turn_reports import SqlTurnReports
from storage.workspaces import SqlWorkspaces


class SqlStore(SqlDeliveries, SqlAdapterState, SqlLedger, SqlWorkspaces, SqlSummaries, SqlExports, SqlTurnReports):
    """A `ConsoleStore` over a database."""


@asynccontextmanager
async def open_store(
    database_url: str, *, clock: Clock, queued: bool = True, migrations: Path = MIGRATIONS
) -> AsyncIterator[SqlStore]:
    """Yield the stores over the database of `sqlite:///FILE` or `postgresql://...`, for as long as the
    context lasts.

    On PostgreSQL a turn brings a job for the queue, unless `queued` says that this process sees to its turns itself.
    Raises `ConfigError`, `StorageUnavailable` when it cannot be opened, and `SchemaMismatch` when it is not at the
    revision that this code works with.
    """
    database = Database(await asyncio.to_thread(_open, parse_url(database_url), migrations), queued=queued)
    try:
        yield SqlStore(database, clock=clock)
    finally:
        await database.close()


def _open(url: sa.URL, migrations: Path) -> sa.Engine | AsyncEngine:
    check_schema(url, migrations)
    return make_engine(url)
