"""Show the newest state of a reply as often as its platform allows; the model's stream never waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from bot.errors import PlatformError, PlatformRefused, ReplyRemoved
from bot.language import gettext, gettext_noop
from bot.ports import Reply
from bot.types import Draft

logger = logging.getLogger(__name__)

SILENCE_SECONDS: Final = 20.0
STILL_WORKING: Final = gettext_noop("Still working…")


class Presenter:
    """Shows the drafts of one reply, latest wins: what was overtaken while another was being shown is left out.

    `open` gives the reply when there is something to show. `before` is asked right before each showing, and what it
    raises keeps the draft from being shown. `on_shown` is told after each showing where the reply stands: its reference
    and its messages. `on_removed` is called when somebody has taken the reply away: nothing is shown after that. Where
    nothing new came for `silence` seconds, that is told once beside what is there.
    """

    def __init__(
        self,
        open: Callable[[], Awaitable[Reply]],
        *,
        min_update_interval: float,
        on_shown: Callable[[str, Sequence[str]], Awaitable[None]],
        before: Callable[[Draft], Awaitable[None]] | None = None,
        on_removed: Callable[[], None] = lambda: None,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        self._open = open
        self._reply: Reply | None = None
        self._min_update_interval = min_update_interval
        self._on_shown = on_shown
        self._before = before
        self._on_removed = on_removed
        self._silence = silence
        self._removed: ReplyRemoved | None = None
        self._newest: Callable[[], Draft] | None = None
        self._last: Callable[[], Draft] | None = None
        self._offered = asyncio.Event()
        self._closing = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

    def submit(self, draft: Callable[[], Draft]) -> None:
        """Let a draft be shown soon, in place of any other that still waits; it is asked for only when it is shown.

        Raises what ended the showing.
        """
        self._newest = self._last = draft
        self._offered.set()
        if self._pump is None:
            self._pump = asyncio.create_task(self._show_offered(), name="presenter")
        elif self._pump.done():
            self._pump.result()

    @property
    def is_removed(self) -> bool:
        """Return whether somebody has taken the reply away."""
        return self._removed is not None

    async def finish(self, draft: Draft) -> None:
        """Show the last draft, after any showing under way; what is refused for good once more in the plainest form.

        Raises `PlatformRefused` when that is refused as well, `ReplyRemoved`, and `PlatformError` when it cannot be
        shown now.
        """
        await self.aclose()
        reply = await self._to_go_on()
        await self._ask(draft)
        try:
            ref = await reply.finish(draft)
        except PlatformRefused as refusal:
            logger.warning("answer refused, sending it without formatting", extra={"error": str(refusal)})
            ref = await reply.finish(draft, plain=True)
            await self._on_shown(ref, reply.messages)
            if ref:  # what only its author sees has no messages
                await self._take_away(reply, ref)
        else:
            await self._on_shown(ref, reply.messages)

    async def _take_away(self, reply: Reply, keep: str) -> None:
        """Take away what could not be changed, now that what stands in its place is noted as the answer."""
        try:
            await reply.retract(keep)
        except PlatformError as error:
            logger.warning("message not deleted", extra={"error": str(error)})

    async def pause(self, draft: Draft) -> None:
        """Show a draft after any showing under way, and nothing more: the reply goes on another time.

        Raises `PlatformError`.
        """
        await self.aclose()
        await self._show(await self._to_go_on(), draft)

    async def retract(self, keep: str = "", *, may_stand: bool = False) -> None:
        """Take back what was shown beside the messages that the reference `keep` names, and show nothing more.

        `may_stand` says that an earlier runner may have shown something. Raises `PlatformError`.
        """
        await self.aclose()
        if may_stand or self._reply is not None:
            await (await self._opened()).retract(keep)

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
            await self._wait_for_offer()
            self._offered.clear()
            if self._closing.is_set():
                return
            try:
                await self._show_newest(await self._opened())
            except ReplyRemoved as removed:
                self._removed = removed
                self._on_removed()
                return
            except PlatformRefused as refusal:
                # What was refused once is refused again; the last draft is shown by `finish`, which has a plainer form.
                logger.warning("drafts no longer shown", extra={"error": str(refusal)})
                return
            except PlatformError as error:
                # The next draft replaces this one anyway, and the last one is shown by `finish`, which tells.
                logger.warning("draft not shown", extra={"error": str(error)})
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), self._min_update_interval)

    async def _wait_for_offer(self) -> None:
        """Wait for a draft; after each silence the last one is offered again, with a word that the work goes on."""
        if self._offered.is_set():
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._offered.wait(), self._silence)
            return
        last = self._last
        if last is not None and not self._offered.is_set():
            self._newest = lambda: still_working(last())

    async def _show_newest(self, reply: Reply) -> None:
        """Show the newest draft, which may have come while the reply was being opened."""
        self._offered.clear()
        newest, self._newest = self._newest, None
        if newest is not None and not self._closing.is_set():
            await self._show(reply, newest())

    async def _to_go_on(self) -> Reply:
        """Return the reply, unless somebody has taken it away: raises `ReplyRemoved`."""
        if self._removed is not None:
            raise self._removed
        return await self._opened()

    async def _opened(self) -> Reply:
        if self._reply is None:
            self._reply = await self._open()
        return self._reply

    async def _show(self, reply: Reply, draft: Draft) -> None:
        await self._ask(draft)
        await self._on_shown(await reply.show(draft), reply.messages)

    async def _ask(self, draft: Draft) -> None:
        if self._before is not None:
            await self._before(draft)


def still_working(draft: Draft) -> Draft:
    """Return a draft with a word that the work goes on."""
    return replace(draft, progress=" ".join(filter(None, (gettext(STILL_WORKING), draft.progress))))
