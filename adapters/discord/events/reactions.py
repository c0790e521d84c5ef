"""Handle reactions: a message that was left alone is answered when somebody puts the bot's emoji on it."""

from __future__ import annotations

from adapters.discord.api.client import Json
from adapters.discord.api.messages import is_spoken
from adapters.discord.context import DiscordContext
from adapters.discord.events.messages import DiscordMessageHandler
from adapters.discord.events.parse import Names
from adapters.discord.fields import field, record
from bot.chat.message_policy import EMOJI
from bot.ports import Bot
from bot.types import Entrance, Incoming, Person


class DiscordReactionHandler:
    """Hands messages to the bot that somebody reacts to."""

    def __init__(self, bot: Bot, around: DiscordContext, hearing: DiscordMessageHandler) -> None:
        self._bot = bot
        self._around = around
        self._hearing = hearing

    async def added(self, reaction: Json, *, names: Names, own_role: int | None) -> None:
        """Somebody reacts to a message. Raises `StorageError`, and `PlatformError` for what cannot be read."""
        if not self._asks(reaction):
            return
        channel, id = field(reaction, "channel_id"), field(reaction, "message_id")
        path = "/channels/{channel_id}/messages/{message_id}"
        message: Json = await self._around.rest.call("GET", path, channel_id=channel, message_id=id)
        if not is_spoken(message) or self._hearing.is_mine(message):
            return
        place = await self._around.directory.place(channel)
        incoming = await self._hearing.incoming(message, place, names, own_role, is_directed=True)
        if incoming is not None:
            await self._bot.on_reaction(incoming, asked=self._asked(reaction, incoming))

    def _asks(self, reaction: Json) -> bool:
        """Return whether somebody else than the bot puts its emoji on somebody else's message; others cost no request.

        https://docs.discord.com/developers/events/gateway-events#message-reaction-add
        """
        me = str(self._hearing.me.id) if self._hearing.me is not None else ""
        emoji = record(reaction, "emoji")
        is_ours = field(emoji, "name") == EMOJI and not field(emoji, "id")
        return is_ours and me not in {"", field(reaction, "user_id"), field(reaction, "message_author_id")}

    def _asked(self, reaction: Json, message: Incoming) -> Incoming:
        """Return the reaction as something that its author asks where the message stands."""
        user = field(reaction, "user_id")
        is_bot = record(record(reaction, "member"), "user").get("bot") is True
        return Incoming(
            key=message.key,
            dedupe_key=f"reaction:{message.source_id}:{user}",
            author=Person(id=user, name=user, is_bot=is_bot),
            entrance=Entrance.REACTION,
            text="",
            at=self._around.clock(),
            is_direct=message.is_direct,
            is_top_level=message.is_top_level,
            details=message.details,
        )
