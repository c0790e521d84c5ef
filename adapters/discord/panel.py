"""`/settings`: what holds here and where it comes from."""

from __future__ import annotations

from typing import Any, Final

from discord import app_commands

from adapters.discord.asking import Interaction, asked, deferred, incoming_of
from adapters.discord.surroundings import Surroundings
from bot.ports import Bot

HELP: Final = "See and change what holds here."


def settings_command(bot: Bot, around: Surroundings) -> app_commands.Command[Any, ..., Any]:
    """The command that opens the panel."""

    async def settings(interaction: Interaction) -> None:
        original = await deferred(interaction, private=True)
        if original is not None:
            await asked(bot, around, incoming_of(interaction, "/show", original=original, private=True))

    return app_commands.Command(name="settings", description=HELP, callback=settings)
