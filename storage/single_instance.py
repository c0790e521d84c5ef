"""Allow one process at a time on a SQLite file: two that ran turns on it would take each other's.

Processes that only ask, each in a conversation of its own, may share it.
"""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

import sqlalchemy as sa

from bot.errors import StorageUnavailable
from bot.private_files import keep_private
from storage.database import is_sqlite, name_of, parse_url

SQLITE_START: Final = b"SQLite format 3\0"
"""How a database that is not empty begins (sqlite.org/fileformat.html, 1.3)."""


def lock_of(database: Path) -> Path:
    """Return the file beside a database that names the process which uses it, or used it last."""
    return Path(f"{database}.lock")


def file_of(url: sa.URL) -> Path:
    """Return the SQLite file of a database, without links. Raises `StorageUnavailable` for what can be none; blocks."""
    try:
        database = Path(name_of(url)).resolve()
        is_other = not database.name or (database.exists() and not database.is_file())
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        raise StorageUnavailable(f"{name_of(url)} cannot be found ({error}): name another DATABASE_URL.") from error
    if is_other or lock_of(database).is_dir():
        what = database if is_other else lock_of(database)
        raise StorageUnavailable(f"{what} is not a file: name another database in DATABASE_URL.")
    return database


def is_taken(database: Path, *, shared: bool = False) -> bool:
    """Return whether another process has a SQLite file to itself, or, unless `shared`, any other has it; blocks.

    Only for a file that this process has not opened, whose locks would be lost.
    """
    with suppress(FileNotFoundError), database.open("rb") as whole:
        try:
            fcntl.flock(whole, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def refuse_taken(database_url: str, *, shared: bool = False) -> None:
    """Raise what `single_instance` raises for a file that another process has, before anything opens it; blocks."""
    url = parse_url(database_url)
    if is_sqlite(url) and is_taken(database := file_of(url), shared=shared):
        raise _in_use(database, shared=shared)


def _in_use(database: Path, *, shared: bool) -> StorageUnavailable:
    process = ""
    with suppress(OSError):
        process = lock_of(database).read_text(encoding="ascii").strip()
    return StorageUnavailable(
        f"Another Seedling is using the database {database} (process {process or 'unknown'}): "
        f"use that one, stop it, or name another database {'with --db' if shared else 'in DATABASE_URL'}."
    )


@contextmanager
def single_instance(database_url: str, *, shared: bool = False) -> Iterator[bool]:
    """Be the only process that runs turns on a SQLite file; nothing on PostgreSQL, where the queue sees to that.

    Processes that are `shared` keep out those that are not, and no others. Yields whether there is no other process.
    The lock is the kernel's, on the database itself, so that neither another name for it nor a deleted file beside it
    lets a second process in, and it ends with the process however that ends. The file beside it is locked as earlier
    versions do. Raises `StorageUnavailable` when another process has it.
    """
    url = parse_url(database_url)
    if not is_sqlite(url):
        yield False
        return
    database = file_of(url)
    lock = lock_of(database)
    keep_private(database, SQLITE_START)
    keep_private(lock)
    with ExitStack() as stack:
        # Not closed before the stores are: closing any descriptor of the file would drop the locks of SQLite itself.
        whole = stack.enter_context(database.open("rb"))
        note = stack.enter_context(lock.open("a+", encoding="ascii"))
        try:
            is_alone = _lock((whole, note), shared=shared)
        except BlockingIOError:
            raise _in_use(database, shared=shared) from None
        note.truncate(0)
        note.write(f"{os.getpid()}\n")
        note.flush()
        yield is_alone


def _lock(files: tuple[IO[Any], ...], *, shared: bool) -> bool:
    """Lock files, and return whether nobody else has them. Raises `BlockingIOError`."""
    try:
        for file in files:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if not shared:
            raise
        is_alone = False
    else:
        is_alone = True
    if shared:
        for file in files:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return is_alone


@contextmanager
def single_conversation(database_url: str, name: str) -> Iterator[None]:
    """Be the only process that asks in a conversation of a SQLite file; nothing on PostgreSQL.

    It locks one byte of the file beside the database, which need not be that long. Raises `StorageUnavailable`.
    """
    url = parse_url(database_url)
    if not is_sqlite(url):
        yield
        return
    file = lock_of(file_of(url))
    keep_private(file)
    with file.open("r+b") as bytes_of:
        try:
            fcntl.lockf(bytes_of, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 2**20 + zlib.crc32(name.encode()))
        except (BlockingIOError, PermissionError):
            raise StorageUnavailable(f"Another terminal is in the conversation {name!r}: go on there.") from None
        yield
