"""Tell the time of the database, so that processes whose clocks differ agree on what is due."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import StorageError
from bot.ports import Clock
from bot.server_clock import ServerClock
from storage.database import is_sqlite, name_of, parse_url, wrap_errors

logger = logging.getLogger(__name__)

READ_EVERY_SECONDS = 30.0


class DatabaseClock(ServerClock):
    """The time of a database server."""

    async def read(self, engine: AsyncEngine) -> None:
        """Ask the server. Raises `StorageError`."""
        with wrap_errors(name_of(engine.url)):
            async with engine.connect() as connection:
                asked_at = self._monotonic()
                told: datetime = (await connection.execute(sa.select(sa.func.clock_timestamp()))).scalar_one()
        self.note(told, asked_at=asked_at)

    async def follow(self, engine: AsyncEngine) -> None:
        """Ask again and again, until cancelled."""
        while True:
            await asyncio.sleep(READ_EVERY_SECONDS)
            try:
                await self.read(engine)
            except StorageError as error:
                logger.info("time of the database not read", extra={"error": str(error)})


@asynccontextmanager
async def open_clock(database_url: str, own: Clock) -> AsyncIterator[Clock]:
    """Yield the clock of a PostgreSQL server; this machine's `own` on SQLite. Raises `StorageError`."""
    url = parse_url(database_url)
    if is_sqlite(url):
        yield own
        return
    clock, engine = DatabaseClock(), create_async_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=1)
    await clock.read(engine)
    following = asyncio.create_task(clock.follow(engine), name="time of the database")
    try:
        yield clock
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await engine.dispose()
