"""The playground as people chat on it."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from nicegui import core as nicegui

from adapters.web import Playground, PlaygroundOptions
from adapters.web.channel_access import seen_by
from adapters.web.chat_page import ChatPage
from adapters.web.composer import MENTION, PLATFORM, message_id
from adapters.web.live_reply import BOT
from adapters.web.security import AccessRules
from adapters.web.visitors import Visitor
from bot.types import Person
from storage.in_memory.store import MemoryStore
from tests.contract.platforms.chat import Chat, Said, end, now


class RecordedView:
    """A page without a browser: what the person does goes in, what they are told is kept."""

    def __init__(self) -> None:
        self.told: list[Mapping[str, Any]] = []
        self.tell = self.told.append
        self.client = SimpleNamespace(on_delete=lambda _: None)
        self.act: Callable[[Any], Any] = lambda _: None

    def on(self, _: str, act: Callable[[Any], Any]) -> None:
        self.act = act

    async def do(self, do: str, **values: str) -> None:
        await self.act(SimpleNamespace(args={"do": do, **values}))


class PlaygroundChat(Chat):
    """The pages of Ada and Bob."""

    name, workspace, channel, mention = PLATFORM, "local", "general", MENTION

    def __init__(self, playground: Playground, store: MemoryStore) -> None:
        super().__init__(playground, store)
        self._pages: dict[str, RecordedView] = {}
        self._said = 0

    async def open(self) -> None:
        """Everybody opens a page."""
        await self.platform._furnish()
        rules = AccessRules(loopback=True, password=None, secret="s")
        shared = self.platform._scene(self.inbox, rules)
        places = [
            (workspace, await self.store.get_channels(workspace.id)) for workspace in await self.store.get_workspaces()
        ]
        for name in ("ada", "bob"):
            person = Person(id=name, name=name.capitalize())
            seen = [(item, seen_by(person, item, channels, is_admin=False)) for item, channels in places]
            view = self._pages[name] = RecordedView()
            ChatPage(shared, view, Visitor(person=person, is_admin=False, theme="", place=()), seen)  # type: ignore[arg-type]  # as much of a view as a page uses

    async def say(
        self, text: str, *, by: str = "ada", below: Said | None = None, direct: bool = False, file: bytes = b""
    ) -> Said:
        assert not file, "the playground takes no files"
        self._said += 1
        sent = {"by": by, "text": text, "token": f"t{self._said}", "thread": below.id if below else ""}
        sent["channel"] = f"direct-{by}" if direct else "general"
        said = Said(id=message_id(Person(id=by, name=by), sent["token"]), native=sent)
        await self.say_again(said)
        return said

    def call(self, person: str) -> str:
        return f"@{person.capitalize()}"

    async def say_again(self, said: Said) -> None:
        page, sent = self._pages[said.native["by"]], dict(said.native)
        await page.do("open", workspace=self.workspace, channel=sent.pop("channel"))
        await page.do("send", **sent)

    async def edit(self, said: Said, text: str) -> None:
        raise NotImplementedError("the playground lets nobody change a message")

    async def regenerate(self, said: Said, *, by: str) -> None:
        found = await self.store.get_thread(self.workspace, self.channel, said.id, limit=1)
        page = self._pages[by]
        await page.do("open", workspace=self.workspace, channel=self.channel)
        await page.do("again", id=found[0].id, how="regenerate", thread=said.id)

    async def delete(self, said: Said) -> None:
        page = self._pages[said.native["by"]]
        await page.do("open", workspace=self.workspace, channel=said.native["channel"])
        await page.do("delete", id=said.id, thread=said.native["thread"])

    async def answers(self, said: Said) -> Sequence[str]:
        root = said.native["thread"] or said.id
        found = await self.store.get_thread(self.workspace, said.native["channel"], root, limit=100)
        return [item.text for item in found if item.author.id == BOT.id and not item.is_deleted]

    def told(self) -> Sequence[str]:
        notes = [item["html"] for page in self._pages.values() for item in page.told if item["type"] == "note"]
        return [html.unescape(re.sub(r"<[^>]+>", "", note)) for note in notes]


@asynccontextmanager
async def playground() -> AsyncIterator[PlaygroundChat]:
    """The playground with two pages open."""
    store = MemoryStore(clock=now)
    options = PlaygroundOptions(
        host="127.0.0.1", port=0, password=None, secret="s", model_name="m", notice="", complete=lambda _: ()
    )
    chat = PlaygroundChat(Playground(store, options=options, clock=now), store)
    before, nicegui.loop = nicegui.loop, asyncio.get_running_loop()
    await chat.open()
    tasks = [asyncio.create_task(chat.dispatcher.run([chat.name]))]
    try:
        yield chat
    finally:
        await end(chat, tasks)
        nicegui.loop = before
