"""Say hello to who adds the bot to a server, where the server's audit log tells who that is.

Discord itself does not tell it: https://docs.discord.com/developers/events/gateway-events#guild-create names nobody.
"""

from __future__ import annotations

import logging
from typing import Final

from adapters.discord.api.directory import PLATFORM
from adapters.discord.context import DiscordContext
from adapters.discord.events.requests import in_time
from adapters.discord.payloads import AuditLog
from adapters.discord.replies.ephemeral import send_direct
from adapters.discord.replies.rendering import plain_pages
from bot.chat.hello import greets
from bot.chat.message_policy import EMOJI
from bot.errors import PlatformError
from bot.language import gettext, gettext_noop
from bot.ports import Bot
from bot.types import ConversationKey, Incoming, Person, Within

logger = logging.getLogger(__name__)

BOT_ADD: Final = 28
"""The kind of entry in the audit log (https://docs.discord.com/developers/resources/audit-log)."""

HELLO: Final = gettext_noop(
    "Hello! Mention me with a question on your server and I answer in a thread, or put {emoji} on a message to have "
    "it answered.\n`/help` tells what else I can do."
)


async def say_hello(bot: Bot, context: DiscordContext, guild: str) -> None:
    """Record who added the bot to a server, and tell them how to ask it, in a direct message and once.

    Raises `PlatformError` when they take no direct messages, and `StorageError`.
    """
    adder = await _added_by(context, guild)
    await bot.on_workspace_joined(Within(platform=PLATFORM, workspace=guild), by=adder)
    key = ConversationKey(platform=PLATFORM, workspace=guild, channel="", thread="")
    if not adder or not await greets(bot, key):
        return
    asked = Incoming(
        key=key, dedupe_key=f"hello:{guild}", author=Person(id=adder, name=adder), text="", sent_at=context.clock()
    )
    if (handled := await bot.reply(asked, gettext(HELLO).format(emoji=EMOJI))).text:
        await bot.mark_answered(asked)  # a greeting is owed to nobody: it is tried once
        async with in_time():
            await send_direct(asked, plain_pages(handled.text), context)


async def _added_by(context: DiscordContext, guild: str) -> str:
    """Return who added the bot, "" where Discord does not tell."""
    try:
        me = await context.rest.user_id()
        query = {"action_type": str(BOT_ADD), "target_id": me, "limit": "1"}
        log = await context.rest.call("GET", "/guilds/{guild_id}/audit-logs", query=query, guild_id=guild)
    except PlatformError as error:
        logger.info("not known who added the bot", extra={"guild": guild, "error": str(error)})
        return ""
    return next((entry.user_id for entry in AuditLog.read(log).audit_log_entries), "")
