"""Answer the interactions that an ended process left unanswered."""

from __future__ import annotations

import logging
from typing import Final

from adapters.discord.context import DiscordContext
from adapters.discord.events.messages import answer_in_place
from adapters.discord.events.requests import answered_in, asked, ref_of, say
from adapters.discord.events.settings_panel import PANEL
from adapters.discord.replies.message_targets import InteractionExpired, InteractionTarget
from bot.language import gettext
from bot.ports import Bot
from bot.turns.pending_answers import INTERRUPTED
from bot.types import Incoming, PendingAnswer

logger = logging.getLogger(__name__)

LOADING: Final = 1 << 7
"""The flag of a message that says "is thinking" (resources/message)."""


async def tell_pending(bot: Bot, context: DiscordContext, pending: PendingAnswer) -> None:
    """Tell what is owed; nothing once an interaction can no longer be answered. Raises `PlatformError`."""
    incoming = pending.incoming
    if incoming.message_id:
        await answer_in_place(context, incoming, pending.answer or gettext(INTERRUPTED))
        return
    try:
        if pending.answer is None:
            await _finish(bot, context, incoming)
        else:
            await say(context, incoming, pending.answer)
    except InteractionExpired:
        logger.info("interaction expired before it was answered", extra={"delivery": incoming.dedupe_key})


async def _finish(bot: Bot, context: DiscordContext, incoming: Incoming) -> None:
    """Carry out a command whose author sees that the bot is thinking; a panel they must open again."""
    message = await InteractionTarget(rest=context.rest, ref=ref_of(incoming), clock=context.clock).original()
    if not message.flags & LOADING:
        return
    answered = answered_in(incoming, message.id)
    if incoming.text == PANEL:
        await say(context, answered, gettext(INTERRUPTED))
    else:
        await asked(bot, context, answered)
