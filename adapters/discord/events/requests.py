"""Translate interactions into the core's values: author, place, and the target of the answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from typing import Any, Final

import discord

from adapters.discord.api.directory import place_of
from adapters.discord.api.errors import DiscordApiError, refusal
from adapters.discord.api.limits import ALREADY_ACKNOWLEDGED, TOKEN_LIFE, UNKNOWN_INTERACTION
from adapters.discord.connection.gateway_payloads import channel_payload
from adapters.discord.context import DiscordContext
from adapters.discord.payloads import ChannelPayload
from adapters.discord.replies.components import undo_rows
from adapters.discord.replies.message_targets import InteractionTarget
from adapters.discord.replies.rendering import NO_ANSWER, Page, plain_pages
from adapters.discord.replies.reply_placement import CHANNEL
from adapters.discord.replies.reply_ref import InteractionRef, read_ref, with_ids
from bot.chat.rate_limit import Priority
from bot.errors import InvalidInput, PlatformError, PlatformRefused, StorageError
from bot.language import gettext, gettext_noop, speak, supported
from bot.ports import Bot
from bot.turns.effects import SHOWN_WITHIN
from bot.turns.error_messages import UNEXPECTED, not_done
from bot.types import EMPTY, LOCALE, Attachment, Entrance, HandleResult, Incoming, Outcome, Person, Picture

logger = logging.getLogger(__name__)

NOT_STORED: Final = gettext_noop("I could not save that just now. Please try again in a moment.")

NOT_OURS: Final = frozenset({ALREADY_ACKNOWLEDGED, UNKNOWN_INTERACTION})
"""The codes of an interaction that was answered by another delivery of it, or is too old."""

INTERACTION: Final = "interaction:"
"""What the dedupe keys of interactions begin with; the interaction's id follows."""
REFUSED: Final = gettext_noop("Discord did not accept it")
AGAIN: Final = gettext_noop("Please try again in a moment.")

Interaction = discord.Interaction[Any]

ENTRANCES: Final = {
    discord.InteractionType.component: Entrance.BUTTON,
    discord.InteractionType.modal_submit: Entrance.FORM,
}


def person_asking(interaction: Interaction) -> Person:
    """Return who asks, by the name that others see."""
    user = interaction.user
    return Person(id=str(user.id), name=user.display_name, is_bot=user.bot)


def incoming_of(
    interaction: Interaction,
    text: str,
    *,
    private: bool = False,
    overrides: Mapping[str, str] = EMPTY,
    files: Sequence[Attachment] = (),
) -> Incoming:
    """Return what somebody asks by a command or a button; what it is answered with is a further message of the
    interaction. From here on they are spoken to in their language, since each interaction has a task of its own.
    """
    speak(supported(interaction.locale.value))
    channel = channel_payload(interaction.channel)
    channel = channel or ChannelPayload(id=str(interaction.channel_id or 0), type=discord.ChannelType.text.value)
    place = place_of(channel, str(interaction.guild_id or ""))
    ref = InteractionRef(
        application=str(interaction.application_id),
        token=interaction.token,
        expires=interaction.created_at.astimezone(UTC) + TOKEN_LIFE,
        channel=place.id,
        private=private,
    )
    return Incoming(
        key=place.key(message=str(interaction.id)),
        dedupe_key=f"{INTERACTION}{interaction.id}",
        author=person_asking(interaction),
        entrance=ENTRANCES.get(interaction.type, Entrance.COMMAND),
        is_direct=place.is_direct and bot_is_member(interaction),
        text=text,
        sent_at=interaction.created_at.astimezone(UTC),
        attachments=tuple(files),
        overrides=overrides,
        is_top_level=not place.is_direct and not place.is_thread,
        reply_ref=str(ref),
        private=private,
        is_admin=is_administrator(interaction),
        manages_channel=bot_is_member(interaction) and interaction.permissions.manage_channels,
        bot_is_member=bot_is_member(interaction),
        platform_data={CHANNEL: place.id, LOCALE: interaction.locale.value},
    )


def bot_is_member(interaction: Interaction) -> bool:
    """Return whether the bot itself is where it is used: not on servers where people have it for themselves alone, nor
    in their private channels.
    """
    if interaction.guild_id is None:
        return not interaction.context.private_channel
    return interaction.client.get_guild(interaction.guild_id) is not None


def is_administrator(interaction: Interaction) -> bool:
    """Return whether who acts manages the server; nobody administers direct conversations."""
    return interaction.guild_id is not None and bot_is_member(interaction) and interaction.permissions.manage_guild


async def deferred(bot: Bot, interaction: Interaction, incoming: Incoming) -> Incoming | None:
    """Store what is asked, then acknowledge it, which Discord waits 3 s for; None when it is not ours to answer.

    The incoming comes back with the message that says "is thinking", into which its answer is written.
    """
    try:
        if not await bot.begin(incoming):
            return None
    except StorageError:
        await send_ephemeral(interaction, gettext(NOT_STORED))
        raise
    try:
        answer = await interaction.response.defer(ephemeral=incoming.private, thinking=True)
    except discord.HTTPException as error:
        if error.code not in NOT_OURS:
            raise
        logger.info("interaction already answered or expired", extra={"code": error.code})
        return None
    original = (answer.message_id if answer is not None else None) or interaction.id
    return answered_in(incoming, str(original))


