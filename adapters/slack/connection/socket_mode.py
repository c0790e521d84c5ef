"""Socket Mode over several connections, each watched and replaced before it ends or when it fails or hangs.

A connection's address works once (apps.connections.open), so every try begins with a new one. Slack sends each delivery
to one connection and sends again what is not acknowledged.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from adapters.slack.api.client import SlackClient
from adapters.slack.api.errors import TOKEN_GONE, SlackApiError, SlackUnknownOutcome
from adapters.slack.connection.bolt_app import Acknowledgement, EventDispatcher, kind_of
from bot.backoff import Backoff, BackoffTimes
from bot.errors import ConfigError, PlatformError
from bot.event_errors import EventErrors

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 10.0
"""How often a connection is asked whether it still lives; without an answer in half of that it is replaced."""

HANDSHAKE_SECONDS: Final = 10.0
RECONNECT: Final = BackoffTimes(first=0.5, longest=30.0, healthy=10.0)
"""Between two attempts to connect; a connection that Slack replaces after a while has its next one at once."""

AT_ONCE: Final = 100
"""Deliveries in work on one connection; more wait in the connection, and Slack sees that."""

REFUSED: Final = TOKEN_GONE | {
    "access_denied", "forbidden_team", "missing_args", "missing_scope", "no_permission", "not_allowed_token_type",
}  # fmt: skip
"""What only the operator can mend (https://docs.slack.dev/reference/methods/apps.connections.open); all else passes."""

OPEN: Final = "apps.connections.open"
CONNECTION: Final = "connection"
FRAME: Final = "frame"
"""The kinds of what goes wrong outside of deliveries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketModeOptions:
    """Number of connections, and their time limits; times in seconds."""

    connections: int = 2
    heartbeat: float = HEARTBEAT_SECONDS
    handshake: float = HANDSHAKE_SECONDS
    reconnect: BackoffTimes = RECONNECT


class SocketModeConnections:
    """Holds the connections of the app; `calls` calls as the app itself, with its app-level token."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        calls: SlackClient,
        dispatcher: EventDispatcher,
        rules: SocketModeOptions,
        *,
        errors: EventErrors,
        on_connected: Callable[[float], None] = lambda _away: None,
    ) -> None:
        self._session = session
        self._calls = calls
        self._dispatcher = dispatcher
        self._rules = rules
        self._errors = errors
        self._on_connected = on_connected
        self._working: set[asyncio.Task[None]] = set()
        self._open = 0
        self._lost_at: float | None = None

    async def run(self) -> None:
        """Stay connected until cancelled. Raises `ConfigError` when Slack does not take the token."""
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(self._rules.connections):
                    group.create_task(self._stay(number), name=f"Slack connection {number}")
        finally:
            await self._drain()

    async def _drain(self) -> None:
        """Let what was taken in be stored, so that it is not lost between two processes."""
        if self._working:
            await asyncio.wait(self._working, timeout=self._rules.handshake)
        for task in self._working:
            task.cancel()

    async def _stay(self, number: int) -> None:
        """Keep one connection open; the next one stands before the old one is left."""
        backoff = Backoff(self._rules.reconnect)
        clock = asyncio.get_running_loop().time
        socket: aiohttp.ClientWebSocketResponse | None = None
        while True:
            began = clock()
            problem = "ended by Slack"
            try:
                socket = await self._listen(socket or await self._connect(), backoff)
                logger.info("connection to Slack ended", extra={"connection": number, "replaced": socket is not None})
                if socket is not None:
                    continue
            except ConfigError:
                raise
            except (aiohttp.ClientError, PlatformError, TimeoutError) as error:
                socket, problem = None, f"{type(error).__name__}: {error}"
            except Exception as error:  # noqa: BLE001 - told by its kind, and the connection is made anew
                socket, problem = None, type(error).__name__
                self._errors.note(CONNECTION, error)
            rest = backoff.delay(clock() - began)
            extra = {"connection": number, "error": problem, "seconds": round(rest, 1)}
            logger.warning("no connection to Slack", extra=extra)
            await asyncio.sleep(rest)

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        """Return a new connection, greeted by Slack. Raises `PlatformError`, `aiohttp.ClientError` and
        `TimeoutError`.
        """
        async with asyncio.timeout(self._rules.handshake):
            address = await self._new_address()
            socket = await self._session.ws_connect(
                address,
                heartbeat=self._rules.heartbeat,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                max_msg_size=16_000_000,
            )
            greeting = self._frame(await socket.receive())
        if greeting.get("type") != "hello":
            await socket.close()
            raise aiohttp.ClientError("no greeting")
        alone = self._open == 0 and self._lost_at is not None
        self._on_connected(asyncio.get_running_loop().time() - (self._lost_at or 0.0) if alone else 0.0)
        return socket

    async def _new_address(self) -> str:
        """Return an address that lets one connection in, once. Raises `ConfigError` and `PlatformError`."""
        try:
            address = (await self._calls.call(OPEN, {}, patience=0)).get("url")
        except SlackApiError as refusal:
            if refusal.code not in REFUSED:
                raise
            fix = f"is not accepted by Slack ({refusal.code}); it begins with xapp- and has connections:write"
            raise ConfigError("SLACK_APP_TOKEN", fix) from refusal
        if not isinstance(address, str) or not address.startswith(("wss://", "ws://")):
            raise SlackUnknownOutcome(OPEN, "it gives no address to connect to", maybe_done=False)
        return address

    async def _listen(
        self, socket: aiohttp.ClientWebSocketResponse, backoff: Backoff
    ) -> aiohttp.ClientWebSocketResponse | None:
        """Take what comes until the connection ends; the one that replaces it, where Slack said that it would."""
        clock = asyncio.get_running_loop().time
        began = clock()
        successor: asyncio.Task[aiohttp.ClientWebSocketResponse] | None = None
        self._open += 1
        try:
            async for message in socket:
                frame = self._frame(message)
                if frame.get("type") == "disconnect" and successor is None:
                    logger.info("Slack replaces a connection", extra={"reason": str(frame.get("reason"))})
                    lasted = clock() - began
                    rest = 0.0 if lasted >= self._rules.reconnect.healthy else backoff.delay(lasted)
                    successor = asyncio.create_task(self._succeed(socket, frame, rest), name="next Slack connection")
                elif "envelope_id" in frame:
                    await self._take(socket, frame)
        finally:
            self._open -= 1
            self._lost_at = clock()
            if not socket.closed:
                await socket.close()
            if successor is not None and not successor.done():
                await asyncio.wait((successor,))
        return successor.result() if successor is not None else None

    async def _succeed(
        self, socket: aiohttp.ClientWebSocketResponse, frame: Mapping[str, Any], rest: float
    ) -> aiohttp.ClientWebSocketResponse:
        """Open the next connection first, then leave the old one; with too many open, the other way round.

        One that Slack replaces as soon as it stands has its successor after `rest` seconds only.
        """
        if frame.get("reason") == "too_many_websockets":
            await socket.close()
        try:
            await asyncio.sleep(rest)
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
        try:
            acknowledgement = await self._dispatcher.envelope(envelope)
            if acknowledgement.taken:
                await socket.send_json(_acknowledgement(envelope, acknowledgement))
        except (aiohttp.ClientError, ConnectionError) as error:
            logger.info("acknowledgement was not sent; Slack sends again", extra={"error": type(error).__name__})
        except Exception as error:  # noqa: BLE001 - told by its kind; the next delivery is taken
            self._errors.note(kind_of(envelope.get("payload")), error)

    def _frame(self, message: aiohttp.WSMessage) -> Mapping[str, Any]:
        """Return a frame as an object; empty for anything else."""
        if message.type is not aiohttp.WSMsgType.TEXT:
            return {}
        try:
            frame = json.loads(message.data)
        except (ValueError, RecursionError) as error:
            self._errors.note(FRAME, error)
            return {}
        return frame if isinstance(frame, dict) else {}


def _acknowledgement(envelope: Mapping[str, Any], acknowledgement: Acknowledgement) -> dict[str, Any]:
    payload = acknowledgement.payload
    said = {"text": payload} if isinstance(payload, str) else payload
    answer: dict[str, Any] = {"envelope_id": envelope["envelope_id"]}
    return answer if said is None else answer | {"payload": said}
