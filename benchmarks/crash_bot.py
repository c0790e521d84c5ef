"""A bot process for `benchmarks.crash` and `benchmarks.load`: the real core, joined to the recording platform.

It is a gateway, which takes deliveries over HTTP and acknowledges what is stored, and a worker, as every process is
with `seedling run`. How it posts is what the adapters do: it looks for its message before it posts again, and waits
for that as long as a post may be under way.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import uuid4

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.seed import Pace, SeedOptions, open_seed
from benchmarks.unhurried import lift_pace
from bot.app.core import open_core
from bot.errors import PlatformError, StorageError
from bot.logs import PlainFormatter
from bot.ports import Bot, Model, Platform, Rates
from bot.pricing import SEED_CARD, RateCard
from bot.settings import Settings
from bot.types import ConversationKey, Draft, Incoming, Person, Place, ThreadMessage, Turn

NAME = "recorded"
SETTLE_SECONDS = 4.2
"""A post may be under way for 3 s, and the history may lag behind by 1 s."""

FIND_SECONDS = 0.2
LAG_SECONDS = 0.01
ModelOpener = Callable[[Settings], AbstractAsyncContextManager[tuple[Model, Rates]]]
PERSON = Person(id="u1", name="Ada")


@dataclass(frozen=True, slots=True, kw_only=True)
class BotOptions:
    """Where a bot process finds everything."""

    database_url: str
    platform_url: str
    seed_url: str
    order_pause: float
    pace: float
    log: str


class RecordedPlatform:
    """A `Platform` over the recording server."""

    name = NAME

    def __init__(self, http: httpx.AsyncClient, pace: float) -> None:
        self._http = http
        self.min_update_interval = pace

    async def open_reply(self, turn: Turn) -> RecordedReply:
        """Return the reply of `turn`, found again when an earlier runner may have posted it. Raises `PlatformError`."""
        reply = RecordedReply(self._http, turn)
        if turn.reply_ref is None and turn.epoch > 1:
            await reply.find()
        return reply

    async def read_thread(self, key: ConversationKey, *, limit: int) -> Sequence[ThreadMessage]:  # noqa: ARG002  the port's
        """Nothing stands there before the first question."""
        return []

    async def describe(self, key: ConversationKey) -> Place:  # noqa: ARG002  the port's
        """Return a place without a name."""
        return Place()

    async def check_writable(self, turn: Turn) -> None:
        """Do nothing: the recording server takes everything."""

    async def tell(self, asked: Incoming, draft: Draft) -> None:
        """Do nothing: nothing is refused."""


class RecordedReply:
    """One message that is posted once and edited after that."""

    def __init__(self, http: httpx.AsyncClient, turn: Turn) -> None:
        self._http = http
        self._turn = turn
        self._key = f"t{turn.id}"
        self._by = str(os.getpid())
        self._ref = turn.reply_ref
        self._in_doubt = False

    async def show(self, draft: Draft) -> str:
        """Post or edit."""
        return await self._write(draft.text, draft.status)

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:  # noqa: ARG002  the port's
        """Return the last edit, marked as such."""
        return await self._write(draft.text, f"final {draft.status}")

    @property
    def messages(self) -> tuple[str, ...]:
        return ()

    async def retract(self, keep: str) -> None:
        """Delete the message, unless it is the one that is kept."""
        if self._ref not in {None, keep}:
            await self._call("DELETE", f"/messages/{self._ref}", None)
            self._ref = None

    async def find(self) -> None:
        """Look for the message for as long as a post of it may be under way."""
        since = time.monotonic()
        while True:
            self._ref = (await self._call("GET", f"/find?key={self._key}", None)).json()["id"]
            if self._ref is not None or time.monotonic() - since >= SETTLE_SECONDS:
                self._in_doubt = False
                return
            await asyncio.sleep(FIND_SECONDS)

    async def _write(self, text: str, status: str) -> str:
        body = {"text": text, "status": status, "by": self._by}
        if self._in_doubt:
            await self.find()
        if self._ref is None:
            self._ref = await self._post(body)
        else:
            await self._call("PATCH", f"/messages/{self._ref}", body)
        return self._ref

    async def _post(self, body: dict[str, str]) -> str:
        """Post; where nobody knows whether it arrived, it is looked for before the next draft may be posted."""
        question = self._turn.incoming.dedupe_key
        try:
            posted = await self._call("POST", "/messages", {**body, "key": self._key, "question": question})
        except PlatformError:
            self._in_doubt = True
            await self.find()
            raise
        return str(posted.json()["id"])

    async def _call(self, method: str, path: str, body: dict[str, str] | None) -> httpx.Response:
        try:
            response = await self._http.request(method, path, json=body)
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise PlatformError(f"the platform did not answer: {error!r}") from error
        return response


class FixedRates:
    """Prices that never change."""

    def card(self) -> RateCard:
        """Return the one card."""
        return SEED_CARD


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
            at=datetime.fromtimestamp(told["at"], UTC),
            source_id=told["id"],
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
            asked = Incoming(key=key, dedupe_key=f"stop:{uuid4()}", author=PERSON, text="", at=datetime.now(UTC))
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
    options: BotOptions, ready: Connection, *, platform: Platform | None = None, model_of: ModelOpener = unlimited_model
) -> None:
    """Serve until the process is ended; tells `ready` the address of its gateway."""
    settings = Settings(
        _env_file=None,
        database_url=options.database_url,
        seed_base_url=options.seed_url,
        seed_api_key="sk-empiriolabs-emulator",
        burst_pause_seconds=options.order_pause,
    )
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=200)
    stopping = asyncio.Event()
    lags: list[float] = []
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with httpx.AsyncClient(base_url=options.platform_url, timeout=10, limits=limits) as http:
        joined = platform or RecordedPlatform(http, options.pace)
        opened = open_core(settings, lambda _store, _model: nullcontext({NAME: joined}), grace=10, model_of=model_of)
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


def run_bot(options: BotOptions, ready: Connection) -> None:
    """Run a bot process from start to end."""
    handler = logging.FileHandler(options.log)
    handler.setFormatter(PlainFormatter("%(asctime)s %(process)d %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for package in ("bot", "storage"):
        logging.getLogger(package).setLevel(logging.INFO)
    asyncio.run(serve(options, ready))
