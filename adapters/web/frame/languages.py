"""Find the language in which somebody reads the web, and speak it to them in all that a request leads to."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.language import speaking, supported

LANGUAGE_COOKIE: Final = "seedling_language"
_TAGS: Final = 20
"""Languages of a header that are looked at; browsers send a handful."""


class Languages:
    """ASGI middleware outside of all that says something."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request in its language."""
        told = told_language(HTTPConnection(scope)) if scope["type"] == "http" else ""
        with speaking(told):
            await self._app(scope, receive, send)


def told_language(connection: HTTPConnection) -> str:
    """Return what somebody chose in this browser, else what it asks for; "" where there is no catalogue for that."""
    chosen = supported(connection.cookies.get(LANGUAGE_COOKIE, ""))
    return chosen or preferred(connection.headers.get("accept-language", ""))


def preferred(accepted: str) -> str:
    """Return the language that a header `Accept-Language` (RFC 9110, 12.5.4) likes best of those that there are."""
    liked: list[tuple[float, str]] = []
    for item in accepted.split(",")[:_TAGS]:
        tag, _, weight = item.partition(";")
        with suppress(ValueError):
            liked.append((float(weight.strip().removeprefix("q=") or 1), tag.strip()))
    by_weight = sorted((item for item in liked if item[0] > 0), key=lambda item: -item[0])
    return next((found for _, tag in by_weight if (found := supported(tag))), "")
