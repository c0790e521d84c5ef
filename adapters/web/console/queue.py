"""What waits, what runs, and the processes that see to it."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.web.console.display_names import names_for
from adapters.web.console.operations import Console
from adapters.web.frame import WebRole, page, read_form, render
from adapters.web.frame.routes import PageRoute
from bot.turns.dispatcher import is_paused, set_paused

ROWS: Final = 100


class QueuePages:
    """The queue, and the switch that pauses it."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def routes(self) -> list[PageRoute]:
        """Return their addresses."""
        return [
            page("/console/queue", self._show, needs=WebRole.VIEWER),
            page("/console/queue/{action}", self._switch, methods=("POST",), needs=WebRole.OPERATOR),
        ]

    async def _show(self, request: Request) -> Response:
        console, store = self._console, self._console.store
        figures, lines, processes, paused = await asyncio.gather(
            store.queue_figures(), store.open_turns(limit=ROWS), console.operations.processes(), is_paused(store)
        )
        names = await names_for(store, places={f"{line.key.workspace_key}/{line.key.channel}" for line in lines})
        return render(
            request,
            "console/queue.html",
            figures=figures,
            lines=lines,
            processes=processes,
            paused=paused,
            names=names,
            now=console.clock(),
        )

    async def _switch(self, request: Request) -> Response:
        await read_form(request)
        action = request.path_params["action"]
        if action in ("pause", "resume"):
            await set_paused(self._console.store, paused=action == "pause")
            await self._console.record(request, "queue", "paused" if action == "pause" else "resumed")
        return RedirectResponse("/console/queue", 303)
