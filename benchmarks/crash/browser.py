"""A person's browser at the playground: it loads the page, follows it, and acts as the page's own script does."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import aiohttp
import socketio  # type: ignore[import-untyped]  # it ships no types

_ELEMENTS = re.compile(r"parseElements\(String\.raw`(.*?)`\)", re.DOTALL)
_CLIENT = re.compile(r"'client_id': '([\w-]+)'")
_RECEIVED = re.compile(r'runMethod\(\d+, "receive", (\[.*\])\)', re.DOTALL)
PAUSE_SECONDS = 0.3
PATIENCE_SECONDS = 5.0


class NotThere(Exception):
    """The playground cannot be reached."""


class Browser:
    """One person's page on one channel; `on_event` is told what the page is told."""

    def __init__(self, url: str, channel: str, on_event: Callable[[Mapping[str, Any]], None]) -> None:
        self._url = url
        self._channel = channel
        self._on_event = on_event
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._socket: socketio.AsyncClient | None = None
        self._about: dict[str, Any] = {}  # what acts are sent with
        self._sent: dict[str, asyncio.Event] = {}
        self.person = ""

    async def run(self) -> None:
        """Stay on the page, loading it anew whenever its connection ends, until cancelled."""
        try:
            while True:
                with suppress(NotThere, aiohttp.ClientError, TimeoutError, OSError, socketio.exceptions.SocketIOError):
                    await self._load()
                    assert self._socket is not None
                    await self._socket.wait()
                self._about = {}
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            await self._session.close()  # and with it the connection

    async def send(self, text: str, thread: str = "") -> str:
        """Send a message until the page says that it was sent, under one token; its id there."""
        token = uuid.uuid4().hex
        sent = self._sent[token] = asyncio.Event()
        while not sent.is_set():
            with suppress(NotThere, TimeoutError):
                await self.act("send", text=text, token=token, thread=thread)
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await sent.wait()
        return token

    async def act(self, name: str, **values: str) -> None:
        """Do something on the page. Raises `NotThere`."""
        if not self._about or self._socket is None:
            await asyncio.sleep(PAUSE_SECONDS)
            raise NotThere
        with suppress(socketio.exceptions.SocketIOError):
            await self._socket.emit("event", {**self._about, "args": [json.dumps({"do": name, **values})]})

    async def _load(self) -> None:
        async with self._session.get(self._url, timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS)) as response:
            page = await response.text()
        client, elements = _CLIENT.search(page), _ELEMENTS.search(page)
        if client is None or elements is None:
            raise NotThere
        id, chat = next(
            (id, item) for id, item in json.loads(elements[1]).items() if item["tag"] == "nicegui-seedling_chat"
        )
        self.person = chat["props"]["config"]["person"]["id"]
        about = {"id": int(id), "client_id": client[1], "listener_id": chat["events"][0]["listener_id"]}
        query = f"client_id={client[1]}&next_message_id=0&implicit_handshake=true&tab_id={uuid.uuid4()}&document_id=d"
        cookies = "; ".join(f"{item.key}={item.value}" for item in self._session.cookie_jar)
        self._socket = socketio.AsyncClient(reconnection=False, http_session=self._session)
        self._socket.on("run_javascript", self._receive)
        await self._socket.connect(
            f"{self._url}/?{query}",
            socketio_path="/_nicegui_ws/socket.io",
            transports=["websocket"],
            headers={"Cookie": cookies, "Origin": self._url},
        )
        self._about = about
        direct = f"direct-{self.person}" if self._channel == "direct" else self._channel
        await self.act("open", workspace="local", channel=direct)

    async def _receive(self, message: Mapping[str, Any]) -> None:
        found = _RECEIVED.search(str(message.get("code", "")))
        for event in json.loads(found[1]) if found else ():
            if event.get("type") in {"sent", "kept"} and event.get("token") in self._sent:
                self._sent[event["token"]].set()
            self._on_event(event)
