"""Allow one process at a time on a SQLite file: two that ran turns on it would take each other's."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bot.errors import StorageUnavailable
from bot.private_files import keep_private
from storage.database import is_sqlite, name_of, parse_url


def lock_of(database: Path) -> Path:
    """Return the file beside a database that names the process which uses it, or used it last."""
    return Path(f"{database}.lock")


@contextmanager
def single_instance(database_url: str) -> Iterator[None]:
    """Be the only process that runs turns on a SQLite file; nothing on PostgreSQL, where the queue sees to that.

    The lock is the kernel's, on the database itself, so that neither another name for it nor a deleted file beside it
    lets a second process in, and it ends with the process however that ends. The file beside it is locked as earlier
    versions do. Raises `StorageUnavailable` when another process has it.
    """
    url = parse_url(database_url)
    if not is_sqlite(url):
        yield
        return
    database = Path(name_of(url)).resolve()
    lock = lock_of(database)
    for file in (database, lock):
        keep_private(file)
    with ExitStack() as stack:
        # Not closed before the stores are: closing any descriptor of the file would drop the locks of SQLite itself.
        whole = stack.enter_context(database.open("rb"))
        note = stack.enter_context(lock.open("a+", encoding="ascii"))
        try:
            for held in (whole, note):
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note.seek(0)
            raise StorageUnavailable(
                f"Another Seedling is using the database {name_of(url)} (process {note.read().strip() or 'unknown'}): "
                "use that one, stop it, or name another database in DATABASE_URL."
            ) from None
        note.truncate(0)
        note.write(f"{os.getpid()}\n")
        note.flush()
        yield
