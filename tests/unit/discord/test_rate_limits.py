"""Who may ask Discord next."""

from __future__ import annotations

import asyncio

from adapters.discord.api.rate_limits import DiscordLimits
from bot.chat.rate_limit import Priority
from tests.jumping_loop import run_jumping


def test_channels_do_not_wait_for_each_other() -> None:
    async def scenario() -> None:
        limits = DiscordLimits()
        for channel in map(str, range(20)):
            for _ in range(5):
                await limits.editing(channel, Priority.PROGRESS)
                await limits.posting(channel, Priority.PROGRESS)
        assert asyncio.get_running_loop().time() == 0, "nobody waited"

    run_jumping(scenario())
