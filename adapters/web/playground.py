"""The playground: a team chat in the browser, as a platform of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fastapi import FastAPI, Request

from adapters.web.administrators import LINK_LIFETIME, OneTimeLinks
from adapters.web.channel_access import HOME, HOME_CHANNELS
from adapters.web.channel_reader import ChannelReading
from adapters.web.chat_page import ChatView, Scene, show_chat
from adapters.web.composer import PLATFORM, Complete, spoken
from adapters.web.hub import Hub
from adapters.web.live_reply import BOT, open_reply, tell
from adapters.web.login import add_administrator_link, add_login
from adapters.web.routes import LINK_PATH, STATIC, Routes
from adapters.web.security import AccessRules, TryLimit
from adapters.web.server import Assets, hosted, listen, serve, url_of
from adapters.web.sign_ins import SignInLog
from bot.errors import ConfigError, PlatformError, StorageError
from bot.ports import AdapterStateStore, AuditStore, Bot, Clock, Reply, WorkspaceStore
from bot.settings import LOOPBACK_HOSTS
from bot.types import ChannelMessage, ConversationKey, Draft, Incoming, ThreadMessage, Turn

PACE_SECONDS = 0.1
"""Ten steps a second look like a stream; more is only work."""

READ_PAGE = 100

WELCOME = """**Welcome to Seedling.** This is a team chat with a model in it.

- Mention **@seedling** in a channel: the answer comes in a thread, and more questions there need no mention.
- Write to **Seedling** in your direct conversation, without any mention: nobody else sees it.
- Type `/` for commands: `/ask` a question, `/set` a parameter, `/show` the settings here, `/help` for the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaygroundOptions:
    """Options of the playground; `port` 0 is a free one, `secret` signs sessions, `notice` tells what answers."""

    host: str
    port: int
    password: str | None = field(repr=False)
    secret: str = field(repr=False)
    model_name: str
    notice: str
    complete: Complete


class PlaygroundStore(WorkspaceStore, AdapterStateStore, AuditStore, Protocol):
    """Store of the playground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Address of the playground; `administrator` is a link that makes who opens it administrator, once."""

    url: str
    administrator: str = field(repr=False)
    minutes: int = int(LINK_LIFETIME.total_seconds()) // 60


