"""Delivery: the newest state of a reply becomes visible at the platform's pace, and the stream never waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from bot.errors import PlatformError
from bot.ports import Reply
from bot.types import Draft

logger = logging.getLogger(__name__)


class Presenter:
    """Shows the drafts of one reply, latest wins: what was overtaken while another was being shown is left out.

    `before` is asked with each draft that goes on, and what it raises keeps the draft from being shown. `on_shown`
    is told the reference of the first visible message and the draft after each showing.
    """

    def __init__(
        self,
        reply: Reply,
        *,
        pace: float,
        on_shown: Callable[[str, Draft], Awaitable[None]],
        before: Callable[[Draft], Awaitable[None]] | None = None,
    ) -> None:
        self._reply = reply
        self._pace = pace
        self._on_shown = on_shown
        self._before = before
        self._newest: Callable[[], Draft] | None = None
        self._offered = asyncio.Event()
        self._closing = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

    def offer(self, draft: Callable[[], Draft]) -> None:
        """Let a draft be shown soon, in place of any other that still waits; it is asked for only when it is shown.

        Raises what ended the showing.
        """
        self._newest = draft
        self._offered.set()
        if self._pump is None:
            self._pump = asyncio.create_task(self._show_offered(), name="presenter")
        elif self._pump.done():
            self._pump.result()

    async def finish(self, draft: Draft) -> None:
        """Show the last draft, after any showing under way. Raises `PlatformError` when it cannot be shown."""
        await self.aclose()
        ref = await self._reply.finish(draft)
        await self._on_shown(ref, draft)

    async def leave(self, draft: Draft) -> None:
        """Show a draft after any showing under way, and nothing more: the reply goes on another time."""
        await self.aclose()
        ref = await self._reply.show(draft)
        await self._on_shown(ref, draft)

    async def aclose(self) -> None:
        """End the showing; what raised in it, other than the platform's refusals, is raised here."""
        self._closing.set()
        self._offered.set()
        pump, self._pump = self._pump, None
        if pump is not None:
            await pump

    async def _show_offered(self) -> None:
        """Show what is offered until closed; a showing is never cut in the middle."""
        while not self._closing.is_set():
            await self._offered.wait()
            self._offered.clear()
            newest, self._newest = self._newest, None
            if newest is None or self._closing.is_set():
                continue
            draft = newest()
            if self._before is not None:
                await self._before(draft)
            try:
                ref = await self._reply.show(draft)
            except PlatformError as error:
                # The next draft replaces this one anyway, and the last one is shown by `finish`, which tells.
                logger.warning("draft not shown", extra={"error": str(error)})
            else:
                await self._on_shown(ref, draft)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), self._pace)
