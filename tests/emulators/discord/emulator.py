"""The emulator as tests hold it: set the scene, act, look, break."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tests.emulators.discord.asking import Asking
from tests.emulators.discord.faults import Fault, Kind
from tests.emulators.discord.gateway import Identify, Session
from tests.emulators.discord.options import Options
from tests.emulators.discord.recorder import Recorded
from tests.emulators.discord.sights import Sights
from tests.emulators.discord.specification import Report


class DiscordEmulator(Asking, Sights):
    """One emulated Discord with one application.

    Scene: `person`, `guild`, `channel`, `forum`, `dm`, `private_channel`, `deny`, `allow`, `invite`, `kick`.
    People: `say`, `edit`, `delete`, `react`, `thread`, `post`, `slash`, `autocomplete`, `context_menu`, `press`,
    `select`, `submit_modal`. Looking: `transcript`, `pings`, `requests`, `report`, `identifies`. Breaking: `fault`,
    `cut`, `cutting`, `reconnect`, `invalidate`, `garble`, `spoil_ready`, `clock.advance`. Waiting: `until`,
    `connected`.
    """

    def __init__(self, options: Options, origin: str) -> None:
        super().__init__(options, origin)
        for number in range(options.guilds):
            self.guild(f"server {number}")

    @property
    def requests(self) -> list[Recorded]:
        """The kept REST requests, the oldest first."""
        return list(self.recorder.records)

    def requests_to(self, method: str, template: str) -> list[Recorded]:
        """The kept requests to one operation, the path as in the specification."""
        return self.recorder.of(method, template)

    def report(self) -> Report:
        """What was held against the specifications, and what was wrong."""
        return self.specification.report

    @property
    def identifies(self) -> list[Identify]:
        """Every IDENTIFY that came in."""
        return self.gateway.identifies

    @property
    def storms(self) -> list[Identify]:
        """Those that came sooner than they may, or were refused."""
        return [identify for identify in self.gateway.identifies if not identify.accepted]

    def fault(self, kind: Kind, **details: Any) -> None:
        """Let something go wrong with the next request; see `faults.Fault`. Raises `ValueError` for an unknown kind."""
        self.faults.add(Fault(kind=kind, **details))

    def cut(self, *sessions: Session) -> int:
        """Break the connections of `sessions`, or all, without a word; how many there were."""
        return self.gateway.cut(sessions or None)

    @asynccontextmanager
    async def cutting(self, seed: int, *, between: tuple[float, float], times: int) -> AsyncIterator[None]:
        """Cut all connections at random moments, `between` so many seconds apart, until the block is left. discord.py
        waits longer before each further attempt, so that few `times` are enough.
        """
        chance = random.Random(seed)

        async def cut_now_and_then() -> None:
            for _ in range(times):
                await asyncio.sleep(chance.uniform(*between))
                await self.connected(seconds=60)
                self.cut()

        task = asyncio.create_task(cut_now_and_then(), name="cutting")
        try:
            yield
            await task
        finally:
            task.cancel()

    def reconnect(self) -> None:
        """Ask everybody to reconnect (op 7)."""
        self.gateway.ask_to_reconnect()

    def invalidate(self, *, resumable: bool = False) -> None:
        """Tell everybody that the session is invalid (op 9)."""
        self.gateway.invalidate(resumable=resumable)

    def garble(self, name: str, body: Any) -> None:
        """Tell everybody an event that no specification allows."""
        self.gateway.garble(name, body)

    def spoil_ready(self, *missing: str, **changed: Any) -> None:
        """Let one of the next READYs lack some fields, and have something else in others."""
        self.spoilt_readies.append((missing, changed))

    @property
    def sessions(self) -> Sequence[Session]:
        """The sessions that have a connection."""
        return self.gateway.connected

    async def connected(self, sessions: int = 1, seconds: float = 10) -> None:
        """Wait until that many sessions have a connection. Raises `TimeoutError`."""
        await self.until(lambda: len(self.gateway.connected) >= sessions, seconds)
