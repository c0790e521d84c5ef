"""Run a bot process for `benchmarks.load`: the real core, joined to a platform that costs nothing.

It is a gateway, which takes deliveries over HTTP and acknowledges what is stored, and a worker, as every process is
with `seedling run`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import uuid4

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.seed import Pace, SeedOptions, open_seed
from benchmarks.unhurried import lift_pace
from bot.app.core import open_core
from bot.errors import StorageError
from bot.ports import Bot, Model, Platform, Rates
from bot.pricing import SEED_CARD, RateCard
from bot.settings import Settings
from bot.types import ConversationKey, Incoming, Observation, Person

NAME = "recorded"
LAG_SECONDS = 0.01
ModelOpener = Callable[[Settings], AbstractAsyncContextManager[tuple[Model, Rates]]]
PERSON = Person(id="u1", name="Ada")


@dataclass(frozen=True, slots=True, kw_only=True)
class BotOptions:
    """Addresses of everything that a bot process needs."""

    database_url: str
    seed_url: str
    pace: float


class FixedRates:
    """Prices that never change."""

    def card(self) -> RateCard:
        """Return the one card."""
        return SEED_CARD

    def observe(self, seen: Observation) -> None:
        """Learn nothing."""


@asynccontextmanager
async def unlimited_model(settings: Settings) -> AsyncIterator[tuple[Model, Rates]]:
    """Yield the emulator without the account's limits, which would bound the run."""
    pace = Pace(requests_per_minute=1_000_000, tokens_per_minute=10**12, at_first=2_000, most_at_once=2_000)
    key = settings.seed_api_key
    opened = open_seed(
        base_url=settings.model_url,
        api_key=key.get_secret_value() if key else None,
        model=settings.seed_model,
        options=SeedOptions(pace=pace),
    )
    async with opened as model:
        yield model, FixedRates()


def gateway(bot: Bot, lags: list[float]) -> Starlette:
    """Deliveries over HTTP: 204 once stored, 503 when not."""

    async def deliver(request: Request) -> Response:
        told = await request.json()
        incoming = Incoming(
            key=ConversationKey(**told["key"]),
            dedupe_key=told["id"],
            author=PERSON,
            text=told["text"],
            sent_at=datetime.fromtimestamp(told["at"], UTC),
            message_id=told["id"],
            overrides=told["overrides"],
        )
        try:
            handled = await bot.handle(incoming)
        except StorageError:
            return Response(status_code=503)
        return JSONResponse({"outcome": handled.outcome})

    async def stop(request: Request) -> Response:
        try:
            key = ConversationKey(**await request.json())
            asked = Incoming(key=key, dedupe_key=f"stop:{uuid4()}", author=PERSON, text="", sent_at=datetime.now(UTC))
            return JSONResponse({"stopped": not (await bot.stop(key, asked=asked, idle="idle")).text})
        except StorageError:
            return Response(status_code=503)

    routes = [
        Route("/deliver", deliver, methods=["POST"]),
        Route("/stop", stop, methods=["POST"]),
        Route("/state", lambda _: JSONResponse({"lags": lags, "megabytes": resident_megabytes()})),
    ]
    return Starlette(routes=routes)


async def watch_lag(lags: list[float]) -> None:
    """Note how much later than asked the event loop comes back, until cancelled."""
    while True:
        asked = time.perf_counter()
        await asyncio.sleep(LAG_SECONDS)
        lags.append(round(time.perf_counter() - asked - LAG_SECONDS, 6))


def resident_megabytes() -> float:
    """Return the memory of this process now; Linux tells it in pages."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


async def serve(
    options: BotOptions, ready: Connection, *, platform: Platform, model_of: ModelOpener = unlimited_model
) -> None:
    """Serve until the process is ended; tells `ready` the address of its gateway."""
    settings = Settings(
        _env_file=None,
        database_url=options.database_url,
        seed_base_url=options.seed_url,
        seed_api_key="sk-empiriolabs-emulator",
    )
    stopping = asyncio.Event()
    lags: list[float] = []
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    opened = open_core(
        settings, lambda _store, _model, _clock: nullcontext({NAME: platform}), grace=10, model_of=model_of
    )
    async with opened as core:
        await lift_pace(core.store, f"{NAME}/w")  # one person asks everything
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
            config = uvicorn.Config(
                gateway(core.inbox, lags), log_level="error", access_log=False, lifespan="off", log_config=None
            )
            server = uvicorn.Server(config)
            server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # older versions
            serving = asyncio.create_task(server._serve(sockets=[listener]))
            watching = asyncio.create_task(watch_lag(lags))
            ready.send(f"http://127.0.0.1:{listener.getsockname()[1]}")
            await stopping.wait()
            watching.cancel()
            server.should_exit = True
            await serving
