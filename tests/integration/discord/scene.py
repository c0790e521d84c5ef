"""The whole bot on an emulated Discord: real discord.py, real storage, a model that gives prepared answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from adapters.discord.api.client import DiscordOptions
from adapters.discord.platform import DiscordPlatform, open_discord
from bot.app.clock import utc_now
from bot.app.core import Core, EngineRole, open_core
from bot.backoff import BackoffTimes
from bot.ports import Clock
from bot.settings import Settings
from tests.emulators.discord import TOKEN, DiscordEmulator, Options
from tests.emulators.discord.world import THREAD_STARTER, Channel, Guild, Message, User
from tests.fakes import FixedRates, ScriptedModel
from tests.house import AT_ONCE

DATABASE = "seedling.db"
RECONNECT_AT_ONCE = BackoffTimes(first=0.05, longest=0.1, healthy=60)
QUICK = Options(identify_interval_s=0, limit_scale=0.02)
"""Every limit holds, in windows that pass fifty times as fast: 5 messages in a tenth of a second."""


@dataclass(kw_only=True)
class Scene:
    """An emulated server with Ada and Bob in #general, and the bot in it."""

    discord: DiscordEmulator
    options: DiscordOptions
    settings: Settings
    model: ScriptedModel
    guild: Guild
    general: Channel
    ada: User
    bob: User
    clock: Clock = utc_now
    core: Core | None = None
    platform: DiscordPlatform | None = None
    running: list[asyncio.Task[None]] = field(default_factory=list)

    def mention(self, text: str, *, by: User | None = None, where: Channel | None = None, **more: Any) -> Message:
        """Somebody, Ada if nobody is named, asks the bot."""
        return self.discord.say(by or self.ada, where or self.general, f"{self.discord.mention()} {text}", **more)

    def answers(self, channel: Channel) -> list[Message]:
        """The bot's messages there that are seen, the oldest first."""
        return [message for message in channel.messages.values() if self._says(message)]

    def _says(self, message: Message) -> bool:
        return message.author is self.discord.bot and not message.deleted and message.type != THREAD_STARTER

    async def until(self, holds: Callable[[], Any], seconds: float = 20) -> Any:
        """Wait until something on Discord is so; what it is."""
        await self.discord.until(lambda: bool(holds()), seconds)
        return holds()

    async def thread_of(self, message: Message) -> Channel:
        """The thread that the bot has opened at a message."""
        await self.until(lambda: message.thread)
        assert message.thread is not None
        return message.thread

    async def done(self, channel: Channel, number: int = 1) -> list[Message]:
        """The bot's messages once so many answers there have ended."""

        def ended() -> list[Message]:
            found = self.answers(channel)
            return found if sum("Regenerate" in labels(item) for item in found) >= number else []

        found: list[Message] = await self.until(ended)
        await self.closed()
        return found

    async def closed(self) -> None:
        """Wait until every turn has ended in the store, which is a moment after its answer is seen whole."""
        assert self.core is not None
        while (figures := await self.core.store.queue_figures()).queued + figures.running:
            await asyncio.sleep(0.01)

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[None]:
        """The bot listens and answers until the block is left."""

        @asynccontextmanager
        async def platforms(store: Any, *_: Any) -> AsyncIterator[dict[str, Any]]:
            async with open_discord(self.options, store, clock=self.clock) as platform:
                self.platform = platform
                yield {platform.name: platform}

        @asynccontextmanager
        async def model_of(_: Settings) -> AsyncIterator[Any]:
            yield self.model, FixedRates()

        before = len(self.discord.identifies)
        opened = open_core(self.settings, platforms, grace=5, role=EngineRole.RUNS, model_of=model_of, takeover=AT_ONCE)
        async with opened as core:
            self.core = core
            assert self.platform is not None
            running = asyncio.create_task(self.platform.run(core.inbox), name="Discord")
            try:
                await self.until(lambda: running.done() or len(self.discord.identifies) > before)
                if running.done():
                    running.result()
                await self.discord.connected()
                yield
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)


def labels(message: Message) -> Sequence[str]:
    """The labels of a message's buttons."""
    return [
        component["label"]
        for row in message.components
        for component in row.get("components", ())
        if component.get("label")
    ]


def options_for(emulator: DiscordEmulator) -> DiscordOptions:
    """Options that join the emulator."""
    return DiscordOptions(
        token=TOKEN,
        api_url=emulator.api_url,
        gateway_url=emulator.gateway_url,
        reconnect=RECONNECT_AT_ONCE,
        ready_wait=0.02,
        limit_scale=emulator.options.limit_scale,
    )


class GivenSettings(Settings):
    """Settings that are what a test gives; the surroundings, which are empty, are not searched for each of them."""

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def settings_for(folder: Path, **changes: Any) -> Settings:
    """Settings of a core with a model of its own."""
    given = {
        "database_url": f"sqlite:///{folder}/{DATABASE}",
        "burst_pause_seconds": 0,
        "seed_api_key": "sk-test",
    }
    return GivenSettings.model_validate(given | changes)


@asynccontextmanager
async def scene_on(
    emulator: DiscordEmulator, folder: Path, model: ScriptedModel, **changes: Any
) -> AsyncIterator[Scene]:
    """A server in an emulator, without the bot running; Ada manages #general."""
    ada, bob = emulator.person("ada", installed=True), emulator.person("bob")
    guild = emulator.guild("Garden", ada, bob)
    general = next(iter(guild.channels.values()))
    emulator.allow(general, "manage_channels", who=ada)
    yield Scene(
        discord=emulator,
        options=options_for(emulator),
        settings=settings_for(folder, **changes),
        model=model,
        guild=guild,
        general=general,
        ada=ada,
        bob=bob,
    )
