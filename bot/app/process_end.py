"""End a process that was told to: in order within a limit, and at once when it is told again."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Coroutine
from typing import Any, Final

logger = logging.getLogger(__name__)

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

CLOSING_SECONDS: Final = 10.0
"""How long the closing of everything may take once no answer is waited for any more."""


class ProcessEnd:
    """The end of this process, once SIGINT or SIGTERM asks for it; `grace` is what running answers get, in seconds.

    What cannot be closed by then, as while a database hangs, is left as a crash would leave it, which is safe: others
    take up what was under way.
    """

    def __init__(self, *, grace: float) -> None:
        self._limit = grace + CLOSING_SECONDS
        self._told = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        for number in SIGNALS:
            self._loop.add_signal_handler(number, self._begin)

    async def told(self) -> None:
        """Wait until the process is to end."""
        await self._told.wait()

    async def unless_told(self, starting: Coroutine[Any, Any, None], started: asyncio.Event) -> None:
        """Run a process; one that is to end before it has `started` is cancelled."""
        process = asyncio.create_task(starting, name="process")
        told = asyncio.create_task(self._told.wait(), name="stop signal")
        try:
            await asyncio.wait({process, told}, return_when=asyncio.FIRST_COMPLETED)
            if not started.is_set():
                process.cancel()
            await process
        except asyncio.CancelledError:
            if not self._told.is_set():
                raise
        finally:
            told.cancel()

    def _begin(self) -> None:
        """Stop in order; from now on a signal ends the process as the system does, whatever the loop is at."""
        self._told.set()
        for number in SIGNALS:
            self._loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        self._loop.call_later(self._limit, self._give_up)

    def _give_up(self) -> None:
        logger.error("the end took too long; what is under way is left to others", extra={"seconds": self._limit})
        logging.shutdown()
        os._exit(os.EX_OK)
