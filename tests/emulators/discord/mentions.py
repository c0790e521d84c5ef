"""Who is pinged by a message, and which of its links get a preview."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.discord import permissions
from tests.emulators.discord.world import SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS, Channel, Message, User

_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(?:everyone|here)\b")
_LINK = re.compile(r"<?https?://[^\s<>\])]+[>]?")
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Mentions that may ping; without `allowed_mentions` all may (resources/message, allowed mentions object)."""

    parse: frozenset[str] = frozenset({"users", "roles", "everyone"})
    users: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()
    replied_user: bool = True

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> Allowed:
        """What a request allows."""
        if given is None:
            return cls()
        return cls(
            parse=frozenset(given.get("parse") or ()),
            users=frozenset(int(id) for id in given.get("users") or ()),
            roles=frozenset(int(id) for id in given.get("roles") or ()),
            replied_user=bool(given.get("replied_user", False)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pings:
    """Mentions with effect."""

    users: Sequence[User] = ()
    roles: Sequence[int] = ()
    everyone: bool = False
    ids: frozenset[int | str] = field(default_factory=frozenset)


def texts(content: str, components: Sequence[Mapping[str, Any]]) -> str:
    """All text of a message in which a mention counts: its content and its text displays."""
    found = [content]
    for component in components:
        if isinstance(component.get("content"), str):
            found.append(component["content"])
        found.append(texts("", component.get("components") or ()))
    return "\n".join(part for part in found if part)


def pings(text: str, author: User, channel: Channel, allowed: Allowed, people: Mapping[int, User]) -> Pings:
    """Who would be pinged by `text`, apart from the author of the message that is replied to."""
    text = _CODE.sub("", text)
    ids = dict.fromkeys(int(id) for id in _USER.findall(text))
    users = [people[id] for id in ids if id in people and ("users" in allowed.parse or id in allowed.users)]
    users = [one for one in users if _is_here(one, channel)]
    roles: list[int] = []
    guild = channel.guild
    loud = permissions.may(author, channel, "mention_everyone") and guild is not None
    if guild is not None:
        named = [int(id) for id in dict.fromkeys(_ROLE.findall(text)) if int(id) in guild.roles]
        roles = [id for id in named if "roles" in allowed.parse or id in allowed.roles]
        roles = [id for id in roles if loud or guild.roles[id].mentionable]
    everyone = loud and "everyone" in allowed.parse and bool(_EVERYONE.search(text))
    told: set[int | str] = {one.id for one in users} | set(roles) | ({"everyone"} if everyone else set())
    return Pings(users=users, roles=roles, everyone=everyone, ids=frozenset(told))


def _is_here(user: User, channel: Channel) -> bool:
    return user.id in channel.guild.members if channel.guild else True


def links(text: str) -> list[str]:
    """The links that Discord would fetch for a preview: none in code, none in angle brackets."""
    found = _LINK.findall(_CODE.sub("", text))
    return list(dict.fromkeys(link for link in found if not link.startswith("<")))


def previews(message: Message) -> list[str]:
    """The links of a message that show a preview, at most five as in Discord's client."""
    if message.flags & SUPPRESS_EMBEDS or not message.content:
        return []
    return links(message.content)[:5]


def is_silent(message: Message) -> bool:
    """Whether a message was sent without a notification."""
    return bool(message.flags & SUPPRESS_NOTIFICATIONS)
