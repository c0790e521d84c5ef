"""Serve one open page: its view, and the actions of its person."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from nicegui import background_tasks, ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments
from starlette.requests import Request

from adapters.web.channel_access import DIRECT, HOME, Furnished, direct_channel, seen_by
from adapters.web.composer import PLATFORM, Complete, ComposedMessage, Submission, prepare, suggest
from adapters.web.context_chart import SHOWN
from adapters.web.context_panel import present_context
from adapters.web.hub import Hub, MessageChanged
from adapters.web.live_reply import BOT
from adapters.web.markdown_html import render_markdown
from adapters.web.message_view import Json, present_message, present_person, present_workspace, render_ahead
from adapters.web.security import AccessRules
from adapters.web.visitors import Visitor, plain_name, visitor_of
from bot.errors import BotError, InvalidInput, StorageError
from bot.ports import Bot, Clock, WorkspaceStore
from bot.types import Channel, ChannelMessage, ConversationKey, Entrance, FollowUp, Incoming, Outcome, Person

logger = logging.getLogger(__name__)

PAGE_SIZE = 50
TEXT_LIMIT = 40_000

NOT_STORED = "That could not be saved, so it was not sent. Try again in a moment."
NOT_READ = "The history could not be read. Try again in a moment."
BROKEN = "Something went wrong. The details are in Seedling's log."


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Objects that every page shares."""

    store: WorkspaceStore
    hub: Hub
    bot: Bot
    clock: Clock
    complete: Complete
    rules: AccessRules
    model_name: str
    notice: str


class ChatView(Element, component="static/seedling_chat.js"):
    """The chat in the browser: it emits "act" with what the person does and receives what to show."""

    def __init__(self, config: Json) -> None:
        super().__init__()
        self._props["config"] = config

    def tell(self, event: Json) -> None:
        """Send one event to the browser."""
        self.run_method("receive", event)


async def show_chat(scene: Scene, request: Request) -> None:
    """Build the page for one visitor."""
    visitor = visitor_of(request, scene.rules)
    workspaces = [
        (
            workspace,
            seen_by(visitor.person, workspace, await scene.store.get_channels(workspace.id), is_admin=visitor.is_admin),
        )
        for workspace in await scene.store.get_workspaces()
    ]
    channel, thread = _landing(request.scope["path"], workspaces, visitor)
    ui.add_head_html(_head(visitor.theme))
    config = {
        "workspaces": [present_workspace(item, channels) for item, channels in workspaces],
        "person": present_person(visitor.person),
        "is_admin": visitor.is_admin,
        "model": scene.model_name,
        "notice": scene.notice,
        "workspace": channel.workspace,
        "channel": channel.id,
        "thread": thread,
        "theme": visitor.theme,
        "limit": TEXT_LIMIT,
    }
    ChatPage(scene, ChatView(config), visitor, workspaces)


def _head(theme: str) -> str:
    sheets = "".join(
        f'<link rel="stylesheet" href="/assets/{name}.css">' for name in ("base", "chat", "message", "context")
    )
    return f"{sheets}<script>document.documentElement.dataset.theme = {json.dumps(theme)};</script>"


def _landing(path: str, workspaces: Furnished, visitor: Visitor) -> tuple[Channel, str]:
    """Return the channel (and thread) that the address names, else the last one viewed, else the first one."""
    by_place = _by_place(workspaces)
    by_place[HOME.id, DIRECT] = direct_channel(visitor.person)
    _, _, *named = path.split("/")  # "/c/workspace/channel" and perhaps "/thread"
    if channel := by_place.get(tuple(named[:2])):
        return channel, named[2] if len(named) > 2 else ""
    return by_place.get(visitor.place) or by_place.get((HOME.id, "general")) or next(iter(by_place.values())), ""


def _by_place(workspaces: Furnished) -> dict[tuple[str, ...], Channel]:
    return {(channel.workspace, channel.id): channel for _, channels in workspaces for channel in channels}


