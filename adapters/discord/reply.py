"""The visible answer to one turn: as many messages as it needs, edited in place, found again after a crash."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from adapters.discord.budget import Urgency
from adapters.discord.history import OwnMessages
from adapters.discord.limits import NO_MORE_FOLLOWUPS, TYPING_SECONDS, UNKNOWN_MESSAGE
from adapters.discord.places import direct_channel
from adapters.discord.references import ChannelRef, InteractionRef, ReplyRef, read_ref, with_ids
from adapters.discord.rendering import Page, Renderer
from adapters.discord.rest import Refused
from adapters.discord.surfaces import ChannelSurface, Ended, InteractionSurface, Surface
from adapters.discord.surroundings import Surroundings
from bot.errors import PlatformError
from bot.offload import offload
from bot.types import Draft, Turn

logger = logging.getLogger(__name__)


FILE_NAME: Final = "answer.md"
IN_A_FILE: Final = "-# The whole answer is in the file, since no further messages are allowed here."


@dataclass(slots=True, kw_only=True)
class _Shown:
    """A message as it stands; `page` is None where that is not known."""

    id: str
    page: Page | None = None


class DiscordReply:
    """A `bot.ports.Reply`."""

    def __init__(self, turn: Turn, ref: ReplyRef, around: Surroundings, *, reply_to: str = "", hint: str = "") -> None:
        self._turn = turn
        self._ref = ref
        self._around = around
        self._reply_to = reply_to
        self._surface: Surface = self._on(ref)
        self._shown = [_Shown(id=id) for id in ref.ids]
        self._renderer = Renderer(turn, searches=around.searches, hint=hint)
        # Who handed the turn back or put it off may have posted as well as who was ended; looking takes no waiting.
        self._own = OwnMessages(around.rest, turn) if turn.epoch > 1 else None
        self._removed = 0
        self._typed_at = float("-inf")

    async def find(self) -> None:
        """Read what an earlier process may have posted without having been able to tell. Raises `PlatformError`."""
        if self._own is not None and isinstance(self._surface, ChannelSurface):
            await self._own.look(self._surface.channel)

    async def show(self, draft: Draft) -> str:
        """Make the draft visible, and show typing before there is any text."""
        await self._make(draft, Urgency.GOING_ON if self._shown else Urgency.BEGINNING)
        if not draft.text:
            await self._type()
        return str(self._named())

    async def finish(self, draft: Draft) -> str:
        """Make the draft visible; nothing overtakes it."""
        await self._make(draft, Urgency.ENDING)
        return str(self._named())

    async def withdraw(self, keep: str) -> None:
        """Delete the messages that `keep` does not name. Raises `PlatformError`."""
        kept = read_ref(keep)
        names = kept.ids if kept else ()
        for shown in [each for each in self._shown if each.id not in names]:
            await self._remove(shown)
            self._shown.remove(shown)

    # ------------------------------------------------------------ making it so

    async def _make(self, draft: Draft, urgency: Urgency) -> None:
        pages = await offload(len(draft.text), self._renderer.pages, draft)
        try:
            await self._place(pages, urgency)
        except Ended:
            await self._move()
            await self._place(pages, urgency)

    async def _place(self, pages: list[Page], urgency: Urgency) -> None:
        for index, page in enumerate(pages):
            if index == len(self._shown):
                try:
                    self._shown.append(await self._found(page) or await self._post(page, index, urgency))
                except Refused as error:
                    if error.code != NO_MORE_FOLLOWUPS:
                        raise
                    await self._attach(pages, urgency)
                    return
            if self._shown[index].page != page:
                await self._change(self._shown[index], page, index, urgency)
        while len(self._shown) > len(pages):
            await self._remove(self._shown[-1])
            self._shown.pop()

    async def _found(self, page: Page) -> _Shown | None:
        """A message that an earlier process has posted without having been able to tell."""
        if self._own is None or not isinstance(self._surface, ChannelSurface):
            return None
        known = frozenset(each.id for each in self._shown)
        found = await self._own.same(self._surface.channel, page, but=known)
        return _Shown(id=found) if found else None

    async def _post(self, page: Page, index: int, urgency: Urgency) -> _Shown:
        nonce = f"t{self._turn.id}-{index}" + (f"r{self._removed}" if self._removed else "")
        id = await self._surface.post(page, nonce=nonce, first=index == 0, urgency=urgency)
        return _Shown(id=id, page=page)

    async def _attach(self, pages: list[Page], urgency: Urgency) -> None:
        """Put the whole answer into a file at the last message, since there may be no further ones."""
        last, surface = self._shown[-1], self._surface
        if urgency is not Urgency.ENDING or not isinstance(surface, InteractionSurface):
            return
        page = Page(content=IN_A_FILE, rows=pages[-1].rows)
        whole = "\n\n".join(each.content for each in pages)
        await surface.attach(last.id, page, name=FILE_NAME, data=whole.encode())
        last.page = page

    async def _change(self, shown: _Shown, page: Page, index: int, urgency: Urgency) -> None:
        try:
            await self._surface.edit(shown.id, page, urgency=urgency)
        except Refused as error:
            # A further page may have been another runner's, who took it back when it gave way to this one.
            taken_back = index > 0 and error.code == UNKNOWN_MESSAGE
            if not taken_back and (not self._moved or error.status not in {403, 404}):
                raise
            self._removed += taken_back
            shown.id = (await self._post(page, index, urgency)).id
        shown.page = page

    async def _remove(self, shown: _Shown) -> None:
        try:
            await self._surface.delete(shown.id)
        except Refused as error:
            if error.code != UNKNOWN_MESSAGE:
                raise
        self._removed += 1

    # ------------------------------------------------------------ where it is

    @property
    def _moved(self) -> bool:
        """Whether the messages began as answers to an interaction and are now edited as a channel's."""
        return isinstance(self._ref, InteractionRef) and isinstance(self._surface, ChannelSurface)

    def _on(self, ref: ReplyRef) -> Surface:
        around = self._around
        if isinstance(ref, InteractionRef):
            return InteractionSurface(rest=around.rest, ref=ref, clock=around.clock)
        return ChannelSurface(rest=around.rest, budget=around.budget, channel=ref.channel, reply_to=self._reply_to)

    async def _move(self) -> None:
        """Go on in the channel when the interaction has ended, or for the author alone in a direct message."""
        ref = self._ref
        if not isinstance(ref, InteractionRef):
            raise Ended
        channel = ref.channel
        if ref.private:
            channel = await direct_channel(self._turn.incoming.author.id, self._around)
            self._shown = []
        logger.info("answer goes on outside its interaction", extra={"turn": self._turn.id, "private": ref.private})
        self._surface = ChannelSurface(rest=self._around.rest, budget=self._around.budget, channel=channel)

    def _named(self) -> ReplyRef:
        ids = tuple(each.id for each in self._shown)
        if isinstance(self._surface, ChannelSurface):
            return ChannelRef(channel=self._surface.channel, ids=ids)
        return with_ids(self._ref, ids)

    async def _type(self) -> None:
        now = asyncio.get_running_loop().time()
        if not isinstance(self._surface, ChannelSurface) or now - self._typed_at < TYPING_SECONDS:
            return
        self._typed_at = now
        try:
            await self._surface.type()
        except PlatformError as error:
            logger.debug("typing not shown", extra={"turn": self._turn.id, "error": str(error)})
