"""Interactions in the core's words: who asks, where, and where the answer goes."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final

import discord

from adapters.discord.budget import Urgency
from adapters.discord.directory import place_of
from adapters.discord.limits import ALREADY_ACKNOWLEDGED, TOKEN_LIFE, UNKNOWN_INTERACTION
from adapters.discord.messages import attachment_of
from adapters.discord.places import CHANNEL
from adapters.discord.references import InteractionRef, read_ref
from adapters.discord.rendering import NO_ANSWER, plain_pages
from adapters.discord.surfaces import InteractionSurface
from adapters.discord.surroundings import Surroundings
from adapters.discord.wire import attachment_json, channel_json
from bot.errors import InvalidInput, PlatformError, StorageError
from bot.ports import Bot
from bot.types import EMPTY, Handled, Incoming, Outcome, Person

logger = logging.getLogger(__name__)

NOT_STORED: Final = "I could not take that down just now. Please try again in a moment."

Interaction = discord.Interaction[Any]


def person_asking(interaction: Interaction) -> Person:
    """Who asks, by the name that others see."""
    user = interaction.user
    return Person(id=str(user.id), name=user.display_name, is_bot=user.bot)


def incoming_of(
    interaction: Interaction,
    text: str,
    *,
    original: int | None = None,
    private: bool = False,
    overrides: Mapping[str, str] = EMPTY,
    files: Sequence[discord.Attachment] = (),
) -> Incoming:
    """What somebody asks by a command or a button. `original` is the message that the answer is written into.

    Outside threads that message is what the conversation hangs on: people go on by replying to it.
    """
    channel = channel_json(interaction.channel) if interaction.channel is not None else None
    channel = channel or {"id": str(interaction.channel_id or 0), "type": int(discord.ChannelType.text.value)}
    place = place_of(channel, str(interaction.guild_id or ""))
    reply_ref = ""
    if original is not None:
        ref = InteractionRef(
            application=str(interaction.application_id),
            token=interaction.token,
            expires=interaction.created_at.astimezone(UTC) + TOKEN_LIFE,
            channel=place.id,
            private=private,
            ids=(str(original),),
        )
        reply_ref = str(ref)
    return Incoming(
        key=place.key(message=str(original or interaction.id)),
        dedupe_key=f"interaction:{interaction.id}",
        author=person_asking(interaction),
        text=text,
        at=interaction.created_at.astimezone(UTC),
        attachments=tuple(attachment_of(attachment_json(each)) for each in files),
        overrides=overrides,
        starts_thread=not place.is_direct and not place.is_thread,
        reply_ref=reply_ref,
        private=private,
        administers=is_administrator(interaction),
        details={CHANNEL: place.id},
    )


def is_administrator(interaction: Interaction) -> bool:
    """Return whether who acts manages the server; a direct conversation is a workspace of its person's own."""
    return interaction.guild_id is None or interaction.permissions.manage_guild


async def deferred(interaction: Interaction, *, private: bool) -> int | None:
    """Acknowledge within 3 s; the id of the message that says "is thinking", None when another process was faster."""
    try:
        answer = await interaction.response.defer(ephemeral=private, thinking=True)
    except discord.HTTPException as error:
        if error.code in {ALREADY_ACKNOWLEDGED, UNKNOWN_INTERACTION}:
            logger.info("an interaction is answered elsewhere, or too late", extra={"code": error.code})
            return None
        raise
    return (answer.message_id if answer is not None else None) or interaction.id


async def asked(bot: Bot, around: Surroundings, incoming: Incoming) -> Handled | None:
    """Hand a question or command to the bot and write what it says at once into the deferred answer."""
    try:
        handled = await bot.handle(incoming)
    except InvalidInput as error:
        await say(around, incoming, str(error))
        return None
    except StorageError:
        await say(around, incoming, NOT_STORED)
        raise
    if handled.outcome is Outcome.REPLIED:
        await say(around, incoming, handled.text or NO_ANSWER)
    return handled


async def say(around: Surroundings, incoming: Incoming, text: str) -> None:
    """Write a text into the deferred answer. Raises `PlatformError`."""
    ref = _ref_of(incoming)
    surface = InteractionSurface(rest=around.rest, ref=ref, clock=around.clock)
    for index, page in enumerate(plain_pages(text)):
        if index == 0:
            await surface.edit(ref.ids[0], page, urgency=Urgency.ENDING)
        else:
            await surface.post(page, nonce="", first=False, urgency=Urgency.ENDING)


async def whisper(interaction: Interaction, text: str) -> None:
    """Tell who asked, and nobody else, whether or not the interaction is answered already."""
    if interaction.response.is_done():
        await interaction.followup.send(text, ephemeral=True)
    else:
        await interaction.response.send_message(text, ephemeral=True)


def _ref_of(incoming: Incoming) -> InteractionRef:
    ref = read_ref(incoming.reply_ref)
    if not isinstance(ref, InteractionRef):
        raise PlatformError("a command has no answer to write into")
    return ref
