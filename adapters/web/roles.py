"""Roles of people on the web; the command line names them too, and loads no web for that."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from bot.language import gettext, gettext_noop


class WebRole(IntEnum):
    """Rank what somebody may do on the web; each role may do what those below may."""

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
