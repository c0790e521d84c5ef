"""Handle messages that people write, edit and delete."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from dataclasses import replace
from typing import Final

import discord

from adapters.discord.api.directory import PLATFORM, ChannelInfo
from adapters.discord.api.errors import DiscordApiError
from adapters.discord.api.messages import attachments_of, is_spoken, is_told, person_of, thread_message
from adapters.discord.api.reply_chain import ReplyChains
from adapters.discord.context import DiscordContext
from adapters.discord.events.parse import Names, named_in, no_names
from adapters.discord.events.requests import in_time
from adapters.discord.message_content import REPLY, own_answer, read_content
from adapters.discord.payloads import Message
from adapters.discord.replies.components import undo_rows
from adapters.discord.replies.ephemeral import send_direct
from adapters.discord.replies.message_targets import ChannelTarget
from adapters.discord.replies.rendering import plain_pages
from adapters.discord.replies.reply_placement import CHANNEL, MESSAGE, OPENS_THREAD, thread_name
from bot.chat.arrival_order import ArrivalOrder
from bot.chat.message_markdown import own_words, render, without_quotes
from bot.chat.rate_limit import Priority
from bot.chat.reactions import is_assent, is_reaction
from bot.errors import InvalidInput, PlatformError, StorageError
from bot.language import gettext, gettext_noop
from bot.ports import Bot
from bot.types import BOT, Incoming, Outcome, Utterance, Within
from bot.types.content import MessageContent

logger = logging.getLogger(__name__)

QUESTION_CHARACTERS: Final = 40_000
"""Of a question with all that it is about; other messages are cut at 8,000."""

MENTION: Final = re.compile(r"<@!?(\d+)>")
GROUP_MENTION: Final = re.compile(r"(?<=<@&)\d+(?=>)|(?<![\w@])@(?:everyone|here)\b")
NOT_TAKEN: Final = gettext_noop(
    "I could not save that just now, and try again by myself. Send it again only if no answer comes."
)

ORDER_SECONDS: Final = 5.0
"""How long a message waits for those before it, which may wait for what they reply to."""


class DiscordMessageHandler:
    """Handles messages, from the gateway or read afterwards; what arrives twice is answered once."""

    def __init__(self, bot: Bot, context: DiscordContext, *, reads_content: bool) -> None:
        self._bot = bot
        self._context = context
        self._directory = context.directory
        self._chains = ReplyChains(context.rest)
        self._reads_content = reads_content
        self._order = ArrivalOrder(seconds=ORDER_SECONDS)
        self.me: discord.abc.Snowflake | None = None

    async def on_message(
        self, message: Message, *, names: Names = no_names, own_role: int | None = None, is_admin: bool = False
    ) -> None:
        """Handle a message. Raises `StorageError` for one that is to be heard again, `PlatformError` when a refusal
        could not be told, `KeyError` for half of one.
        """
        if not is_spoken(message) or self.is_mine(message):
            return
        message.check_whole()
        with self._order.arrived(message.channel_id) as arrival:
            place = await self._directory.place(message.channel_id)
            incoming = await self.incoming(message, place, names, own_role)
            await arrival.turn()
            if incoming is not None:
                await self._hand_over(replace(incoming, is_admin=is_admin))

    async def _hand_over(self, incoming: Incoming) -> None:
        """Let the bot take what somebody said, and tell what it says to it. Raises as `on_message` does."""
        try:
            handled = await self._bot.handle(incoming)
        except InvalidInput as error:
            text, undo = str(error), ""
        except StorageError:
            await self._tell_late(incoming)
            raise
        else:
            text, undo = handled.text if handled.outcome is Outcome.REPLIED else "", handled.undo
            if handled.is_refusal:
                await self._tell_alone(incoming, text)
                return
        if text:
            await answer_in_place(self._context, incoming, text, undo=undo)
            await self._bot.mark_answered(incoming)

    async def _tell_late(self, incoming: Incoming) -> None:
        """Tell who wrote to the bot that it takes longer; what people say to one another waits unseen."""
        if not incoming.is_directed:
            return
        try:
            await answer_in_place(self._context, incoming, gettext(NOT_TAKEN))
        except PlatformError as error:
            logger.info("delay not told", extra={"conversation": str(incoming.key), "error": str(error)})

    async def _tell_alone(self, incoming: Incoming, text: str) -> None:
        """Tell somebody in a direct message that the bot is not open to them; who takes none is told nothing."""
        try:
            async with in_time():
                await send_direct(incoming, plain_pages(text), self._context)
        except PlatformError as error:
            logger.info("refusal not told", extra={"conversation": str(incoming.key), "error": str(error)})
        await self._bot.mark_answered(incoming)

    async def incoming(
        self, message: Message, place: ChannelInfo, names: Names, own_role: int | None, *, is_directed: bool = False
    ) -> Incoming | None:
        """Return what somebody said in the core's words; `is_directed` takes it as meant for the bot.

        None for what cannot be read: without the message-content intent only what is meant for the bot can be. Raises
        `PlatformError`.
        """
        is_directed = is_directed or place.is_direct or self.is_meant(message, own_role)
        if not (is_directed or self._reads_content):
            return None
        above = await self._above(message, place) if is_directed else []
        content = await self._content(message, names, own_role, place)
        text, files = render(content, most=QUESTION_CHARACTERS), attachments_of(message)
        if not (is_directed or text or files):
            return None
        id = message.id
        outside = not place.is_thread and not place.is_direct
        # Going back a chain can cost requests; talk that is not meant for the bot belongs to none.
        root = await self._chains.root(message, self._my_id) if outside and is_directed else id
        details = {CHANNEL: place.id} | ({} if place.is_direct else {MESSAGE: id})
        return Incoming(
            key=place.key(message=root),
            dedupe_key=f"message:{id}",
            author=person_of(message, names),
            text=text,
            typed=content.text,
            sent_at=message.created_at,
            message_id=id,
            replies_to=content.reply_to.message_id if content.reply_to else "",
            attachments=files,
            is_directed=is_directed,
            bot_name=names("user", self._my_id) or "",
            addressees=self._addressees(message) - self._ids(own_role),
            mentions=named_in(message.content, names),
            is_top_level=outside,
            is_direct=place.is_direct,
            platform_data=details | ({OPENS_THREAD: "yes"} if outside else {}),
            above=tuple(thread_message(item, names) for item in reversed(above)),
        )

    async def _content(
        self, message: Message, names: Names, own_role: int | None, place: ChannelInfo
    ) -> MessageContent:
        """Return what a message holds, with the title of a post that it begins."""
        content = read_content(message, names, bot_ids=self._ids(own_role))
        post = await self._directory.post(place.id) if place.is_thread and place.id == message.id else None
        return replace(content, post=post)

    async def _above(self, message: Message, place: ChannelInfo) -> list[Message]:
        """Return the messages that a question is about: the one that it replies to, and those above that.

        What the bot answered in the same conversation stands there already.
        """
        if self._replies_to_me(message):
            return []
        found = await self._chains.above(message)
        is_here = place.is_thread or place.is_direct
        return [item for item in found if is_told(item) and not (is_here and self.is_mine(item))]

    # ------------------------------------------------------------ who is meant

    @property
    def _my_id(self) -> str:
        return str(self.me.id) if self.me is not None else ""

    def is_mine(self, message: Message) -> bool:
        """Return whether it is an echo of what the bot wrote itself."""
        return message.author.id == self._my_id

    def _ids(self, own_role: int | None) -> frozenset[str]:
        return frozenset(id for id in (self._my_id, str(own_role or "")) if id)

    def is_meant(self, message: Message, own_role: int | None) -> bool:
        """Return whether a message mentions the bot or replies to it with more than thanks."""
        if self._mentions_me(message, own_role):
            return True
        return self._replies_to_me(message) and not self._is_thanks(message)

    def _is_thanks(self, message: Message) -> bool:
        """Return whether a reply to the bot needs no answer; "ok" does where the bot asked something."""
        said, told = own_words(message.content), message.referenced_message
        asked = told is not None and Utterance(speaker=BOT, text=own_answer(told)).asks
        return not message.attachments and is_reaction(said) and not (asked and is_assent(said))

    def _mentions_me(self, message: Message, own_role: int | None) -> bool:
        marks = [f"<@{self._my_id}>", f"<@!{self._my_id}>", *([f"<@&{own_role}>"] if own_role is not None else ())]
        return any(mark in message.content and mark in without_quotes(message.content) for mark in marks)

    def _replies_to_me(self, message: Message) -> bool:
        told = message.referenced_message
        return message.type == REPLY and told is not None and told.author.id == self._my_id != ""

    def _addressees(self, message: Message) -> frozenset[str]:
        """Return the others whom a message mentions outside of code and quotations, or to whom it replies."""
        said = without_quotes(message.content)
        only_quoted = set(MENTION.findall(message.content)) - set(MENTION.findall(said))
        told = ({item.id for item in message.mentions} - only_quoted) | set(GROUP_MENTION.findall(said))
        if message.type == REPLY and message.referenced_message:
            told.add(message.referenced_message.author.id)
        return frozenset(told - {"", self._my_id})

    # ------------------------------------------------------------ changes

    async def on_edited(
        self, message: Message, *, names: Names = no_names, own_role: int | None = None, is_admin: bool = False
    ) -> None:
        """Follow a changed text. Previews that Discord adds are no edits: what waits takes them in.

        Raises `StorageError`.
        """
        edited_at = message.edited_at
        is_preview = not edited_at and bool(message.embeds) and message.tells("timestamp")
        is_change = (edited_at or is_preview) and message.tells("content")
        if not is_change or not is_spoken(message) or self.is_mine(message):
            return
        message.check_whole()
        with self._order.arrived(message.channel_id) as arrival:
            place = await self._place(message.guild_id, message.channel_id)
            incoming = await self.incoming(message, place, names, own_role)
            if incoming is None:
                return
            incoming, at = replace(incoming, is_admin=is_admin), edited_at or incoming.sent_at
            await self._bot.on_message_edited(incoming, at=at, by_platform=is_preview)
            if arrival.waits:  # for what may have the bot take part there, or for the message itself
                await arrival.turn()
                await self._bot.on_message_edited(incoming, at=at, by_platform=is_preview)

    async def on_deleted(self, guild: int | None, channel: int, messages: Collection[int | str]) -> None:
        """Messages are gone, somebody's or the bot's own: their text goes, too. Raises `StorageError`."""
        key = (await self._place(str(guild or ""), str(channel))).key()
        ids = [str(id) for id in messages]
        outcome = await self._bot.on_message_deleted(key, *ids)
        if outcome.questions and not key.thread and guild is not None:
            for id in ids:
                await self._forget_name(id)

    async def _forget_name(self, thread: str) -> None:
        """Take the words of a deleted question out of the name of the thread that the bot opened at it, if it did."""
        try:
            told = await self._directory.channel(thread)
            if self.me is None or told.owner_id != str(self.me.id):
                return
            body = {"name": thread_name("")}
            await self._context.rest.call("PATCH", "/channels/{channel_id}", body=body, channel_id=thread)
        except PlatformError as error:  # most questions have no thread of their own
            logger.info("no thread to rename", extra={"channel": thread, "error": str(error)})

    async def on_place_gone(self, guild: int, channel: int | None = None, thread: int | None = None) -> None:
        """Handle the deletion of a server, channel or thread, with all that was said there. Raises `StorageError`."""
        names = {"channel": channel, "thread": thread}
        given = {name: str(id) for name, id in names.items() if id is not None}
        await self._bot.on_place_deleted(Within(platform=PLATFORM, workspace=str(guild), **given))

    async def _place(self, guild: str, channel: str) -> ChannelInfo:
        """Return where a channel lies; it is taken for one of the server where nothing else is known."""
        try:
            return await self._directory.place(channel)
        except PlatformError:
            return ChannelInfo(guild=guild, id=channel, kind=0)


async def answer_in_place(context: DiscordContext, incoming: Incoming, text: str, *, undo: str = "") -> None:
    """Answer a command or a refusal where it was written, else in a direct message; `undo` takes back what was done.

    Raises `PlatformError`.
    """
    channel = incoming.platform_data[CHANNEL]
    rest, limits = context.rest, context.limits
    surface = ChannelTarget(rest=rest, limits=limits, channel=channel, reply_to=incoming.platform_data.get(MESSAGE, ""))
    pages = plain_pages(text, rows=undo_rows(undo))
    try:
        async with in_time():
            for part, page in enumerate(pages):
                nonce = f"c{incoming.message_id}-{part}"
                await surface.post(page, nonce=nonce, first=part == 0, priority=Priority.FINAL)
    except DiscordApiError as error:
        logger.info("sent as a direct message", extra={"channel": channel, "code": error.code})
        await send_direct(incoming, pages, context)
