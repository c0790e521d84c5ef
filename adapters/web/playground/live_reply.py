"""Show answers in the playground: each step to the open pages, and the whole in the store at a slower pace."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from adapters.web.playground.channel_access import direct_channel
from adapters.web.playground.differences import NOTHING, step
from bot.errors import PlatformError, StorageError
from bot.intervals import has_passed
from bot.language import gettext, gettext_noop
from bot.ports import Clock, WorkspaceStore
from bot.types import ChannelMessage, Draft, Incoming, Person, PlaygroundEvent, Turn

logger = logging.getLogger(__name__)

BOT = Person(id="seedling", name="Seedling", is_bot=True)
STORE_EVERY = timedelta(seconds=1)
"""The least time between two stored states of a reply that is being written."""

TAKEN_BACK = gettext_noop("This answer was removed.")
ONLY_YOU = gettext_noop("Only you see this, until you leave the page.")


def _taken_back() -> Draft:
    return Draft(status="stopped", notices=(gettext(TAKEN_BACK),))


Announce = Callable[[PlaygroundEvent | None], Awaitable[None]]
"""Lets pages hear of an event, or with None of what was stored."""


class PlaygroundReply:
    """A `bot.ports.Reply`; its message id follows from the turn, so that showing it twice shows one message."""

    def __init__(self, store: WorkspaceStore, announce: Announce, clock: Clock, message: ChannelMessage) -> None:
        self._store = store
        self._announce = announce
        self._clock = clock
        self._message = message
        self._shown = NOTHING
        self._stored_at = None if message.answer is None else clock()
        self._begun = False

    @property
    def messages(self) -> tuple[str, ...]:
        """Return the one message."""
        return (self._message.id,)

    async def show(self, draft: Draft) -> str:
        """Show `draft` on every open page; the first one is stored before, the others once in a while."""
        self._message = replace(self._message, text=draft.text, answer=draft)
        if not self._begun:
            await self._put()
        else:
            await self._take_step(draft)
        self._shown, self._begun = draft, True
        return self._message.id

    async def _take_step(self, draft: Draft) -> None:
        """Say what is new, and store the whole now and then; the next state replaces it, so a failure may pass."""
        try:
            await self._announce(step(self._message, self._shown, draft))
            if self._stored_at is None or has_passed(STORE_EVERY, since=self._stored_at, now=self._clock()):
                await self._put()
        except (StorageError, PlatformError):
            logger.warning("a draft was not stored", extra={"reply": self._message.id}, exc_info=True)

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:  # noqa: ARG002 - there is but one form
        """Store the last state, then show it. Raises `PlatformError` when it cannot be stored."""
        self._message = replace(self._message, text=draft.text, answer=draft)
        await self._put()
        return self._message.id

    async def retract(self, keep: str) -> None:
        """Put a note in place of the answer; every runner of a turn writes into this one message."""
        if not keep and self._stored_at is not None:
            await self.finish(_taken_back())

    async def _put(self) -> None:
        try:
            await self._store.put_messages([self._message])
        except StorageError as error:
            raise PlatformError("the playground could not store an answer") from error
        self._stored_at = self._clock()
        await self._announce(None)


class PrivateReply:
    """A `bot.ports.Reply` on the open pages of one person, and nowhere else: it is gone when they leave."""

    def __init__(self, announce: Announce, message: ChannelMessage, person: Person) -> None:
        self._announce = announce
        self._message = message
        self._person = person
        self._is_new = True

    @property
    def messages(self) -> tuple[str, ...]:
        """Return nothing: it is no message of the channel."""
        return ()

    async def show(self, draft: Draft) -> str:
        """Show `draft` to its person."""
        message = self._message
        event = PlaygroundEvent(
            kind="private",
            workspace=message.workspace,
            channel=message.channel,
            thread=message.thread,
            message=message.id,
            person=self._person.id,
            is_new=self._is_new,
            is_open=draft.is_open,
            draft=replace(draft, notices=(*draft.notices, gettext(ONLY_YOU))),
        )
        try:
            await self._announce(event)
        except StorageError as error:
            raise PlatformError("the playground could not tell somebody something") from error
        self._is_new = False
        return message.id

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:  # noqa: ARG002 - there is but one form
        """As `show`."""
        return await self.show(draft)

    async def retract(self, keep: str) -> None:
        """Put a note in place of the answer; every runner of a turn writes into this one message."""
        if not keep and not self._is_new:
            await self.finish(_taken_back())


async def tell(announce: Announce, clock: Clock, asked: Incoming, draft: Draft) -> None:
    """Show a draft to the author of `asked` alone, until they leave the page."""
    key, direct = asked.key, direct_channel(asked.author)
    own = ChannelMessage(
        workspace=key.workspace or direct.workspace,
        channel=key.channel or direct.id,
        id=f"told-{asked.dedupe_key}",
        author=BOT,
        text="",
        at=clock(),
        thread=key.thread,
    )
    await PrivateReply(announce, own, asked.author).finish(draft)


async def open_reply(
    store: WorkspaceStore, announce: Announce, clock: Clock, turn: Turn
) -> PlaygroundReply | PrivateReply:
    """Return the reply of `turn`, going on with its message when there is one. Raises `PlatformError`."""
    key = turn.incoming.key
    if turn.incoming.private:
        id = turn.reply_ref or f"private-{turn.id}"
        own = ChannelMessage(
            workspace=key.workspace, channel=key.channel, id=id, author=BOT, text="", at=clock(), thread=key.thread
        )
        return PrivateReply(announce, own, turn.incoming.author)
    id = turn.reply_ref or f"turn-{turn.id}"
    try:
        message = await store.get_message(key.workspace, key.channel, id)
    except StorageError as error:
        raise PlatformError("the playground could not look for an earlier answer") from error
    if message is None:
        message = ChannelMessage(
            workspace=key.workspace, channel=key.channel, id=id, author=BOT, text="", at=clock(), thread=key.thread
        )
    return PlaygroundReply(store, announce, clock, replace(message, turn=turn.id))
