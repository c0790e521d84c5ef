"""Serving the emulator on a loopback port, inside a test or in a process of its own."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from tests.emulators.seed.app import make_app
from tests.emulators.seed.emulator import SeedEmulator
from tests.emulators.seed.options import Options
from tests.emulators.seed.streaming import CLOSING

LOOPBACK = "127.0.0.1"
ROOT = Path(__file__).parents[3]


class RunningSeed(SeedEmulator):
    """An emulator with an address; `url` ends in /v1, `origin` does not."""

    def __init__(self, options: Options, port: int) -> None:
        super().__init__(options)
        self.origin = f"http://{LOOPBACK}:{port}"
        self.url = f"{self.origin}/v1"


@asynccontextmanager
async def running_seed(options: Options | None = None, *, port: int = 0) -> AsyncIterator[RunningSeed]:
    """Serve an emulator in this event loop until the block is left; port 0 is a free one."""
    with socket.create_server((LOOPBACK, port)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted connections inherit it
        emulator = RunningSeed(options or Options(), listener.getsockname()[1])
        async with _serving(make_app(emulator), listener):
            yield emulator


@asynccontextmanager
async def seed_process(*arguments: str) -> AsyncIterator[str]:
    """Serve an emulator in a process of its own, with arguments of its command; yields its `url`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.emulators.seed", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            raise RuntimeError("the emulator did not start")
        yield line.decode().strip()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@asynccontextmanager
async def _serving(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """Speak HTTP on `listener` as uvicorn does, but start and end at once and leave signals alone."""
    state = ServerState()
    config = uvicorn.Config(_closing(app, state), ws="none", lifespan="off", log_config=None, access_log=False)
    config.load()
    protocol = config.http_protocol_class
    server = await asyncio.get_running_loop().create_server(
        lambda: protocol(config=config, server_state=state, app_state={}),  # type: ignore[call-arg]  # uvicorn's own
        sock=listener,
    )
    try:
        yield
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.gather(*state.tasks, return_exceptions=True)


def _closing(app: ASGIApp, state: ServerState) -> ASGIApp:
    """`app` with an extension by which it can close the connection of a client."""

    def close(client: tuple[str, int], at_once: bool) -> None:
        transports = (connection.transport for connection in state.connections)
        transport = next(item for item in transports if item.get_extra_info("peername")[:2] == client)
        (transport.abort if at_once else transport.close)()

    async def with_closing(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})[CLOSING] = close
        await app(scope, receive, send)

    return with_closing
