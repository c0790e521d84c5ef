"""Migrate a database, and check the revision of its schema.

A revision is called as the file of its step begins, and files stand in the order of their steps, so that a database
at the newest revision is known without Alembic, whose loading and reading takes a start longer than all other
questions to the database.

Migrations run over an engine of their own, in a thread, since Alembic reads its steps from files. On SQLite the
engine's foreign keys are off, because changing a table there means making it anew, and dropping the old one would
delete the rows that refer to it; and its transactions are opened by hand, because the driver's own would commit
before each change of a table, and a failure could not be undone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from bot.errors import SchemaMismatch, StorageUnavailable
from bot.private_files import FILE_MODE, FOLDER_MODE, keep_private, tighten
from storage import jobs
from storage.database import BUSY_TIMEOUT_S, is_sqlite, name_of, parse_url, wrap_errors
from storage.single_instance import SQLITE_START, file_of, is_taken, lock_of
from storage.tables import BaseTable

if TYPE_CHECKING:
    from alembic.config import Config

logger = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
VERSIONS = "alembic_version"  # the table in which Alembic keeps a database's revision
MIGRATION_LOCK = 0x5EED  # a number of our own among the database's advisory locks
QUEUE_PREFIX = "procrastinate_"  # tables of the job queue, which migrates itself


async def migrate(database_url: str, migrations: Path = MIGRATIONS) -> None:
    """Bring a database to the newest revision, all or nothing, making a SQLite file and its folder where needed.

    `migrations` is the folder of the revisions. Raises `ConfigError`, `SchemaMismatch` when the database was made by a
    newer version, and `StorageUnavailable`.
    """
    await asyncio.to_thread(_migrate, parse_url(database_url), migrations)


def keep_database_private(file: Path) -> None:
    """Make a SQLite file that is missing so that only its owner reads it, and close one that others may read; blocks.

    SQLite gives what it makes beside the file (`-wal`, `-shm`, `-journal`) the mode of the file.
    """
    with suppress(OSError):  # whatever is wrong, SQLite says it next, with the fix
        keep_private(file, SQLITE_START)
        for suffix in ("-wal", "-shm", "-journal"):
            tighten(_beside(file, suffix), FILE_MODE)


def refuse_emptied(file: Path) -> None:
    """Raise `StorageUnavailable` for a SQLite file that was used before and holds nothing any more; blocks.

    A file that was never used may be empty: it is made so, and so are those of people's own. One that was used has a
    note of that beside it, or what was not written into it yet.
    """
    lock = lock_of(file)
    if not file.exists() and _holds_something(lock):
        logger.warning("the database that was here before is gone; a new one is made", extra={"path": str(file)})
    with suppress(OSError):
        if file.stat().st_size == 0 and any(_holds_something(note) for note in (lock, _beside(file, "-wal"))):
            raise StorageUnavailable(
                f"The database {file} is empty although it was in use before. Restore it from a backup; "
                f"or, to begin anew without what it held, delete {file} and {lock}."
            )


def _holds_something(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


def _beside(file: Path, suffix: str) -> Path:
    return file.with_name(file.name + suffix)


def check_schema(url: sa.URL, migrations: Path = MIGRATIONS) -> None:
    """Raise `StorageUnavailable` unless there is a database, and `SchemaMismatch` unless it is up to date; blocks."""
    name = name_of(url)
    if is_sqlite(url) and not Path(name).is_file():
        raise StorageUnavailable(f"There is no database {name}: run 'seedling migrate' to create it.")
    with migration_connection(url) as connection:
        is_newest = _is_at_newest(connection, name, migrations)
    if not is_newest:
        raise SchemaMismatch(f"The database {name} was made by an older version of Seedling: run 'seedling migrate'.")


@contextmanager
def migration_connection(url: sa.URL) -> Iterator[sa.Connection]:
    """Yield a connection to migrate over, in a transaction that is committed at the end; blocks."""
    if is_sqlite(url):
        arguments = {"isolation_level": None, "timeout": float(BUSY_TIMEOUT_S)}
        engine = sa.create_engine(url.set(drivername="sqlite"), poolclass=NullPool, connect_args=arguments)
        sa.event.listen(engine, "connect", _write_ahead)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    else:
        engine = sa.create_engine(url, poolclass=NullPool)
    try:
        with wrap_errors(name_of(url)), engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def configuration() -> dict[str, Any]:
    """Return how migrations look at a database, for running and for comparing alike."""
    return {
        "target_metadata": BaseTable.metadata,
        "render_as_batch": True,
        "transactional_ddl": True,
        "include_name": _is_ours,
    }


def alembic_config(connection: sa.Connection | None = None, migrations: Path = MIGRATIONS) -> Config:
    """Alembic's settings, made here so that no file has to be found."""
    from alembic.config import Config  # noqa: PLC0415 - as said above

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _migrate(url: sa.URL, migrations: Path) -> None:
    is_used = False
    if is_sqlite(url):
        file = file_of(url)
        refuse_emptied(file)
        _make_folder(file.parent)
        is_used = is_taken(file)
        keep_database_private(file)
    with migration_connection(url) as connection:
        if not is_sqlite(url):  # where several processes start at once, one migrates and the others wait for it
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
        if not _is_at_newest(connection, name_of(url), migrations):
            if is_used:
                raise StorageUnavailable(
                    f"An older Seedling is using the database {name_of(url)}, which this one has to change first: "
                    "stop that one."
                )
            _upgrade(connection, migrations)
        if not is_sqlite(url):
            jobs.install(connection)


def _upgrade(connection: sa.Connection, migrations: Path) -> None:
    from alembic import command  # noqa: PLC0415 - as said above

    command.upgrade(alembic_config(connection, migrations), "head")


def _is_at_newest(connection: sa.Connection, name: str, migrations: Path) -> bool:
    """Return whether the database is at the newest revision. Raises `SchemaMismatch` for one of a newer version."""
    known = sorted(file.stem.partition("_")[0] for file in (migrations / "versions").glob("[!_]*.py"))
    revision = _revision(connection)
    if revision is not None and revision not in known:
        raise SchemaMismatch(
            f"The database {name} was made by a newer version of Seedling: install that version, or name another "
            "database in DATABASE_URL."
        )
    return revision == known[-1]


def _revision(connection: sa.Connection) -> str | None:
    """Return the database's revision, None before the first one."""
    if not sa.inspect(connection).has_table(VERSIONS):
        return None
    revision: str | None = connection.scalar(sa.select(sa.column("version_num")).select_from(sa.table(VERSIONS)))
    return revision


def _write_ahead(connection: Any, _record: object) -> None:
    """Let readers and a writer of a SQLite file work at once, and free pages be given back; the file remembers both.

    The second only holds of a file in which there is nothing yet.
    """
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA secure_delete=ON")


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    return kind != "table" or not (name or "").startswith(QUEUE_PREFIX)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)  # one that is there is not ours to close
    except OSError as error:
        raise StorageUnavailable(
            f"The folder {folder} of the database cannot be created ({error.strerror}): create it, or name another "
            "file in DATABASE_URL."
        ) from error
