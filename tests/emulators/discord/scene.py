"""Setting the scene: people, servers, channels and permissions."""

from __future__ import annotations

from collections.abc import Sequence

from tests.emulators.discord import payloads, permissions
from tests.emulators.discord.core import Core
from tests.emulators.discord.gateway import GUILD_MEMBERS, GUILDS
from tests.emulators.discord.world import DM, FORUM, GROUP_DM, NEWS, TEXT, Channel, Guild, Overwrite, Role, User

# What the bot's own role has, unless the guild is made with something else: what a chat bot asks for.
BOT_PERMISSIONS = permissions.EVERYONE & ~permissions.bits("mention_everyone", "use_external_apps")


class Scene(Core):
    """Scene of a test: what was there before, and what administrators do."""

    def person(self, name: str, *, locale: str = "en-US", installed: bool = False) -> User:
        """A new person; `installed` when the app is installed to the account."""
        user = User(id=self.ids.old(), name=name, locale=locale, installed=installed)
        self.users[user.id] = user
        return user

    def guild(
        self,
        name: str,
        *people: User,
        channels: Sequence[str] = ("general",),
        bot: bool = True,
        locale: str = "en-US",
        bot_permissions: int = BOT_PERMISSIONS,
    ) -> Guild:
        """A new server with those people; it belongs to the developer. With `bot` the bot joins it."""
        id = self.ids.guild()
        guild = Guild(id=id, name=name, owner=self.developer, locale=locale)
        guild.roles[id] = Role(id=id, name="@everyone", permissions=permissions.EVERYONE)
        for item in (self.developer, *people):
            self.join(guild, item)
        self.guilds[id] = guild
        for each_name in channels:
            self._add(Channel(id=self.ids.old(), type=TEXT, name=each_name, guild=guild))
        if bot:
            self.invite(guild, bot_permissions=bot_permissions)
        return guild

    def invite(self, guild: Guild, *, bot_permissions: int = BOT_PERMISSIONS, by: User | None = None) -> None:
        """Somebody, its owner if nobody is named, adds the bot to a server."""
        guild.adding.append((self.ids.new(), by or guild.owner))
        role = Role(id=self.ids.old(), name=self.bot.name, permissions=bot_permissions, position=1, managed=True)
        role.bot_id = self.bot.id
        guild.roles[role.id] = role
        self.join(guild, self.bot, role.id)
        if any(session.hears(guild.id) for session in self.gateway.sessions.values()):
            # What is new lacks the field that guilds have which were or are away; discord.py tells a join by that.
            body = {
                name: item for name, item in payloads.guild_create(guild, self.bot).items() if name != "unavailable"
            }
            self.gateway.dispatch("GUILD_CREATE", body, guild_id=guild.id, intent=GUILDS)

    def kick(self, guild: Guild) -> None:
        """Somebody removes the bot from a server."""
        del guild.members[self.bot.id]
        self.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild_id=guild.id, intent=GUILDS)

    def outage(self, guild: Guild) -> None:
        """Discord loses sight of a server for a while, and of nothing in it (events/gateway-events: Guild Delete)."""
        body = {"id": str(guild.id), "unavailable": True}
        self.gateway.dispatch("GUILD_DELETE", body, guild_id=guild.id, intent=GUILDS)

    def arrive(self, guild: Guild, user: User) -> None:
        """Somebody joins a server."""
        body = payloads.member(self.join(guild, user)) | {"guild_id": str(guild.id)}
        if self.bot.id in guild.members:
            self.gateway.dispatch("GUILD_MEMBER_ADD", body, guild_id=guild.id, intent=GUILD_MEMBERS)

    def channel(self, guild: Guild, name: str, *, topic: str | None = None, news: bool = False) -> Channel:
        """The text channel of that name, made when there is none."""
        for item in guild.channels.values():
            if item.name == name and not item.is_thread:
                return item
        made = Channel(id=self.ids.new(), type=NEWS if news else TEXT, name=name, guild=guild, topic=topic)
        return self._announced(made)

    def forum(self, guild: Guild, name: str, *, tags: Sequence[str] = ()) -> Channel:
        """A new forum with those tags."""
        forum = Channel(id=self.ids.new(), type=FORUM, name=name, guild=guild)
        forum.available_tags = [
            {"id": str(self.ids.new()), "name": tag, "moderated": False, "emoji_id": None, "emoji_name": None}
            for tag in tags
        ]
        return self._announced(forum)

    def dm(self, user: User) -> Channel:
        """The direct messages between somebody and the bot."""
        return self.direct(user)

    def private_channel(self, *people: User) -> Channel:
        """Direct messages among people, without the bot."""
        type = DM if len(people) == 2 else GROUP_DM
        made = Channel(id=self.ids.new(), type=type, name="", recipients=list(people))
        self.channels[made.id] = made
        return made

    def rename(self, channel: Channel, name: str) -> None:
        """Somebody renames a channel or thread."""
        channel.name = name
        self.tell_channel("UPDATE", channel)

    def archive(self, thread: Channel, *, locked: bool = False) -> None:
        """A thread is archived."""
        assert thread.thread is not None
        thread.thread.archived, thread.thread.locked = True, locked
        self.tell_channel("UPDATE", thread)

    def deny(self, channel: Channel, *names: str, who: User | None = None) -> None:
        """Take permissions in a channel from somebody, the bot if nobody is named."""
        overwrite = self._overwrite(channel, who or self.bot)
        overwrite.deny |= permissions.bits(*names)
        overwrite.allow &= ~permissions.bits(*names)
        self.tell_channel("UPDATE", channel)

    def allow(self, channel: Channel, *names: str, who: User | None = None) -> None:
        """Give permissions in a channel to somebody, the bot if nobody is named."""
        overwrite = self._overwrite(channel, who or self.bot)
        overwrite.allow |= permissions.bits(*names)
        overwrite.deny &= ~permissions.bits(*names)
        self.tell_channel("UPDATE", channel)

    def _overwrite(self, channel: Channel, who: User) -> Overwrite:
        for overwrite in channel.overwrites:
            if overwrite.target == who.id:
                return overwrite
        channel.overwrites.append(Overwrite(target=who.id, is_member=True))
        return channel.overwrites[-1]

    def _add(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        if channel.guild is not None:
            channel.guild.channels[channel.id] = channel
        return channel

    def _announced(self, channel: Channel) -> Channel:
        self._add(channel)
        self.tell_channel("CREATE", channel)
        return channel
