"""Handle the message commands: ask about a message, and summarise from it on."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import discord
from discord import app_commands

from adapters.discord.api.messages import thread_message
from adapters.discord.connection.gateway_payloads import names_of
from adapters.discord.context import DiscordContext
from adapters.discord.events.requests import Interaction, asked, deferred, incoming_of, tell_failure
from adapters.discord.events.stale_modals import form_id
from adapters.discord.payloads import Message
from bot.chat.message_markdown import render
from bot.errors import BotError
from bot.language import gettext, gettext_noop
from bot.ports import Bot
from bot.types import Incoming
from bot.types.content import MessageContent, ReplyTo

logger = logging.getLogger(__name__)

ASK: Final = gettext_noop("Ask about this")
SUMMARISE: Final = gettext_noop("Summarise from here")
QUESTION: Final = gettext_noop("What does this mean?")
FORM_SECONDS: Final = 15 * 60.0
"""How long a form that was opened is waited for: as long as an interaction lives."""

MESSAGE: Final = "message"
"""The name under which an interaction carries the whole message."""

PLAIN: Final = (
    *("id", "type", "channel_id", "author", "content", "timestamp", "edited_timestamp"),
    *("tts", "pinned", "flags", "mention_everyone"),
)
LISTS: Final = ("mentions", "mention_roles", "attachments", "embeds", "components")
"""The fields of a message that discord.py needs, as they are and empty."""

Menu = app_commands.ContextMenu


class AskAbout(discord.ui.Modal, title=ASK):
    """A form with the question about a message."""

    question: discord.ui.Label[Any] = discord.ui.Label(
        text=gettext_noop("Your question"),
        component=discord.ui.TextInput(style=discord.TextStyle.paragraph, default=QUESTION, max_length=1_000),
    )

    def __init__(self, bot: Bot, context: DiscordContext, message: Message) -> None:
        super().__init__(timeout=FORM_SECONDS, custom_id=form_id(context))
        self._bot = bot
        self._context = context
        self._message = message

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Ask, with the message above the question."""
        field = self.question.component
        asked_for = str(field.value) if isinstance(field, discord.ui.TextInput) else gettext(QUESTION)
        answered = await deferred(self._bot, interaction, self._incoming(interaction, asked_for))
        if answered is not None:
            await asked(self._bot, self._context, answered)

    async def on_error(  # type: ignore[override]  # as discord.py's own forms do, which take no item
        self, interaction: Interaction, error: Exception, /
    ) -> None:
        """Tell who asked that it failed, and log why without what people wrote."""
        logger.error("modal failed", exc_info=error if not isinstance(error, BotError) else None)
        await tell_failure(interaction, error)

    def _incoming(self, interaction: Interaction, question: str) -> Incoming:
        """Return the question with the whole message above it, which goes when that is deleted; it names its author."""
        message, typed = thread_message(self._message, names_of(interaction.guild)), f"/ask {question}"
        about = ReplyTo(message_id=message.message_id, author=message.author.name)
        text = f"{typed}\n\n{render(MessageContent(reply_to=about))}"
        return replace(incoming_of(interaction, text), typed=typed, above=(message,))


def keep_message(interaction: Interaction) -> None:
    """Keep the message whose menu was used, and leave a plain one to discord.py.

    Its classes lose parts of messages and fail on some, such as polls without an end.
    """
    data: Mapping[str, Any] = interaction.data or {}
    messages = data.get("resolved", {}).get("messages", {})
    for id, message in [*messages.items()]:
        interaction.extras[MESSAGE] = Message.read(message)
        messages[id] = {name: message[name] for name in PLAIN if name in message} | dict.fromkeys(LISTS, ())


def message_menus(bot: Bot, context: DiscordContext) -> list[Menu]:
    """Return the commands in the menu of a message."""

    async def ask(interaction: Interaction, _: discord.Message) -> None:
        await interaction.response.send_modal(AskAbout(bot, context, interaction.extras[MESSAGE]))

    async def summarise(interaction: Interaction, message: discord.Message) -> None:
        incoming = incoming_of(interaction, f"/summarise from {message.id}", private=True)
        answered = await deferred(bot, interaction, incoming)
        if answered is not None:
            await asked(bot, context, answered)

    return [Menu(name=ASK, callback=ask), Menu(name=SUMMARISE, callback=summarise)]
