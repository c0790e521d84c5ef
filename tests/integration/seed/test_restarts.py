"""A server that goes away and comes back: questions are answered all the same, and nobody is told more than once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from adapters.seed import Environment, LiveRates, SeedModel, SeedOptions, open_seed
from adapters.seed.protocols import WIRES
from adapters.seed.protocols.wire_parameters import WireName
from bot.errors import ModelUnavailable
from bot.types import RequestNotBilled, RequestSent
from tests.emulators.seed import API_KEY, MODEL, RunningSeed, running_seed
from tests.integration.seed.test_emulator import ask, gather, text_in

every_wire = pytest.mark.parametrize("wire", [pytest.param(name, id=name) for name in WIRES])


class RestartingServer:
    """An emulator that is taken down and brought back at the same address; each `sleep` of the client asks `plan`."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self.port = 0
        self.url = ""
        self.back_after = 0
        self.slept = 0

    async def start(self) -> RunningSeed:
        """Serve, at the same port as before."""
        seed = await self._stack.enter_async_context(running_seed(port=self.port))
        self.url = seed.url
        self.port = int(seed.origin.rsplit(":", 1)[1])
        return seed

    async def stop(self) -> None:
        """Close every connection and the port."""
        await self._stack.aclose()

    async def sleep(self, _seconds: float) -> None:
        """Let no time pass, and be back once it was asked for often enough."""
        self.slept += 1
        if self.slept == self.back_after:
            await self.start()
        await asyncio.sleep(0)


@asynccontextmanager
async def restarting(wire: WireName) -> AsyncIterator[tuple[RestartingServer, SeedModel]]:
    server = RestartingServer()
    await server.start()
    options = SeedOptions(surroundings=Environment(sleep=server.sleep))
    try:
        async with open_seed(base_url=server.url, api_key=API_KEY, model=MODEL, wire=wire, options=options) as model:
            yield server, model
    finally:
        await server.stop()


@every_wire
async def test_a_restart_between_two_questions_is_not_seen(wire: WireName) -> None:
    async with restarting(wire) as (server, model):
        for number in range(3):
            events, error = await gather(model, ask(f"echo {number}"))
            assert (text_in(events), error) == (str(number), None)
            await server.stop()
            await server.start()


@every_wire
async def test_a_question_waits_for_a_server_that_comes_back(wire: WireName) -> None:
    async with restarting(wire) as (server, model):
        await gather(model, ask("echo Hi"))
        await server.stop()
        server.back_after = 2
        events, error = await gather(model, ask("echo Hi again"))
        assert (text_in(events), error) == ("Hi again", None)
        assert server.slept == 2


@every_wire
async def test_a_server_that_stays_away_is_told_in_one_line(wire: WireName, caplog: pytest.LogCaptureFixture) -> None:
    async with restarting(wire) as (server, model):
        await server.stop()
        events, error = await gather(model, ask("echo Hi"))
    assert {type(event) for event in events} == {RequestSent, RequestNotBilled}
    assert isinstance(error, ModelUnavailable)
    assert "cannot be reached" in str(error)
    assert len(str(error).splitlines()) == 1
    assert not [record for record in caplog.records if record.name.startswith("adapters")]


async def test_prices_outlive_a_restart_and_say_so_in_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "adapters")
    async with restarting("chat") as (server, model):
        rates = LiveRates(model, tmp_path / "rates.json")
        assert await rates.refresh()
        told = rates.card()
        await server.stop()
        assert not await rates.refresh()
        assert rates.card() == told
        await server.start()
        assert await rates.refresh()
    lines = [record for record in caplog.records if record.name.startswith("adapters")]
    (line,) = lines
    assert line.getMessage().startswith("the model API did not answer when it was asked for its prices")
    assert (line.levelname, line.exc_info) == ("INFO", None)
