"""Pigeon as a platform of the bot: answers over HTTP in any process, signed webhooks in one that listens."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from aiohttp import web

from bot.chat.background_tasks import BackgroundTasks
from bot.errors import ConfigError, InvalidInput, PlatformRefused, StorageError
from bot.event_errors import EventErrors
from bot.ports import Bot, Clock, Reply
from bot.turns.pending_answers import INTERRUPTED, keep_telling
from bot.types import ConversationKey, Draft, Incoming, PendingAnswer, Person, Place, ReadMessage, ThreadMessage, Turn
from tests.third_platform.client import PigeonClient
from tests.third_platform.reply import PigeonReply, PrivateReply, send_note

PLATFORM = "pigeon"
MENTION = "@seedling"
REPLAY_SECONDS = 300
STOP_SECONDS = 5.0


def signature_of(secret: str, timestamp: str, body: bytes) -> str:
    """Pigeon's signature of a webhook."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Return whether Pigeon signed these bytes within the last minutes."""
    timestamp, signature = headers.get("X-Pigeon-Time", ""), headers.get("X-Pigeon-Signature", "")
    if not re.fullmatch(r"\d{1,12}", timestamp, re.ASCII) or abs(now.timestamp() - int(timestamp)) > REPLAY_SECONDS:
        return False
    return hmac.compare_digest(signature_of(secret, timestamp, body).encode(), signature.encode("utf-8", "replace"))


def incoming_of(event: Mapping[str, str]) -> Incoming:
    """Return a message as the core knows it."""
    thread = event["thread"] or event["message"]
    return Incoming(
        key=ConversationKey(platform=PLATFORM, workspace=event["flock"], channel=event["room"], thread=thread),
        dedupe_key=f"pigeon:{event['message']}",
        author=Person(id=event["author"], name=event["name"]),
        text=event["text"].removeprefix(MENTION).strip(),
        sent_at=datetime.fromisoformat(event["at"]).astimezone(UTC),
        message_id=event["message"],
        is_directed=event["text"].startswith(MENTION),
        is_top_level=not event["thread"],
    )


def message_of(incoming: Incoming) -> ThreadMessage:
    """Return a message as it stands in its thread."""
    return ThreadMessage(
        message_id=incoming.message_id, author=incoming.author, text=incoming.text, sent_at=incoming.sent_at
    )


def read_message(incoming: Incoming, *, thread: str = "") -> ReadMessage:
    """Return a message as it stands in its room."""
    said = message_of(incoming)
    return ReadMessage(
        message_id=said.message_id, author=said.author, text=said.text, sent_at=said.sent_at, thread=thread
    )


