"""Send text to one person alone: after their command, else as a direct message."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from typing import Final

from adapters.discord.api.errors import DiscordApiError
from adapters.discord.api.limits import NONCE, UNKNOWN_CHANNEL
from adapters.discord.api.permissions import lacking
from adapters.discord.context import DiscordContext
from adapters.discord.replies.message_targets import ChannelTarget, InteractionExpired, InteractionTarget
from adapters.discord.replies.rendering import Page, plain_pages
from adapters.discord.replies.reply_placement import CHANNEL, OPENS_THREAD, direct_channel
from adapters.discord.replies.reply_ref import InteractionRef, read_ref
from bot.chat.rate_limit import Priority
from bot.delivery import known
from bot.errors import PlatformRefused
from bot.language import gettext, gettext_noop
from bot.types import ANSWER_IN, Draft, Incoming, Turn

logger = logging.getLogger(__name__)

LOCKED: Final = gettext_noop("this thread is locked")


async def tell(asked: Incoming, draft: Draft, context: DiscordContext) -> None:
    """Show a finished draft to the author of `asked` alone. Raises `PlatformError`."""
    pages = plain_pages(draft.text, allowed=known(draft.addresses))
    ref = read_ref(asked.reply_ref)
    if isinstance(ref, InteractionRef):
        try:
            return await _follow_up(ref, pages, context)
        except InteractionExpired:
            logger.info("interaction has expired; answering in a direct message")
    return await send_direct(asked, pages, context)


async def _follow_up(ref: InteractionRef, pages: list[Page], context: DiscordContext) -> None:
    """Post below a command, seen by its author alone. Raises `PlatformError`.

    The first message after a deferral would take the place of "is thinking", for everybody to see: that goes first.
    """
    surface = InteractionTarget(rest=context.rest, ref=replace(ref, private=True), clock=context.clock)
    try:
        await surface.delete(ref.ids[0] if ref.ids else "")
    except DiscordApiError as error:
        logger.info("deferred response not deleted", extra={"code": error.code})
    for page in pages:
        await surface.post(page, nonce="", first=False, priority=Priority.FINAL)


async def send_direct(asked: Incoming, pages: list[Page], context: DiscordContext) -> None:
    """Post to the direct messages of the author of `asked`, the same once. Raises `PlatformError`."""
    channel = await direct_channel(asked.author.id, context)
    surface = ChannelTarget(rest=context.rest, limits=context.limits, channel=channel)
    for number, page in enumerate(pages):
        name = hashlib.sha256(f"{asked.dedupe_key} {number} {page.content}".encode()).hexdigest()
        await surface.post(page, nonce=name[:NONCE], first=False, priority=Priority.FINAL)


async def known_refusal(turn: Turn, context: DiscordContext) -> PlatformRefused | None:
    """Return the right that the bot is known to lack and without which no answer can be shown. Raises `PlatformError`.

    Answers to commands need none. What was known is asked for anew before it keeps an answer away.
    """
    asked = turn.incoming
    if asked.private or isinstance(read_ref(turn.reply_ref or asked.reply_ref), InteractionRef):
        return None
    here = asked.platform_data.get(CHANNEL) or asked.key.thread or asked.key.channel
    try:
        reason = await _obstacle(asked, here, context)
        if reason:
            await context.directory.forget_rights(here)
            reason = await _obstacle(asked, here, context)
    except DiscordApiError as error:
        if error.code == UNKNOWN_CHANNEL:
            return error
        raise
    return PlatformRefused(f"no answer can be shown in {here}: {reason}", reason=reason) if reason else None


async def _obstacle(asked: Incoming, here: str, context: DiscordContext) -> str:
    """Return what keeps an answer from the channel or thread `here`, "" for nothing. Raises `PlatformError`."""
    place = await context.directory.place(here)
    held = await context.directory.own_permissions(here)
    if place.is_thread:
        if place.is_locked and not held.manage_threads:
            return gettext(LOCKED)
        return lacking(held, "view_channel", "send_messages_in_threads")
    in_thread = asked.platform_data.get(OPENS_THREAD) and asked.platform_data.get(ANSWER_IN, "thread") == "thread"
    if in_thread and held.create_public_threads and held.send_messages_in_threads:
        return lacking(held, "view_channel")
    return lacking(held, "view_channel", "send_messages")
