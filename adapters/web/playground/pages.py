"""Show channels and threads: whole pages that need no script, and the parts of them that scripts ask for."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from adapters.web.frame import page, render
from adapters.web.frame.routes import PageRoute
from adapters.web.playground.channel_access import may_remove
from adapters.web.playground.channel_reader import just_before
from adapters.web.playground.composer import suggest
from adapters.web.playground.context_chart import SHOWN
from adapters.web.playground.context_panel import present_context
from adapters.web.playground.files import terms
from adapters.web.playground.live_reply import BOT
from adapters.web.playground.message_view import (
    Json,
    place_path,
    present_channel,
    present_message,
    present_person,
    present_rows,
    render_ahead,
)
from adapters.web.playground.script_words import script_words
from adapters.web.playground.settings_form import present_panel, read_panel
from adapters.web.playground.shared import (
    PAGE_SIZE,
    TEXT_LIMIT,
    Scene,
    Surroundings,
    furnished,
    landing,
    query,
    surroundings,
)
from adapters.web.playground.visitor import NO_NAME, TAKEN, visitor_of
from bot.errors import StorageError
from bot.language import gettext, gettext_noop
from bot.time_zones import find_zone, load_zones
from bot.types import LOCALE, ChannelMessage, Incoming

logger = logging.getLogger(__name__)

OBJECTIONS = {"taken": TAKEN, "empty": NO_NAME}
NOT_READ = gettext_noop("The figures could not be read.")
SEARCH_LIMIT = 200
SEARCH_WORDS = 10
FOUND = 50
Read = Callable[..., Awaitable[Sequence[ChannelMessage]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Note for one person alone, below the messages; `asked` is the command that it answers."""

    kind: str
    html: str
    thread: str = ""
    asked: str = ""


