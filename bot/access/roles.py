"""Roles at a place, and which one a change needs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Final, Literal

from bot.language import gettext_noop
from bot.types import Incoming

ScopeKind = Literal["default", "workspace", "channel", "conversation", "turn"]


class Role(IntEnum):
    """Role of somebody at a place; a higher role may do all that a lower one may."""

    MEMBER = 0
    MANAGER = 1  # of the channel
    ADMINISTRATOR = 2


NO_ROLES: Final[Mapping[str, Role]] = MappingProxyType({})

HOLDERS: Final[Mapping[Role, str]] = {
    Role.MEMBER: gettext_noop("everybody here"),
    Role.MANAGER: gettext_noop("managers of the channel and administrators"),
    Role.ADMINISTRATOR: gettext_noop("administrators"),
}
ROLE_WORDS: Final[Mapping[str, Role]] = {
    "everyone": Role.MEMBER,
    "managers": Role.MANAGER,
    "admins": Role.ADMINISTRATOR,
}
"""How an administrator says who may change something."""

OPENED: Final = frozenset({"conversation", "channel", "thread"})
"""The scopes at which an administrator opens and closes things; the whole workspace stays theirs."""


def role_of(incoming: Incoming) -> Role:
    """Return what the author of `incoming` may do where it stands; a direct conversation is managed by its person."""
    if incoming.is_admin:
        return Role.ADMINISTRATOR
    return Role.MANAGER if incoming.manages_channel or incoming.is_direct else Role.MEMBER


def needed_role(name: str, roles: Mapping[str, Role], scope: str, changed: Mapping[str, Role] = NO_ROLES) -> Role:
    """Return the role that a change needs at a scope.

    `roles` are those of a command or parameter by scope, `changed` what administrators have decided, by name.
    """
    if scope in OPENED and name in changed:
        return changed[name]
    return roles.get(scope, Role.MEMBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """Role of somebody at a place, and what administrators have opened and closed there, by name."""

    role: Role = Role.MEMBER
    changed: Mapping[str, Role] = field(default_factory=lambda: NO_ROLES)

    def needs(self, name: str, roles: Mapping[str, Role], scope: str) -> Role:
        """Return the role that something needs at a scope."""
        return needed_role(name, roles, scope, self.changed)

    def allow(self, name: str, roles: Mapping[str, Role], scope: str) -> bool:
        """Return whether they may change something at a scope."""
        return self.role >= self.needs(name, roles, scope)
