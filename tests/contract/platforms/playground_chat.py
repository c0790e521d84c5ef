"""The playground as people chat on it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from html import unescape
from typing import Any

from adapters.web.frame import FrameOptions
from adapters.web.frame.identity import PLATFORM
from adapters.web.playground.composer import MENTION, message_id
from adapters.web.playground.live_reply import BOT
from adapters.web.playground.platform import Playground, PlaygroundOptions
from bot.types import Person
from storage.in_memory.store import MemoryStore
from tests.contract.platforms.chat import Chat, Said, end, now
from tests.web_visitors import SECRET, Visitor


class PlaygroundChat(Chat):
    """The pages of Ada and Bob."""

    name, workspace, channel, mention = PLATFORM, "local", "general", MENTION

    def __init__(self, playground: Playground, store: MemoryStore) -> None:
        super().__init__(playground, store)
        self._people: dict[str, Visitor] = {}
        self._said = 0

    def open(self, app: Any) -> None:
        """Everybody opens a page."""
        self._people = {name: Visitor(app, name, name.capitalize()) for name in ("ada", "bob")}

    async def say(
        self, text: str, *, by: str = "ada", below: Said | None = None, direct: bool = False, file: bytes = b""
    ) -> Said:
        self._said += 1
        sent = {"by": by, "text": text, "token": f"t{self._said}", "thread": below.id if below else ""}
        sent["channel"] = f"direct-{by}" if direct else "general"
        if file:
            place = f"{self.workspace}/{sent['channel']}"
            sent["files"] = (await self._people[by].upload(place, "notes.txt", file)).json()["id"]
        said = Said(id=message_id(Person(id=by, name=by), sent["token"]), native=sent)
        await self.say_again(said)
        return said

    def call(self, person: str) -> str:
        return f"@{person.capitalize()}"

    async def say_again(self, said: Said) -> None:
        sent = dict(said.native)
        by = self._people[sent.pop("by")]
        told = await by.send(place=f"local/{sent.pop('channel')}", **sent)
        for asks in re.findall(
            r'formaction="([^"]+/forget[^"]+)"', str([note["html"] for note in told.get("notes", [])])
        ):
            await by.post(unescape(asks))

    async def edit(self, said: Said, text: str) -> None:
        path = f"/c/local/{said.native['channel']}/edit"
        await self._people[said.native["by"]].post(path, id=said.id, thread=said.native["thread"], text=text)

    async def regenerate(self, said: Said, *, by: str) -> None:
        found = await self.store.get_thread(self.workspace, self.channel, said.id, limit=1)
        query = f"id={found[0].id}&how=regenerate&thread={said.id}"
        await self._people[by].post(f"/c/local/general/again?{query}")

    async def rate(self, said: Said, *, by: str) -> None:
        found = await self.store.get_thread(self.workspace, self.channel, said.id, limit=1)
        await self._people[by].post(f"/c/local/general/feedback?id={found[0].id}&good=yes&thread={said.id}")

    async def delete(self, said: Said) -> None:
        path = f"/c/local/{said.native['channel']}/delete"
        await self._people[said.native["by"]].post(f"{path}?id={said.id}&thread={said.native['thread']}")

    async def answers(self, said: Said) -> Sequence[str]:
        root = said.native["thread"] or said.id
        found = await self.store.get_thread(self.workspace, said.native["channel"], root, limit=100)
        return [item.text for item in found if item.author.id == BOT.id and not item.is_deleted]

    def told(self) -> Sequence[str]:
        return [note for person in self._people.values() for note in person.told]


@asynccontextmanager
async def playground() -> AsyncIterator[PlaygroundChat]:
    """The playground with two pages open."""
    store = MemoryStore(clock=now)
    options = PlaygroundOptions(
        frame=FrameOptions(host="127.0.0.1", secret=SECRET), port=0, model_name="m", notice="", complete=lambda _: ()
    )
    chat = PlaygroundChat(Playground(store, options=options, clock=now), store)
    async with chat.platform.site(chat.inbox) as site:
        chat.open(site.app)
        tasks = [asyncio.create_task(chat.dispatcher.run([chat.name]))]
        try:
            yield chat
        finally:
            await end(chat, tasks)
