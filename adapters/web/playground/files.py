"""Take files that people put beside a message, and give them out again to those who see it."""

from __future__ import annotations

import json
import secrets
from typing import Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.web.frame import check_csrf, page
from adapters.web.frame.routes import PageRoute
from adapters.web.playground.message_view import PREVIEWED, present_file, size_text
from adapters.web.playground.shared import Scene, Surroundings, surroundings
from bot.chat.downloads import read_limited
from bot.context.attachments import FILES_AT_ONCE
from bot.errors import FileTooLarge, InvalidInput
from bot.language import gettext, gettext_noop
from bot.types import Attachment, PlaygroundFile

NAME_LIMIT: Final = 200
NO_FILE: Final = gettext_noop("There is no such file, or it is not yours to see.")


class Files:
    """Uploads and downloads; a file belongs to its channel, and who sees that sees it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._store = scene.store

    def routes(self) -> list[PageRoute]:
        """Return their addresses."""
        return [
            page("/files/{workspace}/{channel}", self._take, methods=("POST",)),
            page("/files/{workspace}/{channel}/{id}", self._give),
        ]

    async def _take(self, request: Request) -> Response:
        """Keep what is posted, as long as it is not too large; it is sent with a message later."""
        here = await surroundings(self._scene, request)
        check_csrf(request)
        name = " ".join(request.query_params.get("name", "").split())[-NAME_LIMIT:] or "file"
        limit = self._scene.file_bytes
        announced = request.headers.get("content-length", "")
        try:
            data = await read_limited(
                request.stream(), limit, announced=int(announced) if announced.isdigit() else None
            )
        except FileTooLarge:
            told = gettext("{name} is larger than {limit}.").format(name=name, limit=size_text(limit))
            raise HTTPException(413, told) from None
        file = PlaygroundFile(
            id=secrets.token_urlsafe(18),
            workspace=here.channel.workspace,
            channel=here.channel.id,
            author=here.visitor.person.id,
            name=name,
            media_type=request.headers.get("content-type", "").partition(";")[0].lower()[:100],
            data=data,
            at=self._scene.clock(),
        )
        await self._introduce(here)
        await self._store.put_playground_file(file)
        return JSONResponse({"id": file.id, **present_file(as_attachment(file))})

    async def _introduce(self, here: Surroundings) -> None:
        """Make a direct conversation known before its first file."""
        known = await self._store.get_channels(here.channel.workspace)
        if here.channel.direct and not any(item.id == here.channel.id for item in known):
            await self._store.put_workspace(here.workspace, [here.channel], [])

    async def _give(self, request: Request) -> Response:
        """Give a file out: pictures to be seen, anything else only to be kept, so that nothing in it runs here."""
        here = await surroundings(self._scene, request)
        file = await self._store.get_playground_file(request.path_params["id"])
        if file is None or (file.workspace, file.channel) != (here.channel.workspace, here.channel.id):
            raise HTTPException(404, gettext(NO_FILE))
        is_seen = file.media_type in PREVIEWED
        how = "inline" if is_seen else "attachment"
        headers = {
            "Content-Disposition": f"{how}; filename*=UTF-8''{quote(file.name, safe='')}",
            "Cache-Control": "private, max-age=3600",
        }
        media_type = file.media_type if is_seen else "application/octet-stream"
        return Response(file.data, media_type=media_type, headers=headers)

    async def sent(self, here: Surroundings, ids: str) -> tuple[Attachment, ...]:
        """Return the files that go with a message: of this person, put here. Raises `InvalidInput`."""
        names = [id for id in ids.split(",") if id]
        if len(names) > FILES_AT_ONCE:
            raise InvalidInput(gettext("A message takes at most {count} files.").format(count=FILES_AT_ONCE))
        found = [await self._store.get_playground_file(id) for id in names]
        place = (here.channel.workspace, here.channel.id, here.visitor.person.id)
        files = [item for item in found if item and (item.workspace, item.channel, item.author) == place]
        if len(files) < len(names):
            raise InvalidInput(gettext("A file is not here any more. Remove it and add it again."))
        return tuple(as_attachment(file) for file in files)


def as_attachment(file: PlaygroundFile) -> Attachment:
    """Return a file as it stands beside a message."""
    parts = (file.workspace, file.channel, file.id)
    path = "/files/" + "/".join(quote(part, safe="") for part in parts)
    return Attachment(id=file.id, name=file.name, media_type=file.media_type, size=len(file.data), url=path)


def terms(limit: int) -> str:
    """Return what uploads are bound by, for the page to check beforehand."""
    return json.dumps({"bytes": limit, "size": size_text(limit), "files": FILES_AT_ONCE})
