"""The playground: a team chat in the browser, as a platform of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from starlette.types import ASGIApp

from adapters.listeners import listen, serve, url_of
from adapters.web.frame import Frame, FrameOptions, FrameStore, WebPart, frame_app, make_frame
from adapters.web.frame.identity import PLATFORM
from adapters.web.frame.sign_in import LINK_LIFETIME
from adapters.web.frame.sign_in_pages import LINK_PATH
from adapters.web.playground.actions import Actions
from adapters.web.playground.channel_access import HOME, HOME_CHANNELS, WELCOME_ID
from adapters.web.playground.channel_reader import ChannelReading
from adapters.web.playground.channels import Channels
from adapters.web.playground.comparison import Comparisons
from adapters.web.playground.composer import Complete, spoken
from adapters.web.playground.event_stream import EventStreams
from adapters.web.playground.files import Files
from adapters.web.playground.hub import Hub
from adapters.web.playground.live_reply import BOT, open_reply, tell
from adapters.web.playground.message_html import MessageHtml
from adapters.web.playground.pages import Pages
from adapters.web.playground.request_examples import Api
from adapters.web.playground.shared import Scene
from bot.errors import FileGone, FileTooLarge, PlatformError, StorageError
from bot.language import gettext_noop
from bot.ports import Bot, Clock, Reply, WorkspaceStore
from bot.types import (
    Attachment,
    ChannelMessage,
    ConversationKey,
    Draft,
    Incoming,
    MessageRef,
    PlaygroundEvent,
    ThreadMessage,
    Turn,
)

ROOM: Final = Path(__file__).parent
PACE_SECONDS = 0.1
"""Ten steps a second look like a stream; more is only work."""

READ_PAGE = 100

WELCOME = gettext_noop(
    """**Welcome to Seedling.** This is a team chat with a model in it.

- Mention **@seedling** in a channel: the answer comes in a thread, and more questions there need no mention.
- Write to **Seedling** in your direct conversation, without any mention: nobody else sees it.
- Type `/` for commands: `/ask` a question, `/set` a parameter, `/show` the settings here, `/help` for the rest."""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaygroundOptions:
    """Options of the playground; `port` 0 is a free one, `notice` tells what answers.

    `api_url` is where requests to the model go, `file_bytes` the most that a file may have. `is_shared` says that other
    processes show the same playground, or answer in it.
    """

    frame: FrameOptions
    port: int
    model_name: str
    notice: str
    complete: Complete
    is_shared: bool = False
    file_bytes: int = 20_000_000
    api_url: str = ""


class PlaygroundStore(WorkspaceStore, FrameStore, Protocol):
    """Store of the playground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Address of the playground; `administrator` is a link that makes who opens it administrator, once."""

    url: str
    administrator: str = field(repr=False)
    minutes: int = int(LINK_LIFETIME.total_seconds()) // 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The pages, what they stand in, and what tells them of news."""

    app: ASGIApp
    frame: Frame
    hub: Hub


class Playground(ChannelReading):
    """The platform "local": pages for people, and for the core a `Platform` whose channels can be read."""

    def __init__(self, store: PlaygroundStore, *, options: PlaygroundOptions, clock: Clock) -> None:
        super().__init__(store)
        self._sign_in_store: FrameStore = store
        self._options = options
        self._clock = clock
        self._parts: list[WebPart] = []
        self._hub: Hub | None = None  # where pages are served
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
        return await open_reply(self._store, self._announce, self._clock, turn)

    async def fetch(
        self,
        attachment: Attachment,
        *,
        limit: int,
        of: MessageRef | None = None,  # noqa: ARG002 - files lie here by their ids
    ) -> bytes:
        """Return a file that somebody put beside a message. Raises `FileTooLarge`, `FileGone` and `PlatformError`."""
        try:
            file = await self._store.get_playground_file(attachment.id)
        except StorageError as error:
            raise PlatformError("the playground could not read a file") from error
        if file is None:
            raise FileGone("the file is not in the playground any more")
        if len(file.data) > limit:
            raise FileTooLarge(limit)
        return file.data

    async def known_refusal(self, turn: Turn) -> None:
        """Return None: the bot may write everywhere in the playground."""

    async def tell(self, asked: Incoming, draft: Draft) -> None:
        """Show a draft to the author of `asked` alone, on the pages that they have open."""
        await tell(self._announce, self._clock, asked, draft)

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

    async def _announce(self, event: PlaygroundEvent | None) -> None:
        """Let open pages hear of an event; a step of an answer needs no store where this process is alone."""
        is_step = event is not None and event.kind == "answer" and not self._options.is_shared
        if event is not None and not is_step:
            await self._store.add_playground_events([event])
        if self._hub is not None:
            self._hub.hear(event if is_step else None)

    def wake(self) -> None:
        """Look at once for what another process has stored."""
        if self._hub is not None:
            self._hub.hear()

    # ------------------------------------------------------------ the server

    def add(self, part: WebPart) -> None:
        """Serve the pages of another part beside these, from the next start of the server on."""
        self._parts.append(part)

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
        host = self._options.frame.host
        listening = listen(host, self._options.port or self._port)
        self._port = listening.getsockname()[1]  # pages that are open come back to it after a restart
        with listening:
            async with self.site(bot) as site:
                url = url_of(host, listening)
                link = f"{url}{LINK_PATH}/{await site.frame.sign_ins.links.issue()}"
                address = Address(url=url, administrator=link)
                await serve(site.app, listening, lambda: self._tell_address(address), site.hub.close)

    @asynccontextmanager
    async def site(self, bot: Bot) -> AsyncIterator[Site]:
        """Yield the pages as an application, which follow what is stored for as long as the context lasts."""
        await self._furnish()
        frame = await make_frame(self._options.frame, self._sign_in_store, self._clock, rooms=[ROOM], parts=self._parts)
        hub = self._hub = Hub(self._store, self._clock, MessageHtml(frame.templates.environment))
        scene = Scene(
            store=self._store,
            hub=hub,
            bot=bot,
            clock=self._clock,
            complete=self._options.complete,
            model_name=self._options.model_name,
            notice=self._options.notice,
            file_bytes=self._options.file_bytes,
            api=Api(url=self._options.api_url, model=self._options.model_name),
        )
        files = Files(scene)
        pages = Pages(scene)
        others = [route for part in self._parts for route in part.routes(frame, bot)]
        routes = [
            *pages.routes(),
            *Actions(scene, pages, files).routes(),
            *Channels(scene).routes(),
            *files.routes(),
            *EventStreams(scene).routes(),
            *Comparisons(scene).routes(),
            *others,
        ]
        following = asyncio.create_task(hub.follow(), name="what happens in the playground")
        try:
            yield Site(app=frame_app(routes, frame), frame=frame, hub=hub)
        finally:
            self._hub = None
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    def _tell_address(self, address: Address) -> None:
        if not self._listening().done():
            self._listening().set_result(address)

    async def _furnish(self) -> None:
        """On the first start, make a workspace to begin in."""
        if any(workspace.id == HOME.id for workspace in await self._store.get_workspaces()):
            return
        await self._store.put_workspace(HOME, HOME_CHANNELS, [BOT])
        welcome = ChannelMessage(
            workspace=HOME.id, channel="general", id=WELCOME_ID, author=BOT, text=WELCOME, at=self._clock()
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