class Playground(ChannelReading):
    """The platform "local": pages for people, and for the core a `Platform` whose channels can be read."""

    def __init__(self, store: PlaygroundStore, *, options: PlaygroundOptions, clock: Clock) -> None:
        super().__init__(store)
        self._options = options
        self._clock = clock
        self._hub = Hub()
        self._links = OneTimeLinks(store, clock)
        self._sign_ins = SignInLog(store, clock)
        self._address: asyncio.Future[Address] | None = None
        self._port = 0

    # ------------------------------------------------------------ the platform

    @property
    def name(self) -> str:
        """The platform's part of a conversation key."""
        return PLATFORM

    @property
    def min_update_interval(self) -> float:
        """The least number of seconds between two `show` of one reply."""
        return PACE_SECONDS

    async def open_reply(self, turn: Turn) -> Reply:
        """Return the reply of `turn`, in the message that follows from its id. Raises `PlatformError`."""
        return await open_reply(self._store, self._hub, self._clock, turn)

    async def check_writable(self, turn: Turn) -> None:
        """Do nothing: the bot may write everywhere in the playground."""

    async def tell(self, asked: Incoming, draft: Draft) -> None:
        """Show a draft to the author of `asked` alone, on the pages that they have open."""
        await tell(self._hub, self._clock, asked, draft)

    async def read_thread(self, key: ConversationKey, *, limit: int) -> Sequence[ThreadMessage]:
        """Return the newest `limit` messages of a thread with its root, oldest first, without the bot's own."""
        if not key.thread or limit <= 0:
            return []
        try:
            return await self._read_thread(key, limit)
        except StorageError as error:
            raise PlatformError("the playground could not read a thread") from error

    async def _read_thread(self, key: ConversationKey, limit: int) -> Sequence[ThreadMessage]:
        found: list[ThreadMessage] = []
        before: ChannelMessage | None = None
        while len(found) < limit:
            page = await self._store.get_thread(key.workspace, key.channel, key.thread, before=before, limit=READ_PAGE)
            found[:0] = [_as_thread_message(item) for item in page if _is_said(item)]
            if len(page) < READ_PAGE:
                root = await self._store.get_message(key.workspace, key.channel, key.thread)
                found[:0] = [_as_thread_message(root)] if root and _is_said(root) else []
                break
            before = page[0]
        return found[-limit:]

    def show_elsewhere(self, message: ChannelMessage, is_new: bool) -> None:
        """Show on the open pages what another process has stored."""
        self._hub.publish(message, is_new=is_new)

    # ------------------------------------------------------------ the server

    async def url(self) -> str:
        """Return the address of the playground, once it listens."""
        return (await self.address()).url

    async def address(self) -> Address:
        """Return the same, with the link for its administrator."""
        return await asyncio.shield(self._listening())

    def _listening(self) -> asyncio.Future[Address]:
        if self._address is None:
            self._address = asyncio.get_running_loop().create_future()
        return self._address

    async def run(self, bot: Bot) -> None:
        """Serve until cancelled. Raises `ConfigError` when the address cannot be used, or is open to strangers."""
        options = self._options
        rules = AccessRules(loopback=options.host in LOOPBACK_HOSTS, password=options.password, secret=options.secret)
        if not rules.loopback and not rules.password:
            raise ConfigError("CONSOLE_PASSWORD", f"must be set, because HOST={options.host} lets other machines in")
        await self._furnish()
        scene = self._scene(bot, rules)

        async def page(request: Request) -> None:
            await show_chat(scene, request)

        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.mount("/assets", Assets(directory=STATIC, check_dir=False))
        limit = TryLimit(self._clock)
        add_login(app, rules=rules, limit=limit, log=self._sign_ins)
        add_administrator_link(app, rules=rules, limit=limit, links=self._links, log=self._sign_ins)
        routes = await asyncio.to_thread(Routes, components=[ChatView.component.key] if ChatView.component else [])
        listening = listen(options.host, options.port or self._port)
        self._port = listening.getsockname()[1]  # pages that are open come back to it after a restart
        with listening:
            address = await self._address_at(url_of(options.host, listening))
            async with hosted(app, page, rules=rules, routes=routes) as guarded:
                await serve(guarded, listening, lambda: self._announce(address))

    async def _address_at(self, url: str) -> Address:
        return Address(url=url, administrator=f"{url}{LINK_PATH}/{await self._links.issue()}")

    def _scene(self, bot: Bot, rules: AccessRules) -> Scene:
        return Scene(
            store=self._store,
            hub=self._hub,
            bot=bot,
            clock=self._clock,
            complete=self._options.complete,
            rules=rules,
            model_name=self._options.model_name,
            notice=self._options.notice,
        )

    def _announce(self, address: Address) -> None:
        if not self._listening().done():
            self._listening().set_result(address)

    async def _furnish(self) -> None:
        """On the first start, make a workspace to begin in."""
        if any(workspace.id == HOME.id for workspace in await self._store.get_workspaces()):
            return
        await self._store.put_workspace(HOME, HOME_CHANNELS, [BOT])
        welcome = ChannelMessage(
            workspace=HOME.id, channel="general", id="welcome", author=BOT, text=WELCOME, at=self._clock()
        )
        await self._store.put_messages([welcome])


def _is_said(message: ChannelMessage) -> bool:
    return message.author.id != BOT.id and not message.is_deleted


def _as_thread_message(message: ChannelMessage) -> ThreadMessage:
    return ThreadMessage(
        message_id=message.id,
        author=message.author,
        text=spoken(message.text),
        sent_at=message.at,
        attachments=message.attachments,
    )
