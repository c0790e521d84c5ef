"""One WebSocket of the gateway."""

from __future__ import annotations

import asyncio
import json
import zlib
from typing import Any

from aiohttp import WSMsgType, web

from tests.emulators.discord.core import Core
from tests.emulators.discord.gateway import (
    HEARTBEAT,
    HEARTBEAT_ACK,
    HELLO,
    IDENTIFY,
    INVALID_SESSION,
    MEMBERS,
    PRESENCE,
    RESUME,
    VOICE,
    Line,
    Session,
)
from tests.emulators.discord.world import Payload

# Close codes (topics/opcodes-and-status-codes).
UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, ALREADY_AUTHENTICATED, TOO_MANY, TIMED_OUT = (
    4001,
    4002,
    4003,
    4005,
    4008,
    4009,
)
FRAMES_A_MINUTE = 120  # events/gateway, rate limiting
_MINUTE_S = 60.0
_PATIENCE = 1.5  # how many heartbeat intervals may pass in silence; Discord's own number is not published
_CLEAN = frozenset({1000, 1001})


class Connection(Line):
    """Reads and writes the frames of one client; a new session is told READY and its guilds."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._gateway = core.gateway
        self._options = core.options
        self._socket = web.WebSocketResponse(max_msg_size=4096)  # events/gateway: payloads up to 4096 bytes
        self._outgoing: asyncio.Queue[Payload | str | int] = asyncio.Queue()
        self._session: Session | None = None
        self._transport: asyncio.Transport | None = None
        self._stream: Any = None
        self._cut = False

    def push(self, frame: Payload | str) -> None:
        """Send a frame, in order; text goes out as it is."""
        self._outgoing.put_nowait(frame)

    def close(self, code: int) -> None:
        """Close with a close code, after what was pushed."""
        self._gateway.closings.append(code)
        self._outgoing.put_nowait(code)

    def cut(self) -> None:
        """Break the connection at once; what was pushed and not yet written is lost."""
        self._cut = True
        self._gateway.lost(self, clean=False)
        if self._transport is not None:
            self._transport.abort()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Serve a client until it, or the gateway, closes."""
        if self._options.compress and request.query.get("compress") == "zlib-stream":
            self._stream = zlib.compressobj()
        await self._socket.prepare(request)
        self._transport = request.transport
        self._gateway.lines.add(self)
        self.push(
            {"op": HELLO, "d": {"heartbeat_interval": int(self._options.heartbeat_s * 1000)}, "s": None} | {"t": None}
        )
        writer = asyncio.create_task(self._write(), name="gateway writer")
        try:
            await self._read()
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            clean = not self._cut and self._socket.close_code in _CLEAN
            self._gateway.lost(self, clean=clean)
            self._core.touch()
        return self._socket

    async def _write(self) -> None:
        while True:
            item = await self._outgoing.get()
            if isinstance(item, int):
                await self._socket.close(code=item)
                return
            try:
                await self._send(item if isinstance(item, str) else json.dumps(item))
            except (ConnectionError, RuntimeError):  # the client left; the session keeps what it missed
                return

    async def _send(self, text: str) -> None:
        if self._stream is None:
            await self._socket.send_str(text)
        else:
            data = self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)
            await self._socket.send_bytes(data)

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        patience = self._options.heartbeat_s * _PATIENCE
        beaten = loop.time()
        times: list[float] = []
        while True:
            try:
                message = await self._socket.receive(max(0.001, beaten + patience - loop.time()))
            except TimeoutError:
                self.close(TIMED_OUT)
                beaten = loop.time()
                continue
            if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                return
            times = [time for time in times if time > loop.time() - _MINUTE_S] + [loop.time()]
            frame = _decoded(message.data)
            if len(times) > FRAMES_A_MINUTE:
                self.close(TOO_MANY)
            elif frame is None or not self._core.specification.check_sent(frame):
                self.close(DECODE_ERROR)
            elif frame["op"] == HEARTBEAT:
                beaten = loop.time()
                self.push({"op": HEARTBEAT_ACK, "d": None, "s": None, "t": None})
            else:
                self._take(frame["op"], frame["d"])
            self._core.touch()

    def _take(self, op: int, body: Any) -> None:
        if op in {IDENTIFY, RESUME}:
            self._enter(op, body)
        elif self._session is None:
            self.close(NOT_AUTHENTICATED)
        elif op == MEMBERS:
            self._core.chunk(self._session, body)
        elif op not in {PRESENCE, VOICE}:
            self.close(UNKNOWN_OPCODE)

    def _enter(self, op: int, body: Payload) -> None:
        if self._session is not None:
            self.close(ALREADY_AUTHENTICATED)
            return
        found = self._gateway.open(self, body) if op == IDENTIFY else self._gateway.resume(self, body)
        if isinstance(found, Session):
            self._session = found
            if op == IDENTIFY:
                self._core.greet(found)
            else:
                self._gateway.tell(found, "RESUMED", {"_trace": ["emulator"]})
        elif found:
            self.close(found)
        else:
            self.push({"op": INVALID_SESSION, "d": False, "s": None, "t": None})


def _decoded(data: str | bytes) -> Payload | None:
    try:
        frame = json.loads(data)
    except ValueError:
        return None
    return frame if isinstance(frame, dict) and isinstance(frame.get("op"), int) and "d" in frame else None
