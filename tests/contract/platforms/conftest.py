"""The platforms that every test of this folder runs over, each on a stage where what people see can be read.

To join, a platform gives an async context manager that yields a `Stage`, and adds it to `STAGES`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord import DiscordOptions, DiscordPlatform
from adapters.slack.platform import SlackOptions, open_slack
from adapters.web import Playground, PlaygroundOptions
from bot.ports import Platform
from bot.types import Channel, ChannelMessage, Incoming, Person, Turn, TurnState, Workspace
from storage.memory import MemoryStore
from tests.emulators.discord import TOKEN, running_discord
from tests.emulators.discord import Options as DiscordEmulatorOptions
from tests.emulators.slack import Options, running_slack
from tests.fakes import START, ManualClock, incoming


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A platform with one question in it.

    `platform` opens it as a new process would; `seen` are the texts of the bot's messages below the question, in order.
    """

    platform: Callable[[], AbstractAsyncContextManager[Platform]]
    question: Incoming
    seen: Callable[[], SeenTexts]

    def turn(self, **changes: object) -> Turn:
        """The turn of the question as its first runner has it."""
        turn = Turn(id=7, incoming=self.question, state=TurnState.RUNNING, epoch=1, attempt=1)
        return replace(turn, **changes)  # type: ignore[arg-type]  # fields of a turn


SeenTexts = AbstractAsyncContextManager[list[str]]


@asynccontextmanager
async def playground() -> AsyncIterator[Stage]:
    """The playground over a store in memory."""
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    ada = Person(id="u1", name="Ada")
    general = Channel(workspace="local", id="general", name="general")
    await store.put_workspace(Workspace(id="local", name="Seedling"), [general], [ada])
    root = ChannelMessage(workspace="local", channel="general", id="q1", author=ada, text="q", at=START)
    await store.put_messages([root])
    options = PlaygroundOptions(
        host="127.0.0.1", port=0, password=None, secret="s", model_name="m", notice="", complete=lambda _: ()
    )

    @asynccontextmanager
    async def process() -> AsyncIterator[Platform]:
        yield Playground(store, options=options, clock=clock)

    @asynccontextmanager
    async def seen() -> AsyncIterator[list[str]]:
        yield [each.text for each in await store.get_thread("local", "general", "q1", limit=100)]

    asked = incoming("q")
    key = replace(asked.key, platform="local", workspace="local", channel="general", thread="q1")
    yield Stage(platform=process, question=replace(asked, key=key), seen=seen)


@asynccontextmanager
async def slack() -> AsyncIterator[Stage]:
    """The emulated Slack."""
    async with running_slack(Options(limits=False)) as emulator:
        store = MemoryStore(clock=emulator.clock.now)
        root = await emulator.say(emulator.ada, emulator.general, "q")
        options = SlackOptions(
            bot_token=emulator.options.bot_token,
            app_token=emulator.options.app_token,
            api_url=emulator.api_url.rstrip("/"),
            http_seconds=0.3,
        )

        @asynccontextmanager
        async def process() -> AsyncIterator[Platform]:
            async with open_slack(options, store, clock=emulator.clock.now) as platform:
                yield platform

        @asynccontextmanager
        async def seen() -> AsyncIterator[list[str]]:
            yield [emulator.shown(each) for each in emulator.answers(emulator.general, root.ts)]

        asked = incoming("q", details={"user_team": emulator.team.id}, at=emulator.clock.now())
        key = replace(
            asked.key, platform="slack", workspace=emulator.team.id, channel=emulator.general.id, thread=root.ts
        )
        author = replace(asked.author, id=emulator.ada.id)
        yield Stage(platform=process, question=replace(asked, key=key, author=author), seen=seen)
        assert emulator.violations == []


@asynccontextmanager
async def discord() -> AsyncIterator[Stage]:
    """The emulated Discord, as a worker has it: over REST alone."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY  # the library's own addresses, given back at the end
    try:
        async with running_discord(DiscordEmulatorOptions()) as emulator:
            store = MemoryStore(clock=emulator.clock.now)
            ada = emulator.person("ada")
            guild = emulator.guild("Garden", ada)
            general = next(iter(guild.channels.values()))
            root = emulator.say(ada, general, f"{emulator.mention()} q")
            options = DiscordOptions(token=TOKEN, api_url=emulator.api_url, gateway_url=emulator.gateway_url)

            @asynccontextmanager
            async def process() -> AsyncIterator[Platform]:
                platform = DiscordPlatform(options, store, clock=emulator.clock.now)
                yield platform
                await platform.aclose()
                emulator.nonces.clear()  # by the time that another process goes on, Discord may have forgotten them

            @asynccontextmanager
            async def seen() -> AsyncIterator[list[str]]:
                messages = emulator.channels[root.id].shown() if root.id in emulator.channels else []
                yield [each.content for each in messages if each.author is emulator.bot and each.content]

            details = {"channel": str(general.id), "message": str(root.id), "opens_thread": "yes"}
            asked = incoming("q", details=details, at=root.at, starts_thread=True)
            key = replace(
                asked.key, platform="discord", workspace=str(guild.id), channel=str(general.id), thread=str(root.id)
            )
            author = replace(asked.author, id=str(ada.id))
            yield Stage(platform=process, question=replace(asked, key=key, author=author), seen=seen)
            assert emulator.report().clean, str(emulator.report())
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


STAGES: Mapping[str, Callable[[], AbstractAsyncContextManager[Stage]]] = {
    "playground": playground,
    "slack": slack,
    "discord": discord,
}


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """Each platform in turn."""
    async with STAGES[request.param]() as opened:
        yield opened
