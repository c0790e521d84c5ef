"""Tell machines and other processes how this process does: a heartbeat in the database, and a listener for health."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from adapters.listeners import listen, serve
from adapters.web.health.health_app import health_app
from bot.app.core import Core
from bot.app.heartbeat import telling
from bot.app.installation import Installation
from bot.errors import ConfigError
from bot.settings import DEFAULT_HEALTH_PORT, Settings

logger = logging.getLogger(__name__)

NAMES: Final = ("HEALTH_HOST", "HEALTH_PORT")


@asynccontextmanager
async def watched(settings: Settings, core: Core, installation: Installation, kind: str) -> AsyncIterator[None]:
    """Answer on the health listener and tell of this process, as long as the context lasts. Raises `ConfigError`."""
    listening = _listen(settings)
    app = health_app(installation.readiness, core.metrics, core.store, core.clock)
    task = None
    if listening is not None:
        task = asyncio.create_task(serve(app, listening), name="health listener")
    try:
        async with telling(core.store, core.clock, name=core.worker, kind=kind, version=installation.version):
            yield
    finally:
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if listening is not None:
            listening.close()


def _listen(settings: Settings) -> socket.socket | None:
    """Return the listening socket; None where the usual port is taken, as by a second process on one machine."""
    port = DEFAULT_HEALTH_PORT if settings.health_port is None else settings.health_port
    try:
        return listen(settings.health_host, port, names=NAMES)
    except ConfigError:
        if settings.health_port is not None:
            raise
        logger.debug("no health listener: its usual port is taken, and HEALTH_PORT names no other")
        return None
