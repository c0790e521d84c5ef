"""Discord as a platform: answers over REST in any process, events from the gateway in one that listens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from adapters.discord.api.channels import DiscordChannelReader
from adapters.discord.api.client import DiscordClient, DiscordOptions, keep_tokens_out_of_logs
from adapters.discord.api.directory import PLATFORM, DiscordDirectory
from adapters.discord.api.files import fetch, renewed
from adapters.discord.api.limits import PACE
from adapters.discord.api.memberships import DiscordMemberships
from adapters.discord.api.rate_limits import DiscordLimits
from adapters.discord.connection.gateway import listen
from adapters.discord.context import DiscordContext, DiscordStore
from adapters.discord.events.changes import follow_missed
from adapters.discord.events.parse import no_names, readable
from adapters.discord.events.pending_answers import tell_pending
from adapters.discord.replies.ephemeral import known_refusal, tell
from adapters.discord.replies.rendering import MENTION_ME
from adapters.discord.replies.reply import DiscordReply
from adapters.discord.replies.reply_placement import CHANNEL, target_of
from adapters.discord.replies.reply_ref import ChannelRef, read_ref
from bot.errors import FileGone, PlatformError, PlatformRefused
from bot.ports import Bot, Clock
from bot.turns.pending_answers import keep_telling
from bot.types import Attachment, ConversationKey, Draft, Incoming, Membership, MessageRef, Place, Subject, Turn

logger = logging.getLogger(__name__)


class DiscordPlatform(DiscordChannelReader):
    """A `bot.ports.Platform`, `ChannelReader` and `FileSource`."""

    name = PLATFORM

    def __init__(self, options: DiscordOptions, store: DiscordStore, *, clock: Clock, searches: bool = True) -> None:
        keep_tokens_out_of_logs()
        limits = DiscordLimits(options.limit_scale)
        self._options = options
        rest = DiscordClient(options, limits)
        super().__init__(rest, DiscordDirectory(rest))
        self._memberships = DiscordMemberships(rest, self._directory)
        self._ready = asyncio.Event()
        self.context = DiscordContext(
            rest=rest, limits=limits, store=store, clock=clock, directory=self._directory, searches=searches
        )

    async def open(self) -> None:
        """Log in; a Discord that is away is tried again by whoever needs it. Raises `ConfigError` for a wrong token."""
        try:
            await self.context.rest.login()
        except PlatformError as error:
            logger.warning("Discord cannot be reached: %s", error)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._memberships.aclose()
        await self._directory.aclose()
        await self.context.rest.aclose()

    @property
    def min_update_interval(self) -> float:
        """The least number of seconds between two `show` of one reply."""
        return PACE * self._options.limit_scale

    @property
    def direct_is_apart(self) -> bool:
        """Each direct conversation is a workspace of its own."""
        return True

    async def membership(self, asked: Incoming, *, groups: bool) -> Membership:  # noqa: ARG002 - they come along
        """Return what somebody is and may where they are. Raises `PlatformError`."""
        return await self._memberships.of(asked)

    async def subject_name(self, key: ConversationKey, subject: Subject) -> str | None:
        """Return what a server calls somebody or a role, None where there is none. Raises `PlatformError`."""
        return await self._memberships.name_of(key, subject)

    async def open_reply(self, turn: Turn) -> DiscordReply:
        """Return the reply of `turn`, going on with its messages where it has some. Raises `PlatformError`."""
        target = await target_of(turn, self.context)
        begins_thread = turn.incoming.is_top_level and isinstance(target.ref, ChannelRef)
        hint = MENTION_ME if begins_thread and not await self.reads_content() else ""
        reply = DiscordReply(turn, target.ref, self.context, reply_to=target.reply_to, hint=hint)
        await reply.find()
        return reply

    async def acknowledge(self, asked: Incoming) -> None:
        """Show that the bot is typing where somebody wrote; after a command Discord itself says "is thinking".

        Raises `PlatformError`.
        """
        if not asked.private and not asked.reply_ref:
            here = asked.platform_data.get(CHANNEL) or asked.key.thread or asked.key.channel
            await self.context.rest.call("POST", "/channels/{channel_id}/typing", channel_id=here)

    async def take_back(self, key: ConversationKey) -> None:
        """Do nothing: that somebody is typing goes by itself after ten seconds."""

    async def notify(self, turn: Turn, text: str) -> None:
        """Reply to the answer of `turn`, with a mention of who asked it. Raises `PlatformError`."""
        ref, person = read_ref(turn.reply_ref or ""), turn.incoming.author.id
        if ref is None:
            return
        body = {
            "content": f"<@{person}> {text}",
            "allowed_mentions": {"parse": [], "users": [person]},
            "nonce": f"t{turn.id}-done",
            "enforce_nonce": True,
        }
        if ref.ids:
            body["message_reference"] = {"message_id": ref.ids[-1], "fail_if_not_exists": False}
        await self.context.rest.call("POST", "/channels/{channel_id}/messages", body=body, channel_id=ref.channel)

    async def known_refusal(self, turn: Turn) -> PlatformRefused | None:
        """Return the right that the bot is known to lack and without which no answer can be shown."""
        return await known_refusal(turn, self.context)

    async def tell(self, asked: Incoming, draft: Draft) -> None:
        """Show a draft to the author of `asked` alone: below their command, or in a direct message.

        Raises `PlatformError`.
        """
        await tell(asked, draft, self.context)

    async def describe(self, key: ConversationKey) -> Place:
        """Return what a channel and its server are called; of a forum, its guidelines. Raises `PlatformError`."""
        if key.workspace.startswith("@"):
            return Place(platform="Discord", is_direct=True)
        channel, guild = await self._directory.channel(key.channel), await self._directory.guild(key.workspace)
        return Place(
            platform="Discord",
            workspace=guild.name,
            channel=f"#{channel.name}" if channel.name else "",
            topic=readable(channel.topic, no_names),
        )

    async def fetch(self, attachment: Attachment, *, limit: int, of: MessageRef | None = None) -> bytes:
        """Return a file that somebody attached, where its address has expired by way of its message.

        Raises `FileTooLarge`, `FileGone` and `PlatformError`.
        """
        try:
            return await fetch(attachment, limit=limit, api_url=self._options.api_url)
        except FileGone:
            if of is None or not of.message_id:
                raise
        fresh = await renewed(self.context.rest, attachment, of)
        return await fetch(fresh, limit=limit, api_url=self._options.api_url)

    async def follow_changes(self, bot: Bot, key: ConversationKey, messages: Sequence[str]) -> None:
        """Follow what became of messages while nobody listened. Raises `PlatformError` and `StorageError`."""
        await follow_missed(bot, self.context, key, messages, reads_content=await self.reads_content())

    async def run(self, bot: Bot) -> None:
        """Listen to the gateway and hand what people write to `bot`, until cancelled."""
        telling = keep_telling(bot, PLATFORM, lambda pending: tell_pending(bot, self.context, pending))
        task = asyncio.create_task(telling, name="Discord: sending pending answers")
        try:
            await listen(bot, self._options, self.context, on_ready=self._ready.set)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def wait_ready(self) -> None:
        """Wait until the gateway is connected and all servers are known."""
        await self._ready.wait()


@asynccontextmanager
async def open_discord(
    options: DiscordOptions, store: DiscordStore, *, clock: Clock, searches: bool = True
) -> AsyncIterator[DiscordPlatform]:
    """Discord by its bot token: it can answer at once, and listens when it is run. Raises `ConfigError`."""
    platform = DiscordPlatform(options, store, clock=clock, searches=searches)
    try:
        await platform.open()
        yield platform
    finally:
        await platform.aclose()
