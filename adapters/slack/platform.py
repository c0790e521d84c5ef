"""Slack as a platform of the bot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp import web

from adapters.slack.acting import Acting
from adapters.slack.errands import Errands
from adapters.slack.hearing import Hearing
from adapters.slack.history import as_read, read_pages
from adapters.slack.http import EVENTS_PATH, Events, listening
from adapters.slack.intake import Intake
from adapters.slack.limits import MINUTE_SECONDS, STREAM_SECONDS
from adapters.slack.listeners import make_app
from adapters.slack.reading import PLATFORM
from adapters.slack.reply import PrivateReply, ReplyRules, SlackReply
from adapters.slack.sockets import SocketRules, Sockets
from adapters.slack.workspace import Workspace
from adapters.slack.workspaces import Connector, Origin, SingleWorkspace, Workspaces
from bot.errors import ConfigError
from bot.ports import AdapterStateStore, Bot, Clock, Reply
from bot.types import ConversationKey, ThreadMessage, Turn

logger = logging.getLogger(__name__)

PACE_SECONDS: Final = 1.0
"""Slack takes about 100 appends a minute in a workspace, all answers together."""

HTTP_SECONDS: Final = 15.0
"""How long one call of the Web API may take."""

STOP_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackOptions:
    """How Slack is joined: one workspace by `bot_token`, or many by `client_id` and `client_secret`.

    With `app_token` deliveries come over Socket Mode, else over HTTP at `host` and `port`, signed with
    `signing_secret`. `secret_key` encrypts stored tokens. `api_url` is another server than Slack's. `minute` is how
    many seconds a minute of Slack's limits lasts.
    """

    bot_token: str | None = field(default=None, repr=False)
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 3000
    api_url: str | None = None
    http_seconds: float = HTTP_SECONDS
    stream_seconds: float = STREAM_SECONDS
    minute: float = MINUTE_SECONDS
    sockets: SocketRules = field(default_factory=SocketRules)


class SlackPlatform:
    """A `Platform`, a `ChannelReader` and a `FileSource`; `run` listens."""

    def __init__(
        self,
        options: SlackOptions,
        connector: Connector,
        workspaces: Workspaces,
        state: AdapterStateStore,
        clock: Clock,
    ) -> None:
        self._options = options
        self._connector = connector
        self._workspaces = workspaces
        self._state = state
        self._clock = clock
        self._port: asyncio.Future[int] | None = None
        self.sockets: Sockets | None = None

    @property
    def name(self) -> str:
        """The platform's part of a conversation key."""
        return PLATFORM

    @property
    def pace(self) -> float:
        """The least number of seconds between two `show` of one reply."""
        return PACE_SECONDS * self._options.minute / MINUTE_SECONDS

    # ------------------------------------------------------------ answering

    async def open_reply(self, turn: Turn) -> Reply:
        """The reply of `turn`, going on with its messages when there are any. Raises `PlatformError`."""
        workspace = await self._workspace(turn.incoming.key, turn.incoming.details.get("enterprise", ""))
        if turn.incoming.private:
            return PrivateReply(workspace, turn)
        rules = ReplyRules(
            settle_seconds=self._options.http_seconds + 1,
            stream_seconds=self._options.stream_seconds,
            minute=self._options.minute,
        )
        return SlackReply(workspace, turn, rules, direct=turn.incoming.key.channel.startswith("D"))

    async def read_thread(self, key: ConversationKey, *, limit: int) -> Sequence[ThreadMessage]:
        """The newest `limit` messages of a thread, oldest first, without the bot's own. Raises `PlatformError`."""
        if not key.thread or limit <= 0:
            return []
        workspace = await self._workspace(key)
        found = await read_pages(workspace.calls, key.channel, key.thread)
        others = [each for each in found if not workspace.is_own(each)]
        return [
            ThreadMessage(
                source_id=each.source_id, author=each.author, text=each.text, at=each.at, attachments=each.attachments
            )
            for each in (await as_read(workspace, others[-limit:]))
        ]

    async def _workspace(self, key: ConversationKey, enterprise: str = "") -> Workspace:
        return await self._workspaces.get(Origin(team=key.workspace, enterprise=enterprise))

    # ------------------------------------------------------------ listening

    async def run(self, bot: Bot) -> None:
        """Listen until cancelled. Raises `ConfigError` for what Slack or this machine does not take."""
        errands = Errands()
        hearing = Hearing(bot, errands)
        acting = Acting(bot, hearing, errands, clock=self._clock)
        intake = Intake(make_app(self._workspaces, hearing, acting))
        try:
            if self._options.app_token is not None:
                await self._run_sockets(intake)
            else:
                await self._run_http(intake)
        finally:
            await errands.aclose(grace=STOP_SECONDS)

    async def _run_sockets(self, intake: Intake) -> None:
        async def token() -> str:
            return self._options.app_token or ""

        calls = self._connector.calls(token)
        self.sockets = Sockets(self._connector.session, calls, intake, self._options.sockets)
        await self.sockets.run()

    async def _run_http(self, intake: Intake) -> None:
        secret = self._options.signing_secret
        if secret is None:
            raise ConfigError("SLACK_SIGNING_SECRET", "must be set for events over HTTP, or SLACK_APP_TOKEN instead")
        events = Events(intake, secret=secret, clock=self._clock)
        routes = [web.post(EVENTS_PATH, events.handle)]
        async with listening(routes, host=self._options.host, port=self._options.port, announce=self._announce):
            await asyncio.Event().wait()

    async def port(self) -> int:
        """The port of the listener, once it listens."""
        return await asyncio.shield(self._listening())

    def _announce(self, port: int) -> None:
        if not self._listening().done():
            self._listening().set_result(port)
        logger.info("listening for Slack", extra={"port": port, "path": EVENTS_PATH})

    def _listening(self) -> asyncio.Future[int]:
        if self._port is None:
            self._port = asyncio.get_running_loop().create_future()
        return self._port


@asynccontextmanager
async def open_slack(options: SlackOptions, state: AdapterStateStore, *, clock: Clock) -> AsyncIterator[SlackPlatform]:
    """Slack, joined as `options` say, over one HTTP session. Raises `ConfigError`."""
    timeout = aiohttp.ClientTimeout(total=options.http_seconds)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
        connector = Connector(session, url=options.api_url, minute=options.minute)
        workspaces = make_workspaces(options, connector)
        try:
            yield SlackPlatform(options, connector, workspaces, state, clock)
        finally:
            await workspaces.aclose()


def make_workspaces(options: SlackOptions, connector: Connector) -> Workspaces:
    """One workspace, or those in which the app is installed. Raises `ConfigError`."""
    if options.bot_token is None:
        raise ConfigError("SLACK_BOT_TOKEN", "must be set")
    return SingleWorkspace(connector, options.bot_token)
