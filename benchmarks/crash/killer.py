"""Ends processes at random, or holds them up."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass

from benchmarks.crash.fleet import Fleet

HELD_UP = 0.2
"""The share of kills that are a SIGSTOP for a while instead."""

LONGEST_STOP_SECONDS = 6.0


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

    async def run(self) -> None:
        """Do so as often as planned."""
        while len(self.kills) < self._most:
            size = max(1, len(self._fleet.running))
            # Short lives and long ones, so that some end at once and others have the time to finish something.
            await asyncio.sleep(self._chance.uniform(0.1, 1.9) * self._life / size)
            if not self._fleet.running:
                continue
            one = self._chance.choice(self._fleet.running)
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
