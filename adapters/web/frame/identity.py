"""Say who asks for a page and what they may do: values alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from starlette.requests import HTTPConnection

from bot.access.audit_trail import WEB
from bot.language import gettext, gettext_noop
from bot.types import Person

PLATFORM: Final = WEB
"""The web's part of a conversation key, and of the names of people in the audit trail."""


class WebRole(IntEnum):
    """What somebody may do on the web; each may do what those below may."""

    STRANGER = 0  # sees what is open to everybody
    MEMBER = 1  # uses the playground
    VIEWER = 2  # reads the console, but nothing that people wrote
    OPERATOR = 3  # also acts on turns and settings, and may read what people wrote, which is recorded
    ADMINISTRATOR = 4  # also access, budgets, accounts and data

    @property
    def word(self) -> str:
        """Return the role as people write it."""
        return self.name.lower()

    @property
    def title(self) -> str:
        """Return the role as people read it."""
        return gettext(_TITLES[self])


_TITLES: Final[Mapping[WebRole, str]] = {
    WebRole.STRANGER: gettext_noop("stranger"),
    WebRole.MEMBER: gettext_noop("member"),
    WebRole.VIEWER: gettext_noop("viewer"),
    WebRole.OPERATOR: gettext_noop("operator"),
    WebRole.ADMINISTRATOR: gettext_noop("administrator"),
}

GIVEN_ROLES: Final = (WebRole.MEMBER, WebRole.VIEWER, WebRole.OPERATOR, WebRole.ADMINISTRATOR)
"""Those that an account can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks. `session` names the sign-in that stands behind it, "" where there is none."""

    person: Person
    role: WebRole
    session: str = ""
    csrf: str = ""

    @property
    def who(self) -> str:
        """Return the person as the audit trail names them."""
        return f"{PLATFORM}/{self.person.id or '?'}"

    def may(self, needed: WebRole) -> bool:
        """Return whether the role suffices."""
        return self.role >= needed


def identity_of(connection: HTTPConnection) -> Identity:
    """Return who sends a request; the guard has found it out by then."""
    identity: Identity = connection.scope["identity"]
    return identity
