"""Bring an export of Slack into the playground: a bounded, checked upload, and a page that grows with the import."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from shutil import copyfileobj, rmtree
from tempfile import mkdtemp
from typing import Any, Final

from markupsafe import Markup
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from adapters.web.console.formats import size
from adapters.web.console.operations import Console, ImportStep
from adapters.web.frame import Form, WebRole, check_csrf, page
from adapters.web.frame.page_templates import CSRF_FIELD, Templates
from adapters.web.frame.routes import PageRoute
from bot.errors import BotError, InvalidInput
from bot.language import gettext, gettext_noop, number

logger = logging.getLogger(__name__)

IMPORT_BYTES: Final = 1_000_000_000
"""The largest export that is taken by a browser; the command line reads larger ones where they lie."""

STEPS: Final = 20
"""Lines that tell how far an import is."""

NAME_CHARACTERS: Final = 60
TOO_LARGE: Final = gettext_noop(
    "This file is larger than {limit}. Bring it in with `seedling import slack-export FILE`."
)
NO_FILE: Final = gettext_noop("Choose the ZIP file that Slack's export page gave.")
UNDER_WAY: Final = gettext_noop("Another import is under way. Try again when it is done.")
UNREADABLE: Final = gettext_noop("This upload cannot be read.")

ShowForm = Callable[[Request, Form, int], Coroutine[Any, Any, Response]]


class ImportPages:
    """The upload of an export; `show_form` is the page that it comes from."""

    def __init__(self, console: Console, show_form: ShowForm) -> None:
        self._console = console
        self._show_form = show_form
        self._alone = asyncio.Lock()

    def routes(self) -> list[PageRoute]:
        """Return its address."""
        return [page("/console/data/import", self._take, methods=("POST",), needs=WebRole.ADMINISTRATOR)]

    async def _take(self, request: Request) -> Response:
        if self._alone.locked():
            return await self._refuse(request, gettext(UNDER_WAY), 409)
        async with self._alone:
            folder = Path(await asyncio.to_thread(mkdtemp, prefix="seedling-import-"))
            try:
                path = await _receive(request, folder)
                steps = self._console.operations.import_history(path)
                first = await anext(steps)  # a file that is refused is so before anything is stored
            except BotError as error:
                await asyncio.to_thread(rmtree, folder, ignore_errors=True)
                return await self._refuse(request, str(error), 422)
            except BaseException:
                await asyncio.to_thread(rmtree, folder, ignore_errors=True)
                raise
        await self._console.record(request, "import", path.name)
        return StreamingResponse(
            self._rows(request, folder, first, steps),
            media_type="text/html",
            headers={"Cache-Control": "no-store", "Content-Encoding": "identity"},  # held back by no compression
        )

    async def _refuse(self, request: Request, why: str, status: int) -> Response:
        return await self._show_form(request, Form(errors={"file": why}), status)

    async def _rows(
        self, request: Request, folder: Path, first: ImportStep, steps: AsyncGenerator[ImportStep]
    ) -> AsyncIterator[str]:
        """Yield the page with a line for each part of the import, and what came of it at the end."""
        templates: Templates = request.scope["frame"].templates
        head, _, foot = templates.html(request, "console/import.html").partition("<!-- rows -->")
        told = -1
        try:
            async with self._alone, aclosing(steps):
                yield head
                step: ImportStep | None = first
                while step is not None:
                    share = STEPS * step.done // max(step.total, 1)
                    if share > told or step.report:
                        told = share
                        yield _line(step)
                    step = await anext(steps, None)
        except BotError as error:
            logger.warning("import not finished", extra={"error": str(error)})
            yield Markup('<li class="error" role="alert">{}</li>').format(str(error))
        finally:
            await asyncio.to_thread(rmtree, folder, ignore_errors=True)
        yield foot


def _line(step: ImportStep) -> str:
    if step.report:
        return Markup("<li><strong>{}</strong></li>\n").format(step.report)
    told = gettext("{done} of {total} messages").format(done=number(step.done), total=number(step.total))
    return Markup('<li><progress max="{}" value="{}" aria-label="{}"></progress> {}</li>\n').format(
        max(step.total, 1), step.done, told, told
    )


async def _receive(request: Request, folder: Path) -> Path:
    """Write the uploaded file into a folder, under its own name. Raises `InvalidInput` and `HTTPException`."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:18]) > IMPORT_BYTES:
        raise _too_large()
    try:
        form = await MultiPartParser(request.headers, _bounded(request), max_files=1, max_fields=4).parse()
    except (MultiPartException, ClientDisconnect, KeyError, UnicodeDecodeError) as error:
        raise HTTPException(400, gettext(UNREADABLE)) from error
    try:
        check_csrf(request, str(form.get(CSRF_FIELD, "")))
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.size:
            raise InvalidInput(gettext(NO_FILE))
        path = folder / clean_name(file.filename or "")
        await asyncio.to_thread(_copy, file, path)
    finally:
        await form.close()
    return path


def _copy(file: UploadFile, path: Path) -> None:
    with path.open("xb") as copy:
        copyfileobj(file.file, copy)


async def _bounded(request: Request) -> AsyncGenerator[bytes]:
    """Yield what is uploaded. Raises `InvalidInput` as soon as it is too much."""
    taken = 0
    async for piece in request.stream():
        taken += len(piece)
        if taken > IMPORT_BYTES:
            raise _too_large()
        yield piece


def _too_large() -> InvalidInput:
    return InvalidInput(gettext(TOO_LARGE).format(limit=size(IMPORT_BYTES)))


def clean_name(name: str) -> str:
    """Return the name of an upload as one that lies in no other folder; an import is called after it."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(sign for sign in last if sign.isprintable())[-NAME_CHARACTERS:].strip(". ")
    return kept or "export.zip"
