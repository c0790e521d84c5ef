"""Socket Mode: tickets, connections, envelopes and their acknowledgements."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import WSMsgType, web

from tests.emulators.clock import MovableClock
from tests.emulators.slack.deliveries import Answer, Delivery
from tests.emulators.slack.options import APP_ID, Options

Reason = Literal["warning", "refresh_requested", "too_many_websockets", "link_disabled"]
NOT_ANSWERED = Answer(failed="timeout")
_HOST = "applink-emulator"


@dataclass(slots=True, kw_only=True, eq=False)
class Connection:
    """An open WebSocket; `muted` neither answers nor sends, `leaving` gets no more envelopes."""

    socket: web.WebSocketResponse
    drop: Callable[[], None]
    muted: bool = False
    leaving: bool = False
    waiting: dict[str, asyncio.Future[Answer]] = field(default_factory=dict)

    def lose(self) -> None:
        """Nobody will acknowledge what was sent here."""
        for waiting in self.waiting.values():
            if not waiting.done():
                waiting.set_result(NOT_ANSWERED)


class Sockets:
    """The connections of the app. `refuse` and `hang` are how many handshakes to refuse, or never to answer.

    `greetings` are told to the next connections in place of "hello", and `addresses` by the next calls of
    apps.connections.open: what proxies and a Slack that is out of order put there. `brief` is how many connections end
    as soon as they stand.
    """

    def __init__(self, origin: str, clock: MovableClock, options: Options) -> None:
        self._origin = origin.replace("http://", "ws://")
        self._clock = clock
        self._options = options
        self._tickets: set[str] = set()
        self._turn = 0
        self._changed = asyncio.Condition()
        self.connections: list[Connection] = []
        self.opened = 0
        self.refused = 0
        self.refuse = 0
        self.hang = 0
        self.brief = 0
        self.greetings: list[str] = []
        self.addresses: list[Any] = []

    def told_address(self) -> Any:
        """What apps.connections.open tells as its `url`."""
        return self.addresses.pop(0) if self.addresses else self.new_address()

    def new_address(self) -> str:
        """An address that lets one connection in, once."""
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return f"{self._origin}/link/?ticket={ticket}&app_id={APP_ID}"

    async def connected(self, count: int = 1) -> None:
        """Wait until so many connections can take envelopes."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._open()) >= count)

    async def disconnect(self, reason: Reason = "refresh_requested", connection: Connection | None = None) -> None:
        """Tell a connection, by default each, that it has to go; all but a warning end it for further envelopes."""
        for item in [connection] if connection else list(self.connections):
            item.leaving = reason != "warning"
            await self._say(item, self._about({"type": "disconnect", "reason": reason}))

    async def drop(self, connection: Connection | None = None) -> None:
        """Cut a connection, by default each, without a word."""
        for item in [connection] if connection else list(self.connections):
            item.drop()

    async def garble(self, text: str) -> None:
        """Send a frame that Slack never would to each connection."""
        for connection in self.connections:
            await connection.socket.send_str(text)

    def mute(self) -> None:
        """Let every open connection hang: it stays open, and nothing comes from it any more."""
        for connection in self.connections:
            connection.muted = True

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection."""
        if self.hang:
            self.hang -= 1
            await asyncio.Event().wait()
        ticket = request.query.get("ticket", "")
        if self.refuse or ticket not in self._tickets:
            self.refuse = max(0, self.refuse - 1)
            self.refused += 1
            return web.Response(status=409, text="")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=False, timeout=0.1)
        await socket.prepare(request)
        transport = request.transport
        assert transport is not None
        connection = Connection(socket=socket, drop=transport.abort)
        if self.greetings:
            await socket.send_str(self.greetings.pop(0))
            await socket.close()
            return socket
        await self._say(connection, self._about({"type": "hello"}, 1))
        if self.brief:
            self.brief -= 1
            await socket.close()
            return socket
        if len(self.connections) >= self._options.most_connections:
            await self._say(connection, self._about({"type": "disconnect", "reason": "too_many_websockets"}))
            await socket.close()
            return socket
        await self._serve(connection)
        return socket

    async def aclose(self) -> None:
        """Close every connection."""
        for connection in list(self.connections):
            await connection.socket.close(code=1001)

    async def deliver(self, delivery: Delivery) -> Answer:
        """Send an envelope over one of the connections; events wait until there is one."""
        if not self._open() and delivery.kind != "events_api":
            return Answer(failed="dispatch_failed")
        await self.connected()
        connection = self._next()
        envelope: dict[str, Any] = {
            "envelope_id": str(uuid.uuid4()),
            "payload": delivery.payload,
            "type": delivery.kind,
            "accepts_response_payload": delivery.kind != "events_api",
        }
        if delivery.kind == "events_api":
            envelope |= {"retry_attempt": len(delivery.answers), "retry_reason": delivery.retry_reason}
        waiting = connection.waiting[envelope["envelope_id"]] = asyncio.get_running_loop().create_future()
        await self._say(connection, envelope)
        answer = await self._wait(waiting)
        connection.waiting.pop(envelope["envelope_id"], None)
        return answer

    async def _wait(self, waiting: asyncio.Future[Answer]) -> Answer:
        limit = asyncio.create_task(self._clock.sleep(self._options.ack_s), name="time to acknowledge")
        either: set[asyncio.Future[Any]] = {waiting, limit}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            limit.cancel()
        return waiting.result() if waiting.done() else NOT_ANSWERED

    async def _serve(self, connection: Connection) -> None:
        self.opened += 1
        async with self._changed:
            self.connections.append(connection)
            self._changed.notify_all()
        try:
            async for message in connection.socket:
                if message.type is WSMsgType.PING and not connection.muted:
                    await connection.socket.pong(message.data)
                elif message.type is WSMsgType.TEXT and not connection.muted:
                    self._acknowledge(connection, message.data)
        except ConnectionError:  # it went while it was being answered
            pass
        finally:
            self.connections.remove(connection)
            connection.lose()

    def _acknowledge(self, connection: Connection, text: str) -> None:
        said = json.loads(text)
        waiting = connection.waiting.get(said.get("envelope_id", ""))
        if waiting is not None and not waiting.done():
            waiting.set_result(Answer(payload=said.get("payload")))

    def _open(self) -> list[Connection]:
        return [connection for connection in self.connections if not connection.leaving]

    def _next(self) -> Connection:
        self._turn += 1
        choices = self._open()
        return choices[self._turn % len(choices)]

    def _about(self, frame: dict[str, Any], more: int = 0) -> dict[str, Any]:
        return frame | {
            "num_connections": len(self.connections) + more,
            "debug_info": {"host": _HOST, "build_number": 10, "approximate_connection_time": 18060},
            "connection_info": {"app_id": APP_ID},
        }

    @staticmethod
    async def _say(connection: Connection, frame: dict[str, Any]) -> None:
        if connection.muted:
            return
        try:
            await connection.socket.send_json(frame)
        except ConnectionError:
            connection.lose()
