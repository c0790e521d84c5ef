"""Who may ask Discord next."""

from __future__ import annotations

import asyncio

from adapters.discord.api.rate_limits import DiscordLimits
from bot.chat.rate_limit import Priority


async def test_channels_do_not_wait_for_each_other() -> None:
    limits = DiscordLimits()
    for channel in map(str, range(20)):
        for _ in range(5):
            await asyncio.wait_for(limits.editing(channel, Priority.PROGRESS), 1)
            await asyncio.wait_for(limits.posting(channel, Priority.PROGRESS), 1)
