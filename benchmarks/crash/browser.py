"""A person's browser at the playground: it loads the page, listens to it, and acts as the page's own script does."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from html import unescape
from typing import Any

import aiohttp

_CSRF = re.compile(r'name="csrf" content="([^"]*)"')
_ME = re.compile(r'data-me="([^"]*)"')
_POSITION = re.compile(r'data-position="(\d+)"')
JSON = "application/json"
PAUSE_SECONDS = 0.3
LONGEST_PAUSE_SECONDS = 20.0
PATIENCE_SECONDS = 60.0  # a page waits as long as it takes; a process that is ended breaks the connection
SILENCE_SECONDS = 30.0  # longer than the server's heartbeat


class NotThere(Exception):
    """The playground cannot be reached."""


class Browser:
    """One person's page on one channel; `on_event` is told the events of its stream."""

    def __init__(self, url: str, channel: str, on_event: Callable[[str, Mapping[str, Any]], None]) -> None:
        self._url = url
        self._channel = channel
        self._on_event = on_event
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._csrf = ""
        self.thread = ""
        self.person = ""

    @property
    def _place(self) -> str:
        return f"/c/local/{f'direct-{self.person}' if self._channel == 'direct' else self._channel}"

    async def run(self) -> None:
        """Stay on the page, loading it anew whenever its stream ends, until cancelled."""
        try:
            while True:
                with suppress(NotThere, aiohttp.ClientError, TimeoutError, OSError):
                    await self._listen(await self._load())
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            await self._session.close()  # and with it the connection

    async def send(self, text: str, thread: str = "", *, channel: str = "") -> str:
        """Send a message until the page says that it was sent, under one token, which is returned."""
        token = uuid.uuid4().hex
        await self.insist("send", channel=channel, text=text, token=token, thread=thread)
        return token

    async def insist(self, name: str, *, channel: str = "", **values: str) -> None:
        """Do something on the page, or on that of another channel, until it is taken, ever more patiently."""
        pause = PAUSE_SECONDS
        while True:
            with suppress(NotThere):
                await self._post(f"{f'/c/local/{channel}' if channel else self._place}/{name}", JSON, values)
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def fill_settings(self, name: str) -> dict[str, str]:
        """Return the form of a channel's settings as it is shown, for one parameter. Raises `NotThere`."""
        try:
            page = await self._get(f"{self._place}?panel=settings&scope=channel")
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise NotThere from None
        shown = re.search(f'name="shown-{name}" value="([^"]*)"', page)
        if shown is None:
            raise NotThere
        return {"scope": "channel", f"shown-{name}": unescape(shown[1])}

    async def save_settings(self, values: Mapping[str, str]) -> str:
        """Send a form of settings once, and return the page that comes back. Raises `NotThere`."""
        return await self._post(f"{self._place}/settings", "text/html", values)

    async def make_channel(self, name: str) -> None:
        """Make a channel, insisting on it."""
        while True:
            with suppress(NotThere):
                await self._post("/channels/local", "text/html", {"name": name})
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _post(self, path: str, accept: str, values: Mapping[str, str]) -> str:
        """Send a form, and return what comes back. Raises `NotThere`."""
        if not self._csrf:
            raise NotThere
        try:
            posting = self._session.post(
                f"{self._url}{path}",
                data={"csrf": self._csrf, **values},
                headers={"Accept": accept, "Origin": self._url},
                timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS),
            )
            async with posting as response:
                if response.status >= 500:
                    raise NotThere
                return await response.text()
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise NotThere from None

    async def _load(self) -> str:
        """Load the page, saying at the first time what its person is called; return the position to listen from."""
        page = await self._get("/c/local/seedling" if self._channel == "direct" else self._place)
        me, token = _ME.search(page), _CSRF.search(page)
        if me is None or token is None:
            raise NotThere
        self.person = unescape(me[1])
        if "<textarea" not in page:
            form = {"csrf": token[1], "name": self.person[:12], "next": "/"}
            async with self._session.post(f"{self._url}/name", data=form, headers={"Origin": self._url}):
                pass
        self._csrf = token[1]  # from now on it can act, under its name
        position = _POSITION.search(page)
        return position[1] if position else "0"

    async def _get(self, path: str) -> str:
        timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
        async with self._session.get(self._url + path, headers={"Accept": "text/html"}, timeout=timeout) as response:
            return await response.text()

    async def _listen(self, position: str) -> None:
        """Hand on what is told until the stream ends, or another thread is to be followed."""
        query = {"thread": self.thread, "after": position}
        timeout = aiohttp.ClientTimeout(total=None, sock_read=SILENCE_SECONDS)
        thread, kind = self.thread, ""
        path = self._place.replace("/c/", "/events/", 1)
        async with self._session.get(self._url + path, params=query, timeout=timeout) as response:
            async for line in response.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    self._on_event(kind, json.loads(value))
                if kind == "reset" or thread != self.thread:
                    return
