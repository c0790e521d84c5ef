"""Start the embedded model's process, watch it, restart it when it crashes, and stop it with the bot.

A process of its own, because reading a prompt takes its cores for seconds and the event loop must not wait for it.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

logger = logging.getLogger(__name__)

START_SECONDS = 60.0  # reading the weights takes about 2 s on two cores, more from a cold disk
STOP_SECONDS = 5.0
RESTART_PAUSES = (0.0, 1.0, 5.0, 15.0, 30.0)  # seconds before each restart; dying more often is no accident
RESTART_WINDOW_SECONDS = 600.0  # a death longer ago no longer counts
KEPT_LINES = 5


class DidNotStart(Exception):
    """The process ended, or said nothing, before it was ready; the message quotes its last words."""


class ModelProcess:
    """One run after another of the same command, which says a line when it is ready and ends when its input does."""

    def __init__(
        self, command: Sequence[str], *, start_seconds: float = START_SECONDS, stop_seconds: float = STOP_SECONDS
    ) -> None:
        self._command = command
        self._start_seconds = start_seconds
        self._stop_seconds = stop_seconds
        self._process: Process | None = None
        self._words: deque[str] = deque(maxlen=KEPT_LINES)
        self._listening: asyncio.Task[None] | None = None

    @property
    def id(self) -> int:
        """The process id of the present run."""
        return self._running.pid

    @property
    def last_words(self) -> str:
        """The last lines on standard error."""
        return "; ".join(self._words)

    @property
    def _running(self) -> Process:
        if self._process is None:
            raise RuntimeError("the process was not started")
        return self._process

    async def start(self) -> None:
        """Start a run and wait until it is ready. Raises `DidNotStart`, leaving nothing behind."""
        self._words.clear()
        # In its own session, so that Ctrl-C in a terminal reaches the bot alone, which lets answers finish first.
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
            )
        except OSError as error:
            raise DidNotStart(f"the system did not start it: {error.strerror}") from error
        self._listening = asyncio.create_task(self._listen(self._process), name="embedded model's words")
        try:
            await self._await_ready(self._process)
        except BaseException:
            await self._kill()  # while it reads the weights it does not notice that its input has ended
            raise

    async def _await_ready(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101 - for the type checker: it was asked for as a pipe
        try:
            async with asyncio.timeout(self._start_seconds):
                ready = await process.stdout.readline()
        except TimeoutError:
            raise DidNotStart(f"it was not ready after {self._start_seconds:g} s: {self.last_words}") from None
        if not ready:
            code = await self.wait()
            raise DidNotStart(f"it ended with code {code}: {self.last_words or 'without any output'}")

    async def _listen(self, process: Process) -> None:
        """Keep the last lines of standard error; reading on also keeps the process from waiting for a reader."""
        assert process.stderr is not None  # noqa: S101 - for the type checker: it was asked for as a pipe
        while chunk := await process.stderr.read(4_096):
            self._words.extend(line for line in chunk.decode(errors="replace").splitlines() if line.strip())

    async def wait(self) -> int:
        """Wait for the end of the present run; its exit code, negative for a signal."""
        code = await self._running.wait()
        if self._listening is not None:
            await self._listening
        return code

    async def stop(self) -> None:
        """End the present run, by force when it does not go; nothing is left on return."""
        process = self._running
        assert process.stdin is not None  # noqa: S101 - for the type checker: it was asked for as a pipe
        process.stdin.close()
        try:
            async with asyncio.timeout(self._stop_seconds):
                await self.wait()
        except TimeoutError:
            await self._kill()

    async def _kill(self) -> None:
        with suppress(ProcessLookupError):
            self._running.kill()
        await self.wait()


@asynccontextmanager
async def keep_running(process: ModelProcess, pauses: Sequence[float] = RESTART_PAUSES) -> AsyncIterator[None]:
    """Start `process` again whenever it dies, after the next of `pauses`; it is stopped when this is left."""
    supervisor = asyncio.create_task(_supervise(process, pauses), name="embedded model's supervisor")
    try:
        yield
    finally:
        supervisor.cancel()
        await asyncio.wait([supervisor])
        await process.stop()


async def _supervise(process: ModelProcess, pauses: Sequence[float]) -> None:
    clock = asyncio.get_running_loop().time
    deaths: deque[float] = deque()
    while True:
        code = await process.wait()
        now = clock()
        while deaths and now - deaths[0] > RESTART_WINDOW_SECONDS:
            deaths.popleft()
        if len(deaths) == len(pauses):
            logger.error("the embedded model crashed too often and is not restarted", extra={"exit_code": code})
            return
        logger.warning("the embedded model crashed and is being restarted", extra={"exit_code": code})
        await asyncio.sleep(pauses[len(deaths)])
        deaths.append(now)
        try:
            await process.start()
        except DidNotStart as error:
            logger.warning("the embedded model did not restart: %s", error)
