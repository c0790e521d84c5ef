"""The platforms that every test of this folder runs over, each on a stage where what people see can be read.

To join, a platform gives an async context manager that yields a `Stage`, and adds it to `STAGES`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import replace

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.platform import DiscordPlatform
from adapters.slack.platform import open_slack
from adapters.web.frame import FrameOptions
from adapters.web.playground.platform import Playground, PlaygroundOptions
from bot.ports import Platform
from bot.types import Channel, ChannelMessage, Person, Workspace
from storage.in_memory.store import MemoryStore
from tests.contract.platforms.stage import Stage
from tests.emulators.discord import running_discord
from tests.emulators.discord.limits import MESSAGES
from tests.emulators.discord.permissions import bits
from tests.emulators.discord.world import Message, Overwrite
from tests.emulators.slack import Options, running_slack
from tests.fakes import START, ManualClock, incoming
from tests.integration.discord.scene import QUICK, options_for
from tests.integration.slack.scene import slack_options
from tests.integration.third_platform.stage import pigeon
from tests.loose_store import LooseStore

OFTEN = 100


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
        frame=FrameOptions(host="127.0.0.1", secret="s"), port=0, model_name="m", notice="", complete=lambda _: ()
    )

    @asynccontextmanager
    async def process() -> AsyncIterator[Platform]:
        yield Playground(store, options=options, clock=clock)

    @contextmanager
    def told() -> Iterator[Callable[[], list[str]]]:
        before = len(store._events)
        yield lambda: [
            event.draft.text
            for _, event in store._events[before:]
            if event.kind == "private" and event.person == ada.id and event.draft
        ]

    @asynccontextmanager
    async def seen() -> AsyncIterator[list[str]]:
        yield [item.text for item in await store.get_thread("local", "general", "q1", limit=100)]

    asked = incoming("q")
    key = replace(asked.key, platform="local", workspace="local", channel="general", thread="q1")
    yield Stage(platform=process, question=replace(asked, key=key), seen=seen, told=told, refuses=False)


@asynccontextmanager
async def slack() -> AsyncIterator[Stage]:
    """The emulated Slack."""
    async with running_slack(Options(limits=False)) as emulator:
        store = LooseStore(clock=emulator.clock.now)
        root = await emulator.say(emulator.ada, emulator.general, "q")
        options = replace(slack_options(emulator), http_seconds=0.3)

        @asynccontextmanager
        async def process() -> AsyncIterator[Platform]:
            async with open_slack(options, store, clock=emulator.clock.now) as platform:
                yield platform

        @asynccontextmanager
        async def seen() -> AsyncIterator[list[str]]:
            yield [emulator.shown(answer) for answer in emulator.answers(emulator.general, root.ts)]

        @contextmanager
        def told() -> Iterator[Callable[[], list[str]]]:
            yield lambda: [
                *(emulator.shown(whisper) for whisper in emulator.whispers),
                *(emulator.shown(message) for message in emulator.messages(emulator.direct(emulator.ada))),
            ]

        def refuse(*methods: str, error: str) -> None:
            for method in methods:
                emulator.fault(method, error=error, times=OFTEN)

        def delete_answers() -> None:
            for answer in emulator.answers(emulator.general, root.ts):
                emulator.remove(answer)

        def close() -> Callable[[], None]:
            emulator.general.is_archived = True

            def open_again() -> None:
                emulator.general.is_archived = False

            return open_again

        details = {"user_team": emulator.team.id}
        asked = incoming("q", platform_data=details, sent_at=emulator.clock.now(), is_top_level=True)
        key = replace(
            asked.key, platform="slack", workspace=emulator.team.id, channel=emulator.general.id, thread=root.ts
        )
        author = replace(asked.author, id=emulator.ada.id)
        yield Stage(
            platform=process,
            question=replace(asked, key=key, author=author),
            seen=seen,
            told=told,
            refuse_posts=lambda: refuse("chat.postMessage", "chat.startStream", error="restricted_action"),
            refuse_edits=lambda: refuse("chat.update", "chat.stopStream", error="cant_update_message"),
            refuse_deletions=lambda: refuse("chat.delete", error="cant_delete_message"),
            delete_answers=delete_answers,
            close=close,
        )
        assert emulator.violations == []


@asynccontextmanager
async def discord() -> AsyncIterator[Stage]:
    """The emulated Discord, as a worker has it: over REST alone."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY  # the library's own addresses, given back at the end
    try:
        async with running_discord(QUICK) as emulator:
            store = MemoryStore(clock=emulator.clock.now)
            ada = emulator.person("ada")
            guild = emulator.guild("Garden", ada)
            general = next(iter(guild.channels.values()))
            root = emulator.say(ada, general, f"{emulator.mention()} q")
            options = options_for(emulator)

            @asynccontextmanager
            async def process() -> AsyncIterator[Platform]:
                platform = DiscordPlatform(options, store, clock=emulator.clock.now)
                yield platform
                await platform.aclose()
                emulator.nonces.clear()  # by the time that another process goes on, Discord may have forgotten them

            @asynccontextmanager
            async def seen() -> AsyncIterator[list[str]]:
                messages = emulator.channels[root.id].shown() if root.id in emulator.channels else []
                yield [text_of(message) for message in messages if message.author is emulator.bot and message.content]

            @contextmanager
            def told() -> Iterator[Callable[[], list[str]]]:
                def texts() -> list[str]:
                    return [item.content for item in emulator.direct(ada).shown() if item.author is emulator.bot]

                yield texts

            def refuse(method: str, template: str, code: int, status: int) -> None:
                emulator.fault("refuse", method=method, template=template, code=code, status=status, times=OFTEN)

            def delete_answers() -> None:
                for item in emulator.channels[root.id].shown():
                    if item.author is emulator.bot and item.content:
                        emulator.delete(emulator.developer, item)

            def close() -> Callable[[], None]:
                deny = bits("send_messages", "send_messages_in_threads")
                general.overwrites.append(Overwrite(target=emulator.bot.id, is_member=True, deny=deny))
                return general.overwrites.clear

            details = {"channel": str(general.id), "message": str(root.id), "opens_thread": "yes"}
            asked = incoming("q", platform_data=details, sent_at=root.at, is_top_level=True)
            key = replace(
                asked.key, platform="discord", workspace=str(guild.id), channel=str(general.id), thread=str(root.id)
            )
            author = replace(asked.author, id=str(ada.id))
            yield Stage(
                platform=process,
                question=replace(asked, key=key, author=author),
                seen=seen,
                told=told,
                refuse_posts=lambda: refuse("POST", MESSAGES, 50013, 403),
                refuse_edits=lambda: refuse("PATCH", f"{MESSAGES}/", 30046, 429),
                refuse_deletions=lambda: refuse("DELETE", f"{MESSAGES}/", 50013, 403),
                delete_answers=delete_answers,
                close=close,
            )
            assert emulator.report().clean, str(emulator.report())
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


def text_of(message: Message) -> str:
    """What people read of a message, the labels of its buttons included."""
    labels = [component.get("label", "") for row in message.components for component in row.get("components", ())]
    return " ".join((message.content, *labels))


STAGES: Mapping[str, Callable[[], AbstractAsyncContextManager[Stage]]] = {
    "playground": playground,
    "slack": slack,
    "discord": discord,
    "pigeon": pigeon,
}


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """Each platform in turn."""
    async with STAGES[request.param]() as opened:
        yield opened
