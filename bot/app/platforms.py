"""The places where people write, opened as the settings say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.app.joining import Joined
from bot.ports import Clock, Store
from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The chat platforms that a process has to do with; each is left out where the settings do not join it."""

    slack: bool = True
    discord: bool = True


EVERY_PLATFORM = Wanted()


@asynccontextmanager
async def open_chat_platforms(
    settings: Settings, store: Store, *, clock: Clock, wanted: Wanted = EVERY_PLATFORM
) -> AsyncIterator[Mapping[str, Joined]]:
    """Slack and Discord by name, those that the settings join: each can answer, and listens once it is run."""
    async with AsyncExitStack() as stack:
        opened: list[Joined] = []
        if wanted.slack and settings.joins_slack:
            from bot.app.slack import open_slack_platform  # noqa: PLC0415 - its SDK is loaded only where it is joined

            opened.append(await stack.enter_async_context(open_slack_platform(settings, store, clock=clock)))
        if wanted.discord and settings.joins_discord:
            from bot.app.discord import open_discord_platform  # noqa: PLC0415 - the same

            opened.append(await stack.enter_async_context(open_discord_platform(settings, store, clock=clock)))
        yield {each.name: each for each in opened}
