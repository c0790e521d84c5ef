"""Tell what somebody is and may in a server: their roles, whether they manage a channel, and whether they share one."""

from __future__ import annotations

import logging
from typing import Final

from adapters.discord.api.client import DiscordClient
from adapters.discord.api.directory import DiscordDirectory
from adapters.discord.api.errors import DiscordApiError
from adapters.discord.api.permissions import of_member
from adapters.discord.payloads import Guild, GuildMember, User
from bot.chat.ttl_cache import TtlCache
from bot.types import ConversationKey, Incoming, Membership, Subject, SubjectKind

logger = logging.getLogger(__name__)

FRESH_SECONDS: Final = 25.0
"""How long somebody's roles are believed: one that was taken away counts no more 30 seconds later."""

SHARED_SECONDS: Final = 300.0
KEPT: Final = 2_000
GUILDS_ASKED: Final = 200
"""In how many servers somebody is looked for who has the bot for themselves: one page of them, a request for each."""

NOT_FOUND: Final = 404


class DiscordMemberships:
    """The people of servers as they are now."""

    def __init__(self, rest: DiscordClient, directory: DiscordDirectory) -> None:
        self._rest = rest
        self._directory = directory
        self._members: TtlCache[tuple[str, str], GuildMember | None] = TtlCache(seconds=FRESH_SECONDS, size=KEPT)
        self._shared: TtlCache[str, bool] = TtlCache(seconds=SHARED_SECONDS, size=KEPT)

    async def of(self, asked: Incoming) -> Membership:
        """Return what the author of `asked` is and may where they are. Raises `PlatformError`."""
        key, person = asked.key, asked.author.id
        if not asked.bot_is_member:
            return Membership(shares_workspace=await self._shared.get(person, lambda: self._shares(person)))
        if key.workspace.startswith("@"):
            return Membership()
        member = await self._member(key.workspace, person)
        if member is None:  # a webhook is nobody
            return Membership()
        guild, channel = await self._directory.guild(key.workspace), await self._directory.channel(key.channel)
        may = of_member(guild, channel, member)
        groups = {*member.roles, key.workspace}  # @everyone has the id of the server
        return Membership(groups=frozenset(groups), manages_channel=may.manage_channels, administers=may.manage_guild)

    async def name_of(self, key: ConversationKey, subject: Subject) -> str | None:
        """Return what a server calls somebody or a role, None where there is none. Raises `PlatformError`."""
        id = subject.id.partition("/")[2]
        if subject.kind is SubjectKind.PERSON:
            return await self._person_name(key.workspace, id)
        self._directory.forget_guild(key.workspace)  # a role that was deleted is told to nobody
        roles = (await self._directory.guild(key.workspace)).roles
        return next((role.name.removeprefix("@") for role in roles if role.id == id), None)

    async def _person_name(self, guild: str, id: str) -> str | None:
        try:
            if guild and not guild.startswith("@"):
                member = await self._member(guild, id)
                if member is None:
                    return None
                return member.nick or member.user.shown_name
            user = User.read(await self._rest.call("GET", "/users/{user_id}", user_id=id))
        except DiscordApiError as error:
            if error.status in {400, NOT_FOUND}:  # no such person, or no id of one
                return None
            raise
        return user.shown_name

    async def _member(self, guild: str, user: str) -> GuildMember | None:
        return await self._members.get((guild, user), lambda: self._ask_member(guild, user))

    async def _ask_member(self, guild: str, user: str) -> GuildMember | None:
        """Return somebody in a server, None where they are not. Raises `PlatformError`."""
        path = "/guilds/{guild_id}/members/{user_id}"
        try:
            return GuildMember.read(await self._rest.call("GET", path, guild_id=guild, user_id=user))
        except DiscordApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    async def _shares(self, user: str) -> bool:
        """Return whether somebody is in a server that the bot is in. Raises `PlatformError`."""
        guilds = await self._rest.call("GET", "/users/@me/guilds", query={"limit": str(GUILDS_ASKED)})
        for guild in Guild.read_list(guilds):
            if await self._member(guild.id, user) is not None:
                return True
        return False

    async def aclose(self) -> None:
        """End what is being asked."""
        await self._members.aclose()
        await self._shared.aclose()
