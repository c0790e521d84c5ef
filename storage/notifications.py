"""Listen to PostgreSQL's notifications; those sent while a connection is away are lost."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg

from bot.errors import StorageError
from bot.types import ChannelMessage
from storage.database import conninfo_of, parse_url
from storage.jobs import MESSAGE_CHANNEL
from storage.sql import SqlStore

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
                    await on_told(json.loads(notification.payload))
        except psycopg.Error as error:
            logger.warning("listening failed", extra={"channel": channel, "error": type(error).__name__})
            await asyncio.sleep(REST_SECONDS)


async def follow_messages(
    database_url: str, store: SqlStore, on_message: Callable[[ChannelMessage, bool], None]
) -> None:
    """Hand on the messages of the playground that other processes store, each with whether it is new."""

    async def read(told: Any) -> None:
        if told["origin"] == store.origin:
            return
        try:
            message = await store.get_message(told["workspace"], told["channel"], told["id"])
        except StorageError as error:
            logger.warning("a message could not be read", extra={"error": str(error)})
            return
        if message is not None:
            on_message(message, told["is_new"])

    await listen(database_url, MESSAGE_CHANNEL, read)
