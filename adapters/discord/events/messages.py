"""Handle messages that people write, edit and delete."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

import discord

from adapters.discord.api.client import Json
from adapters.discord.api.directory import PLATFORM, ChannelInfo
from adapters.discord.api.errors import DiscordApiError
from adapters.discord.api.messages import (
    attachments_of,
    content_of,
    is_spoken,
    moment,
    names_in,
    person_of,
    thread_message,
)
from adapters.discord.api.reply_chain import ReplyChains
from adapters.discord.connection.gateway_json import channel_json, message_json
from adapters.discord.context import DiscordContext
from adapters.discord.events.parse import Names, readable, without_address
from adapters.discord.events.requests import in_time
from adapters.discord.replies.ephemeral import send_direct
from adapters.discord.replies.message_targets import ChannelTarget
from adapters.discord.replies.rendering import plain_pages
from adapters.discord.replies.reply_placement import CHANNEL, MESSAGE, OPENS_THREAD, thread_name
from bot.chat.rate_limit import Priority
from bot.errors import InvalidInput, PlatformError, StorageError
from bot.ports import Bot
from bot.types import ConversationKey, Incoming, Outcome, Within

logger = logging.getLogger(__name__)

NOT_TAKEN: Final = "I could not save that just now. Please send it again in a moment."


class DiscordMessageHandler:
    """Handles messages, from the gateway or read afterwards; what arrives twice is answered once."""

    def __init__(self, bot: Bot, around: DiscordContext, *, reads_content: bool) -> None:
        self._bot = bot
        self._around = around
        self._directory = around.directory
        self._chains = ReplyChains(around.rest)
        self._reads_content = reads_content
        self.me: discord.abc.Snowflake | None = None

    async def message(self, message: discord.Message) -> None:
        """Somebody wrote. Raises `PlatformError` when a refusal could not be told."""
        channel = channel_json(message.channel)
        if channel is not None:
            self._directory.learn(channel)
        guild = message.guild
        own_role = guild.self_role.id if guild is not None and guild.self_role is not None else None
        is_admin = isinstance(message.channel, discord.DMChannel) or _manages_guild(message)
        await self.hear(message_json(message), own_role=own_role, is_admin=is_admin, guild=guild)

    async def hear(
        self,
        message: Json,
        *,
        own_role: int | None = None,
        is_admin: bool = False,
        guild: discord.Guild | None = None,
    ) -> None:
        """Handle a message as Discord tells it."""
        if not is_spoken(message) or self._is_mine(message):
            return
        incoming = await self._incoming(message, own_role=own_role, guild=guild)
        if incoming is None:
            return
        incoming = replace(incoming, is_admin=is_admin)
        try:
            handled = await self._bot.handle(incoming)
        except InvalidInput as error:
            text = str(error)
        except StorageError:
            await answer_in_place(self._around, incoming, NOT_TAKEN)
            raise
        else:
            text = handled.text if handled.outcome is Outcome.REPLIED else ""
        if text:
            await answer_in_place(self._around, incoming, text)
            await self._bot.mark_answered(incoming)

    async def _incoming(self, message: Json, *, own_role: int | None, guild: discord.Guild | None) -> Incoming | None:
        """None for what cannot be read: without the message-content intent only what is meant for the bot can be."""
        place = await self._directory.place(str(message["channel_id"]))
        is_directed = place.is_direct or self._mentions_me(message, own_role) or self._replies_to_me(message)
        content = content_of(message)
        files = attachments_of(message) + (attachments_of(quoted) if (quoted := self._quoted(message)) else ())
        if not (is_directed or content or files):
            return None
        id = str(message["id"])
        outside = not place.is_thread and not place.is_direct
        # Going back a chain can cost requests; talk that is not meant for the bot belongs to none.
        root = await self._chains.root(message, str(self.me.id)) if outside and is_directed and self.me else id
        names = names_in(message, _names_of(guild))
        details = {CHANNEL: place.id} | ({} if place.is_direct else {MESSAGE: id})
        return Incoming(
            key=place.key(message=root),
            dedupe_key=f"message:{id}",
            author=person_of(message),
            text=self._with_quoted(readable(without_address(content, self._ids(own_role)), names), message, guild),
            at=moment(message["timestamp"]),
            source_id=id,
            attachments=files,
            is_directed=is_directed,
            is_top_level=outside,
            is_direct=place.is_direct,
            details=details | ({OPENS_THREAD: "yes"} if outside else {}),
        )

    def _is_mine(self, message: Json) -> bool:
        """Return whether it is an echo of what the bot wrote itself."""
        return self.me is not None and str(message["author"]["id"]) == str(self.me.id)

    def _ids(self, own_role: int | None) -> frozenset[str]:
        return frozenset(str(id) for id in (self.me.id if self.me else None, own_role) if id is not None)

    def _mentions_me(self, message: Json, own_role: int | None) -> bool:
        me = str(self.me.id) if self.me else ""
        marks = [f"<@{me}>", f"<@!{me}>", *([f"<@&{own_role}>"] if own_role is not None else ())]
        return any(mark in message["content"] for mark in marks)

    def _replies_to_me(self, message: Json) -> bool:
        told = message.get("referenced_message")
        return told is not None and self.me is not None and str(told["author"]["id"]) == str(self.me.id)

    def _quoted(self, message: Json) -> Json | None:
        """Return the message of somebody else that one replies to, which the question is then about."""
        told = message.get("referenced_message")
        return None if told is None or self._replies_to_me(message) else told

    def _with_quoted(self, text: str, message: Json, guild: discord.Guild | None) -> str:
        quoted = self._quoted(message)
        if quoted is None:
            return text
        about = thread_message(quoted, _names_of(guild))
        return f"{text}\n\n(In reply to {about.author.name}: {about.text})" if about.text else text

    # ------------------------------------------------------------ changes

    async def edited(self, event: discord.RawMessageUpdateEvent) -> None:
        """Follow a changed text; previews and other additions of Discord are no edits. Raises `StorageError`."""
        told: Mapping[str, Json] = {**event.data}
        edited_at = told.get("edited_timestamp")
        message = message_json(event.message)
        if not edited_at or "content" not in told or not is_spoken(message) or self._is_mine(message):
            return
        plain = thread_message(message, _names_of(event.message.guild))
        if not plain.text and not self._reads_content:
            return
        own_role = event.message.guild.self_role if event.message.guild else None
        text = without_address(content_of(message), self._ids(own_role.id if own_role else None))
        text = readable(text, names_in(message, _names_of(event.message.guild)))
        key = await self._key(event.guild_id, event.channel_id)
        is_directed = key.workspace.startswith("@") or self._mentions_me(message, own_role.id if own_role else None)
        edited = replace(plain, text=text)
        await self._bot.on_message_edited(key, edited, at=moment(edited_at), is_directed=is_directed)

    async def deleted(self, guild: int | None, channel: int, messages: Collection[int]) -> None:
        """Messages are gone, somebody's or the bot's own: their text goes, too. Raises `StorageError`."""
        key = await self._key(guild, channel)
        ids = [str(id) for id in messages]
        outcome = await self._bot.on_message_deleted(key, *ids)
        if outcome.questions and not key.thread and guild is not None:
            for id in ids:
                await self._forget_name(id)

    async def _forget_name(self, thread: str) -> None:
        """Take the words of a deleted question out of the name of the thread that the bot opened at it, if it did."""
        try:
            told = await self._directory.channel(thread)
            if self.me is None or str(told.get("owner_id")) != str(self.me.id):
                return
            body = {"name": thread_name("")}
            await self._around.rest.call("PATCH", "/channels/{channel_id}", body=body, channel_id=thread)
        except PlatformError as error:  # most questions have no thread of their own
            logger.info("no thread to rename", extra={"channel": thread, "error": str(error)})

    async def place_gone(self, guild: int, channel: int | None = None, thread: int | None = None) -> None:
        """Handle the deletion of a server, channel or thread, with all that was said there. Raises `StorageError`."""
        names = {"channel": channel, "thread": thread}
        given = {name: str(id) for name, id in names.items() if id is not None}
        await self._bot.on_place_deleted(Within(platform=PLATFORM, workspace=str(guild), **given))

    async def _key(self, guild: int | None, channel: int) -> ConversationKey:
        """Return the conversation of a thread or direct channel, or the channel; taken for one where nothing else is
        known.
        """
        id = str(channel)
        try:
            return (await self._directory.place(id)).key()
        except PlatformError:
            return ChannelInfo(guild=str(guild or ""), id=id, kind=0).key()


async def answer_in_place(around: DiscordContext, incoming: Incoming, text: str) -> None:
    """Answer a command or a refusal where it was written, else in a direct message. Raises `PlatformError`."""
    channel = incoming.details[CHANNEL]
    rest, limits = around.rest, around.limits
    surface = ChannelTarget(rest=rest, limits=limits, channel=channel, reply_to=incoming.details.get(MESSAGE, ""))
    pages = plain_pages(text)
    try:
        async with in_time():
            for part, page in enumerate(pages):
                nonce = f"c{incoming.source_id}-{part}"
                await surface.post(page, nonce=nonce, first=part == 0, priority=Priority.FINAL)
    except DiscordApiError as error:
        logger.info("sent as a direct message", extra={"channel": channel, "code": error.code})
        await send_direct(incoming, pages, around)


def _manages_guild(message: discord.Message) -> bool:
    """Return whether the author may manage the server, as far as it could be read: without its roles nobody does."""
    guild, author = message.guild, message.author
    if guild is None or guild.get_role(guild.id) is None or not isinstance(author, discord.Member):
        return False
    return author.guild_permissions.manage_guild


def _names_of(guild: discord.Guild | None) -> Names:
    def name(kind: str, id: str) -> str | None:
        if guild is None or kind == "user":
            return None
        found = guild.get_role(int(id)) if kind == "role" else guild.get_channel_or_thread(int(id))
        return found.name if found is not None else None

    return name
