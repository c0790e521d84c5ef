"""Forms that were opened by an earlier process, which nobody here waits for: who filled one in is told."""

from __future__ import annotations

import secrets
from typing import Final

import discord

from adapters.discord.context import DiscordContext
from adapters.discord.events.requests import Interaction, send_ephemeral
from adapters.discord.payloads import InteractionData
from bot.language import gettext, gettext_noop

PREFIX: Final = "form:"
TYPED: Final = 1_500  # characters that are given back of what somebody typed

RESTARTED: Final = gettext_noop(
    "I was restarted while this form was open, so what you entered did not arrive. Please open it again."
)
GIVEN_BACK: Final = gettext_noop("This is what you entered:")


def form_id(context: DiscordContext) -> str:
    """Return an id for a form that this process opens; it differs for each, as several may be open at once."""
    return f"{PREFIX}{context.process}:{secrets.token_hex(8)}"


def is_of_earlier_process(interaction: Interaction, context: DiscordContext) -> bool:
    """Return whether a form of ours comes in that another process has opened."""
    id = InteractionData.read(interaction.data).custom_id
    is_form = interaction.type is discord.InteractionType.modal_submit and id.startswith(PREFIX)
    return is_form and not id.startswith(f"{PREFIX}{context.process}:")


async def give_back(interaction: Interaction) -> None:
    """Tell who filled the form in, with what they typed."""
    form = InteractionData.read(interaction.data)
    typed = "\n".join(text for item in form.components for text in item.values()).strip()[:TYPED]
    await send_ephemeral(
        interaction, f"{gettext(RESTARTED)}\n\n{gettext(GIVEN_BACK)}\n\n{typed}" if typed else gettext(RESTARTED)
    )
