"""Listen for Slack's requests over HTTP; size and signature are checked before anything is parsed."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from adapters.listeners import listen, serving
from adapters.slack.api.limits import REQUEST_BYTES, SIGNATURE_SECONDS
from adapters.slack.connection.bolt_app import Acknowledgement, EventDispatcher
from bot.ports import Clock

logger = logging.getLogger(__name__)

EVENTS_PATH: Final = "/slack/events"
HEALTH_PATH: Final = "/healthz"
LENGTH_DIGITS: Final = 18
_TIMESTAMP: Final = re.compile(r"\d{1,12}", re.ASCII)


def is_signed(secret: str, *, timestamp: str, body: bytes, signature: str, now: float) -> bool:
    """Return whether Slack signed these bytes, not longer ago than it allows."""
    if not _TIMESTAMP.fullmatch(timestamp) or abs(now - int(timestamp)) > SIGNATURE_SECONDS:
        return False
    signed = hmac.new(secret.encode(), b"v0:%s:%s" % (timestamp.encode(), body), hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={signed}".encode(), signature.encode("utf-8", "replace"))


class EventsEndpoint:
    """The address that Slack posts events, commands and interactions to."""

    def __init__(self, dispatcher: EventDispatcher, *, secret: str, clock: Clock) -> None:
        self._dispatcher = dispatcher
        self._secret = secret
        self._clock = clock

    async def handle(self, request: Request) -> Response:
        """Answer one request of Slack; nothing that is not signed is looked at."""
        try:
            body = await _read(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return Response(status_code=413)
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        now = self._clock().timestamp()
        if not is_signed(self._secret, timestamp=timestamp, body=body, signature=signature, now=now):
            logger.warning("a request without Slack's signature was refused", extra={"bytes": len(body)})
            return Response(status_code=401)
        return await self._dispatch(request, body)

    async def _dispatch(self, request: Request, body: bytes) -> Response:
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return Response(status_code=400)
        is_json = request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
        if is_json and (challenge := _challenge(text)) is not None:
            return PlainTextResponse(challenge)
        return _response(await self._dispatcher.post(text, request.headers))


async def _read(request: Request) -> bytes | None:
    """Return the body of a request, None for one that is larger than any of Slack's; the rest of it is not read."""
    body = bytearray()
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told[:LENGTH_DIGITS]) > REQUEST_BYTES:
        return None
    async for piece in request.stream():
        body += piece
        if len(body) > REQUEST_BYTES:
            return None
    return bytes(body)


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


def _response(acknowledgement: Acknowledgement) -> Response:
    if not acknowledgement.taken:
        return Response(status_code=503)
    if acknowledgement.payload is None:
        return Response()
    if isinstance(acknowledgement.payload, str):
        return PlainTextResponse(acknowledgement.payload)
    return JSONResponse(acknowledgement.payload)


@asynccontextmanager
async def listening(
    routes: Sequence[Route], *, host: str, port: int, announce: Callable[[int], None] = lambda _port: None
) -> AsyncIterator[int]:
    """Serve these routes; the port in use. Raises `ConfigError` when the address cannot be listened on."""
    app = Starlette(routes=[*routes, Route(HEALTH_PATH, _healthy)])
    app.router.redirect_slashes = False
    with listen(host, port, names=("SLACK_HOST", "SLACK_PORT")) as taken:
        async with serving(app, taken):
            used = taken.getsockname()[1]
            announce(used)
            yield used


def only(method: str, path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    """Return the route of one method; looking with HEAD is another one."""
    route = Route(path, endpoint, methods=[method])
    route.methods = {method}
    return route


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("ok")
