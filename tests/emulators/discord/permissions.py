"""Permissions as Discord computes them: roles of the guild, then overwrites of the channel."""

from __future__ import annotations

from tests.emulators.discord.world import Channel, Guild, User

# Bits by name, from Discord's documentation (topics/permissions).
BITS = {
    name: 1 << bit
    for name, bit in {
        "administrator": 3,
        "manage_channels": 4,
        "manage_guild": 5,
        "add_reactions": 6,
        "view_audit_log": 7,
        "view_channel": 10,
        "send_messages": 11,
        "manage_messages": 13,
        "embed_links": 14,
        "attach_files": 15,
        "read_message_history": 16,
        "mention_everyone": 17,
        "use_external_emojis": 18,
        "change_nickname": 26,
        "use_application_commands": 31,
        "manage_threads": 34,
        "create_public_threads": 35,
        "create_private_threads": 36,
        "send_messages_in_threads": 38,
        "send_polls": 49,
        "use_external_apps": 50,
        "pin_messages": 51,
    }.items()
}
ALL = sum(BITS.values())

# What a new guild gives everybody, of the bits above.
EVERYONE = ALL & ~sum(
    BITS[name]
    for name in (
        "administrator",
        "manage_channels",
        "manage_guild",
        "manage_messages",
        "manage_threads",
        "pin_messages",
        "view_audit_log",
    )
)


def bits(*names: str) -> int:
    """The permissions of those names as one number. Raises `KeyError` for an unknown one."""
    return sum(BITS[name] for name in set(names))


def permissions(user: User, channel: Channel) -> int:
    """What `user` may do in `channel`; in a direct message everything that concerns messages."""
    guild = channel.guild
    if guild is None:
        return EVERYONE
    held = _of_roles(user, guild)
    if held & BITS["administrator"]:
        return ALL
    place = channel.parent if channel.is_thread and channel.parent else channel
    member = guild.members.get(user.id)
    roles = {guild.id} | (set(member.roles) if member else set())
    everyone = [overwrite for overwrite in place.overwrites if overwrite.target == guild.id]
    of_roles = [overwrite for overwrite in place.overwrites if overwrite.target in roles - {guild.id}]
    own = [overwrite for overwrite in place.overwrites if overwrite.target == user.id]
    for level in (everyone, of_roles, own):
        for item in level:
            held &= ~item.deny
        for item in level:
            held |= item.allow
    return held if held & BITS["view_channel"] else 0


def may(user: User, channel: Channel, name: str) -> bool:
    """Whether `user` has the permission `name` in `channel`."""
    return bool(permissions(user, channel) & BITS[name])


def may_in(user: User, guild: Guild, name: str) -> bool:
    """Whether `user` has the permission `name` in a whole guild."""
    return bool(_of_roles(user, guild) & (BITS[name] | BITS["administrator"]))


def may_send(user: User, channel: Channel) -> bool:
    """Whether `user` may write there; in threads another permission counts than in channels."""
    return may(user, channel, "send_messages_in_threads" if channel.is_thread else "send_messages")


def _of_roles(user: User, guild: Guild) -> int:
    if user.id == guild.owner.id:
        return ALL
    member = guild.members.get(user.id)
    if member is None:
        return 0
    held = guild.roles[guild.id].permissions
    for id in member.roles:
        held |= guild.roles[id].permissions
    return held
