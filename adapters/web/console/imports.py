"""Bring an export of Slack into the playground: a bounded, checked upload, and a page that grows with the import."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path
from shutil import copyfileobj, rmtree
from tempfile import mkdtemp
from typing import Any, Final

from markupsafe import Markup
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from adapters.web.console.formats import size
from adapters.web.console.import_progress import ImportProgress, Progress
from adapters.web.console.operations import Console, ImportStep
from adapters.web.frame import Form, WebRole, check_csrf, page
from adapters.web.frame.application import BROKEN
from adapters.web.frame.page_templates import CSRF_FIELD, Templates
from adapters.web.frame.routes import PageRoute
from bot.errors import BotError, InvalidInput, StorageError
from bot.language import gettext, gettext_noop, number

logger = logging.getLogger(__name__)

IMPORT_BYTES: Final = 1_000_000_000
"""The largest export that is taken by a browser; the command line reads larger ones where they lie."""

PATH: Final = "/console/data/import"
DATA_PATH: Final = "/console/data"
PACE_SECONDS: Final = 1.0
STEPS: Final = 20
"""Lines that tell how far an import is."""

NAME_CHARACTERS: Final = 60
TOO_LARGE: Final = gettext_noop(
    "This file is larger than {limit}. Bring it in with `seedling import slack-export FILE`."
)
NO_FILE: Final = gettext_noop("Choose the ZIP file that Slack's export page gave.")
UNDER_WAY: Final = gettext_noop("Another import is under way. Try again when it is done.")
ENDED: Final = gettext_noop("The process that brought it in has ended. Give the file again: it goes on where it was.")
UNREADABLE: Final = gettext_noop("This upload cannot be read.")

ShowForm = Callable[[Request, Form, int], Coroutine[Any, Any, Response]]


class ImportPages:
    """The upload of an export; `show_form` is the page that it comes from."""

    def __init__(self, console: Console, show_form: ShowForm) -> None:
        self._console = console
        self._show_form = show_form
        self._progress = ImportProgress(console.store, console.clock)
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> list[PageRoute]:
        """Return their addresses."""
        return [
            page(PATH, self._take, methods=("POST",), needs=WebRole.ADMINISTRATOR),
            page(PATH, self._show, needs=WebRole.ADMINISTRATOR),
        ]

    async def under_way(self) -> Progress | None:
        """Return how far the import is that is under way, None for none. Raises `StorageError`."""
        progress = await self._progress.read()
        return progress if self._progress.is_under_way(progress) else None

    async def _take(self, request: Request) -> Response:
        """Take an upload and begin the import, which goes on when its page is left."""
        if await self.under_way() is not None:
            return await self._refuse(request, gettext(UNDER_WAY), 409)
        folder = Path(await asyncio.to_thread(mkdtemp, prefix="seedling-import-"))
        try:
            path = await _receive(request, folder)
            steps = self._console.operations.import_history(path)
            first = await anext(steps)  # a file that is refused is so before anything is stored
            is_begun = await self._progress.begin(path.name, total=first.total)
        except BotError as error:
            await _remove(folder)
            return await self._refuse(request, str(error), 422)
        except BaseException:
            await _remove(folder)
            raise
        if not is_begun:
            await steps.aclose()
            await _remove(folder)
            return await self._refuse(request, gettext(UNDER_WAY), 409)
        task = asyncio.create_task(self._run(path, first, steps), name="import")
        self._tasks.add(task)  # a task that nobody refers to may be collected while it runs
        task.add_done_callback(self._tasks.discard)
        await self._console.record(request, "import", path.name)
        return RedirectResponse(PATH, 303)

    async def _run(self, path: Path, first: ImportStep, steps: AsyncGenerator[ImportStep]) -> None:
        """Bring a file in, and tell how far that is once a second at most."""
        tell, told_at = partial(self._progress.tell, path.name), 0.0
        step: ImportStep | None = first
        try:
            async with aclosing(steps):
                while step is not None:
                    if step.report or time.monotonic() - told_at >= PACE_SECONDS:
                        told_at = time.monotonic()
                        await tell(done=step.done, total=step.total, report=step.report)
                    step = await anext(steps, None)
        except BotError as error:
            logger.warning("import not finished", extra={"error": str(error)})
            with suppress(StorageError):
                await tell(error=str(error))
        except Exception:
            logger.exception("import not finished")
            with suppress(StorageError):
                await tell(error=gettext(BROKEN))
        finally:
            await _remove(path.parent)

    async def _refuse(self, request: Request, why: str, status: int) -> Response:
        return await self._show_form(request, Form(errors={"file": why}), status)

    async def _show(self, request: Request) -> Response:
        """Show the newest import: a page that grows with it."""
        progress = await self._progress.read()
        if progress is None:
            return RedirectResponse(DATA_PATH, 303)
        if request.method == "HEAD":
            return Response(media_type="text/html")
        return StreamingResponse(
            self._rows(request, progress),
            media_type="text/html",
            headers={"Cache-Control": "no-store", "Content-Encoding": "identity"},  # held back by no compression
        )

    async def _rows(self, request: Request, progress: Progress) -> AsyncIterator[str]:
        """Yield the page with a line for each part of the import from now on, and what came of it at the end."""
        templates: Templates = request.scope["frame"].templates
        head, _, foot = templates.html(request, "console/import.html", file=progress.file).partition("<!-- rows -->")
        yield head
        told = -1
        while self._progress.is_under_way(progress):
            share = STEPS * progress.done // max(progress.total, 1)
            if share > told:
                told = share
                yield _line(progress)
            await asyncio.sleep(PACE_SECONDS)
            try:
                progress = await self._progress.read() or progress
            except StorageError as error:
                logger.info("progress of an import not read", extra={"error": str(error)})
        yield _end(progress)
        yield foot


async def _remove(folder: Path) -> None:
    await asyncio.to_thread(rmtree, folder, ignore_errors=True)


def _line(progress: Progress) -> str:
    told = gettext("{done} of {total} messages").format(done=number(progress.done), total=number(progress.total))
    return Markup('<li><progress max="{}" value="{}" aria-label="{}"></progress> {}</li>\n').format(
        max(progress.total, 1), progress.done, told, told
    )


def _end(progress: Progress) -> str:
    if progress.report:
        return Markup("<li><strong>{}</strong></li>\n").format(progress.report)
    why = progress.error or gettext(ENDED)
    return Markup('<li class="error" role="alert">{}</li>\n').format(why)


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
