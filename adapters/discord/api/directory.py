"""Look up channels: their server, parent and kind, and the permissions of people in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import discord

from adapters.discord.api.client import DiscordClient
from adapters.discord.api.limits import FORUMS, THREADS
from adapters.discord.api.permissions import ALL, of_member
from adapters.discord.payloads import ChannelPayload, Guild, GuildMember
from bot.chat.ttl_cache import TtlCache
from bot.errors import PlatformError
from bot.types import ConversationKey
from bot.types.content import ForumPost

PLATFORM: Final = "discord"
KEPT: Final = 2_000
FRESH_SECONDS: Final = 300.0
"""How long what was asked is believed; what the gateway tells to have changed is asked for anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelInfo:
    """A channel, thread or direct conversation; `parent` is the channel that a thread lies in."""

    guild: str
    id: str
    kind: int
    name: str = ""
    parent: str = ""
    is_locked: bool = False

    @property
    def is_direct(self) -> bool:
        """Return whether it lies outside servers."""
        return not self.guild

    @property
    def is_thread(self) -> bool:
        """Return whether it is a thread or a forum post."""
        return self.kind in THREADS

    def key(self, *, message: str = "") -> ConversationKey:
        """Return the conversation there; outside threads the one that `message` would start.

        Each direct conversation is a workspace of its own, so that a setting there is nobody else's.
        """
        if self.is_direct:
            return ConversationKey(platform=PLATFORM, workspace=f"@{self.id}", channel=self.id, thread="")
        if self.is_thread:
            return ConversationKey(platform=PLATFORM, workspace=self.guild, channel=self.parent, thread=self.id)
        return ConversationKey(platform=PLATFORM, workspace=self.guild, channel=self.id, thread=message)

    def keys(self, message: str, root: str = "") -> Sequence[ConversationKey]:
        """Return the conversations that a message here can belong to; `root` is that of the replies it stands among."""
        if self.is_direct or self.is_thread:
            return (self.key(),)
        return tuple(self.key(message=thread) for thread in dict.fromkeys((message, root or message, "")))


def place_of(channel: ChannelPayload, guild: str = "") -> ChannelInfo:
    """Return a channel as Discord tells it."""
    return ChannelInfo(
        guild=channel.guild_id or guild,
        id=channel.id,
        kind=channel.type,
        name=channel.name,
        parent=channel.parent_id,
        is_locked=channel.thread_metadata.locked,
    )


class DiscordDirectory:
    """Channels by their ids."""

    def __init__(self, rest: DiscordClient) -> None:
        self._rest = rest
        self._channels: TtlCache[str, ChannelPayload] = TtlCache(seconds=FRESH_SECONDS, size=KEPT)
        self._guilds: TtlCache[str, Guild] = TtlCache(seconds=FRESH_SECONDS, size=KEPT)
        self._members: TtlCache[tuple[str, str], GuildMember] = TtlCache(seconds=FRESH_SECONDS, size=KEPT)
        self._places: TtlCache[str, ChannelPayload] = TtlCache(seconds=FRESH_SECONDS, size=KEPT)

    async def place(self, channel: str) -> ChannelInfo:
        """Return where a channel lies. Raises `PlatformError`."""
        return place_of(await self._places.get(channel, lambda: self.channel(channel)))

    async def channel(self, id: str) -> ChannelPayload:
        """Return a channel as Discord tells it. Raises `PlatformError`."""
        return await self._channels.get(id, lambda: self._ask_channel(id))

    async def _ask_channel(self, id: str) -> ChannelPayload:
        return ChannelPayload.read(await self._rest.call("GET", "/channels/{channel_id}", channel_id=id))

    async def guild(self, id: str) -> Guild:
        """Return a server with its roles. Raises `PlatformError`."""
        return await self._guilds.get(id, lambda: self._ask_guild(id))

    async def _ask_guild(self, id: str) -> Guild:
        return Guild.read(await self._rest.call("GET", "/guilds/{guild_id}", guild_id=id))

    async def member(self, guild: str, user: str) -> GuildMember:
        """Somebody in a server. Raises `PlatformError`, also for those who are not there."""
        return await self._members.get((guild, user), lambda: self._ask_member(guild, user))

    async def _ask_member(self, guild: str, user: str) -> GuildMember:
        path = "/guilds/{guild_id}/members/{user_id}"
        return GuildMember.read(await self._rest.call("GET", path, guild_id=guild, user_id=user))

    async def own_permissions(self, channel: str) -> discord.Permissions:
        """Return what the bot may do in a channel or thread; everything outside servers. Raises `PlatformError`."""
        place = await self.place(channel)
        if place.is_direct:
            return ALL
        told = await self.channel(place.parent if place.is_thread else channel)
        member = await self.member(place.guild, await self._rest.user_id())
        return of_member(await self.guild(place.guild), told, member)

    async def manages_guild(self, guild: str, user: str) -> bool:
        """Return whether somebody may manage a server; False where Discord does not tell."""
        try:
            held = of_member(await self.guild(guild), ChannelPayload(), await self.member(guild, user))
        except PlatformError:
            return False
        return held.administrator or held.manage_guild

    async def own_role(self, guild: str) -> int | None:
        """Return the role that a server gave to the bot itself, None for none. Raises `PlatformError`."""
        me = await self._rest.user_id()
        return next((int(role.id) for role in (await self.guild(guild)).roles if role.bot_id == me), None)

    async def post(self, thread: str) -> ForumPost | None:
        """Return the title and tags of a post in a forum, None for any other thread. Raises `PlatformError`."""
        told = await self.channel(thread)
        forum = await self.channel(told.parent_id)
        if forum.type not in FORUMS:
            return None
        tags = {tag.id: tag.name for tag in forum.available_tags}
        return ForumPost(title=told.name, tags=tuple(filter(None, (tags.get(id, "") for id in told.applied_tags))))

    async def forget_rights(self, channel: str) -> None:
        """Ask anew what the bot may do in a channel or thread. Raises `PlatformError`."""
        place = await self.place(channel)
        self._places.forget(channel)
        for id in (channel, place.parent):
            self.forget_channel(id)
        self.forget_guild(place.guild)
        self._members.forget((place.guild, await self._rest.user_id()))

    def forget_channel(self, id: str) -> None:
        """Forget what was known of a channel or thread that has changed."""
        self._channels.forget(id)

    def forget_guild(self, id: str) -> None:
        """Forget what was known of a server that has changed."""
        self._guilds.forget(id)

    def learn(self, channel: ChannelPayload) -> None:
        """Note where a channel lies, as the gateway told it; who may do what there is asked when it is needed."""
        self._places.put(channel.id, channel)

    async def aclose(self) -> None:
        """End what is being asked."""
        for cache in (self._channels, self._guilds, self._members, self._places):
            await cache.aclose()
