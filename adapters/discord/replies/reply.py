"""Show the answer to one turn: in as many messages as it needs, edited in place, found again after a crash."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import Final

from adapters.discord.api.errors import DiscordApiError
from adapters.discord.api.limits import NO_MORE_FOLLOWUPS, TYPING_SECONDS, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE
from adapters.discord.context import DiscordContext
from adapters.discord.replies.message_targets import ChannelTarget, InteractionExpired, InteractionTarget, MessageTarget
from adapters.discord.replies.recovery import OwnMessages
from adapters.discord.replies.rendering import Page, Renderer
from adapters.discord.replies.reply_placement import direct_channel
from adapters.discord.replies.reply_ref import ChannelRef, InteractionRef, ReplyRef, read_ref, with_ids
from bot.chat.rate_limit import Priority
from bot.errors import PlatformError, ReplyRemoved
from bot.language import gettext, gettext_noop
from bot.offload import offload
from bot.types import Draft, Turn

logger = logging.getLogger(__name__)


TAKEN_BACK: Final = gettext_noop("-# This answer was removed.")
"""What a message says that was to be deleted and could not be."""

NO_ROOM: Final = gettext_noop("-# The whole answer is in the file, since no further messages are allowed here.")


@dataclass(slots=True, kw_only=True)
class _Shown:
    """A message as it stands; `page` is None where that is not known."""

    id: str
    page: Page | None = None


class DiscordReply:
    """A `bot.ports.Reply`."""

    def __init__(
        self, turn: Turn, ref: ReplyRef, context: DiscordContext, *, reply_to: str = "", hint: str = ""
    ) -> None:
        self._turn = turn
        self._ref = ref
        self._context = context
        self._reply_to = reply_to
        self._surface: MessageTarget = self._on(ref)
        self._shown = [_Shown(id=id) for id in ref.ids]
        self._replaced: list[_Shown] = []  # they go when what replaces them is noted, or they would seem removed
        self._renderer = Renderer(turn, searches=context.searches, hint=hint)
        # Who handed the turn back or put it off may have posted as well as who was ended; looking takes no waiting.
        self._own = OwnMessages(context.rest, turn) if turn.epoch > 1 else None
        self._removed = 0
        self._plain = False
        self._typed_at = float("-inf")

    @property
    def messages(self) -> tuple[str, ...]:
        """Return the messages that stand there."""
        return tuple(item.id for item in self._shown)

    async def find(self) -> None:
        """Read what an earlier process may have posted without having been able to tell. Raises `PlatformError`."""
        if self._own is not None and isinstance(self._surface, ChannelTarget):
            await self._own.look(self._surface.channel)

    async def show(self, draft: Draft) -> str:
        """Make the draft visible, and show typing before there is any text."""
        await self._make(draft, Priority.PROGRESS if self._shown else Priority.FIRST)
        if not draft.text:
            await self._type()
        return str(self._named())

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:
        """Make the draft visible; nothing overtakes it."""
        self._plain = plain
        if plain and isinstance(self._surface, ChannelTarget):
            self._surface = replace(self._surface, reply_to="")
        await self._make(draft, Priority.FINAL)
        return str(self._named())

    async def retract(self, keep: str) -> None:
        """Delete the messages that `keep` does not name, all with ""; one that cannot be is left without text.

        Raises `PlatformError` when some stand as they were.
        """
        kept = read_ref(keep)
        names = kept.ids if kept else ()
        if not keep:
            await self._find_all()
        self._shown, self._replaced = [*self._shown, *self._replaced], []
        trouble: PlatformError | None = None
        for shown in [item for item in self._shown if item.id not in names]:
            try:
                await self._take_back(shown)
            except PlatformError as error:
                trouble = error
            else:
                self._shown.remove(shown)
        if trouble is not None:
            raise trouble

    async def _find_all(self) -> None:
        """Read whatever an earlier process has posted. Raises `PlatformError`."""
        if self._own is not None and isinstance(self._surface, ChannelTarget):
            known = {item.id for item in self._shown}
            self._shown += [_Shown(id=id) for id in await self._own.of_turn(self._surface.channel) if id not in known]

    async def _take_back(self, shown: _Shown) -> None:
        """Delete a message, or leave it without text and buttons; what its author alone sees may be left to them."""
        try:
            await self._remove(shown)
        except DiscordApiError:
            await self._surface.edit(shown.id, Page(content=gettext(TAKEN_BACK)), priority=Priority.FINAL)
        except InteractionExpired:
            if not (isinstance(self._ref, InteractionRef) and self._ref.private):
                await self._move()
                await self._take_back(shown)

    # ------------------------------------------------------------ making it so

    async def _make(self, draft: Draft, priority: Priority) -> None:
        try:
            await self._place(draft, priority)
        except InteractionExpired:
            await self._move()
            await self._place(draft, priority)

    async def _place(self, draft: Draft, priority: Priority) -> None:
        """Place the pages of a draft; without the file where Discord takes none there."""
        pages = await self._pages(draft)
        try:
            await self._place_pages(pages, draft, priority)
        except DiscordApiError as error:
            if pages[0].file is None or error.code == UNKNOWN_MESSAGE:
                raise
            logger.info("file refused, answering in messages", extra={"turn": self._turn.id, "code": error.code})
            self._renderer.attaches = False
            await self._place_pages(await self._pages(draft), draft, priority)

    async def _pages(self, draft: Draft) -> list[Page]:
        if self._plain:
            self._renderer.attaches = False
        pages = await offload(len(draft.text), self._renderer.pages, draft)
        return [Page(content=page.content) for page in pages] if self._plain else pages

    async def _place_pages(self, pages: list[Page], draft: Draft, priority: Priority) -> None:
        for index, page in enumerate(pages):
            if index == len(self._shown):
                try:
                    self._shown.append(await self._found(page) or await self._post(page, index, priority))
                except DiscordApiError as error:
                    if error.code != NO_MORE_FOLLOWUPS:
                        raise
                    await self._attach(draft, priority)
                    return
            if self._shown[index].page != page:
                await self._change(self._shown[index], page, index, priority)
        while len(self._shown) > len(pages):
            await (self._take_back_if_possible if self._plain else self._take_back)(self._shown[-1])
            self._shown.pop()

    async def _found(self, page: Page) -> _Shown | None:
        """Return a message that an earlier process has posted without having been able to tell."""
        if self._own is None or not isinstance(self._surface, ChannelTarget):
            return None
        known = frozenset(item.id for item in self._shown)
        found = await self._own.same(self._surface.channel, page, but=known)
        return _Shown(id=found) if found else None

    async def _post(self, page: Page, index: int, priority: Priority) -> _Shown:
        nonce = f"t{self._turn.id}-{index}" + (f"r{self._removed}" if self._removed else "")
        id = await self._surface.post(page, nonce=nonce, first=index == 0, priority=priority)
        return _Shown(id=id, page=page)

    async def _attach(self, draft: Draft, priority: Priority) -> None:
        """Put the whole answer into a file at the last message, since there may be no further ones."""
        if priority is Priority.FINAL:
            page = self._renderer.whole_in_file(draft, gettext(NO_ROOM))
            await self._change(self._shown[-1], page, len(self._shown) - 1, priority)

    async def _change(self, shown: _Shown, page: Page, index: int, priority: Priority) -> None:
        try:
            await self._surface.edit(shown.id, page, priority=priority)
        except DiscordApiError as error:
            await self._change_refused(shown, page, index, error)
        shown.page = page

    async def _change_refused(self, shown: _Shown, page: Page, index: int, error: DiscordApiError) -> None:
        """Post a message anew that cannot be changed, if that is right. Raises `error`, or `ReplyRemoved`."""
        if self._moved and error.status in {403, 404}:
            shown.id = (await self._post(page, index, Priority.FINAL)).id
        elif error.code == UNKNOWN_MESSAGE:
            # A further page may have been another runner's, who took it back when it gave way to this one.
            if not index or not self._turn.was_interrupted:
                raise ReplyRemoved(str(error)) from error
            self._removed += 1
            shown.id = (await self._post(page, index, Priority.FINAL)).id
        elif self._plain:
            logger.info("message is gone, posting a new one", extra={"turn": self._turn.id, "code": error.code})
            old = _Shown(id=shown.id)
            self._removed += 1  # or the nonce would find the old one
            shown.id = (await self._post(page, index, Priority.FINAL)).id
            if shown.id != old.id:  # the first message after a deferral takes the place of "is thinking"
                self._replaced.append(old)
        else:
            raise error

    async def _take_back_if_possible(self, shown: _Shown) -> None:
        try:
            await self._take_back(shown)
        except PlatformError as error:
            logger.warning("message not deleted", extra={"turn": self._turn.id, "error": str(error)})

    async def _remove(self, shown: _Shown) -> None:
        try:
            await self._surface.delete(shown.id)
        except DiscordApiError as error:
            if error.code not in {UNKNOWN_CHANNEL, UNKNOWN_MESSAGE}:
                raise
        self._removed += 1

    # ------------------------------------------------------------ where it is

    @property
    def _moved(self) -> bool:
        """Return whether the messages began as answers to an interaction and are now edited as a channel's."""
        return isinstance(self._ref, InteractionRef) and isinstance(self._surface, ChannelTarget)

    def _on(self, ref: ReplyRef) -> MessageTarget:
        context = self._context
        if isinstance(ref, InteractionRef):
            return InteractionTarget(rest=context.rest, ref=ref, clock=context.clock)
        return ChannelTarget(rest=context.rest, limits=context.limits, channel=ref.channel, reply_to=self._reply_to)

    async def _move(self) -> None:
        """Go on in the channel when the interaction has ended, or for the author alone in a direct message."""
        ref = self._ref
        if not isinstance(ref, InteractionRef):
            raise InteractionExpired
        channel = ref.channel
        if ref.private:
            channel = await direct_channel(self._turn.incoming.author.id, self._context)
            self._shown = []
        logger.info(
            "interaction has expired, continuing the answer in a message",
            extra={"turn": self._turn.id, "private": ref.private},
        )
        self._surface = ChannelTarget(rest=self._context.rest, limits=self._context.limits, channel=channel)

    def _named(self) -> ReplyRef:
        ids = tuple(item.id for item in self._shown)
        if isinstance(self._surface, ChannelTarget):
            return ChannelRef(channel=self._surface.channel, ids=ids)
        return with_ids(self._ref, ids)

    async def _type(self) -> None:
        now = asyncio.get_running_loop().time()
        if not isinstance(self._surface, ChannelTarget) or now - self._typed_at < TYPING_SECONDS:
            return
        self._typed_at = now
        try:
            await self._surface.type()
        except PlatformError as error:
            logger.debug("typing not shown", extra={"turn": self._turn.id, "error": str(error)})
