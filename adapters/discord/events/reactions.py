"""Handle reactions: a message that was left alone is answered when somebody puts the bot's emoji on it."""

from __future__ import annotations

from dataclasses import replace

from adapters.discord.api.messages import is_spoken
from adapters.discord.context import DiscordContext
from adapters.discord.events.messages import DiscordMessageHandler
from adapters.discord.events.parse import Names
from adapters.discord.payloads import Reaction
from bot.chat.message_policy import EMOJI
from bot.ports import Bot
from bot.types import Entrance, Incoming, Person


class DiscordReactionHandler:
    """Hands messages to the bot that somebody reacts to."""

    def __init__(self, bot: Bot, context: DiscordContext, message_handler: DiscordMessageHandler) -> None:
        self._bot = bot
        self._context = context
        self._message_handler = message_handler

    async def added(self, reaction: Reaction, *, names: Names, own_role: int | None, is_admin: bool) -> None:
        """Somebody reacts to a message. Raises `StorageError`, and `PlatformError` for what cannot be read."""
        if not self._asks(reaction):
            return
        message = await self._context.rest.message(reaction.channel_id, reaction.message_id)
        if not is_spoken(message) or self._message_handler.is_mine(message):
            return
        place = await self._context.directory.place(reaction.channel_id)
        incoming = await self._message_handler.incoming(message, place, names, own_role, is_directed=True)
        if incoming is not None:
            asked = replace(self._asked(reaction, incoming), is_admin=is_admin)
            await self._bot.on_reaction(incoming, asked=asked)

    def _asks(self, reaction: Reaction) -> bool:
        """Return whether somebody else than the bot puts its emoji on somebody else's message; others cost no request.

        https://docs.discord.com/developers/events/gateway-events#message-reaction-add
        """
        me = str(self._message_handler.me.id) if self._message_handler.me is not None else ""
        is_ours = reaction.emoji.name == EMOJI and not reaction.emoji.id
        return is_ours and me not in {"", reaction.user_id, reaction.message_author_id}

    def _asked(self, reaction: Reaction, message: Incoming) -> Incoming:
        """Return the reaction as something that its author asks where the message stands."""
        user = reaction.user_id
        return Incoming(
            key=message.key,
            dedupe_key=f"reaction:{message.message_id}:{user}",
            author=Person(id=user, name=user, is_bot=reaction.member.user.bot),
            entrance=Entrance.REACTION,
            text="",
            sent_at=self._context.clock(),
            is_direct=message.is_direct,
            is_top_level=message.is_top_level,
            platform_data=message.platform_data,
        )
