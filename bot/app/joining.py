"""What joining a chat platform takes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from bot.errors import ConfigError
from bot.ports import Bot, Platform
from bot.settings import Settings


class Joined(Platform, Protocol):
    """A platform that can also be listened to."""

    async def run(self, bot: Bot) -> None:
        """Hand what people write to `bot`, until cancelled."""
        ...

    async def heard(self) -> None:
        """Wait until what people write is heard."""
        ...


def need(settings: Settings, names: Collection[str], command: str) -> None:
    """Raise `ConfigError` for the first of these settings that is missing."""
    for name in names:
        if getattr(settings, name) is None:
            raise ConfigError(name.upper(), f"must be set for `seedling {command}`")
