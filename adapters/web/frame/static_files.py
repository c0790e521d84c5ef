"""Serve style sheets, scripts and pictures from memory, compressed once, at addresses that change with them."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from adapters.web.frame.routes import PageRoute, page
from adapters.web.roles import WebRole
from bot.language import gettext

PREFIX: Final = "/static"
_FOR_GOOD: Final = "public, max-age=31536000, immutable"
_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}  # whatever the system says


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """One file as it is sent; `packed` is "" for what gets no smaller."""

    body: bytes
    packed: bytes
    media_type: str


class StaticFiles:
    """The files of all rooms by "<room>/<name>"."""

    def __init__(self, rooms: Sequence[Path]) -> None:
        self._files = {
            f"{room.name}/{path.name}": _read(path) for room in rooms for path in sorted((room / "static").glob("*.*"))
        }
        digest = hashlib.sha256()
        for name, found in sorted(self._files.items()):
            digest.update(name.encode() + b"\0" + found.body + b"\0")
        self._hash = digest.hexdigest()[:12]

    def address(self, name: str) -> str:
        """Return where browsers find a file. Raises `KeyError` for one that is not there."""
        self._files[name]
        return f"{PREFIX}/{self._hash}/{name}"

    def route(self) -> PageRoute:
        """Return the route of all files; they are open to everybody, since the sign-in page has them too."""
        return page(f"{PREFIX}/{{hash}}/{{room}}/{{name}}", self._serve, needs=WebRole.STRANGER)

    async def _serve(self, request: Request) -> Response:
        params = request.path_params
        found = self._files.get(f"{params['room']}/{params['name']}")
        if found is None:
            return PlainTextResponse(gettext("There is no such file.") + "\n", 404)
        # A page of another version, as during an update, gets the file of this one and asks again the next time.
        headers = {
            "Cache-Control": _FOR_GOOD if params["hash"] == self._hash else "no-cache",
            "Vary": "Accept-Encoding",
        }
        if found.packed and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(found.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=found.media_type)
        return Response(found.body, headers=headers, media_type=found.media_type)


def _read(path: Path) -> StaticFile:
    body = path.read_bytes()
    packed = gzip.compress(body, 9, mtime=0)
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return StaticFile(body=body, packed=packed if len(packed) < len(body) else b"", media_type=media_type)