class PigeonPlatform:
    """A `bot.ports.ListeningPlatform`; it listens at `address`, a host and a port."""

    name = PLATFORM
    min_update_interval = 0.5

    def __init__(self, client: PigeonClient, *, secret: str | None, address: tuple[str, int], clock: Clock) -> None:
        self._client = client
        self._secret = secret
        self._clock = clock
        self._ready = asyncio.Event()
        self.address = address

    async def open_reply(self, turn: Turn) -> Reply:
        """Return the reply of `turn`; what an earlier runner posted is found by its keys."""
        return (PrivateReply if turn.incoming.private else PigeonReply)(turn, self._client)

    async def known_refusal(self, turn: Turn) -> PlatformRefused | None:
        """Return that the room is closed, where it is."""
        room = await self._client.call("GET", f"/rooms/{turn.incoming.key.channel}")
        return PlatformRefused("the room is closed", reason="this room is closed") if room["closed"] else None

    async def tell(self, asked: Incoming, draft: Draft) -> None:
        """Show a draft to the author of `asked` alone. Raises `PlatformError`."""
        await send_note(self._client, asked.author.id, draft, key=asked.dedupe_key)

    async def read_thread(self, key: ConversationKey, *, limit: int) -> Sequence[ThreadMessage]:
        """Return the newest messages of a thread, oldest first, without the bot's own. Raises `PlatformError`."""
        found = await self._client.call("GET", f"/rooms/{key.channel}/messages/{key.thread}")
        others = [message_of(incoming_of(message)) for message in found["messages"] if not message["own"]]
        return others[max(0, len(others) - limit) :]

    async def describe(self, key: ConversationKey) -> Place:
        """Return what a room is called."""
        return Place(platform="Pigeon", channel=key.channel)

    async def read_channel(
        self, key: ConversationKey, *, since: datetime | None = None, before: datetime | None = None, limit: int
    ) -> Sequence[ReadMessage]:
        """Return the newest messages outside threads of a room, oldest first. Raises `PlatformError`."""
        found = await self._client.call("GET", f"/rooms/{key.channel}/messages")
        read = [read_message(incoming_of(message)) for message in found["messages"]]
        wanted = [
            item for item in read if (not since or item.sent_at >= since) and (not before or item.sent_at < before)
        ]
        return wanted[max(0, len(wanted) - limit) :]

    async def read_replies(
        self, key: ConversationKey, thread: str, *, since: datetime | None = None, limit: int
    ) -> Sequence[ReadMessage]:
        """Return the newest messages of a thread, without its root. Raises `PlatformError`."""
        found = await self._client.call("GET", f"/rooms/{key.channel}/messages/{thread}")
        read = [read_message(incoming_of(message), thread=thread) for message in found["messages"]]
        wanted = [item for item in read if item.message_id != thread and (not since or item.sent_at >= since)]
        return wanted[max(0, len(wanted) - limit) :]

    async def link(self, key: ConversationKey, message: ReadMessage) -> str:
        """Pigeon has no addresses of messages."""
        del key, message
        return ""

    async def may_read(self, key: ConversationKey, person: Person) -> bool:
        """Everybody in a flock reads all of its rooms."""
        del key, person
        return True

    async def is_public(self, key: ConversationKey) -> bool:
        """Every room is."""
        del key
        return True

    async def run(self, bot: Bot) -> None:
        """Take webhooks until cancelled. Raises `ConfigError`."""
        if self._secret is None:
            raise ConfigError("PIGEON_SECRET", "must be set to hear what people write")
        webhooks = Webhooks(self, bot, self._secret, self._clock)
        app = web.Application()
        app.add_routes([web.post("/pigeon", webhooks.take)])
        runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await runner.setup()
        try:
            await web.TCPSite(runner, *self.address).start()
            self.address = runner.addresses[0][:2]
            self._ready.set()
            await keep_telling(bot, PLATFORM, self._tell_pending)
        except OSError as error:
            raise ConfigError("PIGEON_PORT", f"cannot be listened on: {error.strerror}") from error
        finally:
            await runner.cleanup()
            await webhooks.background.aclose(grace=STOP_SECONDS)

    async def _tell_pending(self, pending: PendingAnswer) -> None:
        await self.tell(pending.incoming, Draft(status="done", text=pending.answer or INTERRUPTED))

    async def wait_ready(self) -> None:
        """Wait until webhooks are taken."""
        await self._ready.wait()


class Webhooks:
    """Receiver of what Pigeon posts: acknowledged once it is stored, and refused when Pigeon has not signed it."""

    def __init__(self, platform: PigeonPlatform, bot: Bot, secret: str, clock: Clock) -> None:
        self._platform = platform
        self._bot = bot
        self._secret = secret
        self._clock = clock
        self.background = BackgroundTasks(EventErrors(PLATFORM, logging.getLogger(__name__)))

    async def take(self, request: web.Request) -> web.Response:
        """Answer one webhook: 200 taken, 400 not understood, 401 not signed, 503 to be delivered again."""
        body = await request.read()
        if not is_signed(self._secret, request.headers, body, self._clock()):
            return web.Response(status=401)
        try:
            event = json.loads(body)
            kind, incoming = event["type"], incoming_of(event)
        except (ValueError, KeyError, TypeError, AttributeError):
            return web.Response(status=400)
        try:
            await self._hear(kind, incoming)
        except StorageError:
            return web.Response(status=503)
        return web.Response()

    async def _hear(self, kind: str, incoming: Incoming) -> None:
        if kind == "edit":
            await self._bot.on_message_edited(incoming, at=self._clock())
        elif kind == "deletion":
            await self._bot.on_message_deleted(incoming.key, incoming.message_id)
        elif kind == "message":
            try:
                answer = (await self._bot.handle(incoming)).text
            except InvalidInput as error:
                answer = str(error)
            if answer:
                self.background.start(self._tell(incoming, answer), "note")

    async def _tell(self, asked: Incoming, answer: str) -> None:
        await self._platform.tell(asked, Draft(status="done", text=answer))
        await self._bot.mark_answered(asked)
