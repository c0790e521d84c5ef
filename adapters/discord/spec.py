"""Discord as a `PlatformSpec`; its SDK is imported only where it is used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.discord.command_line import add_commands
from adapters.discord.settings import DiscordSettings
from bot.checks import Check
from bot.ports import Joining, ListeningPlatform, PlatformSpec
from bot.settings import Settings


@asynccontextmanager
async def _open(joining: Joining[DiscordSettings]) -> AsyncIterator[ListeningPlatform]:
    from adapters.discord.api.client import options_of  # noqa: PLC0415 - the same
    from adapters.discord.platform import open_discord  # noqa: PLC0415 - the SDK is loaded only where it is joined

    options = options_of(joining.settings)
    async with open_discord(options, joining.store, clock=joining.clock, searches=joining.searches) as platform:
        yield platform


async def _check(settings: DiscordSettings, _core: Settings, seconds: float) -> AsyncIterator[Check]:
    from adapters.discord.api.client import options_of  # noqa: PLC0415 - the same
    from adapters.discord.doctor import examine  # noqa: PLC0415 - the same

    async for check in examine(options_of(settings), seconds=seconds):
        yield check


async def _try_out(settings: DiscordSettings, _core: Settings, channel: str, seconds: float) -> AsyncIterator[Check]:
    from adapters.discord.api.client import options_of  # noqa: PLC0415 - the same
    from adapters.discord.live_check import try_out  # noqa: PLC0415 - the same

    async for check in try_out(options_of(settings), channel, seconds=seconds):
        yield check


SPEC = PlatformSpec(
    name="discord",
    title="Discord",
    guide="docs/discord.md",
    settings=DiscordSettings,
    open=_open,
    check=_check,
    try_out=_try_out,
    add_commands=add_commands,
)
