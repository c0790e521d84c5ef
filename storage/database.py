"""Open the database behind the stores: its address, its engine, and atomic units of work.

A unit of work is a plain function over a session, run in one transaction: on SQLite in a thread of its own, which its
caller waits for once a unit and not once a call; on PostgreSQL on the event loop. Either way it is a task behind
`asyncio.shield`: cancelling its caller in the middle would otherwise leave a connection inside a transaction, and the
database locked for everybody.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import sqlite3
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache, partial, wraps
from itertools import islice
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import Session

from bot.errors import ConfigError, StorageError, StorageUnavailable
from bot.ports import Clock
from storage import exact_sum
from storage.tables.base import BaseTable
from storage.write_ahead_log import WriteAheadLog

BUSY_TIMEOUT_S = "10"  # how long a writer waits for another process before the database counts as locked

WAL_BYTES = 16 * 2**20
"""What the write-ahead log of a SQLite file is cut to after it was written back: it grows with the largest burst."""

CHUNK = 500  # values for a statement, below the 32,766 variables that SQLite takes and small enough to stay quick

P = ParamSpec("P")
T = TypeVar("T")


# ---------------------------------------------------------------- address


def parse_url(database_url: str) -> sa.URL:
    """Return the engine's URL for an operator's `sqlite:///FILE` or `postgresql://...`. Raises `ConfigError`."""
    try:
        url = sa.make_url(database_url)
    except (exc.ArgumentError, ValueError):  # the latter for a port that is no number
        raise ConfigError("DATABASE_URL", "is not a URL; write sqlite:///FILE or postgresql://...") from None
    match url.get_backend_name():
        case "sqlite":
            if url.database in (None, ":memory:") or not Path(url.database).name:
                raise ConfigError("DATABASE_URL", "must name a file, as in sqlite:///seedling.db")
            _check_sqlite_options(url)
            return url.set(drivername="sqlite")
        case "postgresql" | "postgres":
            _check_postgresql_options(url)
            return url.set(drivername="postgresql+psycopg")
        case _:
            raise ConfigError("DATABASE_URL", "must start with sqlite:/// or postgresql://")


def _check_sqlite_options(url: sa.URL) -> None:
    """Raise `ConfigError` for options other than how long a writer waits."""
    wait = url.query.get("timeout", BUSY_TIMEOUT_S)
    if url.query.keys() - {"timeout"} or not re.fullmatch(r"\d{1,5}(\.\d{1,5})?", str(wait), re.ASCII):
        raise ConfigError("DATABASE_URL", "takes no option behind a file but ?timeout=SECONDS")


def _check_postgresql_options(url: sa.URL) -> None:
    """Raise `ConfigError` for options that no connection takes."""
    import psycopg  # noqa: PLC0415 - slow to load, and not used on SQLite
    from psycopg import conninfo  # noqa: PLC0415

    try:
        conninfo.timeout_from_conninfo(conninfo.conninfo_to_dict(conninfo_of(url)))
    except psycopg.ProgrammingError:
        raise ConfigError("DATABASE_URL", "has options behind ? that PostgreSQL does not take") from None


def name_of(url: sa.URL) -> str:
    """Return what people call the database: its file, or its URL without the password."""
    if is_sqlite(url):
        return str(url.database)
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def is_sqlite(url: sa.URL) -> bool:
    """Return whether the URL names a SQLite file."""
    return url.get_backend_name() == "sqlite"


def conninfo_of(url: sa.URL) -> str:
    """Return what psycopg itself connects with; only of a PostgreSQL URL."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


# ---------------------------------------------------------------- engine


def make_engine(url: sa.URL) -> sa.Engine | AsyncEngine:
    """Return the engine of the stores, one for threads on SQLite; opens nothing yet."""
    if not is_sqlite(url):
        return create_async_engine(url, hide_parameters=True, pool_pre_ping=True)
    if "timeout" not in url.query:
        url = url.update_query_dict({"timeout": BUSY_TIMEOUT_S})
    # Beginning every transaction as a writer keeps readers from failing when they turn into writers.
    engine = sa.create_engine(url, hide_parameters=True, connect_args={"isolation_level": "IMMEDIATE"})
    sa.event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=FULL")  # what a platform was told is stored must survive a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA journal_size_limit={WAL_BYTES}")
    cursor.execute("PRAGMA secure_delete=ON")  # however SQLite was built
    cursor.close()
    exact_sum.teach(connection)


# ---------------------------------------------------------------- errors


@contextmanager
def wrap_errors(name: str) -> Iterator[None]:
    """Turn trouble with the database into storage errors; bugs pass untouched."""
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.InternalError) as error:
        raise StorageUnavailable(_explain(name, error.orig)) from error
    except exc.TimeoutError as error:
        raise StorageUnavailable(f"The database {name} is busy: no connection became free.") from error
    except exc.DatabaseError as error:
        if type(error.orig) is not sqlite3.DatabaseError:  # its subclasses are bugs, itself is a damaged file
            raise
        raise StorageError(_explain(name, error.orig)) from error


