"""Own the work that goes on after a platform has its acknowledgement."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from bot.errors import BotError
from bot.event_errors import EventErrors

logger = logging.getLogger(__name__)


class BackgroundTasks:
    """Tasks that end on their own; what raises in one is logged, and nothing else comes of it."""

    def __init__(self, errors: EventErrors) -> None:
        self._errors = errors
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        """Run something beside other work."""
        task = asyncio.create_task(self._run(work, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self, *, grace: float) -> None:
        """Let them end within `grace` seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        try:
            await work
        except (BotError, TimeoutError) as error:
            logger.warning("%s failed", name, extra={"error": f"{type(error).__name__}: {error}"})
        except Exception as error:  # noqa: BLE001 - told by its kind; nothing waits for it
            self._errors.note(name, error)
