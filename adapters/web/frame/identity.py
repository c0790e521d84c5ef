"""Say who asks for a page and what they may do: values alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import HTTPConnection

from adapters.web.roles import WebRole
from bot.access.audit_trail import WEB
from bot.types import Person

PLATFORM: Final = WEB
"""The web's part of a conversation key, and of the names of people in the audit trail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Identity of who asks. `session` names the sign-in that stands behind it, "" where there is none."""

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
