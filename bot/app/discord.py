"""Discord, opened as the settings say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from adapters.discord import RECONNECT, DiscordOptions, DiscordPlatform, application_id, examine
from bot.app.joining import Joined, need
from bot.backoff import BackoffTimes
from bot.checks import Check
from bot.ports import Clock, Store
from bot.settings import Settings


@asynccontextmanager
async def open_discord_platform(
    settings: Settings, store: Store, *, clock: Clock, reconnect: BackoffTimes = RECONNECT
) -> AsyncIterator[Joined]:
    """Discord by its bot token: it can answer at once, and listens when it is run. Raises `ConfigError`."""
    options = replace(_options(settings, "discord"), reconnect=reconnect)
    platform = DiscordPlatform(options, store, clock=clock, searches=not settings.uses_local_model)
    try:
        await platform.open()
        yield platform
    finally:
        await platform.aclose()


def check_discord(settings: Settings, *, seconds: float) -> AsyncIterator[Check]:
    """One row for each thing that can be wrong with Discord."""
    return examine(_options(settings, "doctor"), seconds=seconds)


async def discord_application(settings: Settings) -> str:
    """The id of the application that the token belongs to. Raises `ConfigError` and `PlatformError`."""
    return await application_id(_options(settings, "invite"))


def _options(settings: Settings, command: str) -> DiscordOptions:
    need(settings, ("discord_token",), command)
    assert settings.discord_token is not None  # noqa: S101 - the line above sees to it
    return DiscordOptions(
        token=settings.discord_token.get_secret_value(),
        api_url=settings.discord_api_url,
        gateway_url=settings.discord_gateway_url,
    )
