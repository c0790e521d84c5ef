"""Listen on an address and serve an application there in our own event loop: no signal handlers, nothing left behind.

The web, Slack's events and health have a listener each, so that what is open to the one is not open to the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.errors import ConfigError

GRACE_SECONDS: Final = 2
LINGER_SECONDS: Final = 5  # as nginx's lingering_timeout
_OF_STRANGERS: Final = ("Invalid HTTP", "Unsupported upgrade request", "No supported WebSocket library")
"""How uvicorn's warnings begin that anybody on the network can cause, as often as they like."""

logger = logging.getLogger(__name__)


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


def listen(host: str, port: int, *, names: tuple[str, str] = ("HOST", "PORT")) -> socket.socket:
    """Return a listening socket. Raises `ConfigError` that names the setting of the host or the port."""
    host_name, port_name = names
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:  # the latter for a part of a name that is empty or too long
        number = error.errno if isinstance(error, OSError) else None
        if number == errno.EADDRINUSE:
            fix = f"{port} is in use on {host}; choose another one, or 0 for a free one"
            raise ConfigError(port_name, fix) from error
        if number == errno.EACCES:
            fix = f"{port} may not be used by this user; choose one above 1023"
            raise ConfigError(port_name, fix) from error
        raise ConfigError(host_name, f"cannot listen on {host!r}; use an address of this machine") from error


def url_of(host: str, listening: socket.socket) -> str:
    """Return the address to open in a browser."""
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_unspecified:
            host = "localhost"
    port = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_worth_telling(record: logging.LogRecord) -> bool:
    """Return whether a record is of trouble of our own; what strangers send is told to who wants to know more."""
    if not record.getMessage().startswith(_OF_STRANGERS):
        return True
    logger.debug("malformed request", extra={"error": record.getMessage()})
    return False


def lingering(app: ASGIApp) -> ASGIApp:
    """Return an application whose connections close only after the body of a request was taken in, or a while later.

    To close one before makes the system reset it, and a client that still sends may not see the answer.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        is_whole = scope["type"] != "http"

        async def receive_noting() -> Message:
            nonlocal is_whole
            message = await receive()
            is_whole = not message.get("more_body", False)
            return message

        async def send_and_linger(message: Message) -> None:
            if message["type"] == "http.response.body" and not (message.get("more_body") or is_whole):
                await send({**message, "more_body": True})
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LINGER_SECONDS):
                        while not is_whole:
                            await receive_noting()
                message = {"type": "http.response.body"}
            await send(message)

        await app(scope, receive_noting, send_and_linger)

    return answer


def _nothing() -> None:
    """Do nothing."""


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, listening: socket.socket) -> AsyncIterator[None]:
    """Answer requests while the context lasts, which begins once they are answered."""
    ready = asyncio.Event()
    task = asyncio.create_task(serve(app, listening, ready.set))
    waiting = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
        yield
    finally:
        for each in (waiting, task):
            each.cancel()
        await asyncio.gather(waiting, task, return_exceptions=True)


async def serve(
    app: ASGIApp,
    listening: socket.socket,
    on_listening: Callable[[], None] = _nothing,
    on_end: Callable[[], None] = _nothing,
) -> None:
    """Answer requests until cancelled; then end what streams (`on_end`), and close every connection."""
    config = uvicorn.Config(
        lingering(app),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws="none",
    )
    logging.getLogger("uvicorn.error").addFilter(_is_worth_telling)
    server = QuietServer(config, on_listening)
    task = asyncio.create_task(server.serve(sockets=[listening]), name="web server")
    try:
        await asyncio.shield(task)
    finally:
        on_end()
        server.should_exit = True
        await asyncio.wait((task,))
