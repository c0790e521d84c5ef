"""Convert discord.py's objects into payloads, so that the rest of the adapter reads one form only."""

from __future__ import annotations

import discord

from adapters.discord.api import permissions
from adapters.discord.events.parse import Names
from adapters.discord.payloads import AttachmentPayload, ChannelPayload, GuildMember, ThreadMetadata


def attachment_payload(file: discord.Attachment) -> AttachmentPayload:
    """Return a file."""
    return AttachmentPayload(
        id=str(file.id), filename=file.filename, content_type=file.content_type or "", size=file.size, url=file.url
    )


def channel_payload(channel: object) -> ChannelPayload | None:
    """Return a channel whose place is known without asking; None for one that is not cached."""
    if isinstance(channel, discord.Thread):
        return ChannelPayload(
            id=str(channel.id),
            type=channel.type.value,
            guild_id=str(channel.guild.id),
            name=channel.name,
            parent_id=str(channel.parent_id),
            thread_metadata=ThreadMetadata(locked=channel.locked),
        )
    if isinstance(channel, discord.abc.GuildChannel):
        return ChannelPayload(
            id=str(channel.id), type=channel.type.value, guild_id=str(channel.guild.id), name=channel.name
        )
    if isinstance(channel, discord.DMChannel):
        return ChannelPayload(id=str(channel.id), type=channel.type.value)
    return None


def names_of(guild: discord.Guild | None) -> Names:
    """Return the names of roles, channels and the bot that are cached; people are named by the messages themselves."""

    def name(kind: str, id: str) -> str | None:
        if guild is None or not id.isdecimal():
            return None
        if kind == "user":
            member = guild.get_member(int(id))
            return member.display_name if member is not None and member == guild.me else None
        found = guild.get_role(int(id)) if kind == "role" else guild.get_channel_or_thread(int(id))
        return found.name if found is not None else None

    return name


def manages_guild(guild: discord.Guild | None, user: str, member: GuildMember | None) -> bool:
    """Return whether somebody may manage a server, by the roles that an event tells of them.

    Nobody may in a server that could not be read: the roles of a server without @everyone are not known.
    """
    if guild is None or guild.get_role(guild.id) is None or member is None:
        return False
    if user == str(guild.owner_id):
        return True
    held = guild.default_role.permissions
    for id in member.roles:
        role = guild.get_role(int(id))
        held |= role.permissions if role is not None else discord.Permissions.none()
    return held.administrator or held.manage_guild


def may_read(channel: discord.abc.GuildChannel | discord.Thread) -> bool:
    """Return whether the bot may read a channel with its history, as far as that is cached."""
    try:
        return permissions.may_read(channel.permissions_for(channel.guild.me))
    except (discord.ClientException, AttributeError):  # a thread without its channel; a server without its members
        return False
