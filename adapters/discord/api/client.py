"""Call Discord's REST interface by raw routes through discord.py's client, which keeps to its buckets and retries.

Messages are sent and edited by raw routes, because `discord.Message.edit` of discord.py 2.7 shows suppressed previews
again (platform reference, 2.5).
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import discord
import yarl
from aiohttp.connector import Connection
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.api.errors import DiscordAccessRevoked, refusal
from adapters.discord.api.limits import CONNECTIONS
from adapters.discord.api.rate_limits import DiscordLimits
from adapters.discord.payloads import Message
from adapters.discord.settings import DiscordSettings
from bot.backoff import BackoffTimes
from bot.chat.rate_limit import Priority, RateLimiter
from bot.errors import ConfigError, PlatformError
from bot.server_clock import ServerClock
from bot.settings import plain

logger = logging.getLogger(__name__)

PAUSES: Final = (0.5, 1.0, 2.0, 4.0)
"""Seconds between attempts when a connection breaks or Discord is out of order. Asking twice is safe: messages have a
nonce, a thread exists once, and all else replaces what was; only a further answer to an interaction may come double."""

RECONNECT: Final = BackoffTimes(first=7.0, longest=300.0, healthy=600.0)
"""Between two attempts to join the gateway: one identify in 5 s, 1,000 a day are let in (platform reference, 2.7)."""

_SECRET_IN_URL: Final = re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/?\s]+")
_NOT_COUNTED: Final = ("/webhooks/", "/interactions/")  # by the limit of all requests (platform reference, 2.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordOptions:
    """Options of the connection to Discord; the addresses are Discord's own unless given.

    `ready_wait` is how long no further server has to come in for the connection to count as ready, in seconds;
    `limit_scale` how much longer than Discord's the windows of its limits are.
    """

    token: str = field(repr=False)
    api_url: str | None = None
    gateway_url: str | None = None
    reconnect: BackoffTimes = RECONNECT
    ready_wait: float = 2.0  # discord.py's own default
    limit_scale: float = 1.0

    def point_the_library(self) -> None:
        """discord.py knows no setting for other addresses; its classes do."""
        if self.api_url is not None:
            Route.BASE = self.api_url
        if self.gateway_url is not None:
            DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(self.gateway_url)


def options_of(settings: DiscordSettings) -> DiscordOptions:
    """Return how Discord is reached as the settings say; without a token none is accepted."""
    return DiscordOptions(
        token=plain(settings.discord_token) or "",
        api_url=settings.discord_api_url,
        gateway_url=settings.discord_gateway_url,
    )


class PacedConnector(aiohttp.TCPConnector):
    """Lets requests go out no faster than Discord counts them: after discord.py has waited for a route's own limit."""

    def __init__(self, limiter: RateLimiter) -> None:
        super().__init__(limit=CONNECTIONS)
        self._limiter = limiter

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's
    ) -> Connection:
        """Return a connection for a request, once it may go out."""
        if not any(part in req.url.path for part in _NOT_COUNTED):
            await self._limiter.acquire(Priority.PROGRESS)
        return await super().connect(req, traces, timeout)