def answered_in(incoming: Incoming, original: str) -> Incoming:
    """Return what was asked by a command, to be answered in the message `original`.

    Outside threads that message is what the conversation hangs on: people go on by replying to it.
    """
    is_new = incoming.dedupe_key == f"{INTERACTION}{incoming.key.thread}"
    key = replace(incoming.key, thread=original) if is_new else incoming.key
    return replace(incoming, key=key, reply_ref=str(with_ids(ref_of(incoming), (original,))))


async def asked(bot: Bot, context: DiscordContext, incoming: Incoming) -> None:
    """Hand a question or command to the bot and write what it says at once into the deferred answer."""
    try:
        handled = await bot.handle(incoming)
    except InvalidInput as error:
        await say(context, incoming, str(error))
    except StorageError as error:
        logger.warning("command not stored", extra={"error": str(error)})
        await say(context, incoming, gettext(NOT_STORED))
    else:
        if handled.outcome is Outcome.REPLIED:
            text = handled.text or gettext(NO_ANSWER)
            await say(context, incoming, text, undo=handled.undo, picture=handled.picture)
    await bot.mark_answered(incoming)


async def refused(bot: Bot, context: DiscordContext, incoming: Incoming, text: str) -> None:
    """Write what is wrong with a command into its deferred answer. Raises `PlatformError` and `StorageError`."""
    if (handled := await bot.reply(incoming, text)).text:
        await say(context, incoming, handled.text)
        await bot.mark_answered(incoming)


async def say(
    context: DiscordContext, incoming: Incoming, text: str, *, undo: str = "", picture: Picture | None = None
) -> None:
    """Write a text into the deferred answer, or into a further message where there is none; `undo` takes it back.

    A picture stands below it, where Discord takes one. Raises `PlatformError`.
    """
    *pages, last = plain_pages(text, rows=undo_rows(undo))
    async with in_time():
        for page in pages:
            await _write(context, incoming, page, first=page is pages[0])
        try:
            await _write(context, incoming, replace(last, file=picture), first=not pages)
        except DiscordApiError:
            if picture is None:
                raise
            await _write(context, incoming, last, first=not pages)


async def _write(context: DiscordContext, incoming: Incoming, page: Page, *, first: bool) -> None:
    ref = ref_of(incoming)
    surface = InteractionTarget(rest=context.rest, ref=ref, clock=context.clock)
    if first and ref.ids:
        await surface.edit(ref.ids[0], page, priority=Priority.FINAL)
    else:
        await surface.post(page, nonce="", first=False, priority=Priority.FINAL)


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """Show an answer before somebody else takes that over. Raises `PlatformError` when it takes longer."""
    try:
        async with asyncio.timeout(SHOWN_WITHIN.total_seconds()):
            yield
    except TimeoutError as error:
        raise PlatformError("an answer took too long to be shown") from error


async def tell(
    bot: Bot,
    interaction: Interaction,
    incoming: Incoming,
    doing: Awaitable[HandleResult],
    *,
    then: Callable[[Interaction], Awaitable[None]] | None = None,
) -> HandleResult | None:
    """Acknowledge a press once it is carried out; what the bot says is for who pressed it. None for what was refused.

    `then` acknowledges one that has begun an answer. Raises `StorageError`.
    """
    handled = None
    try:
        text = (handled := await doing).text
    except InvalidInput as error:
        text = str(error)
    if text:
        await send_ephemeral(interaction, text)
        await bot.mark_answered(incoming)
    elif handled is not None and handled.outcome is Outcome.ANSWERING and then is not None:
        await then(interaction)
    elif handled is not None and handled.outcome is not Outcome.DUPLICATE:
        await interaction.response.defer()
    return handled


async def send_ephemeral(interaction: Interaction, text: str) -> None:
    """Tell who asked, and nobody else, whether or not the interaction is answered already."""
    for page in plain_pages(text):
        if interaction.response.is_done():
            await interaction.followup.send(page.content, ephemeral=True)
        else:
            await interaction.response.send_message(page.content, ephemeral=True)


async def tell_failure(interaction: Interaction, error: BaseException) -> None:
    """Tell who typed a command, and nobody else, that it failed, in the place of "is thinking"."""
    try:
        if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
            with contextlib.suppress(discord.HTTPException):  # else the next message would take its place for all
                await interaction.delete_original_response()
        await send_ephemeral(interaction, failure(error))
    except discord.HTTPException as trouble:
        logger.warning("failure message not sent", extra={"code": trouble.code})


def failure(error: BaseException) -> str:
    """Return what people are told of a command or a button that failed."""
    if isinstance(error, InvalidInput):
        return str(error)
    if isinstance(error, StorageError):
        return gettext(NOT_STORED)
    if isinstance(error, discord.HTTPException):
        error = refusal("", error.status, error.code)
    if isinstance(error, PlatformRefused) and error.reason:
        return not_done(error.reason)
    return f"{not_done(REFUSED)} {gettext(AGAIN)}" if isinstance(error, PlatformError) else gettext(UNEXPECTED)


def ref_of(incoming: Incoming) -> InteractionRef:
    """Return the interaction that an incoming came by. Raises `PlatformError`."""
    ref = read_ref(incoming.reply_ref)
    if not isinstance(ref, InteractionRef):
        raise PlatformError("a command has no answer to write into")
    return ref
