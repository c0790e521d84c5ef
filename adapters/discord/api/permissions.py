"""Compute permissions in a channel from server roles and channel overwrites (topics/permissions). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import discord

from adapters.discord.payloads import ChannelPayload, Guild, GuildMember, Overwrite
from bot.language import gettext, gettext_noop

ALL: Final = discord.Permissions.all()
READING: Final = discord.Permissions(view_channel=True, read_message_history=True)
_MEMBER: Final = 1  # type of an overwrite
LACKING: Final = gettext_noop(
    "I lack the permission “{right}” in this channel; an administrator of the server can grant it"
)


def may_read(permissions: discord.Permissions) -> bool:
    """Return whether they let somebody read a channel and its history."""
    return permissions >= READING


def lacking(held: discord.Permissions, *names: str) -> str:
    """Return the reason for the first right that is missing, by the name that Discord's clients show."""
    for name in names:
        if not getattr(held, name):
            return gettext(LACKING).format(right=name.replace("_", " ").title().replace(" In ", " in "))
    return ""


def of_member(guild: Guild, channel: ChannelPayload, member: GuildMember) -> discord.Permissions:
    """Return what a member may do in a channel; for a thread `channel` is the one that it lies in."""
    if member.user.id == guild.owner_id:
        return ALL
    return _within(guild, channel, {*member.roles}, member.user.id)


def of_everyone(guild: Guild, channel: ChannelPayload) -> discord.Permissions:
    """Return what somebody without any role may do in a channel."""
    return _within(guild, channel, set(), "")


def _within(guild: Guild, channel: ChannelPayload, roles: set[str], user: str) -> discord.Permissions:
    held = discord.Permissions.none()
    for role in guild.roles:
        if role.id in roles | {guild.id}:
            held |= discord.Permissions(int(role.permissions))
    if held.administrator:
        return ALL
    overwrites = channel.permission_overwrites
    held = _overwritten(held, (overwrite for overwrite in overwrites if overwrite.id == guild.id))
    held = _overwritten(held, (overwrite for overwrite in overwrites if overwrite.id in roles))
    own = (overwrite for overwrite in overwrites if overwrite.type == _MEMBER and overwrite.id == user)
    return _overwritten(held, own)


def _overwritten(held: discord.Permissions, overwrites: Iterable[Overwrite]) -> discord.Permissions:
    """All denials of one level, then all that it allows."""
    allow, deny = 0, 0
    for overwrite in overwrites:
        allow |= int(overwrite.allow)
        deny |= int(overwrite.deny)
    return discord.Permissions(held.value & ~deny | allow)
