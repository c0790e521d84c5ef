"""Apps under test: Slack's own client, Bolt over Socket Mode, and a bare receiver of the Events API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import RunningSlack


@asynccontextmanager
async def web_client(slack: RunningSlack, token: str = "") -> AsyncIterator[AsyncWebClient]:
    """A client over one connection pool; without retries, so that tests see every answer."""
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(
            token or slack.options.bot_token, base_url=slack.api_url, session=session, retry_handlers=[]
        )


async def refusal(call: Awaitable[Any]) -> str:
    """The code with which a call is refused."""
    with pytest.raises(SlackApiError) as raised:
        await call
    return str(raised.value.response["error"])


@asynccontextmanager
async def bolt(slack: RunningSlack, client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    """A Bolt app, connected by Socket Mode; listeners can be added as long as it runs."""
    app = AsyncApp(client=client)
    handler = AsyncSocketModeHandler(app, slack.options.app_token, ping_interval=1)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it without types
    await slack.sockets.connected()
    try:
        yield app
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # the same


@dataclass
class Socket:
    """A bare Socket Mode connection: it sees each frame and acknowledges what it wants."""

    ws: aiohttp.ClientWebSocketResponse

    async def frame(self) -> dict[str, Any]:
        """The next frame."""
        async with asyncio.timeout(10):
            return dict(await self.ws.receive_json())

    async def acknowledge(self, envelope: dict[str, Any], payload: Any = None) -> None:
        """Acknowledge an envelope."""
        more = {} if payload is None else {"payload": payload}
        await self.ws.send_json({"envelope_id": envelope["envelope_id"], **more})


@asynccontextmanager
async def socket(slack: RunningSlack, session: aiohttp.ClientSession) -> AsyncIterator[Socket]:
    """A bare connection that has been greeted."""
    async with session.ws_connect(slack.sockets.new_address()) as ws:
        connection = Socket(ws)
        assert (await connection.frame())["type"] == "hello"
        yield connection


@dataclass
class Receiver:
    """An HTTP server that keeps what Slack posts and answers what it is told to."""

    url: str = ""
    requests: list[tuple[dict[str, str], str]] = field(default_factory=list)
    answer: Callable[[str], web.StreamResponse] = field(default=lambda _: web.Response())
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        self.requests.append(({name.lower(): value for name, value in request.headers.items()}, body))
        if self.handler:
            return await self.handler(request)
        return self.answer(body)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A running receiver."""
    made = Receiver()
    app = web.Application()
    app.router.add_post("/slack/events", made.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    try:
        yield made
    finally:
        await runner.cleanup()
