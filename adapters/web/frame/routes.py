"""Name the addresses of pages with their methods and the least role, and find the one that a request means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from adapters.web.roles import WebRole

READ: Final = frozenset({"GET", "HEAD"})
URL_LIMIT: Final = 4096
"""Bytes of a path with its query; the longest that the pages ask for have a few hundred."""

Endpoint = Callable[[Request], Awaitable[Response]]


class PageRoute(Route):
    """A route that knows which role it needs."""

    def __init__(self, path: str, endpoint: Endpoint, *, methods: Sequence[str], needs: WebRole) -> None:
        super().__init__(path, endpoint, methods=methods)
        self.needs = needs


def page(
    path: str, endpoint: Endpoint, *, methods: Sequence[str] = ("GET",), needs: WebRole = WebRole.MEMBER
) -> PageRoute:
    """Return the route of a page; GET takes HEAD along."""
    return PageRoute(path, endpoint, methods=methods, needs=needs)


@dataclass(frozen=True, slots=True)
class Found:
    """Route of an address: what it needs, the methods it takes, and whether this one is among them."""

    needs: WebRole
    methods: frozenset[str]
    takes: bool


def find(routes: Sequence[BaseRoute], scope: Scope) -> Found | None:
    """Return what a request means, None when there is nothing; of two routes of one address both count."""
    methods: set[str] = set()
    needs = WebRole.STRANGER
    for route in routes:
        match, _ = route.matches(scope)
        if match is Match.NONE or not isinstance(route, PageRoute):
            continue
        if match is Match.FULL:
            return Found(route.needs, frozenset(route.methods or ()), takes=True)
        methods |= route.methods or set()
        needs = max(needs, route.needs)
    return Found(needs, frozenset(methods), takes=False) if methods else None


def is_plain(scope: Scope) -> bool:
    """Return whether the path is spelled as addresses here are.

    Compared part by part after decoding: an encoded slash, an empty part, `..` or what cannot be printed is none.
    """
    raw: bytes = scope.get("raw_path") or quote_from_bytes(scope["path"].encode()).encode()
    if not raw.startswith(b"/"):
        return False
    try:
        first, *parts = [unquote_to_bytes(part).decode() for part in raw.split(b"/")]
    except UnicodeDecodeError:
        return False
    return not first and (parts == [""] or not any(_is_odd(part) for part in parts))


def is_overlong(scope: Scope) -> bool:
    """Return whether an address is longer than any that the pages ask for."""
    return len(scope.get("raw_path") or scope["path"]) + len(scope.get("query_string", b"")) > URL_LIMIT


def local_path(wanted: Any) -> str:
    """Return an address of this server to go to after signing in, "/" for anything else."""
    text = str(wanted or "")
    is_local = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if is_local and len(text) <= URL_LIMIT and not text.startswith("/sign-") else "/"


def _is_odd(part: str) -> bool:
    return part in ("", ".", "..") or "/" in part or not all(character.isprintable() for character in part)
