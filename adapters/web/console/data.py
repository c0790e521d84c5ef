"""What is kept, for how long, and how it is taken out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Final

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from adapters.web.console.imports import IMPORT_BYTES, ImportPages
from adapters.web.console.operations import Console
from adapters.web.frame import Form, WebRole, page, read_form, render
from adapters.web.frame.routes import PageRoute
from bot.errors import BotError
from bot.language import gettext, gettext_noop
from bot.person_export import export_person, write_archive
from bot.retention import PARAMETER

NOT_A_PERSON: Final = gettext_noop("Write somebody as PLATFORM/ID, as the audit trail does.")
NOTHING_KEPT: Final = gettext_noop("Nothing is kept of them.")


class DataPages:
    """Sizes, retention, and the export of what is kept of somebody."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._imports = ImportPages(console, self._page)

    def routes(self) -> list[PageRoute]:
        """Return their addresses."""
        return [
            page("/console/data", self._show, needs=WebRole.VIEWER),
            page("/console/data/backup", self._back_up, methods=("POST",), needs=WebRole.ADMINISTRATOR),
            page("/console/data/person", self._person, methods=("POST",), needs=WebRole.ADMINISTRATOR),
            *self._imports.routes(),
        ]

    async def _show(self, request: Request) -> Response:
        return await self._page(request, Form())

    async def _page(self, request: Request, form: Form, status: int = 422) -> Response:
        store, operations = self._console.store, self._console.operations
        return render(
            request,
            "console/data.html",
            200 if form.is_valid else status,
            form=form,
            sizes=await store.sizes(),
            database=operations.database,
            retention=operations.retention,
            import_bytes=IMPORT_BYTES,
            importing=await self._imports.under_way(),
            kept={scope.key: value for scope, value in (await store.get_everywhere(PARAMETER)).items()},
        )

    async def _back_up(self, request: Request) -> Response:
        """Send a copy of the database, which is made in a folder of its own and gone afterwards."""
        form = await read_form(request)
        folder = Path(await asyncio.to_thread(mkdtemp, prefix="seedling-backup-"))
        copy = folder / "seedling.db"
        remove = BackgroundTask(asyncio.to_thread, rmtree, folder, ignore_errors=True)
        try:
            await self._console.operations.back_up(copy)
        except BotError as error:
            await remove()
            form.errors["backup"] = str(error)
            return await self._page(request, form)
        await self._console.record(request, "backup", "whole database")
        name = f"seedling-{self._console.today()}.db"
        headers = {"Content-Encoding": "identity", "Cache-Control": "no-store"}
        return FileResponse(
            copy, filename=name, media_type="application/vnd.sqlite3", headers=headers, background=remove
        )

    async def _person(self, request: Request) -> Response:
        form = await read_form(request)
        platform, _, id = form["person"].partition("/")
        if not platform or not id:
            form.errors["person"] = gettext(NOT_A_PERSON)
            return await self._page(request, form)
        record = self._console.noted(request, "", "")
        found = await export_person(self._console.store, record, platform, id)
        if found.is_empty:
            form.errors["person"] = gettext(NOTHING_KEPT)
            return await self._page(request, form)
        folder = Path(await asyncio.to_thread(mkdtemp, prefix="seedling-person-"))
        archive, remove = folder / "person.zip", BackgroundTask(asyncio.to_thread, rmtree, folder, ignore_errors=True)
        try:
            await write_archive(archive, found, self._console.store)
        except BaseException:
            await remove()
            raise
        headers = {"Content-Encoding": "identity", "Cache-Control": "no-store"}
        return FileResponse(
            archive, filename="seedling-person.zip", media_type="application/zip", headers=headers, background=remove
        )
