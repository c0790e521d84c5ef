"""Pigeon, the chat server of the third platform: rooms with threads, notes to one person, webhooks that it signs.

A message posted twice under one key is posted once; a key is free again when its message was deleted.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from aiohttp import web

from tests.third_platform.platform import MENTION, signature_of

TOKEN = "pigeon-token"
SECRET = "pigeon-secret"


@dataclass(kw_only=True)
class Message:
    """A message with every text that it has had."""

    id: str
    room: str
    thread: str
    author: str
    texts: list[str]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    key: str = ""
    deleted: bool = False


@dataclass
class Pigeon:
    """One flock of people; `refuse` names the methods that are answered with 403."""

    url: str = ""
    webhook: str = ""
    messages: list[Message] = field(default_factory=list)
    notes: dict[str, tuple[str, str]] = field(default_factory=dict)  # by key: person, text
    closed: set[str] = field(default_factory=set)
    refuse: set[str] = field(default_factory=set)

    # ------------------------------------------------------------ what people do and see

    def say(self, text: str, *, thread: str = "", room: str = "garden", author: str = "ada") -> Message:
        """Somebody writes; nothing is delivered yet."""
        said = Message(id=f"m{len(self.messages) + 1}", room=room, thread=thread, author=author, texts=[text])
        self.messages.append(said)
        return said

    def ask(self, text: str, **where: str) -> Message:
        """Somebody mentions the bot."""
        return self.say(f"{MENTION} {text}", **where)

    def answers(self, question: Message) -> list[Message]:
        """The bot's messages below a question that are seen."""
        thread = question.thread or question.id
        return [
            message for message in self.messages if message.thread == thread and message.key and not message.deleted
        ]

    async def deliver(
        self, said: Message, *, kind: str = "message", secret: str = SECRET, late: float = 0, **changes: Any
    ) -> int:
        """Post a webhook, signed `late` seconds ago; the status that the bot answers."""
        body = json.dumps(self.event(said) | {"type": kind} | changes).encode()
        timestamp = str(round(time.time() - late))
        headers = {"X-Pigeon-Time": timestamp, "X-Pigeon-Signature": signature_of(secret, timestamp, body)}
        async with httpx.AsyncClient() as client:
            return (await client.post(self.webhook, content=body, headers=headers)).status_code

    def event(self, said: Message) -> dict[str, Any]:
        """A message as Pigeon tells of it."""
        return {
            "id": f"e{said.id}",
            "flock": "f1",
            "room": said.room,
            "thread": said.thread,
            "message": said.id,
            "author": said.author,
            "name": said.author.capitalize(),
            "text": said.texts[-1],
            "at": said.at.isoformat(),
            "own": bool(said.key),
        }

    # ------------------------------------------------------------ what the bot asks

    @web.middleware
    async def guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Ask for the token, and refuse what is to be refused."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({}, status=401)
        return web.json_response({}, status=403) if request.method in self.refuse else await handler(request)

    async def me(self, _: web.Request) -> web.Response:
        return web.json_response({"name": "Seedling"})

    async def room(self, request: web.Request) -> web.Response:
        return web.json_response({"closed": request.match_info["room"] in self.closed})

    async def read(self, request: web.Request) -> web.Response:
        thread = request.match_info["thread"]
        found = [message for message in self.messages if thread in {message.thread, message.id} and not message.deleted]
        return web.json_response({"messages": [self.event(item) for item in found]})

    async def read_room(self, request: web.Request) -> web.Response:
        room = request.match_info["room"]
        found = [item for item in self.messages if item.room == room and not item.thread and not item.deleted]
        return web.json_response({"messages": [self.event(item) for item in found]})

    async def post(self, request: web.Request) -> web.Response:
        body, room = await request.json(), request.match_info["room"]
        if room in self.closed:
            return web.json_response({}, status=403)
        known = [message for message in self.messages if message.key == body["key"] and not message.deleted]
        posted = known[0] if known else self.say(body["text"], thread=body["thread"], room=room, author="seedling")
        posted.key = body["key"]
        return web.json_response({"id": posted.id, "text": posted.texts[-1]}, status=201)

    async def change(self, request: web.Request) -> web.Response:
        message = next((item for item in self.messages if item.id == request.match_info["id"]), None)
        if message is None or message.deleted:
            return web.json_response({}, status=404)
        if request.method == "DELETE":
            message.deleted = True
        else:
            message.texts.append((await request.json())["text"])
        return web.json_response({})

    async def note(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.notes.setdefault(body["key"], (request.match_info["person"], body["text"]))
        return web.json_response({}, status=201)


@asynccontextmanager
async def running_pigeon() -> AsyncIterator[Pigeon]:
    """The server, listening on a free port."""
    pigeon = Pigeon()
    app = web.Application(middlewares=[pigeon.guard])
    app.add_routes(
        [
            web.get("/me", pigeon.me),
            web.get("/rooms/{room}", pigeon.room),
            web.get("/rooms/{room}/messages", pigeon.read_room),
            web.get("/rooms/{room}/messages/{thread}", pigeon.read),
            web.post("/rooms/{room}/messages", pigeon.post),
            web.put("/messages/{id}", pigeon.change),
            web.delete("/messages/{id}", pigeon.change),
            web.post("/people/{person}/notes", pigeon.note),
        ]
    )
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        pigeon.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield pigeon
    finally:
        await runner.cleanup()
