"""The state of one emulated Discord, and how its events are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from tests.emulators.clock import MovableClock
from tests.emulators.discord import payloads, permissions
from tests.emulators.discord.errors import missing_access, unknown
from tests.emulators.discord.faults import Faults
from tests.emulators.discord.gateway import (
    DIRECT_MESSAGES,
    DIRECT_TYPING,
    GUILD_MEMBERS,
    GUILD_MESSAGES,
    GUILD_TYPING,
    GUILDS,
    MESSAGE_CONTENT,
    Gateway,
    Session,
)
from tests.emulators.discord.interaction import Interaction
from tests.emulators.discord.limits import Limits
from tests.emulators.discord.options import Options
from tests.emulators.discord.recorder import Recorder
from tests.emulators.discord.snowflakes import Snowflakes, at
from tests.emulators.discord.specification import Specification
from tests.emulators.discord.world import DM, PRIVATE_THREAD, Attachment, Channel, Guild, Member, Message, Payload, User

# Application flags (resources/application): the intent granted, or granted while the app is small.
_CONTENT_LIMITED, _MEMBERS_LIMITED, _PRESENCE_LIMITED = 1 << 19, 1 << 15, 1 << 13

LOOK_AGAIN_S = 0.02


class Core:
    """Everything that the emulator knows; `clock` can be moved. `transit` says for how many seconds a request, by its
    method and its path in the specification, is under way before it has its effect.
    """

    def __init__(self, options: Options, origin: str) -> None:
        self.options = options
        self.origin = origin
        self.api_url = f"{origin}/api/v10"
        self.gateway_url = f"{origin.replace('http', 'ws', 1)}/gateway/"
        self.cdn_url = f"{origin}/cdn"
        self.clock = MovableClock()
        self.ids = Snowflakes(self.clock)
        self.specification = Specification(enabled=options.validate)
        self.gateway = Gateway(options, self.clock, self.specification)
        self.limits = Limits(options, self.clock)
        self.faults = Faults()
        self.recorder = Recorder(options.keep_requests)
        self.bot = User(id=self.ids.old(), name="seedling", bot=True)
        self.developer = User(id=self.ids.old(), name="developer")
        self.users: dict[int, User] = {self.bot.id: self.bot, self.developer.id: self.developer}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.interactions: dict[int, Interaction] = {}
        self.commands: dict[int | None, list[Payload]] = {None: []}
        self.spoilt_readies: list[tuple[Sequence[str], Payload]] = []
        self.command_writes = 0
        self.loose_attachments: list[Attachment] = []  # options of commands
        self.nonces: dict[tuple[int, str], tuple[float, Message]] = {}
        self.transit: Callable[[str, str], float] = lambda *_: 0.0
        self._changed = asyncio.Event()
        self.message_payload = payloads.Messages(self.cdn_url, self.bot)

    def touch(self) -> None:
        """Let those who wait for something look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, holds: Callable[[], object], seconds: float = 10) -> None:
        """Wait until `holds()` is true, which may also depend on what the bot does. Raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            while not holds():
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN_S):
                        await self._changed.wait()

    # ------------------------------------------------------------------ who and where

    def application(self) -> Payload:
        """The application, which has the bot's id as all newer ones have."""
        options = self.options
        flags = _CONTENT_LIMITED * options.message_content
        flags |= _MEMBERS_LIMITED * options.members | _PRESENCE_LIMITED * options.presences
        return {
            "id": str(self.bot.id),
            "name": "Seedling",
            "icon": None,
            "description": "",
            "type": None,
            "bot": payloads.user(self.bot),
            "bot_public": options.public,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": flags,
            "flags_new": str(flags),
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": payloads.user(self.developer),
            "approximate_guild_count": sum(self.bot.id in guild.members for guild in self.guilds.values()),
            "approximate_user_install_count": sum(user.installed for user in self.users.values()),
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "team": None,
            "eligible_oauth2_scopes": ["applications.commands", "bot"],
            "integration_types_config": {"0": {}} | ({"1": {}} if options.user_install else {}),
        }

    def find_channel(self, id: int) -> Channel:
        """A channel that the bot can see. Raises `ApiError` 10003 or 50001."""
        channel = self.channels.get(id)
        if channel is None:
            raise unknown("Channel")
        if not self.sees(channel):
            raise missing_access()
        return channel

    def sees(self, channel: Channel) -> bool:
        """Whether the bot can see a channel."""
        if channel.guild is None:
            return self.bot in channel.recipients
        if self.bot.id not in channel.guild.members:
            return False
        if channel.thread and channel.type == PRIVATE_THREAD and self.bot.id not in channel.thread.members:
            return permissions.may(self.bot, channel, "manage_threads")
        return permissions.may(self.bot, channel, "view_channel")

    def find_guild(self, id: int) -> Guild:
        """A guild that the bot is in. Raises `ApiError` 10004."""
        guild = self.guilds.get(id)
        if guild is None or self.bot.id not in guild.members:
            raise unknown("Guild")
        return guild

    def find_message(self, channel: Channel, id: int) -> Message:
        """A message that everybody in the channel sees. Raises `ApiError` 10008."""
        message = channel.messages.get(id)
        if message is None or message.deleted or message.ephemeral:
            raise unknown("Message")
        return message

    def direct(self, user: User) -> Channel:
        """The channel of direct messages between the bot and `user`, made when there is none."""
        for channel in self.channels.values():
            if channel.type == DM and set(channel.recipients) == {user, self.bot}:
                return channel
        channel = Channel(id=self.ids.new(), type=DM, name="", recipients=[user, self.bot])
        self.channels[channel.id] = channel
        return channel

    def remove_channel(self, channel: Channel) -> None:
        """Delete a channel or thread, with the threads in it, and tell it."""
        assert channel.guild is not None
        for id in [one.id for one in channel.guild.channels.values() if one.parent is channel]:
            del channel.guild.channels[id], self.channels[id]
        body = payloads.channel(channel)
        if channel.is_thread:
            body = payloads.compact(body, "id", "guild_id", "parent_id", "type")
        self.tell(f"{'THREAD' if channel.is_thread else 'CHANNEL'}_DELETE", channel, body, GUILDS)
        del channel.guild.channels[channel.id], self.channels[channel.id]

    # ------------------------------------------------------------------ events

    def tell(self, name: str, channel: Channel, fit: Callable[[Session], Payload] | Payload, intent: int) -> None:
        """Tell what happened in a channel to the sessions that may hear it."""
        if self.sees(channel):
            guild_id = channel.guild.id if channel.guild else None
            self.gateway.dispatch(name, fit, guild_id=guild_id, intent=intent)

    def tell_message(self, name: str, message: Message) -> None:
        """Tell MESSAGE_CREATE or MESSAGE_UPDATE, emptied for sessions that may not read it."""
        channel = message.channel
        guild = channel.guild

        def fit(session: Session) -> Payload:
            readable = bool(session.intents & MESSAGE_CONTENT) or self.is_readable(message)
            body = self.message_payload(message, readable=readable) | {"channel_type": channel.type}
            if guild is None:
                return body
            body["guild_id"] = str(guild.id)
            if message.author.id in guild.members and message.interaction is None:
                body["member"] = payloads.member(guild.members[message.author.id], with_user=False)
            for mention in body["mentions"]:
                mention["member"] = payloads.member(guild.members[int(mention["id"])], with_user=False)
            return body

        self.tell(name, channel, fit, GUILD_MESSAGES if guild else DIRECT_MESSAGES)

    def is_readable(self, message: Message) -> bool:
        """Whether the bot may read a message without the message-content intent (platform reference, 2.2)."""
        if message.author is self.bot or message.channel.guild is None:
            return True
        if self.bot not in message.mentions:
            return False
        only_replied = f"<@{self.bot.id}>" not in message.content and f"<@!{self.bot.id}>" not in message.content
        told = message.replied_to
        return not only_replied or (told is not None and told.author is self.bot and told.interaction is None)

    def tell_channel(self, name: str, channel: Channel, **extra: object) -> None:
        """Tell CHANNEL_... or THREAD_..., by what the channel is."""
        kind = "THREAD" if channel.is_thread else "CHANNEL"
        self.tell(f"{kind}_{name}", channel, payloads.channel(channel, self.bot) | extra, GUILDS)

    def tell_typing(self, channel: Channel, user: User) -> None:
        """Tell TYPING_START."""
        body: Payload = {"channel_id": str(channel.id), "user_id": str(user.id), "timestamp": int(self.clock.time())}
        if channel.guild is not None:
            body["guild_id"] = str(channel.guild.id)
            body["member"] = payloads.member(channel.guild.members[user.id])
        self.tell("TYPING_START", channel, body, GUILD_TYPING if channel.guild else DIRECT_TYPING)

    def greet(self, session: Session) -> None:
        """READY, and then the guilds of the shard."""
        mine = [one for one in self.guilds.values() if self.bot.id in one.members and session.hears(one.id)]
        ready: Payload = {
            "v": 10,
            "user": payloads.own_user(self.bot),
            "guilds": [{"id": str(one.id), "unavailable": True} for one in mine],
            "session_id": session.id,
            "shard": [session.shard, session.shards],
            "resume_gateway_url": self.gateway_url,
            "application": payloads.compact(self.application(), "id", "flags", "flags_new"),
            "session_type": "normal",
            "private_channels": [],
            "presences": [],
            "relationships": [],
            "user_settings": {},
            "_trace": ["emulator"],
        }
        if self.spoilt_readies:
            missing, changed = self.spoilt_readies.pop(0)
            session.tell("READY", {name: item for name, item in (ready | changed).items() if name not in missing})
        else:
            self.gateway.tell(session, "READY", ready)
        if session.intents & GUILDS:
            for guild in mine:
                self.gateway.tell(session, "GUILD_CREATE", payloads.guild_create(guild, self.bot))

    def chunk(self, session: Session, asked: Payload) -> None:
        """Members that a client asks the gateway for; all of them only with the members intent."""
        guild = self.guilds.get(int(asked["guild_id"]))
        if guild is None:
            return
        wanted = asked.get("user_ids")
        members = list(guild.members.values())
        if wanted is not None:
            ids = {int(id) for id in (wanted if isinstance(wanted, list) else [wanted])}
            members = [one for one in members if one.user.id in ids]
        elif asked.get("query") or session.intents & GUILD_MEMBERS:
            members = [one for one in members if one.user.name.startswith(asked.get("query", ""))]
            members = members[: int(asked["limit"]) or None]
        else:
            members = []
        body: Payload = {
            "guild_id": str(guild.id),
            "members": [payloads.member(one) for one in members],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [],
        }
        self.gateway.tell(session, "GUILD_MEMBERS_CHUNK", body | payloads.compact(asked, "nonce"))

    def join(self, guild: Guild, user: User, *roles: int) -> Member:
        """Let `user` be a member, without telling."""
        member = Member(user=user, joined_at=at(user.id), roles=list(roles))
        guild.members[user.id] = member
        return member
