"""Follow what people edit and delete while nobody listens, as if Discord told it now."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Final

import discord

from adapters.discord.api.client import DiscordClient
from adapters.discord.api.errors import DiscordApiError
from adapters.discord.api.limits import MESSAGES_AT_ONCE, NO_SUCH_ACTION, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE
from adapters.discord.api.names import names_in
from adapters.discord.api.snowflakes import at_time
from adapters.discord.context import DiscordContext
from adapters.discord.events.messages import DiscordMessageHandler
from adapters.discord.payloads import Message
from bot.chat.backfill import edited_since
from bot.errors import PlatformError
from bot.ports import Bot
from bot.types import ConversationKey

logger = logging.getLogger(__name__)

NOT_THERE: Final = frozenset({UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, NO_SUCH_ACTION})
"""What Discord says of a message that a place does not have; forums have none."""

PAGES: Final = 5  # of one place, 500 messages; what is not among them is asked for by itself


async def follow_missed(
    bot: Bot, context: DiscordContext, key: ConversationKey, messages: Sequence[str], *, reads_content: bool
) -> None:
    """Follow what became of messages that are about to be sent to the model, in any process. Raises as below."""
    handler = DiscordMessageHandler(bot, context, reads_content=reads_content)
    handler.me = discord.Object(id=int(await context.rest.user_id()))
    await follow_changes(handler, context, key, messages)


async def follow_changes(
    message_handler: DiscordMessageHandler,
    context: DiscordContext,
    key: ConversationKey,
    kept: Sequence[str],
    *,
    since: int = 0,
) -> None:
    """Follow the deletions of the `kept` messages of a conversation, and their edits at or after a position.

    Raises `PlatformError` once all was followed that Discord tells, and `StorageError`.
    """
    kept = [id for id in kept if id.isdecimal()]
    places = [place for place in (key.thread, key.channel) if place]
    found = await _read(context.rest, places, kept)
    gone: list[str] = []
    untold: PlatformError | None = None
    for id in (id for id in kept if id not in found):
        try:
            found[id] = await _one(context.rest, places, id)
        except DiscordApiError as error:
            if error.code in NOT_THERE:
                gone.append(id)
            else:
                untold = error
        except PlatformError as error:
            untold = error
    if gone:
        guild = int(key.workspace) if key.workspace.isdecimal() else None
        await message_handler.on_deleted(guild, int(key.channel), gone)
        logger.info("messages were deleted", extra={"conversation": str(key), "messages": len(gone)})
    await _follow_edits(message_handler, context, key, found, since=since)
    if untold is not None:
        raise untold


async def _read(rest: DiscordClient, places: Sequence[str], wanted: Sequence[str]) -> dict[str, Message]:
    """Return those of several messages that stand in these places, read by pages; one alone is asked for by itself."""
    found: dict[str, Message] = {}
    for place in places:
        missing = [id for id in wanted if id not in found]
        if len(missing) > 1:
            found |= await _pages(rest, place, missing)
    return found


async def _pages(rest: DiscordClient, place: str, wanted: Sequence[str]) -> Mapping[str, Message]:
    """Return those of some messages that a place has, from the newest one back; none where it cannot be read."""
    oldest, before = min(map(int, wanted)), max(map(int, wanted)) + 1
    found: dict[str, Message] = {}
    for _ in range(PAGES):
        try:
            page = await rest.history(place, limit=MESSAGES_AT_ONCE, before=str(before))
        except PlatformError:  # each of them is asked for by itself
            break
        found |= {item.id: item for item in page if item.id in wanted}
        if len(page) < MESSAGES_AT_ONCE or (before := int(page[-1].id)) <= oldest:
            break
    return found


async def _one(rest: DiscordClient, places: Sequence[str], id: str) -> Message:
    """Return a message from where it stands; a thread at a message has its name, and does not hold it.

    Raises `PlatformError`, with a code of `NOT_THERE` where no place has it.
    """
    first, *others = sorted(places, key=lambda place: place == id)
    try:
        return await rest.message(first, id)
    except DiscordApiError as error:
        if error.code not in NOT_THERE or not others:
            raise
    return await _one(rest, others, id)


async def _follow_edits(
    message_handler: DiscordMessageHandler,
    context: DiscordContext,
    key: ConversationKey,
    found: Mapping[str, Message],
    *,
    since: int,
) -> None:
    edits = {id: int(at_time(item.edited_at)) for id, item in found.items() if item.edited_at is not None}
    edited = [found[id] for id in edited_since(edits, edits, since)]
    if not edited:
        return
    guild = key.workspace if key.workspace.isdecimal() else ""
    names = await names_in(edited, guild, context.directory)
    own_role = await context.directory.own_role(guild) if guild else None
    for message in edited:
        await message_handler.on_edited(message, names=names, own_role=own_role)
