"""The names of members, roles and channels for messages that REST tells, which names people by their accounts alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from adapters.discord.api.directory import DiscordDirectory
from adapters.discord.events.parse import Names, no_names
from adapters.discord.message_content import name_of, read_content
from adapters.discord.payloads import Message
from bot.errors import PlatformError

MOST_LOOKUPS: Final = 50
"""Members and channels that are asked for at most for one reading, each a request; what was asked lately is known."""


async def names_in(messages: Iterable[Message], guild: str, directory: DiscordDirectory) -> Names:
    """Return the names that these messages of a server need; what Discord does not tell now stays unnamed."""
    wanted = _wanted(messages) if guild else {}
    if not wanted:
        return no_names
    found = (
        {("role", id): name for id, name in (await _roles(guild, directory)).items()} if _has(wanted, "role") else {}
    )
    asked = [item for item in wanted if item[0] != "role"][:MOST_LOOKUPS]
    told = await asyncio.gather(*(_name(kind, id, guild, directory) for kind, id in asked))
    found |= dict(zip(asked, told, strict=True))
    return lambda *key: found.get(key) or None


def _wanted(messages: Iterable[Message]) -> dict[tuple[str, str], None]:
    """Return what reading the messages asks names for, in its order, each once."""
    wanted: dict[tuple[str, str], None] = {}

    def note(kind: str, id: str) -> str | None:
        if id.isdecimal():
            wanted[kind, id] = None
        return None

    for message in messages:
        if not message.webhook_id:  # its author is no member
            name_of(message, note)
        read_content(message, note)
    return wanted


def _has(wanted: Iterable[tuple[str, str]], kind: str) -> bool:
    return any(item[0] == kind for item in wanted)


async def _roles(guild: str, directory: DiscordDirectory) -> dict[str, str]:
    try:
        told = await directory.guild(guild)
    except PlatformError:
        return {}
    return {role.id: role.name for role in told.roles}


async def _name(kind: str, id: str, guild: str, directory: DiscordDirectory) -> str:
    """Return the nickname of a member or the name of a channel, "" where there is none."""
    try:
        if kind == "channel":
            return (await directory.channel(id)).name
        member = await directory.member(guild, id)
    except PlatformError:  # who has left is no member any more
        return ""
    return member.nick or member.user.shown_name
