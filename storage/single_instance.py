"""Allow one process at a time on a SQLite file: two that ran turns on it would take each other's."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import StorageUnavailable
from bot.private_files import keep_private
from storage.database import is_sqlite, name_of, parse_url


@contextmanager
def single_instance(database_url: str) -> Iterator[None]:
    """Be the only process that runs turns on a SQLite file; nothing on PostgreSQL, where the queue sees to that.

    The lock is the kernel's, on a file beside the database, so it ends with the process however that ends.
    Raises `StorageUnavailable` when another process has it.
    """
    url = parse_url(database_url)
    if not is_sqlite(url):
        yield
        return
    name = name_of(url)
    lock = Path(f"{name}.lock")
    keep_private(lock)
    with lock.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise StorageUnavailable(
                f"Another Seedling is using the database {name} (process {file.read().strip() or 'unknown'}): "
                "use that one, stop it, or name another database in DATABASE_URL."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
