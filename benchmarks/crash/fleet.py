"""The bot's processes, as the Procfile has them: each is started again whenever it ends.

They are forked from a process that has imported everything, so that a start takes a fraction of a second; what runs in
them is the command line itself.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import statistics
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

FORK = multiprocessing.get_context("forkserver")
PRELOADED = (
    "bot.__main__",
    "bot.app.core",
    "bot.app.serve",
    "adapters.slack.platform",
    "adapters.discord.platform",
    "adapters.web",
    "adapters.seed",
    "adapters.dates",
    "storage.queue",
)


@dataclass(slots=True, kw_only=True)
class BotProcess:
    """One process: since when it was started, and when it said that it is ready."""

    command: str
    process: Any
    started_at: float
    said: bytearray = field(default_factory=bytearray)
    ready_at: float | None = None
    ended_at: float | None = None

    @property
    def pid(self) -> int:
        """The number that the kernel knows it by."""
        return int(self.process.pid)


class Fleet:
    """All processes; `commands` has one `seedling` command for each. `ready` are the words that each says when it is.

    `log` is the file for what they tell.
    """

    def __init__(
        self, commands: Sequence[str], surroundings: Mapping[str, str], *, folder: Path, log: Path, ready: str
    ) -> None:
        self._commands = commands
        self._surroundings = surroundings
        self._folder = folder
        self._log = log
        self._ready = ready.encode()
        self._running: dict[int, BotProcess] = {}  # by place in `commands`
        self.past: list[BotProcess] = []

    async def run(self) -> None:
        """Keep all of them alive, until cancelled; then they are killed."""
        FORK.set_forkserver_preload(list(PRELOADED))
        try:
            await asyncio.gather(*(self._keep(place) for place in range(len(self._commands))))
        finally:
            self.kill()

    async def all_ready(self) -> None:
        """Wait until every process has said that it is ready."""
        while sum(one.ready_at is not None for one in self.running) < len(self._commands):  # noqa: ASYNC110 - they may end
            await asyncio.sleep(0.05)

    async def _keep(self, place: int) -> None:
        while True:
            await self._live(place)
            await asyncio.sleep(0.05)

    async def _live(self, place: int) -> None:
        """Run one process from its start to its end."""
        loop = asyncio.get_running_loop()
        ours, theirs = FORK.Pipe()
        command = self._commands[place]
        arguments = (command, dict(self._surroundings), str(self._folder), str(self._log), theirs)
        process = FORK.Process(target=run_bot, args=arguments, daemon=False)
        await asyncio.to_thread(process.start)
        theirs.close()
        one = BotProcess(command=command, process=process, started_at=time.time())
        self._running[place] = one
        ended = asyncio.Event()
        loop.add_reader(ours.fileno(), self._read, one, ours)
        loop.add_reader(process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(process.sentinel)
            loop.remove_reader(ours.fileno())
            ours.close()
            if not ended.is_set():
                with suppress(ProcessLookupError):
                    os.kill(one.pid, signal.SIGKILL)
            process.join(1)
            one.ended_at = time.time()
            self._running.pop(place, None)
            self.past.append(one)

    def _read(self, one: BotProcess, ours: Connection) -> None:
        with suppress(OSError):
            told = os.read(ours.fileno(), 65_536)
            if not told:
                asyncio.get_running_loop().remove_reader(ours.fileno())
            one.said += told
        if one.ready_at is None and self._ready in one.said:
            one.ready_at = time.time()

    @property
    def running(self) -> Sequence[BotProcess]:
        """The processes that there are now, ready or not."""
        return list(self._running.values())

    @property
    def pids(self) -> list[int]:
        """Their numbers."""
        return [one.pid for one in self._running.values()]

    def kill(self) -> None:
        """End all processes."""
        for one in self._running.values():
            with suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGKILL)

    async def end(self, task: asyncio.Task[None]) -> None:
        """Stop keeping them alive; `task` does so."""
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    @property
    def exits(self) -> Mapping[str, int]:
        """Return how many processes ended by themselves, by their exit codes."""
        return Counter(str(one.process.exitcode) for one in self.past if one.process.exitcode != -signal.SIGKILL)

    def figures(self) -> tuple[float, float]:
        """Return how long a process takes to be ready, and how long one lives that is killed, in seconds."""
        every = [*self.past, *self._running.values()]
        starts = [one.ready_at - one.started_at for one in every if one.ready_at is not None]
        killed = (one for one in self.past if one.process.exitcode == -signal.SIGKILL)
        lives = [one.ended_at - one.started_at for one in killed if one.ended_at is not None]
        return (
            statistics.median(starts) if starts else float("inf"),
            statistics.fmean(lives) if lives else float("inf"),
        )


def run_bot(command: str, surroundings: Mapping[str, str], folder: str, log: str, told: Connection) -> None:
    """Run one command of `seedling` in this process, which is a new one."""
    from bot.__main__ import main  # noqa: PLC0415 - here it has been imported already

    os.dup2(told.fileno(), 1)
    told.close()
    with Path(log).open("ab") as file:
        os.dup2(file.fileno(), 2)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
    os.chdir(folder)
    os.environ.update(surroundings)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    code = main([command])
    os._exit(code)
