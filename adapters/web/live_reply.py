"""Show answers in the playground: live on every page, and in the store at a slower pace."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace

from adapters.web.channel_access import direct_channel
from adapters.web.hub import Hub
from adapters.web.message_view import render_ahead
from bot.errors import PlatformError, StorageError
from bot.ports import Clock, WorkspaceStore
from bot.types import ChannelMessage, Draft, Incoming, Person, Turn

logger = logging.getLogger(__name__)

BOT = Person(id="seedling", name="Seedling", is_bot=True)
STORE_SECONDS = 1.0
"""The least time between two stored states of a reply that is being written."""

TAKEN_BACK = Draft(status="stopped", notices=("This answer was removed.",))

ONLY_YOU = "Only you see this, until you leave the page."

REST_SHARE = 4
"""Rest this many times as long as showing took: rendering a very long answer leaves the loop free for others."""


class PlaygroundReply:
    """A `bot.ports.Reply`; its message id follows from the turn, so that showing it twice shows one message."""

    def __init__(self, store: WorkspaceStore, hub: Hub, clock: Clock, message: ChannelMessage, *, stored: bool) -> None:
        self._store = store
        self._hub = hub
        self._clock = clock
        self._message = message
        self._stored = stored
        self._stored_at = clock()

    @property
    def messages(self) -> tuple[str, ...]:
        """Return the one message."""
        return (self._message.id,)

    async def show(self, draft: Draft) -> str:
        """Show `draft` on every open page; the first one is stored before, the others once in a while."""
        is_new = not self._stored
        self._message = replace(self._message, text=draft.text, answer=draft)
        if is_new:
            await self._put()
        elif (self._clock() - self._stored_at).total_seconds() >= STORE_SECONDS:
            await self._put_if_possible()
        started = time.perf_counter()
        await render_ahead([self._message])
        self._hub.publish_live(self._message, is_new=is_new)
        await asyncio.sleep((time.perf_counter() - started) * REST_SHARE)
        return self._message.id

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:  # noqa: ARG002 - there is but one form
        """Store the last state, then show it. Raises `PlatformError` when it cannot be stored."""
        is_new = not self._stored
        self._message = replace(self._message, text=draft.text, answer=draft)
        await self._put()
        await render_ahead([self._message])
        if is_new:
            self._hub.publish(self._message, is_new=True)
        self._hub.settle(self._message)
        return self._message.id

    async def retract(self, keep: str) -> None:
        """Put a note in place of the answer; every runner of a turn writes into this one message."""
        if not keep and self._stored:
            await self.finish(TAKEN_BACK)

    async def _put(self) -> None:
        try:
            await self._store.put_messages([self._message])
        except StorageError as error:
            raise PlatformError("the playground could not store an answer") from error
        self._stored = True
        self._stored_at = self._clock()

    async def _put_if_possible(self) -> None:
        """Store the state so far; the next one replaces it, so a failure may pass."""
        try:
            await self._put()
        except PlatformError:
            logger.warning("a draft was not stored", extra={"reply": self._message.id}, exc_info=True)


class PrivateReply:
    """A `bot.ports.Reply` on the open pages of one person, and nowhere else: it is gone when they leave."""

    def __init__(self, hub: Hub, message: ChannelMessage, person: Person) -> None:
        self._hub = hub
        self._message = message
        self._person = person
        self._is_new = True

    @property
    def messages(self) -> tuple[str, ...]:
        """Return nothing: it is no message of the channel."""
        return ()

    async def show(self, draft: Draft) -> str:
        """Show `draft` to its person."""
        draft = replace(draft, notices=(*draft.notices, ONLY_YOU))
        self._message = replace(self._message, text=draft.text, answer=draft)
        await render_ahead([self._message])
        self._hub.publish(self._message, is_new=self._is_new, only_for=self._person.id)
        self._is_new = False
        return self._message.id

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:  # noqa: ARG002 - there is but one form
        """As `show`."""
        return await self.show(draft)

    async def retract(self, keep: str) -> None:
        """Put a note in place of the answer; every runner of a turn writes into this one message."""
        if not keep and not self._is_new:
            await self.finish(TAKEN_BACK)


async def tell(hub: Hub, clock: Clock, asked: Incoming, draft: Draft) -> None:
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
    await PrivateReply(hub, own, asked.author).finish(draft)


async def open_reply(store: WorkspaceStore, hub: Hub, clock: Clock, turn: Turn) -> PlaygroundReply | PrivateReply:
    """Return the reply of `turn`, going on with its message when there is one. Raises `PlatformError`."""
    key = turn.incoming.key
    if turn.incoming.private:
        id = turn.reply_ref or f"private-{turn.id}"
        own = ChannelMessage(
            workspace=key.workspace, channel=key.channel, id=id, author=BOT, text="", at=clock(), thread=key.thread
        )
        return PrivateReply(hub, own, turn.incoming.author)
    id = turn.reply_ref or f"turn-{turn.id}"
    try:
        message = await store.get_message(key.workspace, key.channel, id)
    except StorageError as error:
        raise PlatformError("the playground could not look for an earlier answer") from error
    stored = message is not None
    if message is None:
        message = ChannelMessage(
            workspace=key.workspace, channel=key.channel, id=id, author=BOT, text="", at=clock(), thread=key.thread
        )
    return PlaygroundReply(store, hub, clock, replace(message, turn=turn.id), stored=stored)
