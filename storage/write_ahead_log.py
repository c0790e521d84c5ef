"""Cut the write-ahead log of a SQLite file soon after deletions: it holds pages as they were until others replace them.

In the file itself what is deleted is overwritten (`PRAGMA secure_delete`, https://sqlite.org/pragma.html). The log is
cut by a checkpoint that truncates it (https://sqlite.org/wal.html).
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

CUT_AFTER_SECONDS: Final = 5.0
"""How long what was deleted may stand in the log: all deletions of that time are served by one cut."""


class WriteAheadLog:
    """The log of one file, which is cut by the process that deletes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._is_due = False
        self._task: asyncio.Task[None] | None = None

    def cut_soon(self) -> None:
        """Cut the log in a few seconds, and again until no reader keeps it from that."""
        self._is_due = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._cut_when_due(), name=f"log of {self._file}")

    async def _cut_when_due(self) -> None:
        while self._is_due:
            await asyncio.sleep(CUT_AFTER_SECONDS)
            self._is_due = False  # what is deleted from here on waits for the next time
            self._is_due = not await asyncio.to_thread(cut, self._file) or self._is_due

    async def close(self) -> None:
        """Cut what is still to be cut, if nobody reads."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._is_due:
            await asyncio.to_thread(cut, self._file)


def cut(file: Path) -> bool:
    """Return whether the log is empty now; waits for no other connection, and lets none wait but while it truncates."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=0)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")  # beside writers, so that little is left for the next
            (is_busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error:  # locked, or away: its next unit of work tells
        return False
    return not is_busy
