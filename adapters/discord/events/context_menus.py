"""Handle the message commands: ask about a message, and summarise from it on."""

from __future__ import annotations

import logging
from typing import Any, Final

import discord
from discord import app_commands

from adapters.discord.api.messages import content_of, names_in, person_of
from adapters.discord.connection.gateway_json import message_json
from adapters.discord.context import DiscordContext
from adapters.discord.events.parse import readable
from adapters.discord.events.requests import Interaction, asked, deferred, incoming_of, tell_failure
from bot.errors import BotError
from bot.ports import Bot
from bot.types import Incoming

logger = logging.getLogger(__name__)

ASK: Final = "Ask about this"
SUMMARISE: Final = "Summarise from here"
QUESTION: Final = "What does this mean?"
FORM_SECONDS: Final = 15 * 60.0
"""How long a form that was opened is waited for: as long as an interaction lives."""

Menu = app_commands.ContextMenu


class AskAbout(discord.ui.Modal, title=ASK):
    """A form with the question about a message."""

    question: discord.ui.Label[Any] = discord.ui.Label(
        text="Your question",
        component=discord.ui.TextInput(style=discord.TextStyle.paragraph, default=QUESTION, max_length=1_000),
    )

    def __init__(self, bot: Bot, around: DiscordContext, message: discord.Message) -> None:
        super().__init__(timeout=FORM_SECONDS)
        self._bot = bot
        self._around = around
        self._message = message

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Ask, with the message under the question."""
        field = self.question.component
        asked_for = str(field.value) if isinstance(field, discord.ui.TextInput) else QUESTION
        answered = await deferred(self._bot, interaction, self._incoming(interaction, asked_for))
        if answered is not None:
            await asked(self._bot, self._around, answered)

    async def on_error(  # type: ignore[override]  # as discord.py's own forms do, which take no item
        self, interaction: Interaction, error: Exception, /
    ) -> None:
        """Tell who asked that it failed, and log why without what people wrote."""
        logger.error("modal failed", exc_info=error if not isinstance(error, BotError) else None)
        await tell_failure(interaction, error)

    def _incoming(self, interaction: Interaction, question: str) -> Incoming:
        told = message_json(self._message)
        text = readable(content_of(told), names_in(told, lambda *_: None))
        about = f"{question}\n\n(About a message of {person_of(told).name}: {text})"
        return incoming_of(interaction, f"/ask {about}", files=self._message.attachments)


def message_menus(bot: Bot, around: DiscordContext) -> list[Menu]:
    """Return the commands in the menu of a message."""

    async def ask(interaction: Interaction, message: discord.Message) -> None:
        await interaction.response.send_modal(AskAbout(bot, around, message))

    async def summarise(interaction: Interaction, message: discord.Message) -> None:
        incoming = incoming_of(interaction, f"/summarise from {message.id}", private=True)
        answered = await deferred(bot, interaction, incoming)
        if answered is not None:
            await asked(bot, around, answered)

    return [Menu(name=ASK, callback=ask), Menu(name=SUMMARISE, callback=summarise)]
