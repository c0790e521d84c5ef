"""Ends processes at random, or holds them up."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass

from benchmarks.crash.fleet import BotProcess, Fleet

HELD_UP = 0.2
"""The share of kills that are a SIGSTOP for a while instead."""

SHORT = 0.5
"""The share of lives that are short; in the others there is the time to finish something."""

LONGEST_STOP_SECONDS = 6.0
LONGEST_START_SECONDS = 90.0
"""A process that is not ready after so long is ended all the same, and counted."""

LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """A process that was ended, or held up and let go again at `until`; it had been ready or was just starting."""

    at: float
    pid: int
    was_ready: bool
    until: float | None = None


class Killer:
    """Does so `kills` times, each process living for `life` seconds on average."""

    def __init__(self, fleet: Fleet, *, kills: int, life: float, seed: int) -> None:
        self._fleet = fleet
        self._most = kills
        self._life = life
        self._chance = random.Random(seed)
        self.kills: list[Kill] = []
        self.never_ready = 0

    async def run(self) -> None:
        """Do so as often as planned."""
        while len(self.kills) < self._most:
            if not self._fleet.running:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            one = self._chance.choice(self._fleet.running)
            if self._chance.random() < SHORT:  # it may end while it starts
                await self._rest(0.1, 0.5)
            else:
                await self._started(one)
                await self._rest(1.0, 2.4)
            if one.ended_at is None:
                await self._end(one)

    async def _started(self, one: BotProcess) -> None:
        """Wait until a process is ready or ended."""
        until = time.time() + LONGEST_START_SECONDS
        while one.ready_at is None and one.ended_at is None:
            if time.time() > until:
                self.never_ready += 1
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _rest(self, least: float, most: float) -> None:
        """Wait for so much of a life, shared by all processes."""
        await asyncio.sleep(self._chance.uniform(least, most) * self._life / len(self._fleet.running or [1]))

    async def _end(self, one: BotProcess) -> None:
        ready = one.ready_at is not None
        with suppress(ProcessLookupError):
            if ready and self._chance.random() < HELD_UP:
                await self._hold_up(one.pid, self._chance.uniform(0.2, LONGEST_STOP_SECONDS))
            else:
                os.kill(one.pid, signal.SIGKILL)
                self.kills.append(Kill(at=time.time(), pid=one.pid, was_ready=ready))

    async def _hold_up(self, pid: int, seconds: float) -> None:
        since = time.time()
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.kills.append(Kill(at=since, pid=pid, was_ready=True, until=time.time()))
        os.kill(pid, signal.SIGCONT)
