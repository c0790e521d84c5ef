"""Identify visitors by the signed session, and read their preferences from the browser.

Nothing is kept of visitors on the server, so that any web process knows them and none has to forget them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from starlette.requests import Request

from adapters.web.security import AccessRules
from bot.types import Person

NAME_LIMIT: Final = 40
DEFAULT_NAME: Final = "You"
THEMES: Final = frozenset({"system", "light", "dark"})
_PERSON: Final = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A person at a browser; `place` is the workspace and channel viewed last, () when none was."""

    person: Person
    is_admin: bool
    theme: str
    place: tuple[str, ...]


def keep_person(session: MutableMapping[str, Any]) -> None:
    """Give a session its person; written each time, so that it lasts as long as people come."""
    session[_PERSON] = str(session.get(_PERSON) or f"u-{secrets.token_hex(8)}")


def person_in(session: Mapping[str, Any]) -> str:
    """Return the id of the person of a session, "" where it has none yet."""
    return str(session.get(_PERSON) or "")


def visitor_of(request: Request, rules: AccessRules) -> Visitor:
    """Return who asks for a page. The session has a person by then."""
    theme = _told(request.cookies, "theme")
    return Visitor(
        person=Person(id=request.session[_PERSON], name=plain_name(_told(request.cookies, "name"))),
        is_admin=rules.is_admin(request.session),
        theme=theme if theme in THEMES else "system",
        place=tuple(unquote(part) for part in _told(request.cookies, "place").split("/")),
    )


def plain_name(name: str) -> str:
    """Return a name as others see it: one line, not too long, never empty."""
    return " ".join(name.split())[:NAME_LIMIT].strip() or DEFAULT_NAME


def _told(cookies: Mapping[str, str], name: str) -> str:
    """Return what the page has noted in its browser under a name (dom.js, `remember`)."""
    return unquote(cookies.get(f"seedling_{name}", ""))
