"""Run a web server inside our own event loop: one socket, no signal handlers, nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from bot.errors import ConfigError

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


async def serve(
    app: ASGIApp, listening: socket.socket, on_listening: Callable[[], None], on_end: Callable[[], None]
) -> None:
    """Answer requests until cancelled; then end what streams (`on_end`), and close every connection."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=GRACE_SECONDS, ws="none"
    )
    server = QuietServer(config, on_listening)
    task = asyncio.create_task(server.serve(sockets=[listening]), name="web server")
    try:
        await asyncio.shield(task)
    finally:
        on_end()
        server.should_exit = True
        await asyncio.wait((task,))