class ChatPage:
    """Answers what one page asks for, and tells it what changes where it looks."""

    def __init__(self, scene: Scene, view: ChatView, visitor: Visitor, workspaces: Furnished) -> None:
        self._scene = scene
        self._store = scene.store
        self._view = view
        self._person = visitor.person
        self._is_admin = visitor.is_admin
        self._workspaces = {item.id: item for item, _ in workspaces}
        self._channels = _by_place(workspaces)
        self._channel: Channel | None = None
        self._thread = ""
        self._asked: set[str] = set()
        self._introduced: set[tuple[str, str | Person]] = set()
        self._actions: Mapping[str, Callable[[_Request], Awaitable[None]]] = {
            "open": self._open,
            "thread": self._open_thread,
            "earlier": self._earlier,
            "send": self._send,
            "stop": self._stop,
            "again": self._again,
            "delete": self._delete,
            "context": self._show_context,
            "complete": self._complete,
            "rename": self._rename,
        }
        view.on("act", self._act)
        view.client.on_delete(scene.hub.listen(self._on_change))

    async def _act(self, event: GenericEventArguments) -> None:
        """Do what the person asked for; whatever goes wrong is said where they are."""
        request = _Request(event.args if isinstance(event.args, dict) else {})
        action = self._actions.get(request.text("do"))
        if action is None:
            return
        try:
            await action(request)
        except StorageError:
            logger.warning(
                "the playground could not use the database", extra={"action": request.text("do")}, exc_info=True
            )
            self._fail(request, NOT_STORED if request.text("do") == "send" else NOT_READ)
        except BotError as error:
            self._fail(request, str(error))
        except Exception:
            logger.exception("an action of the playground failed", extra={"action": request.text("do")})
            self._fail(request, BROKEN)

    def _fail(self, request: _Request, text: str) -> None:
        self._view.tell({"type": "failed", "token": request.text("token"), "text": text})

    # ------------------------------------------------------------ looking

    async def _open(self, request: _Request) -> None:
        channel = self._channels.get((request.text("workspace"), request.text("channel")))
        if channel is None:
            return
        self._channel, self._thread = channel, ""
        await self._tell_page(
            "channel", partial(self._store.get_messages, channel.workspace, channel.id), _place(channel)
        )

    async def _open_thread(self, request: _Request) -> None:
        self._thread = request.text("thread")
        channel = self._channel
        if channel is None or not self._thread:
            return
        root = await self._store.get_message(channel.workspace, channel.id, self._thread)
        if root is None:
            self._view.tell({"type": "thread", "thread": self._thread, "root": None, "messages": [], "more": False})
            return
        read = partial(self._store.get_thread, channel.workspace, channel.id, root.id)
        extra = {**_place(channel), "thread": root.id, "root": present_message(self._scene.hub.current(root))}
        await self._tell_page("thread", read, extra)

    async def _earlier(self, request: _Request) -> None:
        channel, thread = self._channel, request.text("thread")
        if channel is None:
            return
        before = await self._store.get_message(channel.workspace, channel.id, request.text("before"))
        if before is None:
            return
        if thread:
            read = partial(self._store.get_thread, channel.workspace, channel.id, thread, before=before)
        else:
            read = partial(self._store.get_messages, channel.workspace, channel.id, before=before)
        await self._tell_page("earlier", read, {**_place(channel), "thread": thread})

    async def _tell_page(
        self, type: str, read: Callable[..., Awaitable[Sequence[ChannelMessage]]], extra: Json
    ) -> None:
        """Read one page of messages and send it, saying whether there are earlier ones."""
        found = await read(limit=PAGE_SIZE + 1)
        await render_ahead(found)
        messages = [present_message(self._scene.hub.current(item)) for item in found[-PAGE_SIZE:]]
        self._view.tell({"type": type, **extra, "messages": messages, "more": len(found) > PAGE_SIZE})

    def _on_change(self, change: MessageChanged) -> None:
        message, here = change.message, self._channel
        if here is None or change.only_for not in ("", self._person.id):
            return
        if (message.workspace, message.channel) not in self._channels:
            return  # somebody else's direct conversation
        if (message.workspace, message.channel) != (here.workspace, here.id):
            if change.is_new:
                self._view.tell({"type": "unread", "workspace": message.workspace, "channel": message.channel})
            return
        if message.thread in ("", self._thread):
            self._view.tell({"type": "message", "channel": here.id, "message": present_message(message)})
        if change.is_new and message.thread:
            background_tasks.create(self._refresh_root(message), name="playground thread count")

    async def _refresh_root(self, reply: ChannelMessage) -> None:
        """Show the new number of replies; an answer to this page's own question opens its thread."""
        try:
            root = await self._store.get_message(reply.workspace, reply.channel, reply.thread)
        except StorageError:
            logger.warning("a thread's root could not be read", exc_info=True)
            return
        if root is not None:
            await render_ahead([root])
            self._view.tell({"type": "message", "channel": root.channel, "message": present_message(root)})
        if reply.author.id == BOT.id and reply.thread in self._asked:
            self._asked.discard(reply.thread)
            self._view.tell({"type": "answering", "channel": reply.channel, "thread": reply.thread})

    async def _show_context(self, request: _Request) -> None:
        """Show what a conversation sent to the model."""
        channel = self._channel
        if channel is None:
            return
        key = _conversation(channel, request)
        records = await self._scene.bot.request_history(key, limit=SHOWN)
        event = {"type": "context", **_place(channel), "thread": key.thread, "context": present_context(records)}
        self._view.tell(event)

    # ------------------------------------------------------------ writing

    async def _send(self, request: _Request) -> None:
        channel, text = self._channel, request.text("text", limit=TEXT_LIMIT)
        if channel is None or not text.strip():
            return
        thread = request.text("thread")
        if thread and await self._store.get_message(channel.workspace, channel.id, thread) is None:
            raise InvalidInput("This thread is not here any more.")
        written = ComposedMessage(
            channel=channel,
            thread=thread,
            author=self._person,
            text=text,
            token=request.text("token"),
            at=self._scene.clock(),
            is_admin=self._is_admin,
        )
        sending = prepare(written)
        if sending.message is not None or channel.direct:
            await self._introduce(channel)
        if sending.message is not None:
            await self._store.put_messages([sending.message])
            self._asked.add(sending.message.id)
        await self._hand_over(sending, request)

    async def _introduce(self, channel: Channel) -> None:
        """Make the person known before they first write somewhere under this name, and their direct conversation."""
        new = (channel.workspace, channel.id if channel.direct else self._person)
        if new not in self._introduced:
            workspace = self._workspaces[channel.workspace]
            channels, people = ([channel], []) if channel.direct else ([], [self._person])
            await self._store.put_workspace(workspace, channels, people)
            self._introduced.add(new)

    async def _hand_over(self, sending: Submission, request: _Request) -> None:
        """Give the incoming to the bot; only then is it shown as sent."""
        note = ""
        try:
            handled = await self._scene.bot.handle(sending.incoming)
            note = handled.text if handled.outcome is Outcome.REPLIED else ""
        except InvalidInput as error:
            await self._note("error", str(error), request, sending.incoming)
            if sending.message is None:
                self._view.tell({"type": "kept", "token": request.text("token")})
                return
        self._view.tell({"type": "sent", "token": request.text("token")})
        if sending.message is not None:
            await render_ahead([sending.message])
            self._scene.hub.publish(sending.message, is_new=True)
        if note:
            await self._note("info", note, request, sending.incoming)

    async def _note(self, kind: str, markdown: str, request: _Request, asked: Incoming) -> None:
        """Show what is for this person alone, the answer to something that they asked."""
        html = render_markdown(markdown)
        self._view.tell({"type": "note", "kind": kind, "thread": request.text("thread"), "html": html})
        await self._scene.bot.mark_answered(asked)

    async def _stop(self, request: _Request) -> None:
        if self._channel is None:
            return
        asked = self._pressed(_conversation(self._channel, request))
        try:
            await self._scene.bot.stop(asked.key, asked=asked)
        except InvalidInput as error:
            await self._note("error", str(error), request, asked)

    async def _again(self, request: _Request) -> None:
        """Go on with the turn that last wrote an answer: only those that stand here, whatever a browser sends."""
        channel, how = self._channel, request.text("how")
        if channel is None or how not in set(FollowUp):
            return
        message = await self._store.get_message(channel.workspace, channel.id, request.text("id"))
        if message is None or not message.turn:
            return
        asked = self._pressed(_conversation(channel, request))
        try:
            note = (await self._scene.bot.follow_up(message.turn, FollowUp(how), asked=asked)).text
        except InvalidInput as error:
            note = str(error)
        if note:
            await self._note("error", note, request, asked)

    def _pressed(self, key: ConversationKey) -> Incoming:
        """Return what somebody does by a button; a browser sends it once."""
        dedupe_key = f"b-{secrets.token_hex(12)}"
        return Incoming(
            key=key,
            dedupe_key=dedupe_key,
            author=self._person,
            text="",
            sent_at=self._scene.clock(),
            is_admin=self._is_admin,
            entrance=Entrance.BUTTON,
            is_direct=self._channel is not None and self._channel.direct,
        )

    async def _delete(self, request: _Request) -> None:
        """Delete a message of one's own, and all that was made of it."""
        if (channel := self._channel) is None:
            return
        message = await self._store.get_message(channel.workspace, channel.id, request.text("id"))
        if message is None or message.author.id != self._person.id:
            return
        await self._scene.bot.on_message_deleted(_conversation(channel, request), message.id)
        self._scene.hub.publish(replace(message, text="", attachments=()), is_new=False)

    async def _complete(self, request: _Request) -> None:
        text = request.text("text", limit=TEXT_LIMIT)
        names: Sequence[str] = []
        if self._channel is not None and text[:1] not in ("/", "!"):
            people = await self._store.get_people(self._channel.workspace)
            names = [person.name for person in people if person.id != BOT.id]
        options = suggest(text, names, self._scene.complete)
        choices = [{"insert": option.insert, "label": option.label, "help": option.help} for option in options]
        self._view.tell({"type": "choices", "token": request.text("token"), "text": text, "choices": choices})

    # ------------------------------------------------------------ the person

    async def _rename(self, request: _Request) -> None:
        self._person = Person(id=self._person.id, name=plain_name(request.text("name")))
        self._view.tell({"type": "person", "person": present_person(self._person)})


def _place(channel: Channel) -> Json:
    return {"workspace": channel.workspace, "channel": channel.id}


def _conversation(channel: Channel, request: _Request) -> ConversationKey:
    return ConversationKey(
        platform=PLATFORM, workspace=channel.workspace, channel=channel.id, thread=request.text("thread")
    )


class _Request:
    """Request of a browser: read as text of limited length, whatever it is."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def text(self, name: str, *, limit: int = 200) -> str:
        """Return the value as text, "" when it is none or too long."""
        value = self._values.get(name)
        return value if isinstance(value, str) and len(value) <= limit else ""
