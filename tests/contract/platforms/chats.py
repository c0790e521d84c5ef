"""The platforms on which the rows of data/cases/policy.json are played.

To join, a platform gives an async context manager that yields a `Chat`, and adds it to `CHATS`.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import SimpleNamespace
from typing import Any

from discord.gateway import DiscordWebSocket
from discord.http import Route
from nicegui import core as nicegui

from adapters.discord.events.context_menus import SUMMARISE as SUMMARISE_MENU
from adapters.discord.platform import DiscordPlatform, open_discord
from adapters.slack.events.reactions import EMOJI as SLACK_EMOJI
from adapters.slack.events.slash_commands import SETTINGS_WORD, SUMMARISE_SHORTCUT
from adapters.slack.platform import SlackPlatform, open_slack
from adapters.slack.replies.rendering import COMMAND, action_id
from adapters.web import Playground, PlaygroundOptions
from adapters.web.channel_access import seen_by
from adapters.web.chat_page import ChatPage
from adapters.web.composer import MENTION, PLATFORM, message_id
from adapters.web.live_reply import BOT
from adapters.web.security import AccessRules
from adapters.web.visitors import Visitor
from bot.app.registry import open_platforms
from bot.chat.message_policy import EMOJI
from bot.chat.reply_actions import ReplyAction
from bot.settings import Settings
from bot.types import Person
from storage.in_memory.store import MemoryStore
from tests.contract.platforms.chat import PATIENCE_S, Chat, Said, end, now
from tests.emulators.discord import DiscordEmulator, rules, running_discord
from tests.emulators.discord import Options as DiscordEmulatorOptions
from tests.emulators.discord.world import THREAD_STARTER, Channel, Message, User
from tests.emulators.pigeon import Pigeon, running_pigeon
from tests.emulators.slack import Options, RunningSlack, running_slack
from tests.integration.discord.scene import labels, options_for
from tests.integration.slack.scene import slack_options
from tests.integration.third_platform.stage import joined
from tests.third_platform.platform import MENTION as PIGEON_MENTION
from tests.third_platform.spec import SPEC

# ---------------------------------------------------------------- the playground


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


# ---------------------------------------------------------------- Slack


class SlackChat(Chat):
    """#general of the emulated Slack; Bob is Ben there, `deploys` another app."""

    name = "slack"

    def __init__(self, slack: RunningSlack, platform: SlackPlatform, store: MemoryStore) -> None:
        super().__init__(platform, store)
        self.slack = slack
        self.workspace, self.channel, self.mention = slack.team.id, slack.general.id, slack.mention()
        app = slack.person("Deploys", bot_id="B0DEPLOYS", app_id="A0DEPLOYS")
        slack.general.members.append(app.id)
        self.people = {"ada": slack.ada, "bob": slack.ben, "deploys": app}

    async def say(
        self, text: str, *, by: str = "ada", below: Said | None = None, direct: bool = False, file: bytes = b""
    ) -> Said:
        person = self.people[by]
        where = self.slack.direct(person) if direct else self.slack.general
        files = [self.slack.file(person, "notes.txt", file)] if file else []
        thread = below.native.root_ts if below else ""
        message = await self.slack.say(person, where, text, thread_ts=thread, files=files)
        return Said(id=message.ts, native=message)

    def call(self, person: str) -> str:
        return f"<@{self.id_of(person)}>"

    def id_of(self, person: str) -> str:
        return self.people[person].id

    async def say_again(self, said: Said) -> None:
        for delivery in [*self.slack.deliveries.log]:
            await self.slack.deliveries.again(delivery)

    async def edit(self, said: Said, text: str) -> None:
        await self.slack.edit(said.native, text)

    async def delete(self, said: Said) -> None:
        await self.slack.delete(said.native)

    async def command(self, text: str, *, by: str) -> None:
        await self.slack.slash(self.people[by], self.slack.general, COMMAND, text)

    async def regenerate(self, said: Said, *, by: str) -> None:
        (answer,) = self.slack.answers(self.slack.general, said.native.root_ts)
        await self.slack.press(self.people[by], answer, action_id(ReplyAction.REGENERATE))

    async def fill_in(self, name: str, value: str, *, by: str) -> None:
        slack, person = self.slack, self.people[by]
        await slack.slash(person, slack.general, COMMAND, SETTINGS_WORD)
        await slack.settled()
        view = slack.open_view(person)
        if view is not None and f"channel:{name}" in {block.get("block_id") for block in view.body["blocks"]}:
            await slack.submit_view(person, {name: value})

    async def shortcut(self, said: Said, *, by: str) -> None:
        await self.slack.shortcut(self.people[by], SUMMARISE_SHORTCUT, said.native)

    async def react(self, said: Said, *, by: str) -> None:
        await self.slack.react(self.people[by], said.native, SLACK_EMOJI)

    async def answers(self, said: Said) -> Sequence[str]:
        await self.slack.settled()
        return [self.slack.shown(answer) for answer in self.slack.answers(said.native.channel, said.native.root_ts)]

    def told(self) -> Sequence[str]:
        return [self.slack.shown(whisper) for whisper in self.slack.whispers]


