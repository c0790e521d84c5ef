"""Discord as people chat on it, over its emulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.events.context_menus import ASK as ASK_MENU
from adapters.discord.events.context_menus import SUMMARISE as SUMMARISE_MENU
from adapters.discord.platform import DiscordPlatform, open_discord
from bot.chat.message_policy import EMOJI
from storage.in_memory.store import MemoryStore
from tests.contract.platforms.chat import Chat, Said, end, now
from tests.emulators.discord import DiscordEmulator, rules, running_discord
from tests.emulators.discord.forms import TEXT_INPUT
from tests.emulators.discord.permissions import bits
from tests.emulators.discord.world import THREAD_STARTER, Channel, Message, Role, User
from tests.integration.discord.scene import QUICK, labels, options_for


def is_answer(message: Message) -> bool:
    """Whether a message is an answer, by its buttons: below a confirmation there is only one."""
    return bool(set(labels(message)) - {"Undo"})


class DiscordChat(Chat):
    """#general of an emulated server; `deploys` is another bot there."""

    name = "discord"

    def __init__(self, discord: DiscordEmulator, platform: DiscordPlatform, store: MemoryStore) -> None:
        super().__init__(platform, store)
        self.discord = discord
        self.people = {item: discord.person(item) for item in ("ada", "bob", "deploys")}
        self.people["deploys"].bot = True
        self.guild = discord.guild("Garden", *self.people.values())
        self.staff = Role(id=discord.ids.old(), name="Staff", permissions=bits("manage_guild"))
        self.guild.roles[self.staff.id] = self.staff
        self.general = next(iter(self.guild.channels.values()))
        self.workspace, self.channel, self.mention = str(self.guild.id), str(self.general.id), discord.mention()
        self._listening: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Join the gateway."""
        before = len(self.discord.identifies)
        self._listening = asyncio.create_task(self.platform.run(self.inbox))
        await self.until(lambda: len(self.discord.identifies) > before)
        await self.discord.connected()

    async def leave(self) -> None:
        """Leave it, as at the end of a process."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def rename_bot(self, name: str) -> None:
        """The server gives the bot a nickname, which it learns when it joins the gateway."""
        await self.leave()
        self.guild.members[self.discord.bot.id].nick = name
        await self.listen()

    async def say(
        self, text: str, *, by: str = "ada", below: Said | None = None, direct: bool = False, file: bytes = b""
    ) -> Said:
        person = self.people[by]
        where = self.discord.direct(person) if direct else self.general
        if below is not None:
            where = await self._thread(below.native)
        files = [("notes.txt", file)] if file else []
        message = self.discord.say(person, where, text, attachments=files)
        return Said(id=str(message.id), native=message)

    async def open_thread(self) -> Said:
        ada = self.people["ada"]
        thread = self.discord.open_thread(ada, self.general, "Pump")
        message = self.discord.say(ada, thread, "The pump is broken.")
        return Said(id=str(message.id), native=message)

    async def _thread(self, message: Message) -> Channel:
        """The thread that a message stands in, or that the bot opened at it."""
        if message.channel.thread is None:
            await self.until(lambda: message.thread)
        found: Channel = message.thread or message.channel
        return found

    def call(self, person: str) -> str:
        return self.discord.mention(self.people[person])

    def id_of(self, person: str) -> str:
        return str(self.people[person].id)

    async def say_again(self, said: Said) -> None:
        self.discord.tell_again(said.native)

    async def edit(self, said: Said, text: str) -> None:
        self.discord.edit(said.native.author, said.native, text)

    async def delete(self, said: Said) -> None:
        self.discord.delete(said.native.author, said.native)

    async def command(self, text: str, *, by: str) -> None:
        name, *words = text.split(" ")
        keys = ("where", "parameter", "value")
        self.discord.slash(self.people[by], self.general, name, dict(zip(keys, words, strict=True)))

    async def regenerate(self, said: Said, *, by: str) -> None:
        answer = next(item for item in self.of_bot(said.native.thread) if labels(item))
        self.discord.press(self.people[by], answer, "Regenerate")

    async def rate(self, said: Said, *, by: str) -> None:
        answer = next(item for item in self.of_bot(said.native.thread) if labels(item))
        self.discord.press(self.people[by], answer, "Helpful")

    async def ask_about(self, said: Said, *, by: str) -> None:
        form = await self.discord.context_menu(self.people[by], ASK_MENU, said.native).shown()
        assert form.modal is not None
        field = next(node for node in rules.walk(form.modal["components"]) if node["type"] == TEXT_INPUT)
        await self.discord.submit_modal(self.people[by], form, {field["custom_id"]: "Why?"}).acknowledged()

    async def promote(self, person: str) -> None:
        self.guild.members[self.people[person].id].roles.append(self.staff.id)

    async def fill_in(self, name: str, value: str, *, by: str) -> None:
        panel = await self.discord.slash(self.people[by], self.general, "settings").shown()
        message = panel.original
        assert message is not None
        lists = [part for part in rules.walk(message.components) if ":parameter:" in part.get("custom_id", "")]
        if any(option["value"] == name for item in lists for option in item["options"]):
            chosen = await self.discord.select(self.people[by], message, lists[0]["custom_id"], [name]).shown()
            await self.discord.submit_modal(self.people[by], chosen, {"value": value}).acknowledged()

    async def shortcut(self, said: Said, *, by: str) -> None:
        self.discord.context_menu(self.people[by], SUMMARISE_MENU, said.native)

    async def react(self, said: Said, *, by: str) -> None:
        self.discord.react(self.people[by], said.native, EMOJI)

    async def answers(self, said: Said) -> Sequence[str]:
        place = said.native.thread or said.native.channel
        return [item.content for item in self.of_bot(place) if is_answer(item)]

    def told(self) -> Sequence[str]:
        places = [self.general, *self.discord.channels.values(), *map(self.discord.direct, self._persons())]
        return [item.content for place in dict.fromkeys(places) for item in self.of_bot(place) if not is_answer(item)]

    def _persons(self) -> Sequence[User]:
        return [person for person in self.people.values() if not person.bot]

    def of_bot(self, place: Channel) -> Sequence[Message]:
        """The bot's messages in a channel or thread that are seen."""
        shown = [
            message for message in place.messages.values() if not message.deleted and message.type != THREAD_STARTER
        ]
        return [item for item in shown if item.author is self.discord.bot]


@asynccontextmanager
async def discord() -> AsyncIterator[DiscordChat]:
    """The emulated Discord, heard over the gateway."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY  # the library's own addresses, given back at the end
    try:
        async with running_discord(QUICK) as emulator:
            store = MemoryStore(clock=now)
            async with open_discord(options_for(emulator), store, clock=now) as platform:
                chat = DiscordChat(emulator, platform, store)
                tasks = [asyncio.create_task(chat.dispatcher.run([chat.name]))]
                try:
                    await chat.listen()
                    yield chat
                finally:
                    await chat.leave()
                    await end(chat, tasks)
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway
