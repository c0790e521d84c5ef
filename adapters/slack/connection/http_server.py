"""Listen for Slack's requests over HTTP; size and signature are checked before anything is parsed."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from aiohttp import web

from adapters.slack.api.limits import REQUEST_BYTES, SIGNATURE_SECONDS
from adapters.slack.connection.dispatch import Acknowledgement, EventDispatcher
from bot.errors import ConfigError
from bot.ports import Clock

logger = logging.getLogger(__name__)

EVENTS_PATH: Final = "/slack/events"
HEALTH_PATH: Final = "/healthz"
_TIMESTAMP: Final = re.compile(r"\d{1,12}", re.ASCII)


def is_signed(secret: str, *, timestamp: str, body: bytes, signature: str, now: float) -> bool:
    """Return whether Slack signed these bytes, not longer ago than it allows."""
    if not _TIMESTAMP.fullmatch(timestamp) or abs(now - int(timestamp)) > SIGNATURE_SECONDS:
        return False
    signed = hmac.new(secret.encode(), b"v0:%s:%s" % (timestamp.encode(), body), hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={signed}".encode(), signature.encode("utf-8", "replace"))


class EventsEndpoint:
    """The address that Slack posts events, commands and interactions to."""

    def __init__(self, intake: EventDispatcher, *, secret: str, clock: Clock) -> None:
        self._intake = intake
        self._secret = secret
        self._clock = clock

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request of Slack; nothing that is not signed is looked at."""
        if (request.content_length or 0) > REQUEST_BYTES:
            return web.Response(status=413)
        try:
            body = await request.content.read(REQUEST_BYTES + 1)
            while len(body) <= REQUEST_BYTES and not request.content.at_eof():
                body += await request.content.read(REQUEST_BYTES + 1 - len(body))
        except (ConnectionError, aiohttp.ClientPayloadError, web.RequestPayloadError):
            return web.Response(status=400)
        if len(body) > REQUEST_BYTES:
            return web.Response(status=413)
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        now = self._clock().timestamp()
        if not is_signed(self._secret, timestamp=timestamp, body=body, signature=signature, now=now):
            logger.warning("a request without Slack's signature was refused", extra={"bytes": len(body)})
            return web.Response(status=401)
        return await self._dispatch(request, body)

    async def _dispatch(self, request: web.Request, body: bytes) -> web.Response:
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return web.Response(status=400)
        if request.content_type == "application/json" and (challenge := _challenge(text)) is not None:
            return web.Response(text=challenge)
        acknowledgement = await self._intake.post(text, request.headers)
        return _response(acknowledgement)


def _challenge(text: str) -> str | None:
    """Return what Slack wants to hear when an address is entered; None for anything else."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("type") != "url_verification":
        return None
    challenge = said.get("challenge")
    return challenge if isinstance(challenge, str) else ""


def _response(acknowledgement: Acknowledgement) -> web.Response:
    if not acknowledgement.taken:
        return web.Response(status=503)
    if acknowledgement.payload is None:
        return web.Response()
    if isinstance(acknowledgement.payload, str):
        return web.Response(text=acknowledgement.payload)
    return web.json_response(acknowledgement.payload)


@asynccontextmanager
async def listening(
    routes: Sequence[web.RouteDef], *, host: str, port: int, announce: Callable[[int], None] = lambda _port: None
) -> AsyncIterator[int]:
    """Serve these routes; the port in use. Raises `ConfigError` when the address cannot be listened on."""
    app = web.Application(client_max_size=REQUEST_BYTES)
    app.add_routes([*routes, web.get(HEALTH_PATH, _healthy)])
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError("SLACK_PORT", f"cannot listen on {host}:{port}: {error.strerror}") from error
        used = runner.addresses[0][1]
        announce(used)
        yield used
    finally:
        await runner.cleanup()


async def _healthy(_request: web.Request) -> web.Response:
    return web.Response(text="ok")
