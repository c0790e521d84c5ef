"""Stream what happens to open pages as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from adapters.web.frame import page
from adapters.web.frame.routes import PageRoute
from adapters.web.playground.hub import Hub
from adapters.web.playground.page_streams import END, RESET, OpenPage, Stream
from adapters.web.playground.shared import Scene, surroundings
from bot.language import language

HEARTBEAT_SECONDS = 15.0
"""How often a quiet stream says that it is alive: proxies close what is silent for half a minute."""

RETRY = b"retry: 500\n\n"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStreams:
    """The address that pages listen to: a channel, and the thread that is open beside it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def routes(self) -> list[PageRoute]:
        """Return their address."""
        return [page("/events/{workspace}/{channel}", self._listen)]

    async def _listen(self, request: Request) -> Response:
        here = await surroundings(self._scene, request)
        view = OpenPage(
            person=here.visitor.person,
            is_admin=here.visitor.is_admin,
            workspace=here.channel.workspace,
            channel=here.channel.id,
            thread=request.query_params.get("thread", ""),
            language=language(),
        )
        after = request.headers.get("last-event-id") or request.query_params.get("after", "")
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        stream = await self._scene.hub.open(view, int(after)) if _is_position(after) else None
        body = _events(self._scene.hub, stream) if stream else _told_to_reset()
        return StreamingResponse(body, media_type="text/event-stream", headers=HEADERS)


def _is_position(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19  # a whole number of 64 bits


async def _told_to_reset() -> AsyncIterator[bytes]:
    yield RESET


async def _events(hub: Hub, stream: Stream) -> AsyncIterator[bytes]:
    """Yield the events of one page until it leaves or this process ends."""
    try:
        yield RETRY
        while True:
            event = b": alive\n\n"
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    event = await stream.events.get()
            if event == END:
                return
            yield event
    finally:
        hub.leave(stream)
