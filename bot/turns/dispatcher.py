"""Keep one runner for each conversation with open turns: those of one in order, conversations side by side.

The turn table is the truth; the dispatcher stores nothing. In the embedded mode it is the whole engine. With a job
queue the queue's jobs start the runners, one job at a time for a conversation, and the runners are the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol

from bot.errors import ClaimLost, StorageError
from bot.ports import AdapterStateStore, Clock, TurnStore
from bot.turns.retries import next_after_bug
from bot.types import ConversationKey, Turn

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchTimes:
    """Waits of a dispatcher, in seconds.

    `pause` lies between the newest arrival in a conversation and the claim, `sweep` between two looks for what was left
    open. A runner whose database is away rests from `first_rest` up to `longest_rest`, twice as long each time.
    """

    pause: float = 0.0
    sweep: float = 5.0
    first_rest: float = 1.0
    longest_rest: float = 15.0


DEFAULT_TIMES = DispatchTimes()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class DispatchStore(TurnStore, AdapterStateStore, Protocol):
    """The turns, and whether the queue is paused."""


@dataclass(slots=True)
class _Runner:
    """The runner of one conversation: its task, a signal that something changed, and the turn that it runs."""

    task: asyncio.Task[None] | None = None
    roused: asyncio.Event = field(default_factory=asyncio.Event)
    turn: Turn | None = None


class Dispatcher:
    """Keep a runner for a conversation until no open turn is left.

    With `embedded` a wake starts a runner; without it only `drain` does, and a wake rouses the runner that is here.
    While the queue is paused, what is under way ends and nothing else is begun.
    """

    def __init__(
        self,
        turns: DispatchStore,
        run_turn: Callable[[Turn], Awaitable[None]],
        *,
        worker: str,
        clock: Clock = _utc_now,
        times: DispatchTimes = DEFAULT_TIMES,
        embedded: bool = True,
    ) -> None:
        self._turns = turns
        self._run_turn = run_turn
        self._worker = worker
        self._clock = clock
        self._times = times
        self._embedded = embedded
        self._runners: dict[ConversationKey, _Runner] = {}
        self._stopping = asyncio.Event()
        self._prepare: Callable[[ConversationKey], Awaitable[None]] | None = None

    def prepare_with(self, prepare: Callable[[ConversationKey], Awaitable[None]]) -> None:
        """Do something in a conversation before each claim there; it may raise `StorageError`."""
        self._prepare = prepare

    def wake(self, key: ConversationKey) -> None:
        """See to it that the open turns of a conversation are being run; call it after they are stored."""
        if runner := self._runners.get(key):
            runner.roused.set()
        elif self._embedded:
            self._start(key)

    async def drain(self, key: ConversationKey) -> None:
        """Run the open turns of a conversation until there is none; the caller knows that nobody else does."""
        if earlier := self._runners.get(key):  # it may end for having lost its turn, and leave the others to the caller
            await self._ended(earlier)
        if runner := self._runners.get(key) or self._start(key):
            await self._ended(runner)

    async def _ended(self, runner: _Runner) -> None:
        runner.roused.set()
        if runner.task is not None:
            await asyncio.wait((runner.task,))

    async def run(self, platforms: Collection[str] | None = None) -> None:
        """Take up what was left open on `platforms` (None: all), and sweep for it again and again, until cancelled."""
        while True:
            try:
                for key in await self._turns.open_conversations():
                    if platforms is None or key.platform in platforms:
                        self.wake(key)
            except StorageError as error:
                logger.warning("sweep failed", extra={"error": str(error)})
            await asyncio.sleep(self._times.sweep)

    async def aclose(self, *, grace: float | None) -> None:
        """Start nothing more, let running turns finish within `grace` seconds (None: however long), cancel the rest.

        What is cancelled is handed back, for the next process to take up.
        """
        self._stopping.set()
        for runner in self._runners.values():
            runner.roused.set()
        tasks = [runner.task for runner in self._runners.values() if runner.task is not None]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    # ------------------------------------------------------------ one conversation

    def _start(self, key: ConversationKey) -> _Runner | None:
        if self._stopping.is_set():
            return None
        runner = _Runner()
        self._runners[key] = runner
        runner.task = asyncio.create_task(self._drain(key, runner), name=f"conversation {key}")
        return runner

    async def _drain(self, key: ConversationKey, runner: _Runner) -> None:
        """Run the open turns of one conversation, oldest first, until there is none."""
        rest = self._times.first_rest
        try:
            while not self._stopping.is_set():
                runner.roused.clear()
                try:
                    if not await self._step(key, runner) and not runner.roused.is_set():
                        return
                    rest = self._times.first_rest
                except ClaimLost:
                    logger.info("conversation taken over by another runner", extra={"conversation": str(key)})
                    return
                except StorageError as error:
                    extra = {"conversation": str(key), "error": str(error), "seconds": rest}
                    logger.warning("conversation is waiting for the database", extra=extra)
                    await self._stopped_within(rest)
                    rest = min(rest * 2, self._times.longest_rest)
        except asyncio.CancelledError:
            await self._hand_back(runner)
            raise
        except Exception:
            logger.exception("a bug ended a runner; the next sweep takes its conversation")
        finally:
            del self._runners[key]

    async def _step(self, key: ConversationKey, runner: _Runner) -> bool:
        """Run the next turn of a conversation, or wait until it is due; return whether there was any.

        What arrives between the look and the claim is left to the next step, or it would not get its pause.
        """
        waiting = await self._turns.waiting(key)
        if waiting is None:
            return False
        seconds = waiting.seconds_until_due(self._clock(), pause=self._times.pause)
        if seconds > 0:
            await self._rest(runner, seconds)
            return True
        if await is_paused(self._turns):
            await self._rest(runner, self._times.sweep)
            return True
        if self._prepare is not None:
            await self._prepare(key)
        runner.turn = await self._turns.claim(key, worker=self._worker)
        if runner.turn is not None:
            await self._run_claimed(runner.turn)
            runner.turn = None
        return True

    async def _run_claimed(self, turn: Turn) -> None:
        """Run one turn; a bug puts it off, and fails it when it comes back every time, so that it blocks nobody."""
        try:
            await self._run_turn(turn)
        except StorageError:
            raise
        except Exception as error:
            extra = {"turn": turn.id, "conversation": str(turn.incoming.key), "attempt": turn.attempt}
            logger.exception("a bug ended a turn", extra=extra)
            current = await self._turns.get_turn(turn.id) or turn  # its answer may have been recorded meanwhile
            until = next_after_bug(current, self._clock())
            if until is None:
                await self._turns.close(turn, error=f"given up: {type(error).__name__}")
            else:
                await self._turns.reschedule(turn, until)

    async def _hand_back(self, runner: _Runner) -> None:
        """Let another process take the turn up at once; where that fails, it is found to be orphaned later."""
        if runner.turn is not None:
            with contextlib.suppress(StorageError):
                await self._turns.release(runner.turn)

    async def _rest(self, runner: _Runner, seconds: float) -> None:
        """Wait, but not when something changes."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(runner.roused.wait(), seconds)

    async def _stopped_within(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


# ------------------------------------------------------------ the pause of the whole queue


_PAUSED: Final = ("queue", "paused")
"""Where the adapters' state holds it."""


async def is_paused(state: AdapterStateStore) -> bool:
    """Return whether nothing new is to be answered now, in any process. Raises `StorageError`."""
    return await state.get_state(*_PAUSED) is not None


async def set_paused(state: AdapterStateStore, *, paused: bool) -> None:
    """Pause the queue or let it go on. Raises `StorageError`."""
    if paused:
        await state.put_state(*_PAUSED, "yes")
    else:
        await state.swap_state(*_PAUSED, before="yes", after=None)