@asynccontextmanager
async def slack() -> AsyncIterator[SlackChat]:
    """The emulated Slack, heard over Socket Mode."""
    async with running_slack(Options(limits=False)) as emulator:
        store, options = MemoryStore(clock=now), slack_options(emulator)
        async with open_slack(options, store, clock=now) as platform:
            chat = SlackChat(emulator, platform, store)
            runs = (chat.dispatcher.run([chat.name]), platform.run(chat.inbox))
            tasks = [asyncio.create_task(run) for run in runs]
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await emulator.sockets.connected(options.sockets.connections)
                yield chat
            finally:
                await end(chat, tasks)


# ---------------------------------------------------------------- Discord


class DiscordChat(Chat):
    """#general of an emulated server; `deploys` is another bot there."""

    name = "discord"

    def __init__(self, discord: DiscordEmulator, platform: DiscordPlatform, store: MemoryStore) -> None:
        super().__init__(platform, store)
        self.discord = discord
        self.people = {item: discord.person(item) for item in ("ada", "bob", "deploys")}
        self.people["deploys"].bot = True
        self.guild = discord.guild("Garden", *self.people.values())
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
        (answer,) = [item for item in self.of_bot(said.native.thread) if labels(item)]
        self.discord.press(self.people[by], answer, "Regenerate")

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
        return [item.content for item in self.of_bot(place) if labels(item)]

    def told(self) -> Sequence[str]:
        places = [self.general, *self.discord.channels.values(), *map(self.discord.direct, self._persons())]
        return [item.content for place in dict.fromkeys(places) for item in self.of_bot(place) if not labels(item)]

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
        async with running_discord(DiscordEmulatorOptions()) as emulator:
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


# ---------------------------------------------------------------- the third platform


class PigeonChat(Chat):
    """A room of the emulated Pigeon: no direct messages, no files, no other bots."""

    name, workspace, channel, mention = SPEC.name, "f1", "garden", PIGEON_MENTION

    def __init__(self, pigeon: Pigeon, platform: Any, store: MemoryStore) -> None:
        super().__init__(platform, store)
        self.pigeon = pigeon

    async def say(
        self, text: str, *, by: str = "ada", below: Said | None = None, direct: bool = False, file: bytes = b""
    ) -> Said:
        assert not direct, "Pigeon has no direct messages"
        assert not file, "Pigeon has no files"
        thread = (below.native.thread or below.native.id) if below else ""
        message = self.pigeon.say(text, thread=thread, author=by)
        said = Said(id=message.id, native=message)
        await self.say_again(said)
        return said

    def call(self, person: str) -> str:
        return f"@{person}"

    async def say_again(self, said: Said) -> None:
        assert await self.pigeon.deliver(said.native) == 200

    async def edit(self, said: Said, text: str) -> None:
        said.native.texts.append(text)
        assert await self.pigeon.deliver(said.native, kind="edit", id=f"edit-{len(said.native.texts)}") == 200

    async def delete(self, said: Said) -> None:
        said.native.deleted = True
        assert await self.pigeon.deliver(said.native, kind="deletion", id=f"deletion-{said.id}") == 200

    async def answers(self, said: Said) -> Sequence[str]:
        return [answer.texts[-1] for answer in self.pigeon.answers(said.native)]

    def told(self) -> Sequence[str]:
        return [text for _, text in self.pigeon.notes.values()]


@asynccontextmanager
async def pigeon() -> AsyncIterator[PigeonChat]:
    """The emulated Pigeon, heard over its webhooks."""
    async with running_pigeon() as server:
        store = MemoryStore(clock=now)
        async with open_platforms([joined(server)], Settings(), store, clock=now) as opened:
            platform: Any = opened[SPEC.name]
            chat = PigeonChat(server, platform, store)
            runs = (chat.dispatcher.run([chat.name]), platform.run(chat.inbox))
            tasks = [asyncio.create_task(run) for run in runs]
            try:
                await asyncio.wait_for(platform.wait_ready(), PATIENCE_S)
                host, port = platform.address
                server.webhook = f"http://{host}:{port}/pigeon"
                yield chat
            finally:
                await end(chat, tasks)


CHATS: Mapping[str, Callable[[], AbstractAsyncContextManager[Chat]]] = {
    "playground": playground,
    "slack": slack,
    "discord": discord,
    "pigeon": pigeon,
}
