"""Slack as a platform of the bot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Final

import aiohttp
from starlette.routing import Route

from adapters.slack.api import channels
from adapters.slack.api.errors import SlackApiError
from adapters.slack.api.files import fetch
from adapters.slack.api.history import as_read, read_readable, unread_notice
from adapters.slack.api.limits import MINUTE_SECONDS
from adapters.slack.api.workspace import Connector, Origin, SingleWorkspace, SlackWorkspace, Workspaces, workspace_of
from adapters.slack.connection.bolt_app import EventDispatcher, make_app, make_handlers
from adapters.slack.connection.http_server import EVENTS_PATH, EventsEndpoint, listening, only
from adapters.slack.connection.socket_mode import SocketModeConnections
from adapters.slack.events.backfill import REDELIVERED
from adapters.slack.events.changes import follow_missed
from adapters.slack.events.messages import SlackMessageHandler
from adapters.slack.oauth.install_pages import InstallPages, InstallStore
from adapters.slack.oauth.installation_store import Installations, cipher_of
from adapters.slack.oauth.installed_workspaces import InstalledWorkspaces
from adapters.slack.oauth.token_rotation import AppSecrets, Rotation
from adapters.slack.options import SlackOptions
from adapters.slack.payloads import SlackMessage, moment
from adapters.slack.replies.ephemeral import EphemeralReply, tell
from adapters.slack.replies.markdown import escape_mrkdwn
from adapters.slack.replies.message_stream import Posts, SlackStore
from adapters.slack.replies.rendering import NOTICE
from adapters.slack.replies.reply import ReplyRules, SlackReply
from adapters.slack.replies.status import acknowledge, take_back
from adapters.slack.settings import PLATFORM
from bot.chat.background_tasks import BackgroundTasks
from bot.errors import ConfigError, ThreadNotWhole
from bot.event_errors import EventErrors
from bot.ports import Bot, Clock, Reply
from bot.turns.pending_answers import keep_telling
from bot.types import (
    Attachment,
    ConversationKey,
    Draft,
    Incoming,
    Membership,
    MessageRef,
    PendingAnswer,
    Person,
    Place,
    ReadMessage,
    Subject,
    ThreadMessage,
    Turn,
)

logger = logging.getLogger(__name__)

PACE_SECONDS: Final = 1.0
"""Slack takes about 100 appends a minute in a workspace, all answers together."""

SETTLE_SECONDS: Final = 4.0
"""How long a post may be on its way or not be seen whose process has ended, as for edits (`bot.turns.claim`)."""

STOP_SECONDS: Final = 5.0


class SlackPlatform:
    """A `Platform`, a `ChannelReader` and a `FileSource`; `run` listens."""

    def __init__(self, options: SlackOptions, connector: Connector, state: SlackStore, clock: Clock) -> None:
        self._options = options
        self._connector = connector
        self._workspaces, self._install_routes = make_workspaces(options, connector, state, clock)
        self._state = state
        self._posts = Posts(state, clock)
        self._clock = clock
        self._port: asyncio.Future[int] | None = None
        self._hears = asyncio.Event()
        self._gap = asyncio.Event()
        self._errors = EventErrors(self.name, logger)

    @property
    def name(self) -> str:
        """The platform's part of a conversation key."""
        return PLATFORM

    @property
    def min_update_interval(self) -> float:
        """The least number of seconds between two `show` of one reply."""
        return PACE_SECONDS * self._options.minute / MINUTE_SECONDS

    # ------------------------------------------------------------ answering

    async def open_reply(self, turn: Turn) -> Reply:
        """Return the reply of `turn`, going on with its messages when there are any, found after a while if they must
        be.

        Raises `PlatformError`.
        """
        asked = turn.incoming
        workspace = await self._workspace_of(asked)
        if turn.incoming.private:
            return EphemeralReply(workspace, turn, self._posts)
        rules = ReplyRules(
            settle_seconds=min(SETTLE_SECONDS, self._options.http_seconds + 1),
            stream_seconds=self._options.stream_seconds,
            minute=self._options.minute,
            code_entities=self._options.code_entities,
        )
        direct = turn.incoming.key.channel.startswith("D")
        reply = SlackReply(workspace, turn, rules, self._posts, direct=direct)
        await reply.find()
        return reply

    async def acknowledge(self, asked: Incoming) -> None:
        """Set the status of the thread that a question stands in or will begin. Raises `PlatformError`."""
        if asked.key.thread and not asked.private:
            workspace = await self._workspace_of(asked)
            await acknowledge(workspace, asked.key)

    async def take_back(self, key: ConversationKey) -> None:
        """Clear the status of a thread whose question is gone. Raises `PlatformError`."""
        if moment(key.thread) is not None:
            await take_back(await self._workspace(key), key)

    async def notify(self, turn: Turn, text: str) -> None:
        """Post below the answer of `turn`, with a mention of who asked it. Raises `PlatformError`."""
        asked = turn.incoming
        workspace = await self._workspace_of(asked)
        said = f"<@{asked.author.id}> {escape_mrkdwn(text)}"
        place = {"channel": asked.key.channel, "thread_ts": asked.key.thread or None}
        arguments = {**place, "text": said, "metadata": NOTICE}
        await workspace.calls.call("chat.postMessage", arguments, patience=60)

    async def known_refusal(self, turn: Turn) -> SlackApiError | None:
        """Return the refusal of a channel that is known to take no messages of the bot. Raises `PlatformError`."""
        asked = turn.incoming
        if asked.private or asked.key.channel.startswith("D"):
            return None
        workspace = await self._workspace_of(asked)
        code = await workspace.directory.unwritable(asked.key.channel)
        return SlackApiError("chat.postMessage", code) if code else None

    async def tell(self, asked: Incoming, draft: Draft) -> None:
        """Show a draft to the author of `asked` alone, in the channel or else in their direct message.

        Raises `PlatformError`.
        """
        if asked.key.workspace:
            workspace = await self._workspace_of(asked)
        else:
            workspace = await workspace_of(asked.author, await self._workspaces.everywhere())
        await tell(workspace, asked, draft)

    async def read_thread(self, key: ConversationKey, *, limit: int) -> Sequence[ThreadMessage]:
        """Return the newest `limit` messages of a thread, oldest first, of the bot's own only one that it hangs on.

        Raises `ThreadNotWhole` with those that Slack gives, and `PlatformError`.
        """
        if moment(key.thread) is None or limit <= 0:  # the direct message, or what is shown to nobody else
            return []
        workspace = await self._workspace(key)
        found, error = await read_readable(workspace.calls, key.channel, key.thread)
        others = [item for item in found if not workspace.is_own(item) or _is_told(item, key.thread)]
        messages = await as_read(workspace, others[-limit:])
        if error is not None:
            raise ThreadNotWhole(unread_notice(error, read=len(found)), messages) from error
        return messages

    async def describe(self, key: ConversationKey) -> Place:
        """Return what a channel and its workspace are called. Raises `PlatformError`."""
        return await (await self._workspace(key)).describe(key.channel)

    async def fetch(
        self,
        attachment: Attachment,
        *,
        limit: int,
        of: MessageRef | None = None,  # noqa: ARG002 - addresses of Slack last as long as their files
    ) -> bytes:
        """Return the whole file. Raises `FileTooLarge`, `FileGone` and `PlatformError`."""
        team, _, file = attachment.id.partition("/")
        return await fetch(await self._workspaces.get(Origin(team=team)), file, attachment, limit=limit)

    async def follow_changes(self, bot: Bot, key: ConversationKey, messages: Sequence[str]) -> None:
        """Follow what became of messages while nobody listened. Raises `PlatformError` and `StorageError`."""
        await follow_missed(bot, await self._workspace(key), key, messages, errors=self._errors)

    # ------------------------------------------------------------ reading channels

    async def read_channel(
        self, key: ConversationKey, *, since: datetime | None = None, before: datetime | None = None, limit: int
    ) -> Sequence[ReadMessage]:
        """Return the newest messages outside threads, oldest first. Raises `PlatformError`."""
        return await channels.read_channel(await self._workspace(key), key, since=since, before=before, limit=limit)

    async def read_replies(
        self, key: ConversationKey, thread: str, *, since: datetime | None = None, limit: int
    ) -> Sequence[ReadMessage]:
        """Return the newest messages of a thread without its root, oldest first. Raises `PlatformError`."""
        return await channels.read_replies(await self._workspace(key), key, thread, since=since, limit=limit)

    async def link(self, key: ConversationKey, message: ReadMessage) -> str:
        """Return the address under which people open a message. Raises `PlatformError`."""
        return channels.link(await self._workspace(key), key, message)

    async def may_read(self, key: ConversationKey, person: Person) -> bool:
        """Return whether somebody may read the channel; False when that cannot be told. Raises `PlatformError`."""
        return await channels.may_read(await self._workspace(key), key, person)

    async def is_public(self, key: ConversationKey) -> bool:
        """Return whether everybody in the workspace may read that channel. Raises `PlatformError`."""
        return await channels.is_public(await self._workspace(key), key)

    # ------------------------------------------------------------ what people are and may

    @property
    def direct_is_apart(self) -> bool:
        """A direct message belongs to the workspace of its person."""
        return False

    async def membership(self, asked: Incoming, *, groups: bool) -> Membership:
        """Return what somebody is and may where they are. Raises `PlatformError`."""
        return await (await self._workspace_of(asked)).membership(asked, groups=groups)

    async def subject_name(self, key: ConversationKey, subject: Subject) -> str | None:
        """Return what people call somebody or a group, None where there is none. Raises `PlatformError`."""
        return await (await self._workspace(key)).subject_name(subject)

    async def _workspace(self, key: ConversationKey) -> SlackWorkspace:
        return await self._workspaces.get(Origin(team=key.workspace))

    async def _workspace_of(self, asked: Incoming) -> SlackWorkspace:
        enterprise = asked.platform_data.get("enterprise", "")
        return await self._workspaces.get(Origin(team=asked.key.workspace, enterprise=enterprise))

    # ------------------------------------------------------------ listening

    async def run(self, bot: Bot) -> None:
        """Listen until cancelled. Raises `ConfigError` for what Slack or this machine does not take."""
        background = BackgroundTasks(self._errors)
        handlers = make_handlers(
            bot,
            self._state,
            clock=self._clock,
            slack_clock=self._connector.clock,
            background=background,
            errors=self._errors,
        )
        dispatcher = EventDispatcher(make_app(self._workspaces, handlers, self._errors), self._errors)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(dispatcher), name="Slack")
                catching_up = handlers.backfill.keep_reading(self._workspaces.everywhere, self._gap)
                group.create_task(catching_up, name="catching up")
                telling = keep_telling(bot, PLATFORM, lambda pending: self._tell_pending(handlers.messages, pending))
                group.create_task(telling, name="sending pending answers")
        except BaseExceptionGroup as errors:
            wrong = errors.subgroup(ConfigError)
            raise first_of(wrong if wrong is not None else errors) from errors
        finally:
            await background.aclose(grace=STOP_SECONDS)
            await handlers.backfill.positions.remember()

    async def _tell_pending(self, message_handler: SlackMessageHandler, pending: PendingAnswer) -> None:
        asked = pending.incoming
        workspace = await self._workspace_of(asked)
        await message_handler.tell_pending(workspace, pending)

    async def wait_ready(self) -> None:
        """Wait until Slack can deliver what people write."""
        await self._hears.wait()

    async def _listen(self, dispatcher: EventDispatcher) -> None:
        async with AsyncExitStack() as stack:
            if routes := self._routes(dispatcher):
                host, port = self._options.host, self._options.port or self._port_before()
                await stack.enter_async_context(listening(routes, host=host, port=port, announce=self._announce))
            if self._options.app_token is not None:
                await self._run_sockets(dispatcher, self._options.app_token)
            self._hears.set()
            await asyncio.Event().wait()

    def was_away(self, seconds: float) -> None:
        """Note that Slack delivers, after no connection had been there for so long."""
        self._hears.set()
        if seconds > REDELIVERED.total_seconds():
            self._gap.set()

    def _routes(self, dispatcher: EventDispatcher) -> list[Route]:
        """Return what is served over HTTP: events without Socket Mode, and the pages that install the app."""
        routes = list(self._install_routes)
        if self._options.app_token is None:
            secret = self._options.signing_secret
            if secret is None:
                fix = "must be set for events over HTTP; for Socket Mode set SLACK_APP_TOKEN instead"
                raise ConfigError("SLACK_SIGNING_SECRET", fix)
            routes.append(
                only("POST", EVENTS_PATH, EventsEndpoint(dispatcher, secret=secret, clock=self._clock).handle)
            )
        return routes

    async def _run_sockets(self, dispatcher: EventDispatcher, app_token: str) -> None:
        async def token() -> str:
            return app_token

        session, calls, rules = self._connector.session, self._connector.calls(token), self._options.sockets
        await SocketModeConnections(
            session, calls, dispatcher, rules, errors=self._errors, on_connected=self.was_away
        ).run()

    async def port(self) -> int:
        """Return the port of the listener, once it listens."""
        return await asyncio.shield(self._listening())

    def _port_before(self) -> int:
        """Return the port that was listened on before, where any free one will do: Slack goes on posting there."""
        return self._port.result() if self._port is not None and self._port.done() else 0

    def _announce(self, port: int) -> None:
        if not self._listening().done():
            self._listening().set_result(port)
        logger.info("listening for Slack", extra={"port": port, "path": EVENTS_PATH})

    def _listening(self) -> asyncio.Future[int]:
        if self._port is None:
            self._port = asyncio.get_running_loop().create_future()
        return self._port

    async def aclose(self) -> None:
        """End what is under way."""
        await self._workspaces.aclose()


