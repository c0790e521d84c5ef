"""The web server ends, or fails before it is there: it comes back at the same address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from adapters.web.frame import FrameOptions
from adapters.web.playground.platform import Playground, PlaygroundOptions
from bot.app.supervisor import Supervisor
from bot.backoff import BackoffTimes
from bot.errors import StorageUnavailable
from storage.in_memory.store import MemoryStore
from tests.browser.driven_bot import DrivenBot
from tests.fakes import ManualClock

AT_ONCE = BackoffTimes(first=0.01, longest=0.05, healthy=60)


class FailingStore(MemoryStore):
    """A store that fails as it is told, and then works."""

    def __init__(self, *failures: Exception) -> None:
        super().__init__(clock=ManualClock())
        self.failures = list(failures)

    async def get_workspaces(self) -> Any:
        if self.failures:
            raise self.failures.pop(0)
        return await super().get_workspaces()


@asynccontextmanager
async def served(store: MemoryStore) -> AsyncIterator[Playground]:
    options = PlaygroundOptions(
        frame=FrameOptions(host="127.0.0.1", secret="s"),
        port=0,
        model_name="m",
        notice="",
        complete=lambda *_: [],
    )
    playground = Playground(store, options=options, clock=ManualClock())
    supervisor = Supervisor(lambda _: None, times=AT_ONCE)

    async def run() -> None:
        await playground.run(DrivenBot())

    keeping = asyncio.create_task(supervisor.keep("The playground", run))
    try:
        await asyncio.wait_for(playground.address(), 20)
        yield playground
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def answers(url: str) -> int:
    """The status of the page, once there is a server."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(20):
        while True:
            try:
                async with session.get(url) as response:
                    return response.status
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "errors",
    [[KeyError("x")], [StorageUnavailable("the disk is full")] * 2],
    ids=["bug", "database-away"],
)
async def test_a_server_that_fails_before_it_is_there_is_tried_again(errors: list[Exception]) -> None:
    async with served(FailingStore(*errors)) as playground:
        assert await answers((await playground.address()).url) == 200


async def test_a_server_that_ends_comes_back_at_its_address() -> None:
    async with served(MemoryStore(clock=ManualClock())) as playground:
        url = (await playground.address()).url
        assert await answers(url) == 200
        for _ in range(2):
            [task] = [item for item in asyncio.all_tasks() if item.get_name() == "web server"]
            task.get_coro().cr_frame.f_locals["self"].should_exit = True  # type: ignore[union-attr]  # ends by itself
            await asyncio.wait((task,))
            assert await answers(url) == 200
