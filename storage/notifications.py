"""Listen to PostgreSQL's notifications; those sent while a connection is away are lost."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg

from storage.database import conninfo_of, parse_url
from storage.jobs import PLAYGROUND_CHANNEL

logger = logging.getLogger(__name__)

REST_SECONDS = 1.0


async def listen(database_url: str, channel: str, on_told: Callable[[Any], Awaitable[None]]) -> None:
    """Hand each JSON value that is told on a channel to `on_told`, until cancelled; connects again when needed."""
    conninfo = conninfo_of(parse_url(database_url))
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
                await connection.execute(f"LISTEN {channel}")
                async for notification in connection.notifies():
                    await on_told(json.loads(notification.payload or "null"))
        except psycopg.Error as error:
            logger.warning("listening failed", extra={"channel": channel, "error": type(error).__name__})
            await asyncio.sleep(REST_SECONDS)


async def follow_playground(database_url: str, wake: Callable[[], None]) -> None:
    """Call `wake` whenever another process or this one has something for open pages, until cancelled."""

    async def told(_nothing: Any) -> None:
        wake()

    await listen(database_url, PLAYGROUND_CHANNEL, told)
