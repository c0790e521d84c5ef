"""A PostgreSQL server that goes away in the middle and comes back: nothing is acknowledged meanwhile, all goes on."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.errors import StorageUnavailable
from bot.types import Turn
from storage import migrate, open_store
from tests.contract.stores.samples import KEY, OTHER, incoming
from tests.fakes import ManualClock
from tests.integration.storage.test_queue import all_closed, processes
from tests.postgresql import running_server
from tests.processes import line_with, seedling, with_constants

CLOSING_SECONDS = 1.0
QUICK_TO_CLOSE = with_constants({"bot.app.process_end.CLOSING_SECONDS": CLOSING_SECONDS})


@pytest.fixture(scope="module")
def troubled_server() -> Iterator[Any]:
    """A server of these tests' own."""
    with running_server() as server:
        yield server


@pytest.fixture
def server(troubled_server: Any) -> Any:
    """The same, which runs again whatever became of it."""
    troubled_server.ensure_postgres_running()
    return troubled_server


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
        await asyncio.to_thread(server.ensure_postgres_running)
        assert await store.open_conversations() == [KEY]
        hold.set()
        assert await store.enqueue(incoming("b", key=OTHER)) is not None
        await all_closed(store)


@pytest.mark.parametrize(
    ("command", "how"),
    [
        pytest.param("worker", signal.SIGSTOP, id="worker, it hangs"),
        pytest.param("worker", signal.SIGQUIT, id="worker, it is gone"),
        pytest.param("web", signal.SIGSTOP, id="web, it hangs"),
    ],
)
async def test_a_process_ends_within_its_limit_though_the_server_does_not_answer(
    server: Any, tmp_path: Path, command: str, how: signal.Signals
) -> None:
    settings = {"DATABASE_URL": server.get_uri(), "STOP_GRACE_SECONDS": "1", "SEED_BASE_URL": "http://127.0.0.1:9/v1"}
    async with seedling(
        command, folder=tmp_path, program=QUICK_TO_CLOSE, SEED_API_KEY="sk-test", PORT="0", **settings
    ) as worker:
        assert worker.stdout is not None
        await line_with(worker, "ready", seconds=60)
        stopped = [server.get_pid(), *(children_of(server.get_pid()) if how is signal.SIGSTOP else ())]
        for pid in stopped:
            os.kill(pid, how)
        try:
            worker.send_signal(signal.SIGTERM)
            await asyncio.wait_for(worker.communicate(), 1 + CLOSING_SECONDS + 20)  # the machine may be slow
            assert worker.returncode == 0
        finally:
            for pid in stopped if how is signal.SIGSTOP else ():
                os.kill(pid, signal.SIGCONT)


def children_of(pid: int) -> list[int]:
    return [int(id) for id in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def test_a_second_signal_ends_a_worker_at_once(server: Any, tmp_path: Path) -> None:
    settings = {"DATABASE_URL": server.get_uri(), "STOP_GRACE_SECONDS": "600", "SEED_BASE_URL": "http://127.0.0.1:9/v1"}
    async with seedling("worker", folder=tmp_path, SEED_API_KEY="sk-test", **settings) as worker:
        assert worker.stdout is not None
        await line_with(worker, "ready", seconds=60)
        stopped = [server.get_pid(), *children_of(server.get_pid())]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            worker.send_signal(signal.SIGTERM)
            while signal.SIGTERM in handled_by(worker.pid):
                await asyncio.sleep(0.01)
            worker.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(worker.wait(), 10) == -signal.SIGTERM
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)


def handled_by(pid: int) -> set[int]:
    """The signals that a process has a handler for."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    caught = int(next(line for line in lines if line.startswith("SigCgt")).split()[1], 16)
    return {number for number in range(1, 32) if caught >> (number - 1) & 1}
