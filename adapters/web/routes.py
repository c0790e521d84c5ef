"""List every address of the playground with its methods; any other is not found.

NiceGUI shows its page at every address that nothing else answers, so all requests are measured against this table
first. Paths are compared part by part after decoding, so that no other spelling of an address reaches what stands
behind it: an encoded slash, an empty part or `..` belongs to none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from nicegui import __version__ as nicegui_version
from nicegui import nicegui as nicegui_app
from starlette.types import Scope

STATIC: Final = Path(__file__).parent / "static"
LOGIN_PATH: Final = "/login"
LINK_PATH: Final = "/administrator"  # and the secret of a one-time link behind it
CHANNEL_PATH: Final = "/c"  # and workspace, channel, and perhaps a thread behind it
SOCKET_PATH: Final = "/_nicegui_ws/socket.io/"
OPEN_FILES: Final = frozenset({"base.css", "login.css", "icon.svg"})  # what the login page is made of
URL_LIMIT: Final = 4096
"""Bytes of a path with its query; the longest that the pages ask for have a few hundred."""

READ: Final = frozenset({"GET", "HEAD"})

# What a page of NiceGUI 3 loads of its own files: templates/index.html, and the fonts that fonts.css names.
_NICEGUI_FILES: Final = (
    "dompurify.mjs",
    "fonts.css",
    "lang/en-US.umd.prod.js",
    "nicegui.css",
    "nicegui.js",
    "quasar.important.prod.css",
    "quasar.umd.prod.js",
    "quasar.unimportant.prod.css",
    "socket.io.min.js",
    "vue.esm-browser.prod.js",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Rules of an address; `is_open` to everybody, `is_page` shows the chat, `is_socket` is its socket."""

    methods: frozenset[str] = READ
    is_open: bool = False
    is_page: bool = False
    is_socket: bool = False


Parts = tuple[str, ...]

_PAGE: Final = Route(is_page=True)
_LINK: Final = Route(methods=frozenset({"GET"}), is_open=True)  # HEAD must not use it up


class Routes:
    """The table; `components` are keys of what NiceGUI serves of this application's own elements."""

    def __init__(self, components: Sequence[str]) -> None:
        self._exact: Mapping[Parts, Route] = {
            tuple(path.split("/")[1:]): route
            for path, route in (
                ("/", _PAGE),
                (LOGIN_PATH, Route(methods=READ | {"POST"}, is_open=True)),
                (SOCKET_PATH, Route(methods=frozenset({"GET", "POST"}), is_socket=True)),
                *((f"/assets/{item.name}", Route(is_open=item.name in OPEN_FILES)) for item in STATIC.iterdir()),
                *((f"/_nicegui/{nicegui_version}/static/{file_}", Route()) for file_ in _nicegui_files()),
                *((f"/_nicegui/{nicegui_version}/components/{component}", Route()) for component in components),
            )
        }

    def find(self, parts: Parts | None) -> Route | None:
        """Return what stands at an address, None when there is nothing."""
        match parts:
            case None:
                return None
            case ("c", *place) if len(place) in (2, 3) and all(place):
                return _PAGE
            case ("administrator", secret) if secret:
                return _LINK
            case _:
                return self._exact.get(parts)


def parts_of(scope: Scope) -> Parts | None:
    """Return the decoded parts of a request's path, None when no address here can be spelled like that."""
    raw: bytes = scope.get("raw_path") or quote_from_bytes(scope["path"].encode()).encode()
    if not raw.startswith(b"/"):
        return None
    try:
        parts = tuple(unquote_to_bytes(part).decode() for part in raw.split(b"/")[1:])
    except UnicodeDecodeError:
        return None
    return None if any(_is_odd(part) for part in parts) else parts


def is_overlong(scope: Scope) -> bool:
    """Return whether an address is longer than any that the pages ask for."""
    return len(scope.get("raw_path") or scope["path"]) + len(scope.get("query_string", b"")) > URL_LIMIT


def _is_odd(part: str) -> bool:
    return part in (".", "..") or "/" in part or not all(character.isprintable() for character in part)


def _nicegui_files() -> Sequence[str]:
    static = Path(nicegui_app.__file__).parent / "static"
    return [*_NICEGUI_FILES, *(f"fonts/{path.name}" for path in (static / "fonts").iterdir())]
