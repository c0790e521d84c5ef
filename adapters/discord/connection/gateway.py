"""Listen to the gateway and pass its events to the bot."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import aiohttp
import discord
from discord.gateway import KeepAliveHandler

from adapters.discord.api.client import DiscordOptions, may_read_content
from adapters.discord.connection.gateway_payloads import channel_payload, manages_guild, may_read, names_of
from adapters.discord.context import DiscordContext
from adapters.discord.events.backfill import DiscordBackfill, ReadableChannel
from adapters.discord.events.buttons import ButtonHandler
from adapters.discord.events.hello import say_hello
from adapters.discord.events.messages import DiscordMessageHandler
from adapters.discord.events.reactions import DiscordReactionHandler
from adapters.discord.events.slash_commands import CommandForms
from adapters.discord.events.stale_modals import give_back, is_of_earlier_process
from adapters.discord.payloads import ChannelPayload, Message, Reaction
from bot.backoff import Backoff
from bot.chat.payload import Payload
from bot.errors import BotError, ConfigError, StorageError
from bot.ports import Bot

logger = logging.getLogger(__name__)

HEARTBEAT_END_SECONDS: Final = 5.0

SESSION: Final = "READY"
"""The event without which a session is of no use; every other one can be skipped."""

AS_SENT: Final[Mapping[str, tuple[str, type[Payload]]]] = {
    "MESSAGE_CREATE": ("sent_message", Message),
    "MESSAGE_UPDATE": ("sent_message_update", Message),
    "MESSAGE_REACTION_ADD": ("sent_reaction", Reaction),
}
"""The events that are parsed here, by their names here: the messages of discord.py lose parts, and some (polls without
an end) it cannot read at all."""

Readable = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread

CONNECTION: Final = "connection"
"""The kind of what goes wrong outside of any event."""

EXPECTED: Final = (discord.DiscordException, BotError, aiohttp.ClientError, OSError, TimeoutError)
"""What a connection may end with although nothing is wrong in what was sent."""

NO_CONTENT: Final = (
    "This bot may not read what people write without mentioning it. It answers mentions, replies to its messages, "
    "direct messages and commands; inside threads people must mention it, and summaries see nothing. To change that, "
    "switch on 'Message Content Intent' on the Bot page at discord.com/developers/applications."
)


def intents(*, message_content: bool) -> discord.Intents:
    """Return what the gateway is to tell: servers with their channels and threads, messages, and reactions to them.

    Only `message_content` is privileged. Without it REST does not show either what somebody reacts to.
    """
    return discord.Intents(
        guilds=True,
        guild_messages=True,
        dm_messages=True,
        guild_reactions=message_content,
        dm_reactions=message_content,
        message_content=message_content,
    )


class GatewayClient(discord.AutoShardedClient):
    """The connection of one run. Its caches are small: no members, no messages."""

    def __init__(
        self,
        bot: Bot,
        context: DiscordContext,
        *,
        message_content: bool,
        ready_wait: float,
        on_ready: Callable[[], None],
    ) -> None:
        super().__init__(
            intents=intents(message_content=message_content),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=ready_wait,
            http_trace=context.rest.trace,
        )
        self._bot = bot
        self._on_ready = on_ready
        self._context = context
        self._reading = ""
        self._ready_at: float | None = None
        parsers = self._connection.parsers
        parsers |= {name: self._parsing(event, payload) for name, (event, payload) in AS_SENT.items()}
        self._connection.parsers = {name: self._contained(name, parse) for name, parse in parsers.items()}
        self._message_handler = DiscordMessageHandler(bot, context, reads_content=message_content)
        self._reaction_handler = DiscordReactionHandler(bot, context, self._message_handler)
        self._backfill = DiscordBackfill(bot, context, self._message_handler, self._readable)
        self._forms = CommandForms(self, bot, context)
        self._button_handler = ButtonHandler(bot, context)

    async def setup_hook(self) -> None:
        """Before the gateway is joined: who the bot is, its commands and its buttons."""
        if self.user is not None:
            self._message_handler.me = self.user
        await self._backfill.prepare()
        self._button_handler.join(self)
        await self._forms.join()

    async def close(self) -> None:
        """Leave, and remember until when everything was heard."""
        if self.is_closed():
            return
        await super().close()
        await self._backfill.close()

    async def end_heartbeats(self) -> None:
        """End the heartbeat threads that a shard leaves behind when it was just connecting, before the loop ends."""
        threads = [item for item in threading.enumerate() if isinstance(item, KeepAliveHandler)]
        for thread in [item for item in threads if item.ws._connection is self._connection]:
            thread.stop()
            await asyncio.to_thread(thread.join, HEARTBEAT_END_SECONDS)

    # ------------------------------------------------------------ what cannot be read

    def _contained(self, name: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
        """Return a parser of the library that skips an event which it cannot read.

        An exception in one of them ends the whole client (`DiscordWebSocket.received_message`), for a field that
        somebody else's server lacks. READY is not skipped: its error makes the connection anew.
        """

        def parse_or_skip(data: Any) -> None:
            try:
                parse(data)
            except Exception as error:
                if name == SESSION:
                    raise
                self._context.errors.note(name, error)
            self._reading = ""

        return parse_or_skip

    def _parsing(self, event: str, payload: type[Payload]) -> Callable[[Any], None]:
        """Return a parser that hands on what was sent."""
        return lambda data: self.dispatch(event, payload.read(data))

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Hand an event on, and note which one the library says it is about to read."""
        if event == "socket_event_type":
            self._reading = args[0] if args[0] in self._connection.parsers else ""
        super().dispatch(event, *args, **kwargs)

    @property
    def reading(self) -> str:
        """The kind of event that is being read, or was when the connection ended."""
        return self._reading or CONNECTION

    def healthy_seconds(self) -> float:
        """Return for how long all servers have been heard by now."""
        return 0.0 if self._ready_at is None else asyncio.get_running_loop().time() - self._ready_at

    # ------------------------------------------------------------ events

    async def on_ready(self) -> None:
        """Look for what was missed before this new session; a resumed one misses nothing."""
        if self.is_closed():
            return
        if self._ready_at is None:
            self._ready_at = asyncio.get_running_loop().time()
        self._on_ready()
        logger.info("connected to Discord", extra={"guilds": len(self.guilds), "shards": self.shard_count})
        self._backfill.start()

    async def on_shard_connect(self, _: int) -> None:
        """Note that a session begins anew that could not be resumed; at the start there was none."""
        if self._ready_at is not None:
            self._backfill.positions.open_gap()

    async def on_guild_available(self, _: discord.Guild) -> None:
        """Look for what was missed in a server that was away; at the start all of them come, before `on_ready`."""
        if self._ready_at is not None:
            self._backfill.positions.open_gap()
            self._backfill.start()

    def _readable(self) -> Iterable[ReadableChannel]:
        """Return the channels and active threads that the bot may read, with their newest messages as Discord told."""
        for guild in self.guilds:
            channels: list[Readable] = [
                *guild.text_channels,
                *guild.voice_channels,
                *guild.stage_channels,
                *guild.threads,
            ]
            for channel in channels:
                if may_read(channel):
                    last, role = channel.last_message_id or 0, _own_role(guild)
                    yield ReadableChannel(guild=str(guild.id), id=str(channel.id), last=last, own_role=role)

    async def on_sent_message(self, message: Message) -> None:
        """Somebody wrote."""
        guild = self._guild_of(message.guild_id)
        is_admin = manages_guild(guild, message.author.id, message.member)
        self._learn_channel(message)
        try:
            await self._message_handler.on_message(
                message, names=names_of(guild), own_role=_own_role(guild), is_admin=is_admin
            )
        except StorageError:
            self._backfill.missed(message, own_role=_own_role(guild))
            raise
        await self._backfill.heard(message)

    async def on_sent_message_update(self, message: Message) -> None:
        """Handle a change of a message, which may be no more than a preview."""
        guild = self._guild_of(message.guild_id)
        is_admin = manages_guild(guild, message.author.id, message.member)
        await self._message_handler.on_edited(
            message, names=names_of(guild), own_role=_own_role(guild), is_admin=is_admin
        )

    async def on_sent_reaction(self, reaction: Reaction) -> None:
        """Somebody reacts to a message."""
        guild = self._guild_of(reaction.guild_id)
        is_admin = manages_guild(guild, reaction.user_id, reaction.member)
        await self._reaction_handler.added(
            reaction, names=names_of(guild), own_role=_own_role(guild), is_admin=is_admin
        )

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Answer a form that an earlier process opened; discord.py hands all others to what waits for them."""
        if is_of_earlier_process(interaction, self._context):
            await give_back(interaction)

    def _guild_of(self, id: str) -> discord.Guild | None:
        return self.get_guild(int(id)) if id else None

    def _learn_channel(self, message: Message) -> None:
        """Note where a message stands, as far as that is cached; outside servers a bot has direct messages alone."""
        id = message.channel_id
        direct = ChannelPayload(id=id, type=discord.ChannelType.private.value)
        channel = direct if message.is_direct else channel_payload(self.get_channel(int(id)))
        if channel is not None:
            self._context.directory.learn(channel)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """Handle the deletion of a message."""
        await self._message_handler.on_deleted(event.guild_id, event.channel_id, [event.message_id])

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """Many messages are gone."""
        await self._message_handler.on_deleted(event.guild_id, event.channel_id, event.message_ids)

    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        """Handle the deletion of a thread."""
        await self._message_handler.on_place_gone(event.guild_id, event.parent_id, event.thread_id)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Handle the deletion of a channel."""
        await self._message_handler.on_place_gone(channel.guild.id, channel.id)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Handle the adding of the bot to a server; those that it is in at its start, or that come back, are none."""
        await say_hello(self._bot, self._context, str(guild.id))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Handle the removal of the bot from a server, or of the server; one that is only away is told otherwise."""
        await self._message_handler.on_place_gone(guild.id)

    async def on_guild_channel_update(self, _: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        """Forget what was known of a channel whose name or permissions have changed."""
        self._context.directory.forget_channel(str(after.id))

    async def on_raw_thread_update(self, event: discord.RawThreadUpdateEvent) -> None:
        """Forget what was known of a thread whose name or tags have changed."""
        self._context.directory.forget_channel(str(event.thread_id))

    async def on_guild_role_update(self, _: discord.Role, after: discord.Role) -> None:
        """Forget what was known of a server whose role has other permissions."""
        self._context.directory.forget_guild(str(after.guild.id))

    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """Forget what was known of a server one of whose roles is gone."""
        self._context.directory.forget_guild(str(role.guild.id))

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - they hold text
        """Log what came out of an event without what people wrote."""
        error = sys.exc_info()[1]
        if isinstance(error, BotError):
            logger.warning("event not handled", extra={"event": event_method, "error": str(error)})
        elif error is not None:
            self._context.errors.note(event_method, error)


def _own_role(guild: discord.Guild | None) -> int | None:
    """Return the role that a server gave to the bot itself, by which people may mention it."""
    return guild.self_role.id if guild is not None and guild.self_role is not None else None


async def listen(bot: Bot, options: DiscordOptions, context: DiscordContext, *, on_ready: Callable[[], None]) -> None:
    """Stay connected until cancelled. Raises `ConfigError` for what an operator must change."""
    message_content: bool | None = None
    backoff = Backoff(options.reconnect)
    while True:
        listener: GatewayClient | None = None
        try:
            if message_content is None:
                message_content = may_read_content((await context.rest.application()).flags)
                if not message_content:
                    logger.warning(NO_CONTENT)
            listener = GatewayClient(
                bot, context, message_content=message_content, ready_wait=options.ready_wait, on_ready=on_ready
            )
            await _connect(listener, options)
            reason = "closed"
        except discord.PrivilegedIntentsRequired:
            message_content, reason = False, "message content is switched off"
            logger.warning(NO_CONTENT)
        except discord.LoginFailure:
            raise ConfigError("DISCORD_TOKEN", "is no longer a token that Discord accepts") from None
        except ConfigError:
            raise
        except Exception as error:  # noqa: BLE001 - told by its kind, and the connection is made anew
            reason = type(error).__name__
            if not isinstance(error, EXPECTED):
                context.errors.note(listener.reading if listener is not None else CONNECTION, error)
        pause = backoff.delay(listener.healthy_seconds() if listener is not None else 0.0)
        logger.warning("disconnected from the gateway", extra={"reason": reason, "reconnect_in": round(pause, 1)})
        await asyncio.sleep(pause)


async def _connect(listener: GatewayClient, options: DiscordOptions) -> None:
    """Be connected until the connection ends for good; when cancelled, leave in order.

    A task of its own, because discord.py swallows a cancellation that comes while a shard identifies again; it looks
    whether it was closed, though.
    """
    running = asyncio.create_task(listener.start(options.token), name="Discord: gateway")
    try:
        await asyncio.wait({running})
        running.result()
    finally:
        await listener.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await listener.end_heartbeats()
