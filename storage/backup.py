"""Back up a SQLite file, and copy any database into any other."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from bot.errors import ConfigError, InvalidInput, StorageError
from bot.private_files import make_private_file
from storage.database import is_sqlite, name_of, parse_url
from storage.schema import check_schema, migrate, migration_connection
from storage.tables import BaseTable

ROWS = 500  # read and written at a time


async def back_up(database_url: str, path: Path) -> None:
    """Write a consistent copy of a SQLite database to a new file, while it is in use.

    Raises `ConfigError` for another database, `InvalidInput` when the file is there, `StorageError` when it cannot be
    written.
    """
    url = parse_url(database_url)
    if not is_sqlite(url):
        raise ConfigError("DATABASE_URL", "names a server; use pg_dump, or 'seedling copy-database' into a file")
    await asyncio.to_thread(_back_up, url, path)


def _back_up(url: sa.URL, path: Path) -> None:
    check_schema(url)
    try:
        make_private_file(path)
        with closing(sqlite3.connect(name_of(url))) as source, closing(sqlite3.connect(path)) as target:
            source.backup(target)
            (verdict,) = target.execute("PRAGMA integrity_check").fetchone()
    except FileExistsError:
        raise InvalidInput(f"{path} already exists; name another file.") from None
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"The backup {path} could not be written ({error}).") from error
    if verdict != "ok":
        raise StorageError(f"The backup {path} is not sound: {verdict}.")


async def copy_database(source: str, target: str, tell: Callable[[str, int], None]) -> Mapping[str, int]:
    """Copy every row into an empty database and check the copy; how many rows each table has.

    `tell` hears of each table as it is done. All or nothing. Raises `ConfigError` when the target is not empty,
    and `StorageError` when the copy differs from what it was made of.
    """
    await asyncio.to_thread(check_schema, parse_url(source))
    await migrate(target)
    return await asyncio.to_thread(_copy, parse_url(source), parse_url(target), tell)


def _copy(source: sa.URL, target: sa.URL, tell: Callable[[str, int], None]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    with ExitStack() as stack:
        reading = stack.enter_context(migration_connection(source))
        writing = stack.enter_context(migration_connection(target))
        tables = BaseTable.metadata.sorted_tables
        if any(_count(writing, table) for table in tables):
            raise ConfigError(name_of(target), "is not empty; name a new database")
        for table in tables:
            for rows in reading.execute(sa.select(table)).mappings().partitions(ROWS):
                writing.execute(table.insert(), [dict(row) for row in rows])
            counts[table.name] = _count(writing, table)
            _check(reading, writing, table)
            tell(table.name, counts[table.name])
        if not is_sqlite(target):
            _advance_sequences(writing)
    return counts


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def _check(reading: sa.Connection, writing: sa.Connection, table: sa.Table) -> None:
    """Compare both sides row by row. Raises `StorageError`."""
    mine, theirs = _digests(reading, table), _digests(writing, table)
    if mine != theirs:
        wrong = sum(mine.get(key) != theirs.get(key) for key in mine.keys() | theirs.keys())
        raise StorageError(f"The copy differs in {wrong} rows of {table.name!r}; nothing was kept of it.")


def _digests(connection: sa.Connection, table: sa.Table) -> dict[tuple[object, ...], bytes]:
    """Return what each row holds, in short, by its key."""
    keys = [column.name for column in table.primary_key]
    rows = connection.execute(sa.select(table)).mappings()
    return {tuple(row[key] for key in keys): sha256(repr(dict(row)).encode()).digest() for row in rows}


def _advance_sequences(connection: sa.Connection) -> None:
    """Let the server's counters go on after the copied ids."""
    for table in BaseTable.metadata.sorted_tables:
        sequence = (
            connection.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, "id"))) if "id" in table.c else None
        )
        if sequence is not None:
            newest = sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0) + 1).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(sequence, newest, False)))
