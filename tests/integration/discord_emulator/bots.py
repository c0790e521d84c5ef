"""A real discord.py client that is pointed at the emulator and remembers what it heard."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands
from discord.gateway import DiscordWebSocket, KeepAliveHandler
from discord.http import Route
from yarl import URL

from tests.emulators.discord import TOKEN, DiscordEmulator, Options, running_discord

INTENTS = discord.Intents(
    guilds=True, guild_messages=True, dm_messages=True, message_content=True, guild_typing=True, guild_reactions=True
)
NO_CONTENT = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)

Answer = Callable[[discord.Interaction[Any]], Awaitable[object]]


class Bot(discord.AutoShardedClient):
    """Remembers messages, edits, deletions and threads that it hears of; `heard` are the texts of people."""

    def __init__(self, *, intents: discord.Intents = INTENTS, **options: Any) -> None:
        options = {"allowed_mentions": discord.AllowedMentions.none(), "guild_ready_timeout": 0.2, **options}
        super().__init__(intents=intents, **options)
        self.tree: app_commands.CommandTree[Any] = app_commands.CommandTree(self)
        self.messages: list[discord.Message] = []
        self.edits: list[discord.RawMessageUpdateEvent] = []
        self.deletions: list[int] = []
        self.threads_seen: list[discord.Thread] = []
        self.guilds_seen: list[str] = []
        self.resumed = 0
        self.pressed: Answer | None = None
        self.changed = asyncio.Event()
        self.is_there = asyncio.Event()

    @property
    def heard(self) -> list[str]:
        """The texts of people, as they came."""
        return [message.content for message in self.messages if not message.author.bot]

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait between shards; the emulator is told how soon they may come."""

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something that this bot remembers is so."""
        async with asyncio.timeout(20):
            while not holds():
                self.changed.clear()
                await self.changed.wait()

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Remember before anybody is told."""
        match event:
            case "ready":
                self.is_there.set()
            case "message":
                self.messages.append(args[0])
            case "raw_message_edit":
                self.edits.append(args[0])
            case "raw_message_delete":
                self.deletions.append(args[0].message_id)
            case "thread_create":
                self.threads_seen.append(args[0])
            case "guild_join" | "guild_available":
                self.guilds_seen.append(args[0].name)
            case "shard_resumed":
                self.resumed += 1
            case _:
                pass
        super().dispatch(event, *args, **kwargs)
        self.changed.set()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Answer buttons, lists and forms as the test says."""
        if interaction.type is not discord.InteractionType.application_command and self.pressed is not None:
            await self.pressed(interaction)

    def channel(self, place: Any) -> Any:
        """A channel of the emulator as this client knows it."""
        return self.get_channel(place.id) or self.get_partial_messageable(place.id)


@contextmanager
def pointed_at(emulator: DiscordEmulator) -> Iterator[None]:
    """Let discord.py talk to the emulator, and afterwards to nobody else than before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Route, "BASE", emulator.api_url)
        patch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", URL(emulator.gateway_url))
        yield


async def end_heartbeats(bot: Bot) -> None:
    """End the threads that discord.py leaves behind when a connection is closed while it is being made."""
    threads = [item for item in threading.enumerate() if isinstance(item, KeepAliveHandler)]
    for thread in [item for item in threads if item.ws._connection is bot._connection]:
        thread.stop()
        await asyncio.to_thread(thread.join, 10)


@asynccontextmanager
async def joined(emulator: DiscordEmulator, bot: Bot | None = None, **options: Any) -> AsyncIterator[Bot]:
    """A bot that has connected and knows its servers."""
    bot = bot or Bot(**options)
    with pointed_at(emulator):
        running = asyncio.create_task(bot.start(TOKEN), name="bot")
        ready = asyncio.create_task(bot.is_there.wait(), name="ready")
        try:
            await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
            yield bot
        finally:
            ready.cancel()
            await bot.close()
            await asyncio.gather(running, ready, return_exceptions=True)
            await end_heartbeats(bot)


@asynccontextmanager
async def discord_(**options: Any) -> AsyncIterator[DiscordEmulator]:
    """An emulator that lets bots identify as soon as they like; what it said itself must have been right."""
    async with running_discord(Options(**{"identify_interval_s": 0.0, **options})) as emulator:
        yield emulator
        report = emulator.report()
        assert report.answer_problems == [], str(report)
        assert [problem for problem in report.frame_problems if not problem.startswith("from the client")] == [], str(
            report
        )


@asynccontextmanager
async def gateway_socket(emulator: DiscordEmulator, query: str = "") -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A bare WebSocket to the gateway, after its HELLO."""
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{emulator.gateway_url}{query}") as socket:
        assert (await socket.receive_json())["op"] == 10
        yield socket


def identify(**changes: Any) -> dict[str, Any]:
    """An IDENTIFY as a client sends it."""
    body = {"token": TOKEN, "intents": 513, "properties": {"os": "linux", "browser": "test", "device": "test"}}
    return {"op": 2, "d": body | changes}


class Rest:
    """Bare REST requests with the bot's token."""

    def __init__(self, emulator: DiscordEmulator, session: aiohttp.ClientSession) -> None:
        self._emulator = emulator
        self._session = session

    async def __call__(
        self, method: str, path: str, body: Any = None, *, token: str = TOKEN, **more: Any
    ) -> tuple[int, Any, Any]:
        """Status, body and headers of an answer."""
        headers = {"Authorization": f"Bot {token}"}
        url = f"{self._emulator.api_url}{path}"
        async with self._session.request(method, url, json=body, headers=headers, **more) as answer:
            parsed = await answer.json() if answer.headers.get("Content-Type") == "application/json" else None
            return answer.status, parsed, answer.headers


@asynccontextmanager
async def rest_of(emulator: DiscordEmulator) -> AsyncIterator[Rest]:
    """A way to ask the REST interface without discord.py."""
    async with aiohttp.ClientSession() as session:
        yield Rest(emulator, session)