@asynccontextmanager
async def open_slack(options: SlackOptions, state: SlackStore, *, clock: Clock) -> AsyncIterator[SlackPlatform]:
    """Slack, joined as `options` say, over one HTTP session. Raises `ConfigError`."""
    timeout = aiohttp.ClientTimeout(total=options.http_seconds)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
        connector = Connector(session, url=options.api_url, minute=options.minute, role_seconds=options.role_seconds)
        platform = SlackPlatform(options, connector, state, clock)
        try:
            yield platform
        finally:
            await platform.aclose()


def make_workspaces(
    options: SlackOptions, connector: Connector, state: InstallStore, clock: Clock
) -> tuple[Workspaces, Sequence[Route]]:
    """One workspace, or those in which the app is installed, with the pages that install it. Raises `ConfigError`."""
    if options.client_id is None:
        if options.bot_token is None:
            raise ConfigError("SLACK_BOT_TOKEN", "must be set, or SLACK_CLIENT_ID to install the app in workspaces")
        return SingleWorkspace(connector, options.bot_token), ()
    for name, value in (("SLACK_CLIENT_SECRET", options.client_secret), ("SECRET_KEY", options.secret_key)):
        if value is None:
            raise ConfigError(name, "must be set beside SLACK_CLIENT_ID, to install the app and keep its tokens")
    app = AppSecrets(client_id=options.client_id, client_secret=options.client_secret or "")
    before = list(filter(None, [options.secret_key_before]))
    installations = Installations(state, cipher_of(options.secret_key or "", *before), renews=bool(before))

    async def no_token() -> str:
        return ""

    calls = connector.calls(no_token)
    rotation = Rotation(installations, state, calls, app, clock)
    pages = InstallPages(installations, state, calls, app, clock)
    if options.api_url is not None:
        pages.url = f"{options.api_url.removesuffix('/api')}/oauth/v2/authorize"
    return InstalledWorkspaces(connector, installations, rotation), pages.routes()


def _is_told(message: SlackMessage, thread: str) -> bool:
    """Return whether a message of the bot is what a thread is about, and no question of somebody that it repeats."""
    return message.ts == thread and not message.is_announcement


def first_of(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of a group, however deep it is."""
    first = errors.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first
