"""An ASGI response that sends frames at a chosen pace, breaks where a fault says so, and notices who leaves."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from tests.emulators.seed.faults import Cut
from tests.emulators.seed.wires.frames import Encoder, Frame

CLOSING = "seed.closing"  # name of the ASGI extension that can close a connection

_LAST_PARTS = frozenset({"finish", "end", "failure"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Pace of a stream (0 is as fast as possible); `split` bytes at a time, 0 for whole events."""

    tokens_per_second: float = 0.0
    first_token_s: float = 0.0
    split: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """End of a stream: the share of the answer that was written, whether that was all, who broke it off."""

    share: float
    finished: bool
    client_left: bool


class EventStream:
    """The response; `on_end` is called once, before the last event is sent."""

    def __init__(
        self, frames: Iterator[Frame], encoder: Encoder, pace: Pace, *, total: int, on_end: Callable[[End], None]
    ) -> None:
        self._frames = frames
        self._encoder = encoder
        self._pace = pace
        self._total = total
        self._on_end: Callable[[End], None] | None = on_end
        self._sent = 0
        self.headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send everything, or stop when the client leaves."""
        sender = asyncio.create_task(self._send_all(scope, send), name="event stream")
        leaving = asyncio.create_task(gone(receive), name="client leaves")
        try:
            await asyncio.wait({sender, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sender, leaving):
                task.cancel()
            outcomes = await asyncio.gather(sender, leaving, return_exceptions=True)
            self._end(finished=False, client_left=True)
        if isinstance(outcomes[0], Exception):
            raise outcomes[0]

    def _end(self, *, finished: bool, client_left: bool = False) -> None:
        if self._on_end is None:
            return
        share = 1.0 if finished or not self._total else min(1.0, self._sent / self._total)
        on_end, self._on_end = self._on_end, None
        on_end(End(share=share, finished=finished, client_left=client_left))

    async def _send_all(self, scope: Scope, send: Send) -> None:
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            await self._send_frames(send)
        except Cut as cut:
            self._end(finished=False)
            if not cut.clean:
                close_connection(scope)
                await wait(math.inf)  # until the connection is seen to be gone
        self._end(finished=True)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_frames(self, send: Send) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + self._pace.first_token_s
        step = 1 / self._pace.tokens_per_second if self._pace.tokens_per_second else 0.0
        for frame in self._frames:
            if frame.pause:
                await wait(frame.pause)
            if frame.tokens:
                await asyncio.sleep(max(0.0, due - loop.time()))
                due += step * frame.tokens
            if frame.part in _LAST_PARTS:
                self._end(finished=frame.part != "failure")
            self._sent += frame.tokens
            for part in self._split(self._encoder.encode(frame)):
                await send({"type": "http.response.body", "body": part, "more_body": True})
                await asyncio.sleep(0)  # each part is a write of its own on the network

    def _split(self, data: bytes) -> Iterator[bytes]:
        size = self._pace.split or len(data)
        for start in range(0, len(data), size):
            yield data[start : start + size]


async def wait(seconds: float) -> None:
    """Let `seconds` pass; infinity is until the task is cancelled."""
    if math.isinf(seconds):
        await asyncio.Event().wait()
    await asyncio.sleep(seconds)


async def wait_for_client(receive: Receive, seconds: float) -> bool:
    """Let `seconds` pass; False as soon as the client leaves."""
    if not seconds:
        return True
    leaving = asyncio.create_task(gone(receive), name="client leaves")
    try:
        await asyncio.wait({leaving}, timeout=None if math.isinf(seconds) else seconds)
        return not leaving.done()
    finally:
        leaving.cancel()


async def gone(receive: Receive) -> None:
    """Wait until the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


def close_connection(scope: Scope, *, at_once: bool = False) -> None:
    """Close the connection of a request in the middle of it, `at_once` without sending what is buffered.

    Only the emulator's own server can do so. Raises `KeyError` under another one.
    """
    scope["extensions"][CLOSING](scope["client"], at_once)