def _explain(name: str, error: BaseException | None) -> str:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    fixes = {
        "locked": "another program is using it; close that program or wait",
        "disk is full": "free some space on the disk",
        "unable to open": "check that its folder exists and may be written to",
        "readonly": "make the file and its folder writable",
        "not a database": "move that file away, or name another one in DATABASE_URL",
        "malformed": "restore it from a backup",
    }
    fix = next((fix for sign, fix in fixes.items() if sign in reason), "check DATABASE_URL and that its server runs")
    return f"The database {name} cannot be used ({reason}): {fix}."


# ---------------------------------------------------------------- units of work


Work = Callable[[Session], T]

ERASES: Final = "erases"
"""The key in a session's `info` by which a unit of work says that it takes words away."""


def _transact(bind: sa.Engine | sa.Connection, work: Work[T]) -> T:
    """Return the result of `work`, committed, or undone when it raises."""
    with Session(bind, expire_on_commit=False) as session, session.begin():
        return work(session)


class _Transactions(Protocol):
    """Runner of transactions."""

    async def run(self, work: Work[T]) -> T: ...

    async def close(self) -> None: ...


class _InThread:
    """Transactions on SQLite, one after the other: it has one writer, and Python runs one thread at a time."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        self._log = WriteAheadLog(Path(str(engine.url.database)))

    async def run(self, work: Work[T]) -> T:
        # What is told of a change is said in the language of the task that made it.
        transact = partial(copy_context().run, _transact, self._engine, lambda session: (work(session), session.info))
        result, told = await asyncio.get_running_loop().run_in_executor(self._thread, transact)
        if ERASES in told:
            self._log.cut_soon()
        return result

    async def close(self) -> None:
        await self._log.close()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown(wait=False)  # nothing runs in it any more


class _OnLoop:
    """Transactions on PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def run(self, work: Work[T]) -> T:
        async with self._engine.connect() as connection:
            return await connection.run_sync(_transact, work)

    async def close(self) -> None:
        await self._engine.dispose()


class Database:
    """Runs units of work, each in a transaction and a task of its own.

    `is_shared` says that other processes may be at work on it, `has_queue` that the stores bring a job for the queue
    with each turn.
    """

    def __init__(self, engine: sa.Engine | AsyncEngine, *, queued: bool = True) -> None:
        self.name = name_of(engine.url)
        self.origin = secrets.token_hex(8)
        self.is_shared = not is_sqlite(engine.url)
        self.has_queue = queued and self.is_shared
        self._transactions: _Transactions = _OnLoop(engine) if isinstance(engine, AsyncEngine) else _InThread(engine)
        self._units: set[asyncio.Task[Any]] = set()

    async def run(self, work: Work[T]) -> T:
        """Return the result of `work`, committed on return and undone when it raises. Raises `StorageError`."""
        return await self._shielded(self._transactions.run(work))

    async def close(self) -> None:
        """Wait for the units that still run, then close every connection."""
        await asyncio.gather(*self._units, return_exceptions=True)
        await self._shielded(self._transactions.close())

    async def _shielded(self, unit: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(unit, name=f"unit of work on {self.name}")
        self._units.add(task)  # a task that nobody refers to may be collected while it runs
        task.add_done_callback(self._units.discard)
        with wrap_errors(self.name):
            return await asyncio.shield(task)


S = TypeVar("S", bound="SqlPart")


class SqlPart:
    """A store, or part of one, over a database."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @property
    def origin(self) -> str:
        """Return what tells this process's notifications from those of others."""
        return self._database.origin


def unit_of_work(
    method: Callable[Concatenate[S, Session, P], T],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Make a method over a session one that is committed as a whole or not at all."""

    @wraps(method)
    async def unit(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._database.run(lambda session: method(self, session, *args, **kwargs))

    return unit


def within(
    unit: Callable[Concatenate[S, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[S, Session, P], T]:
    """Return the method behind a unit of work, to be part of a larger one: called with its store and a session."""
    method: Callable[Concatenate[S, Session, P], T] = unit.__wrapped__  # type: ignore[attr-defined]  # set by `wraps`
    return method


def begin_writing(session: Session) -> None:
    """Begin a transaction as a writer before anything is read, so that what is read still holds when it is written.

    On PostgreSQL rows are locked as they are read; on SQLite reading alone begins no transaction.
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite" and not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]  # open
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def upsert(session: Session, table: type[BaseTable]) -> sqlite.Insert | postgresql.Insert:
    """Return an insert into `table` that can say what happens when the row is there: both databases have the same
    words.
    """
    return upsert_of(session.get_bind().dialect.name, table)


@cache
def upsert_of(dialect: str, table: type[BaseTable]) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def put(session: Session, table: type[BaseTable], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows with the same columns, replacing those columns in rows that are there."""
    if rows:
        session.connection().execute(_put(session.get_bind().dialect.name, table, tuple(rows[0])), list(rows))


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """Items for one statement at a time, so many as any database takes."""
    remaining = iter(items)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


@cache
def _put(dialect: str, table: type[BaseTable], columns: Sequence[str]) -> sa.Insert:
    insert = upsert_of(dialect, table)
    keys = {column.name for column in sa.inspect(table).primary_key}
    given = {name: insert.excluded[name] for name in columns if name not in keys}
    return insert.on_conflict_do_update(index_elements=keys, set_=given)
