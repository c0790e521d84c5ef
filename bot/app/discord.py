"""Discord, opened as the settings say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.discord import DiscordOptions, DiscordPlatform
from bot.app.platforms import Joined, need
from bot.ports import Clock, Store
from bot.settings import Settings


@asynccontextmanager
async def open_discord_platform(settings: Settings, store: Store, *, clock: Clock) -> AsyncIterator[Joined]:
    """Discord by its bot token: it can answer at once, and listens when it is run. Raises `ConfigError`."""
    need(settings, ("discord_token",), "discord")
    assert settings.discord_token is not None  # noqa: S101 - the line above sees to it
    options = DiscordOptions(
        token=settings.discord_token.get_secret_value(),
        api_url=settings.discord_api_url,
        gateway_url=settings.discord_gateway_url,
    )
    platform = DiscordPlatform(options, store, clock=clock, searches=not settings.uses_local_model)
    try:
        await platform.open()
        yield platform
    finally:
        await platform.aclose()
