"""Say who asks for a page of the playground, what they are called, and where they were last."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from starlette.requests import Request

from adapters.web.frame.identity import identity_of
from adapters.web.frame.languages import told_language
from adapters.web.frame.visitors import keep_name, person_in, plain_name
from adapters.web.playground.live_reply import BOT
from adapters.web.roles import WebRole
from bot.language import gettext_noop
from bot.time_zones import UTC_NAME
from bot.types import Person

_NAME: Final = "name"
ZONE_LIMIT: Final = 64
TAKEN: Final = gettext_noop("That is what the bot is called. Choose another name, so that nobody mixes you up.")
NO_NAME: Final = gettext_noop("A name needs at least one letter or digit.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A person at a browser.

    Their name is "" until they were asked, `locale` where there is no catalogue for what they read. `place` is the
    workspace and channel seen last.
    """

    person: Person
    is_admin: bool
    zone: str
    locale: str
    place: tuple[str, ...]


def visitor_of(request: Request) -> Visitor:
    """Return who asks for a page."""
    identity = identity_of(request)
    name = identity.person.name
    if person_in(request.session) == identity.person.id:  # the name of this browser, also of its administrator
        name = plain_name(str(request.session.get(_NAME) or "")) or (name if identity.session else "")
    return Visitor(
        person=Person(id=identity.person.id, name="" if objection(name) else name),
        is_admin=identity.may(WebRole.ADMINISTRATOR),
        zone=_told(request, "zone")[:ZONE_LIMIT] or UTC_NAME,
        locale=told_language(request),
        place=tuple(unquote(part) for part in _told(request, "place").split("/")),
    )


def rename(request: Request, name: str) -> str:
    """Let the person of this browser be called so; return what speaks against it, to be looked up, "" for nothing."""
    name = plain_name(name)
    if trouble := objection(name):
        return trouble
    keep_name(request.session, name)
    return ""


def objection(name: str) -> str:
    """Return what speaks against a name, to be looked up, "" for nothing."""
    letters = _letters(name)
    if not letters:
        return NO_NAME
    return TAKEN if letters == _letters(BOT.name) else ""


# Letters of other scripts, and digits, that look like Latin ones, as far as the bot's name has them; I, l, 1 are one.
_ALIKE: Final = str.maketrans("\u0455\u0435\u0501\u04cf\u0456\u03b9\u0578\u0261130i", "sedlllngleol")


def _letters(name: str) -> str:
    """Return what of a name people tell it by, whatever its case, accents, spaces and dots."""
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_ALIKE)
    return "".join(letter for letter in plain if letter.isalnum())


def _told(request: Request, name: str) -> str:
    """Return what the page has noted in its browser under a name (dom.js, `remember`)."""
    return unquote(request.cookies.get(f"seedling_{name}", ""))
