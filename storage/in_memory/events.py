"""What open pages of the playground hear of, its files, and the search of its messages, in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any

from bot.ports import Clock
from bot.types import ChannelMessage, PlaygroundEvent, PlaygroundFile
from storage.codec import as_utc


async def post(store: Any, message: ChannelMessage | None) -> None:
    """Store a message in the whole store, if there is one."""
    if message is not None:
        await store.put_messages([message])


class MemoryPlayground:
    """The part of a `WorkspaceStore` that pages live on, in memory."""

    _clock: Clock
    _messages: defaultdict[tuple[str, str], dict[str, ChannelMessage]]

    def __init__(self) -> None:
        self._events: list[tuple[datetime, PlaygroundEvent]] = []
        self._positions = count(1)
        self._files: dict[str, PlaygroundFile] = {}

    async def add_playground_events(self, events: Sequence[PlaygroundEvent]) -> None:
        self._record(events)

    def _record(self, events: Sequence[PlaygroundEvent]) -> None:
        now = as_utc(self._clock())
        self._events += [(now, replace(event, position=next(self._positions))) for event in events]

    async def get_playground_events(self, after: int, *, limit: int) -> Sequence[PlaygroundEvent]:
        return [event for _, event in self._events if event.position > after][:limit]

    async def get_playground_positions(self) -> tuple[int, int]:
        return (self._events[0][1].position, self._events[-1][1].position) if self._events else (0, 0)

    async def prune_playground(self, before: datetime) -> None:
        self._events = [item for item in self._events if item[0] >= as_utc(before)] or self._events[-1:]
        sent = {file.id for there in self._messages.values() for item in there.values() for file in item.attachments}
        self._files = {id: file for id, file in self._files.items() if id in sent or file.at >= as_utc(before)}

    async def search_messages(
        self, places: Sequence[tuple[str, str]], words: Sequence[str], *, limit: int
    ) -> Sequence[ChannelMessage]:
        there = [message for place in places for message in self._messages[place].values()]
        found = [item for item in there if all(word.lower() in item.text.lower() for word in words)]
        return sorted(found, key=lambda each: (each.at, each.id), reverse=True)[:limit]

    async def put_playground_file(self, file: PlaygroundFile) -> None:
        self._files[file.id] = replace(file, at=as_utc(file.at))

    async def get_playground_file(self, id: str) -> PlaygroundFile | None:
        return self._files.get(id)

    def _forget_files(self, message: ChannelMessage) -> None:
        for file in message.attachments:
            self._files.pop(file.id, None)

    def _forget_in_events(self, workspace: str, channel: str) -> None:
        """Drop the words of answers that pages of a channel may have heard already."""
        here = (workspace, channel)
        self._events = [
            (at, event) for at, event in self._events if event.draft is None or (event.workspace, event.channel) != here
        ]