class DiscordClient:
    """One bot at Discord's REST interface; logged in by whoever needs it first.

    Its `clock` tells the time of Discord, and is told it by every answer that is seen by `trace`.
    """

    def __init__(self, options: DiscordOptions, limits: DiscordLimits) -> None:
        options.point_the_library()
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nothing here speaks
        self._options = options
        self._limits = limits
        self._client: discord.Client | None = None
        self._lock = asyncio.Lock()
        self.clock = ServerClock()
        self.trace = _trace_to(self.clock)
        self._told_revoked = False

    async def login(self) -> discord.Client:
        """Return the client, logged in. Raises `ConfigError` for a wrong token and `PlatformError` when Discord is
        away.
        """
        async with self._lock:
            if self._client is None:
                self._client = await self._logged_in()
            return self._client

    async def _logged_in(self) -> discord.Client:
        connector = PacedConnector(self._limits.requests)
        client = discord.Client(
            intents=discord.Intents(guilds=True),
            max_messages=None,
            connector=connector,
            http_trace=self.trace,
        )
        try:
            await client.login(self._options.token)
        except BaseException as error:  # whoever gives up waiting leaves no session behind either
            await client.close()
            if isinstance(error, discord.LoginFailure):
                fix = "is not a token that Discord accepts; make a new one there"
                raise ConfigError("DISCORD_TOKEN", fix) from None
            if isinstance(error, discord.DiscordException | aiohttp.ClientError | OSError | TimeoutError):
                raise PlatformError(f"Discord did not let the bot in: {type(error).__name__}") from error
            raise
        return client

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    async def user_id(self) -> str:
        """Return the bot's own id. Raises `PlatformError`."""
        user = (await self.login()).user
        return str(user.id) if user else ""

    async def application(self) -> discord.AppInfo:
        """Return the application behind the bot. Raises `PlatformError`."""
        info = (await self.login()).application
        if info is None:
            raise PlatformError("Discord did not say which application the bot belongs to")
        return info

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, str] | None = None,
        file: tuple[str, bytes] | None = None,
        **ids: str,
    ) -> object:
        """Ask for something; `path` is written as in Discord's documentation. Raises `PlatformError`."""
        client = await self.login()
        given: dict[str, Any] = {} if body is None else {"json": body}
        if query:
            given["params"] = dict(query)
        if file is not None:
            given["form"] = _form(given.pop("json", {}), *file)
        for pause in (*PAUSES, None):
            try:
                return await client.http.request(Route(method, path, **ids), **given)
            except (discord.DiscordServerError, aiohttp.ClientError, OSError, TimeoutError) as error:
                if pause is None:
                    what = f"Discord could not be asked for {method} {path}: {type(error).__name__}"
                    raise PlatformError(what) from error
                logger.info("retrying the request to Discord", extra={"path": path, "error": type(error).__name__})
                await asyncio.sleep(pause)
            except RuntimeError as error:
                if not client.is_closed():
                    raise
                raise PlatformError(f"Discord was left before {method} {path} was done") from error
            except discord.HTTPException as error:
                trouble = refusal(f"{method} {path}", error.status, error.code)
                if isinstance(trouble, DiscordAccessRevoked):
                    self._tell_revoked()
                raise trouble from error
        raise AssertionError("the last attempt returns or raises")

    def _tell_revoked(self) -> None:
        """Tell the operator once that the token is of no use any more."""
        if not self._told_revoked:
            self._told_revoked = True
            logger.error("Discord no longer accepts DISCORD_TOKEN: make a new one there, and start again with it")

    async def message(self, channel: str, id: str) -> Message:
        """Return one message of a channel. Raises `PlatformError`, also for one that is gone."""
        path = "/channels/{channel_id}/messages/{message_id}"
        return Message.read(await self.call("GET", path, channel_id=channel, message_id=id))

    async def history(self, channel: str, *, limit: int, **bounds: str) -> list[Message]:
        """Messages of a channel, the newest first, within Discord's `before` or `after`. Raises `PlatformError`."""
        query = {"limit": str(limit), **bounds}
        return Message.read_list(
            await self.call("GET", "/channels/{channel_id}/messages", query=query, channel_id=channel)
        )


def _trace_to(clock: ServerClock) -> aiohttp.TraceConfig:
    """Return what tells a clock the time of every answer; discord.py itself gives no headers."""

    async def note(_session: object, _context: object, ended: aiohttp.TraceRequestEndParams) -> None:
        clock.note_header(ended.response.headers.get("Date"))

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(note)
    return trace


def may_read_content(flags: discord.ApplicationFlags) -> bool:
    """Return whether the message-content intent is switched on for the application."""
    return flags.gateway_message_content or flags.gateway_message_content_limited


def _form(body: object, name: str, data: bytes) -> list[dict[str, Any]]:
    """Return a body with a file (reference, uploading files)."""
    return [
        {"name": "payload_json", "value": json.dumps(body)},
        {"name": "files[0]", "value": data, "filename": name, "content_type": "text/markdown"},
    ]


class TokenFilter(logging.Filter):
    """Keeps the tokens of interactions, which stand in addresses, out of the library's log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; it is always logged."""
        text = record.getMessage()
        if (clean := _SECRET_IN_URL.sub(r"\1[token]", text)) != text:
            record.msg, record.args = clean, None
        return True


def keep_tokens_out_of_logs() -> None:
    """Let every record of discord.py that names an address pass the filter; once is enough."""
    for name in ("discord.http", "discord.webhook.async_"):
        log = logging.getLogger(name)
        if not any(isinstance(item, TokenFilter) for item in log.filters):
            log.addFilter(TokenFilter())