class Pages:
    """The pages that are read."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._store = scene.store

    def routes(self) -> list[PageRoute]:
        """Return their addresses."""
        place = "/c/{workspace}/{channel}"
        return [
            page("/", self._home),
            page(place, self._show),
            page(f"{place}/{{thread}}", self._show),
            page("/complete/{workspace}/{channel}", self._complete),
            page("/text/{workspace}/{channel}/{thread}", self._text),
            page("/search", self._search),
        ]

    async def _home(self, request: Request) -> Response:
        visitor = visitor_of(request)
        channel = landing(visitor, await furnished(self._scene, visitor))
        return RedirectResponse(place_path(channel.workspace, channel.id), 303)

    async def _show(self, request: Request) -> Response:
        here = await surroundings(self._scene, request)
        if request.path_params["channel"] != here.channel.id:
            return RedirectResponse(place_path(here.channel.workspace, here.channel.id), 303)
        if request.query_params.get("part") == "messages":
            return await self._messages(request, here)
        return await self.show(request, here)

    async def show(self, request: Request, here: Surroundings, **more: Any) -> Response:
        """Return the page of a channel, maybe with a thread, and with what else there is to say."""
        _, position = await self._store.get_playground_positions()  # before what is read: nothing falls between
        await load_zones([here.visitor.zone])
        thread = await self._thread(request, here) if here.thread else None
        jumps_here, panel = not here.thread, request.query_params.get("panel")
        values = {
            **self._frame_values(here),
            "position": position,
            "main": await self._list(request, here, "", jumps=jumps_here),
            "thread": thread,
            "context": await self._context(here) if panel == "context" else None,
            "settings": await self._settings(request, here) if panel == "settings" else None,
            "notes": [],
            "name_error": gettext(OBJECTIONS.get(request.query_params.get("objection", ""), "")),
            **more,
        }
        return render(request, "playground/chat.html", **values)

    def _frame_values(self, here: Surroundings) -> Json:
        channel = here.channel
        title = channel.name if channel.direct else f"#{channel.name}"
        path = place_path(channel.workspace, channel.id)
        return {
            "title": title,
            "here": path,
            "path": f"{path}/{here.key.thread}" if here.thread else path,
            "workspaces": [
                {"id": item.id, "name": item.name, "path": place_path(item.id, first.id)}
                for item, channels in here.workspaces
                for first in [next((each for each in channels if each.id == "general"), channels[0])]
            ],
            "workspace": here.workspace,
            "channels": [present_channel(item) for item in here.channels],
            "channel": present_channel(channel),
            "person": present_person(here.visitor.person),
            "is_admin": here.visitor.is_admin,
            "may_remove": may_remove(channel, here.visitor.person, is_admin=here.visitor.is_admin),
            "model": self._scene.model_name,
            "notice": gettext(self._scene.notice).format(model=self._scene.model_name),
            "limit": TEXT_LIMIT,
            "file_terms": terms(self._scene.file_bytes),
            "placeholder": gettext("Ask Seedling anything")
            if channel.direct
            else gettext("Message {title}, mention @seedling to ask").format(title=title),
            "script_words": script_words(),
            "token": lambda: secrets.token_hex(12),
        }

    # ------------------------------------------------------------ lists of messages

    async def _thread(self, request: Request, here: Surroundings) -> Json:
        channel = here.channel
        root = await self._store.get_message(channel.workspace, channel.id, here.thread)
        if root is None or root.thread:
            return {"id": here.thread, "root": None, **_EMPTY}
        await render_ahead([root])
        found = await self._list(request, here, here.thread, since=root.at)
        return {"id": here.thread, "root": present_message(self._scene.hub.current(root)), **found}

    async def _list(
        self, request: Request, here: Surroundings, thread: str, *, since: datetime | None = None, jumps: bool = True
    ) -> Json:
        """Return one page of messages: the newest, or those beside the one that the query names."""
        channel = here.channel
        read: Read = (
            partial(self._store.get_thread, channel.workspace, channel.id, thread)
            if thread
            else partial(self._store.get_messages, channel.workspace, channel.id)
        )
        found, is_more, is_later = await self._read(request, here, read, jumps=jumps)
        await render_ahead(found)
        shown = [self._scene.hub.current(item) for item in found]
        path = place_path(channel.workspace, channel.id, *([thread] if thread else []))
        return {
            "rows": present_rows(shown, find_zone(here.visitor.zone), since=None if is_more else since),
            "earlier": path + query(before=shown[0].id) if is_more else "",
            "later": path + query(after=shown[-1].id) if is_later else "",
            "is_answering": any(item.answer is not None and item.answer.is_open for item in shown),
        }

    async def _read(
        self, request: Request, here: Surroundings, read: Read, *, jumps: bool
    ) -> tuple[Sequence[ChannelMessage], bool, bool]:
        """Return messages, whether there are earlier ones, and whether there are later ones."""
        channel = here.channel
        named = request.query_params if jumps else {}
        if start := await self._start(here, named.get("around", ""), named.get("date", "")):
            above = await read(before=start, limit=PAGE_SIZE // 2 + 1)
            below = await read(after=start, limit=PAGE_SIZE // 2 + 1)
            own = [start] if start.id else []
            around = [*above[-PAGE_SIZE // 2 :], *own, *below[: PAGE_SIZE // 2]]
            return around, len(above) > PAGE_SIZE // 2, len(below) > PAGE_SIZE // 2
        if after_id := named.get("after"):
            after = await self._store.get_message(channel.workspace, channel.id, after_id)
            found = await read(after=after, limit=PAGE_SIZE + 1) if after else []
            if found:
                return found[:PAGE_SIZE], True, len(found) > PAGE_SIZE
        before_id = named.get("before", "")
        before = await self._store.get_message(channel.workspace, channel.id, before_id) if before_id else None
        found = await read(before=before, limit=PAGE_SIZE + 1)
        return found[-PAGE_SIZE:], len(found) > PAGE_SIZE, before is not None

    async def _start(self, here: Surroundings, id: str, date: str) -> ChannelMessage | None:
        """Return the message to jump to, or what stands before all of a day; None for what is none."""
        channel = here.channel
        if id:
            return await self._store.get_message(channel.workspace, channel.id, id)
        try:
            day = datetime.fromisoformat(date).replace(tzinfo=find_zone(here.visitor.zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
        return just_before(here.key, day)

    async def _messages(self, request: Request, here: Surroundings) -> Response:
        """Return one page of messages alone."""
        await load_zones([here.visitor.zone])
        found = await self._list(request, here, here.thread)
        values = {**self._frame_values(here), "list": found}
        return render(request, "playground/messages.html", **values)

    async def _text(self, request: Request) -> Response:
        """Return a message as it was written."""
        here = await surroundings(self._scene, request)
        message = await self._store.get_message(here.channel.workspace, here.channel.id, here.thread)
        if message is None:
            raise HTTPException(404, gettext("This message is not here any more."))
        return PlainTextResponse(self._scene.hub.current(message).text, headers={"Cache-Control": "no-store"})

    async def _search(self, request: Request) -> Response:
        """Show the newest messages that have all words, of the channels that somebody sees."""
        visitor = visitor_of(request)
        asked = request.query_params.get("q", "")[:SEARCH_LIMIT]
        places = {
            (channel.workspace, channel.id): channel
            for _, channels in await furnished(self._scene, visitor)
            for channel in channels
        }
        words = asked.split()[:SEARCH_WORDS]
        found = await self._store.search_messages(list(places), words, limit=FOUND) if words else []
        await render_ahead(found)
        shown = [
            {
                "message": present_message(item),
                "channel": present_channel(places[item.workspace, item.channel]),
                "path": _path_to(item),
            }
            for item in found
        ]
        return render(
            request,
            "playground/search.html",
            asked=asked,
            found=shown,
            is_more=len(found) == FOUND,
            script_words=script_words(),
        )

    # ------------------------------------------------------------ beside the messages

    async def _context(self, here: Surroundings) -> Json:
        try:
            records = await self._scene.bot.request_history(here.key, limit=SHOWN)
        except StorageError:
            logger.warning("what was sent to the model could not be read", exc_info=True)
            return {"trouble": gettext(NOT_READ), "bars": []}
        return present_context(records)

    async def _settings(self, request: Request, here: Surroundings) -> Json:
        scope = request.query_params.get("scope", "")
        asked = Incoming(
            key=here.key,
            dedupe_key="",
            author=here.visitor.person,
            text="",
            sent_at=self._scene.clock(),
            is_admin=here.visitor.is_admin,
            is_direct=here.channel.direct,
            platform_data={LOCALE: here.visitor.locale},
        )
        panel = await read_panel(self._scene.bot, here, asked, scope)
        return {**present_panel(panel, scope or panel.scope), "told": ""}

    async def _complete(self, request: Request) -> Response:
        text = request.query_params.get("text", "")
        names: Sequence[str] = []
        if text[:1] not in ("/", "!"):
            here = await surroundings(self._scene, request)
            names = [item.name for item in await self._store.get_people(here.channel.workspace) if item.id != BOT.id]
        options = suggest(text, names, self._scene.complete)
        choices = [{"insert": option.insert, "label": option.label, "help": option.help} for option in options]
        return JSONResponse({"choices": choices}, headers={"Cache-Control": "no-store"})


def _path_to(message: ChannelMessage) -> str:
    """Return the address of a message where it stands."""
    if message.thread:
        return place_path(message.workspace, message.channel, message.thread) + query(around=message.id)
    return place_path(message.workspace, message.channel) + query(around=message.id)


_EMPTY: Json = {"rows": [], "earlier": "", "later": "", "is_answering": False}
