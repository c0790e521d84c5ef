"""Tell open pages what happens: read what was stored since, make HTML of it once, and hand the same bytes to all.

Events are read from the store behind the last position, so that it does not matter which process wrote them. Pages hold
no state here but the stream that they listen to. What is read in several languages is made once for each.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

from adapters.web.playground.channel_access import is_for
from adapters.web.playground.differences import grown, patch
from adapters.web.playground.live_reply import BOT
from adapters.web.playground.message_html import MessageHtml, Parts
from adapters.web.playground.message_view import place_path
from adapters.web.playground.page_streams import LiveAnswer, OpenPage, Place, Stream, encode, named, state
from bot.errors import StorageError
from bot.language import speaking
from bot.ports import Clock, WorkspaceStore
from bot.types import Channel, ChannelMessage, PlaygroundEvent

logger = logging.getLogger(__name__)

T = TypeVar("T")

POLL_SECONDS = 1.0
"""How often the store is looked at when nothing wakes this process."""

BATCH: Final = 200
PACE_SECONDS = 0.1
REST_SHARE: Final = 4
"""Rest this many times as long as rendering took: a very long answer leaves the processor to others."""

KEPT: Final = timedelta(hours=1)
"""How long events are kept: who was away for longer reads the page anew."""

PRUNE_SECONDS: Final = 600.0


class Hub:
    """Follows the store, and passes on what pages may see."""

    def __init__(self, store: WorkspaceStore, clock: Clock, html: MessageHtml) -> None:
        self._store = store
        self._clock = clock
        self._html = html
        self._streams: set[Stream] = set()
        self._live: dict[Place, LiveAnswer] = {}
        self._channels: dict[tuple[str, str], Channel] = {}
        self._heard: deque[PlaygroundEvent] = deque()
        self._woken = asyncio.Event()
        self._published = 0
        self.position = 0

    # ------------------------------------------------------------ following

    def hear(self, event: PlaygroundEvent | None = None) -> None:
        """Look at the store at once, and pass on an event of this process that is not stored: a step of an answer."""
        if event is not None:
            self._heard.append(event)
        self._woken.set()

    async def follow(self) -> None:
        """Pass on what happens, until cancelled."""
        _, self.position = await self._store.get_playground_positions()
        pruned_at = 0.0
        try:
            while True:
                try:
                    if time.monotonic() - pruned_at > PRUNE_SECONDS:
                        await self._store.prune_playground(self._clock() - KEPT)
                        pruned_at = time.monotonic()
                    is_more = await self._catch_up()
                except StorageError as error:
                    logger.warning("open pages wait for the database", extra={"error": str(error)})
                    is_more = False
                if not is_more:
                    await self._rest()
        finally:
            self.close()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

    async def _catch_up(self) -> bool:
        """Pass on the next events; return whether there may be more."""
        heard = [self._heard.popleft() for _ in range(len(self._heard))]
        found = await self._store.get_playground_events(self.position, limit=BATCH)
        for event in found:
            await self._pass_on(event)
            self.position = event.position
        for event in heard:  # the whole of such an answer was stored before
            await self._pass_on(event)
        return bool(found or self._heard)

    async def _pass_on(self, event: PlaygroundEvent) -> None:
        match event.kind:
            case "message":
                await self._show_stored(event)
            case "answer":
                await self._grow(event)
            case "private" if event.draft is not None:
                await self._publish_message(self._private(event), event)
            case "place":
                await self._read_channels()
                self._publish(event, encode("place", _place(event), event.position))

    async def _show_stored(self, event: PlaygroundEvent) -> None:
        place = (event.workspace, event.channel, event.message)
        live = self._live.get(place)
        if live is not None and event.is_open and live.message.answer is not None and live.message.answer.is_open:
            return  # its steps are known
        message = await self._store.get_message(*place)
        if message is None:
            self._publish(event, _gone(event))
            return
        if message.answer is not None and (live is not None or message.answer.is_open):
            self._touch(message, is_new=event.is_new)
        else:
            await self._publish_message(message, event)
        if event.is_new and event.thread:
            await self._refresh_root(event)

    async def _refresh_root(self, reply: PlaygroundEvent) -> None:
        """Show the new number of replies."""
        root = await self._store.get_message(reply.workspace, reply.channel, reply.thread)
        if root is not None:
            await self._publish_message(root, replace(reply, message=root.id, thread="", is_new=False))

    async def _grow(self, event: PlaygroundEvent) -> None:
        place = (event.workspace, event.channel, event.message)
        live = self._live.get(place)
        message = live.message if live else await self._store.get_message(*place)
        if message is None or message.answer is None or not message.answer.is_open:
            return
        answer = grown(message.answer, event)
        if answer is not None:
            self._touch(replace(message, text=answer.text, answer=answer), is_new=False)

    def _private(self, event: PlaygroundEvent) -> ChannelMessage:
        return ChannelMessage(
            workspace=event.workspace,
            channel=event.channel,
            id=event.message,
            author=BOT,
            text=event.draft.text if event.draft else "",
            at=self._clock(),
            thread=event.thread,
            answer=event.draft,
        )

    # ------------------------------------------------------------ answers that grow

    def current(self, stored: ChannelMessage) -> ChannelMessage:
        """Return the state that people see now: the live one if this reply is being written."""
        live = self._live.get((stored.workspace, stored.channel, stored.id))
        return stored if live is None else replace(stored, text=live.message.text, answer=live.message.answer)

    def _touch(self, message: ChannelMessage, *, is_new: bool) -> None:
        """Note a newer state of an answer, and see to it that it is shown."""
        place = (message.workspace, message.channel, message.id)
        live = self._live.get(place)
        if live is None:
            live = self._live[place] = LiveAnswer(message)
        live.message, live.is_dirty = message, True
        if live.task is None:
            live.task = asyncio.create_task(self._show_live(live, is_new=is_new), name="answer on open pages")

    async def _show_live(self, live: LiveAnswer, *, is_new: bool) -> None:
        """Show an answer as often as it changes and rendering it allows, until it has ended."""
        try:
            while live.is_dirty:
                live.is_dirty = False
                started = time.perf_counter()
                await self._show_step(live, is_new=is_new)
                is_new = False
                if live.message.answer is None or not live.message.answer.is_open:
                    break
                await asyncio.sleep(max(PACE_SECONDS, (time.perf_counter() - started) * REST_SHARE))
        except Exception:
            logger.exception("an answer could not be shown on open pages", extra={"reply": live.message.id})
        live.task = None
        if live.message.answer is None or not live.message.answer.is_open:
            self._live.pop((live.message.workspace, live.message.channel, live.message.id), None)

    async def _show_step(self, live: LiveAnswer, *, is_new: bool) -> None:
        message = live.message
        parts = await self._in_each(lambda code: self._parts(live, message, code))
        place = PlaygroundEvent(
            kind="answer", workspace=message.workspace, channel=message.channel, thread=message.thread, is_new=is_new
        )
        self._publish(place, {code: self._step(live, message, code, each) for code, each in parts.items()})
        live.parts = parts

    async def _parts(self, live: LiveAnswer, message: ChannelMessage, code: str) -> Parts:
        is_open = message.answer is not None and message.answer.is_open
        return self._html.growing_parts(message, live.growing[code]) if is_open else await self._html.parts(message)

    def _step(self, live: LiveAnswer, message: ChannelMessage, code: str, parts: Parts) -> bytes:
        """Return what makes the parts of an answer of what pages have; the whole where they have nothing."""
        known = live.parts.get(code)
        if known is None:
            return self._snapshot(message, code, parts)
        changes = {name: change for name, text in parts.items() if (change := patch(known[name], text))}
        return encode("patch", {"id": message.id, "parts": changes, **state(message)})

    def _snapshot(self, message: ChannelMessage, code: str, parts: Parts) -> bytes:
        with speaking(code):
            frame = self._html.frame(message)
        return encode("message", {**named(message), "html": frame, "parts": parts})

    # ------------------------------------------------------------ pages

    async def open(self, view: OpenPage, after: int) -> Stream | None:
        """Return the stream of a page that has seen everything up to a position; None where that is too long ago.

        It begins with what was missed, and with the whole of every answer that is being written in view.
        """
        oldest, newest = await self._store.get_playground_positions()
        if after > newest or after < oldest - 1:
            return None
        if not self._channels:
            await self._read_channels()
        stream, position = Stream(view), after
        while True:
            published = self._published
            events = await self._store.get_playground_events(position, limit=BATCH)
            if events:
                position = events[-1].position
                if not await self._offer_missed(stream, events):
                    return None
            elif published == self._published:
                break  # nothing can have been passed on since the store was read
        stream.since = position
        stream.offer(encode("here", {}, position))
        self._streams.add(stream)
        for live in self._live.values():
            if self._is_shown(view, _event_of(live.message)):
                stream.offer(self._as_seen(live, view.language))
        return stream

    def _as_seen(self, live: LiveAnswer, code: str) -> bytes:
        """Return an answer with all that pages have of it; what is first read in a language is made in it."""
        if code not in live.parts:
            with speaking(code):
                live.parts[code] = self._html.growing_parts(live.message, live.growing[code])
        return self._snapshot(live.message, code, live.parts[code])

    async def _offer_missed(self, stream: Stream, events: Sequence[PlaygroundEvent]) -> bool:
        """Offer what happened, each message once and as it is now; return False where all has to be read anew."""
        view = stream.view
        seen = [event for event in events if self._may_see(view, event)]
        if any(event.kind == "place" and event.channel in ("", view.channel) for event in seen):
            return False
        changed = [event for event in seen if event.kind in {"message", "answer"}]
        roots = [replace(event, message=event.thread, thread="", is_new=False) for event in changed if event.thread]
        for event in {event.message: event for event in (*roots, *changed)}.values():
            if self._is_shown(view, event):
                message = await self._store.get_message(event.workspace, event.channel, event.message)
                stream.offer(_gone(event) if message is None else await self._missed(view, message, is_new=False))
            elif event.is_new and (event.workspace, event.channel) != (view.workspace, view.channel):
                stream.offer(encode("unread", _place(event)))
        for event in seen:
            if event.kind == "private" and self._is_shown(view, event):
                stream.offer(await self._missed(view, self._private(event), is_new=True))
        return True

    async def _missed(self, view: OpenPage, message: ChannelMessage, *, is_new: bool) -> bytes:
        with speaking(view.language):
            return await self._whole(message, is_new=is_new)

    def leave(self, stream: Stream) -> None:
        """Forget a page."""
        self._streams.discard(stream)

    def close(self) -> None:
        """End all streams, as before this process ends."""
        for live in self._live.values():
            if live.task is not None:
                live.task.cancel()
        for stream in tuple(self._streams):
            stream.end()

    # ------------------------------------------------------------ who sees what

    async def _read_channels(self) -> None:
        found = [
            channel
            for workspace in await self._store.get_workspaces()
            for channel in await self._store.get_channels(workspace.id)
        ]
        self._channels = {(channel.workspace, channel.id): channel for channel in found}

    async def _publish_message(self, message: ChannelMessage, event: PlaygroundEvent) -> None:
        if (message.workspace, message.channel) not in self._channels:
            await self._read_channels()
        whole = partial(self._whole, message, is_new=event.is_new, position=event.position)
        self._publish(event, await self._in_each(lambda _: whole()))

    async def _in_each(self, make: Callable[[str], Awaitable[T]]) -> dict[str, T]:
        """Return something in every language in which pages are open, also of those that were opened meanwhile."""
        made: dict[str, T] = {}
        while missing := {stream.view.language for stream in self._streams} - made.keys():
            for code in missing:
                with speaking(code):
                    made[code] = await make(code)
        return made

    async def _whole(self, message: ChannelMessage, *, is_new: bool, position: int = 0) -> bytes:
        values = {**named(message), "html": await self._html.article(message), "is_new": is_new}
        return encode("message", values, position)

    def _publish(self, event: PlaygroundEvent, data: bytes | Mapping[str, bytes]) -> None:
        """Pass an event on to who may see it, in their language where it has words of ours."""
        self._published += event.position > 0
        unread = encode("unread", _place(event)) if event.is_new and not event.person else b""
        for stream in tuple(self._streams):
            view = stream.view
            if not self._may_see(view, event) or 0 < event.position <= stream.since:
                continue
            if event.kind == "place" or self._is_shown(view, event):
                stream.offer(data if isinstance(data, bytes) else data[view.language])
            elif unread and (event.workspace, event.channel) != (view.workspace, view.channel):
                stream.offer(unread)

    def _may_see(self, view: OpenPage, event: PlaygroundEvent) -> bool:
        if event.person and event.person != view.person.id:
            return False
        channel = self._channels.get((event.workspace, event.channel))
        if channel is None:
            return event.kind == "place" and not event.channel
        return is_for(channel, view.person, is_admin=view.is_admin)

    def _is_shown(self, view: OpenPage, event: PlaygroundEvent) -> bool:
        here = (event.workspace, event.channel) == (view.workspace, view.channel)
        return here and event.thread in ("", view.thread)


def _place(event: PlaygroundEvent) -> dict[str, str]:
    return {"channel": f"{event.workspace}/{event.channel}", "path": place_path(event.workspace, event.channel)}


def _gone(event: PlaygroundEvent) -> bytes:
    return encode("gone", {"id": event.message}, event.position)


def _event_of(message: ChannelMessage) -> PlaygroundEvent:
    return PlaygroundEvent(
        kind="message",
        workspace=message.workspace,
        channel=message.channel,
        thread=message.thread,
        message=message.id,
    )
