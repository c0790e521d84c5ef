"""Know people who have not signed in again, where nobody has to: by a signed cookie, so that any web process does."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.web.frame.origins import is_encrypted
from bot.context.transcript import one_line
from bot.types import Person

NAME_LIMIT: Final = 40
VISITOR_COOKIE: Final = "seedling_visitor"
VISITOR_SECONDS: Final = 365 * 24 * 3600
_PERSON: Final = "person"
_NAME: Final = "name"


class VisitorCookies:
    """ASGI middleware: a signed cookie that no script sees, and that is for TLS alone if it came by it."""

    def __init__(self, app: ASGIApp, *, secret: str) -> None:
        self._plain, self._secure = (
            SessionMiddleware(
                app,
                secret_key=secret,
                session_cookie=VISITOR_COOKIE,
                same_site="lax",
                max_age=VISITOR_SECONDS,
                https_only=https_only,
            )
            for https_only in (False, True)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the cookie of one request, and write it with the response when it has changed."""
        cookies = self._secure if scope["type"] != "lifespan" and is_encrypted(scope) else self._plain
        await cookies(scope, receive, send)


def keep_person(session: MutableMapping[str, Any]) -> Person:
    """Return the person of a browser, who stays the same from now on."""
    if not session.get(_PERSON):
        session[_PERSON] = f"u-{secrets.token_hex(8)}"
    return Person(id=str(session[_PERSON]), name=plain_name(str(session.get(_NAME) or "")))


def keep_name(session: MutableMapping[str, Any], name: str) -> None:
    """Let the person of a browser be called like this."""
    session[_NAME] = plain_name(name)


def person_in(session: Mapping[str, Any]) -> str:
    """Return the id of the person of a browser, "" where it has none yet."""
    return str(session.get(_PERSON) or "")


def plain_name(name: str) -> str:
    """Return a name as others see it: one line, not too long, nothing invisible; "" where nobody has told one."""
    return one_line(name)[:NAME_LIMIT].strip()
