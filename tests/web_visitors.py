"""People at the playground without a browser: their requests go straight into the application."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any

import httpx
from itsdangerous import TimestampSigner

from adapters.web.frame.visitors import VISITOR_COOKIE

SECRET = "not a secret in a test"
ORIGIN = "http://localhost"
_CSRF = re.compile(r'name="csrf" content="([0-9a-f]+)"')


def visitor_cookie(person: str, name: str) -> str:
    """The cookie of a browser whose person has said what they are called."""
    told = base64.b64encode(json.dumps({"person": person, "name": name}).encode())
    return TimestampSigner(SECRET).sign(told).decode()


@dataclass(frozen=True)
class Heard:
    """One server-sent event."""

    kind: str
    values: Any
    position: str


class Visitor:
    """Somebody at a browser; `told` is all that answers to their forms told them."""

    def __init__(self, app: Any, person: str, name: str) -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        cookies = {VISITOR_COOKIE: visitor_cookie(person, name)} if name else {}
        self.client = httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, cookies=cookies, headers={"Accept": "text/html"}
        )
        self.told: list[str] = []

    async def get(self, path: str) -> httpx.Response:
        """Load a page."""
        return await self.client.get(path)

    async def post(self, path: str, *, scripted: bool = True, **fields: str) -> httpx.Response:
        """Send a form, as scripts do or as a browser without any does."""
        accept = "application/json" if scripted else "text/html"
        headers = {"Accept": accept, "Origin": ORIGIN}
        answer = await self.client.post(path, data={"csrf": await self.token(), **fields}, headers=headers)
        if scripted and answer.headers["content-type"].startswith("application/json"):
            notes = answer.json().get("notes", [])
            self.told += [unescape(re.sub(r"<[^>]+>", "", note["html"])) for note in notes]
        return answer

    async def send(self, text: str, *, place: str = "local/general", **fields: str) -> dict[str, Any]:
        """Write something; what the page is told."""
        answer: dict[str, Any] = (await self.post(f"/c/{place}/send", scripted=True, text=text, **fields)).json()
        return answer

    async def upload(
        self, place: str, name: str, data: bytes, media_type: str = "application/octet-stream"
    ) -> httpx.Response:
        """Put a file into a channel, to be sent."""
        headers = {"Content-Type": media_type, "X-CSRF-Token": await self.token(), "Origin": ORIGIN, "Accept": "*/*"}
        return await self.client.post(f"/files/{place}", params={"name": name}, content=data, headers=headers)

    async def token(self) -> str:
        """What forms of this person carry."""
        token = _CSRF.search((await self.client.get("/c/local/general")).text)
        assert token is not None
        return token[1]

    async def events(self, path: str, last: str = "") -> list[Heard]:
        """Listen until the stream ends; all that was heard."""
        headers = {"Last-Event-ID": last} if last else {}
        return heard_in((await self.client.get(path, headers=headers)).text)

    @asynccontextmanager
    async def listening(self, hub: Any, path: str, last: str = "") -> AsyncIterator[list[Heard]]:
        """Listen while the context lasts, from a position or from now on; what was heard is there behind it."""
        heard: list[Heard] = []
        last = last or str((await hub._store.get_playground_positions())[1])
        before = len(hub._streams)
        task = asyncio.create_task(self.events(path, last))
        while len(hub._streams) == before and not task.done():
            await asyncio.sleep(0)
        yield heard
        await settled(hub)
        for stream in tuple(hub._streams):
            stream.end()
        heard += await task


def heard_in(text: str) -> list[Heard]:
    """The events of a stream."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "event" in fields:
            found.append(Heard(fields["event"], json.loads(fields["data"]), fields.get("id", "")))
    return found


async def settled(hub: Any) -> None:
    """Wait until everything that was stored has been passed on, and shown."""
    async with asyncio.timeout(20):
        while True:
            hub.hear()
            _, newest = await hub._store.get_playground_positions()
            live = [item for item in hub._live.values() if item.is_dirty or (item.task and not item.parts)]
            if hub.position >= newest and not hub._heard and not live:
                return
            await asyncio.sleep(0.01)
