"""Supervise the parts of a process: one that ends is restarted, and the others keep running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Set
from typing import Final

from bot.backoff import Backoff, BackoffTimes
from bot.errors import BotError, ConfigError
from bot.event_errors import EventErrors

logger = logging.getLogger(__name__)

RESTART: Final = BackoffTimes(first=1.0, longest=60.0, healthy=300.0)


class Supervisor:
    """Keeps the parts of one process running; `tell` is for whoever watches the process."""

    def __init__(self, tell: Callable[[str], None], *, times: BackoffTimes = RESTART) -> None:
        self._tell = tell
        self._times = times
        self._errors = EventErrors("process", logger)
        self._ready: set[str] = set()
        self._up: set[str] = set()
        self._told: set[str] = set()

    def ready(self, name: str) -> None:
        """Note that a part has come up: what ends it from now on is no reason to end the process."""
        self._ready.add(name)
        self._up.add(name)

    @property
    def up(self) -> Set[str]:
        """Return the parts that have come up and not ended since."""
        return self._up

    async def keep(self, name: str, run: Callable[[], Awaitable[None]], *, alone: bool = False) -> None:
        """Run a part until cancelled, and again after a wait when it ends.

        Raises `ConfigError`, since only the operator can mend that; and whatever ends a part before it was ever ready
        where the process is there for it `alone`, so that whoever started the process sees it.
        """
        backoff, clock = Backoff(self._times), asyncio.get_running_loop().time
        while True:
            began = clock()
            try:
                await run()
                raise RuntimeError(f"{name} ended by itself")  # noqa: TRY301 - it is to be started again all the same
            except ConfigError:
                raise
            except Exception as error:
                if alone and name not in self._ready:
                    raise
                self._up.discard(name)
                rest = backoff.delay(clock() - began)
                self._say(name, error, rest)
            await asyncio.sleep(rest)

    def _say(self, name: str, error: Exception, rest: float) -> None:
        if isinstance(error, BotError):
            logger.warning("%s has stopped: %s", name, error, extra={"seconds": round(rest, 1)})
            reason = f" ({error})"
        else:
            self._errors.note(name, error)
            reason = " because of a bug, which the log shows"
        if name not in self._told:
            self._told.add(name)
            self._tell(f"{name} has stopped{reason}. It restarts by itself; everything else keeps running.")
