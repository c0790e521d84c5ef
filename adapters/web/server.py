"""Run NiceGUI's server inside our own event loop: one socket, no signal handlers, nothing left behind.

NiceGUI keeps one application per process; what is changed on it here is undone here.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import errno
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import uvicorn
from fastapi import FastAPI
from nicegui import Client, core, ui
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from adapters.web.gate import Gate, Sessions
from adapters.web.routes import STATIC, Routes
from adapters.web.security import AccessRules
from bot.errors import ConfigError

logger = logging.getLogger(__name__)

GRACE_SECONDS = 2


class QuietServer(uvicorn.Server):
    """A server that leaves signals to the composition root and says when it listens."""

    def __init__(self, config: uvicorn.Config, on_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_listening = on_listening

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so once requests are answered."""
        await super().startup(sockets)
        if self.started:
            self._on_listening()


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises `ConfigError` that names HOST or PORT."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError("PORT", f"{port} is in use on {host}; choose another one, or 0 for a free one") from error
        if error.errno == errno.EACCES:
            raise ConfigError("PORT", f"{port} may not be used by this user; choose one above 1023") from error
        raise ConfigError("HOST", f"cannot listen on {host!r}; use an address of this machine") from error


def url_of(host: str, listening: socket.socket) -> str:
    """Return the address to open in a browser."""
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_unspecified:
            host = "localhost"
    port = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(app: ASGIApp, listening: socket.socket, on_listening: Callable[[], None]) -> None:
    """Answer requests until cancelled, then close every connection."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=GRACE_SECONDS
    )
    server = QuietServer(config, on_listening)
    async with _owned_socket_tasks():
        task = asyncio.create_task(server.serve(sockets=[listening]), name="playground server")
        try:
            await asyncio.shield(task)
        finally:
            server.should_exit = True
            await asyncio.wait((task,))


@contextlib.asynccontextmanager
async def _owned_socket_tasks() -> AsyncIterator[None]:
    """Own the tasks that socket.io starts, so that none outlives the server."""
    engine = core.sio.eio
    tasks: set[asyncio.Future[Any]] = set()

    def start(target: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> asyncio.Future[Any]:
        task = asyncio.ensure_future(target(*args, **kwargs))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return task

    engine.start_background_task = start
    engine.start_service_task = True
    try:
        yield
    finally:
        del engine.start_background_task
        left = list(tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


@contextlib.asynccontextmanager
async def hosted(
    app: FastAPI, page: Callable[..., Awaitable[None]], *, rules: AccessRules, routes: Routes
) -> AsyncIterator[ASGIApp]:
    """`app` with NiceGUI inside it, showing `page` wherever `routes` have one, behind the gate.

    NiceGUI is given no secret, and so has neither a session nor a storage of its own: it writes no file.
    """
    app.add_middleware(Gate, rules=rules, routes=routes)
    app.add_middleware(Sessions, secret=rules.secret)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    middleware = list(core.app.user_middleware)
    icon = await asyncio.to_thread((STATIC / "icon.svg").read_bytes)
    _add_nicegui(app, page, icon="data:image/svg+xml;base64," + base64.b64encode(icon).decode())
    try:
        yield app
    finally:
        for client in list(Client.instances.values()):
            client.delete()
        core.app.user_middleware[:] = middleware
        core.app.middleware_stack = None
        core.root = None


def _add_nicegui(app: FastAPI, page: Callable[..., Awaitable[None]], *, icon: str) -> None:
    ui.run_with(
        app,
        root=page,
        title="Seedling",
        favicon=icon,
        viewport="width=device-width, initial-scale=1, interactive-widget=resizes-content",
        dark=None,
        language="en-US",
        reconnect_timeout=10.0,
        gzip_middleware_factory=None,
        tailwind=False,
        show_welcome_message=False,
    )


class Assets(StaticFiles):
    """The style sheets and scripts; browsers ask each time whether there is a newer version."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """One file, or that it has not changed."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
