"""Socket Mode: several connections, each watched, replaced before it ends and whenever it fails or hangs.

A connection's address works once (apps.connections.open), so every try begins with a new one. Slack sends each delivery
to one connection and sends again what is not acknowledged.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from adapters.slack.api.calls import SlackCalls
from adapters.slack.api.errors import TOKEN_GONE, SlackRefusal
from adapters.slack.connection.intake import Acknowledgement, Intake
from bot.errors import ConfigError, PlatformError

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 10.0
"""How often a connection is asked whether it still lives; without an answer in half of that it is replaced."""

HANDSHAKE_SECONDS: Final = 10.0
FIRST_REST_SECONDS: Final = 0.5
LONGEST_REST_SECONDS: Final = 30.0
AT_ONCE: Final = 100
"""Deliveries in work on one connection; more wait in the connection, and Slack sees that."""

REFUSED: Final = TOKEN_GONE | {"not_allowed_token_type", "missing_scope"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketRules:
    """How many connections are held, and how patiently; times in seconds."""

    connections: int = 2
    heartbeat: float = HEARTBEAT_SECONDS
    handshake: float = HANDSHAKE_SECONDS


class Sockets:
    """Holds the connections of the app; `calls` calls as the app itself, with its app-level token."""

    def __init__(self, session: aiohttp.ClientSession, calls: SlackCalls, intake: Intake, rules: SocketRules) -> None:
        self._session = session
        self._calls = calls
        self._intake = intake
        self._rules = rules
        self._working: set[asyncio.Task[None]] = set()
        self._connected = asyncio.Condition()
        self.open = 0

    async def run(self) -> None:
        """Stay connected until cancelled. Raises `ConfigError` when Slack does not take the token."""
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(self._rules.connections):
                    group.create_task(self._stay(number), name=f"Slack connection {number}")
        finally:
            await self._drain()

    async def connected(self, count: int = 1) -> None:
        """Wait until so many connections are open."""
        async with self._connected:
            await self._connected.wait_for(lambda: self.open >= count)

    async def _drain(self) -> None:
        """Let what was taken in be stored, so that it is not lost between two processes."""
        if self._working:
            await asyncio.wait(self._working, timeout=self._rules.handshake)
        for task in self._working:
            task.cancel()

    async def _stay(self, number: int) -> None:
        """Keep one connection open; the next one stands before the old one is left."""
        rest = FIRST_REST_SECONDS
        socket: aiohttp.ClientWebSocketResponse | None = None
        while True:
            try:
                next_socket = socket or await self._connect()
                rest = FIRST_REST_SECONDS
                socket = await self._listen(next_socket)
                logger.info("connection to Slack ended", extra={"connection": number, "replaced": socket is not None})
            except (aiohttp.ClientError, PlatformError, TimeoutError) as error:
                socket = None
                extra = {"connection": number, "error": f"{type(error).__name__}: {error}", "seconds": rest}
                logger.warning("no connection to Slack", extra=extra)
                await asyncio.sleep(rest)
                rest = min(rest * 2, LONGEST_REST_SECONDS)

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        """A new connection, greeted by Slack. Raises `PlatformError`, `aiohttp.ClientError` and `TimeoutError`."""
        async with asyncio.timeout(self._rules.handshake):
            address = await self._new_address()
            socket = await self._session.ws_connect(
                address,
                heartbeat=self._rules.heartbeat,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                max_msg_size=16_000_000,
            )
            try:
                greeting = await socket.receive_json()
            except (TypeError, ValueError) as error:
                await socket.close()
                raise aiohttp.ClientError("no greeting") from error
        if greeting.get("type") != "hello":
            await socket.close()
            raise aiohttp.ClientError("no greeting")
        return socket

    async def _new_address(self) -> str:
        """An address that lets one connection in, once. Raises `ConfigError` and `PlatformError`."""
        try:
            return str((await self._calls.call("apps.connections.open", {}, patience=0))["url"])
        except SlackRefusal as refusal:
            if refusal.code not in REFUSED:
                raise
            fix = f"is not taken by Slack ({refusal.code}); it begins with xapp- and has connections:write"
            raise ConfigError("SLACK_APP_TOKEN", fix) from refusal

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> aiohttp.ClientWebSocketResponse | None:
        """Take what comes until the connection ends; the one that replaces it, where Slack said that it would."""
        successor: asyncio.Task[aiohttp.ClientWebSocketResponse] | None = None
        async with self._counted():
            try:
                async for message in socket:
                    frame = _frame(message)
                    if frame.get("type") == "disconnect" and successor is None:
                        logger.info("Slack replaces a connection", extra={"reason": str(frame.get("reason"))})
                        successor = asyncio.create_task(self._succeed(socket, frame), name="next Slack connection")
                    elif "envelope_id" in frame:
                        await self._take(socket, frame)
            finally:
                if not socket.closed:
                    await socket.close()
                if successor is not None and not successor.done():
                    await asyncio.wait((successor,))
        return successor.result() if successor is not None else None

    async def _succeed(
        self, socket: aiohttp.ClientWebSocketResponse, frame: Mapping[str, Any]
    ) -> aiohttp.ClientWebSocketResponse:
        """Open the next connection first, then leave the old one; with too many open, the other way round."""
        if frame.get("reason") == "too_many_websockets":
            await socket.close()
        try:
            return await self._connect()
        finally:
            await socket.close()

    async def _take(self, socket: aiohttp.ClientWebSocketResponse, envelope: Mapping[str, Any]) -> None:
        while len(self._working) >= AT_ONCE:
            await asyncio.wait(self._working, return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.create_task(self._answer(socket, envelope), name="Slack delivery")
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _answer(self, socket: aiohttp.ClientWebSocketResponse, envelope: Mapping[str, Any]) -> None:
        """Handle one delivery; without its acknowledgement Slack sends it again."""
        acknowledgement = await self._intake.envelope(envelope)
        if not acknowledgement.taken:
            return
        try:
            await socket.send_json(_acknowledgement(envelope, acknowledgement))
        except (aiohttp.ClientError, ConnectionError) as error:
            logger.info("acknowledgement was not sent; Slack sends again", extra={"error": type(error).__name__})

    @asynccontextmanager
    async def _counted(self) -> Any:
        await self._count(1)
        try:
            yield
        finally:
            await self._count(-1)

    async def _count(self, change: int) -> None:
        async with self._connected:
            self.open += change
            self._connected.notify_all()


def _frame(message: aiohttp.WSMessage) -> Mapping[str, Any]:
    """A frame as an object; empty for anything else."""
    if message.type is not aiohttp.WSMsgType.TEXT:
        return {}
    try:
        frame = json.loads(message.data)
    except ValueError:
        return {}
    return frame if isinstance(frame, dict) else {}


def _acknowledgement(envelope: Mapping[str, Any], acknowledgement: Acknowledgement) -> dict[str, Any]:
    payload = acknowledgement.payload
    said = {"text": payload} if isinstance(payload, str) else payload
    answer: dict[str, Any] = {"envelope_id": envelope["envelope_id"]}
    return answer if said is None else answer | {"payload": said}
