"""A channel in memory that can be read, and a core that summarises it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.errors import PlatformError
from bot.types import ConversationKey, Person, ReadMessage, Settlement, ThreadMessage
from tests.fakes import ADA, START, RecordingPlatform
from tests.house import House

BEA = Person(id="u2", name="Bea")
APP = Person(id="u9", name="App", is_bot=True)
ASKED_AT = START + timedelta(days=10)
CHANNEL = ConversationKey(platform="fake", workspace="w", channel="c", thread="")


def said(
    id: str, text: str = "", *, minutes: float = 0, author: Person = BEA, thread: str = "", **more: Any
) -> ReadMessage:
    return ReadMessage(
        message_id=id,
        author=author,
        text=text or f"text of {id}",
        sent_at=START + timedelta(minutes=minutes),
        thread=thread,
        **more,
    )


def talk(count: int, *, every: float = 1, first: int = 1) -> list[ReadMessage]:
    """So many messages, a minute or `every` minutes apart."""
    return [said(f"m{number}", minutes=number * every) for number in range(first, first + count)]


class ReadableChannel(RecordingPlatform):
    """A platform with one channel; `private` says that only `members` read it. `calls` counts reads."""

    def __init__(self, messages: Sequence[ReadMessage] = ()) -> None:
        super().__init__()
        self.messages = list(messages)
        self.members = {ADA.id, BEA.id}
        self.trouble: PlatformError | None = None
        self.calls = 0
        self.also_in_channel: set[str] = set()
        """Replies that were sent to the channel as well."""

    def without(self, id: str) -> None:
        self.messages = [message for message in self.messages if message.message_id != id]

    def edit(self, id: str, text: str) -> None:
        at = ASKED_AT
        self.messages = [
            replace(message, text=text, edited_at=at) if message.message_id == id else message
            for message in self.messages
        ]

    async def read_channel(
        self, key: ConversationKey, *, since: datetime | None = None, before: datetime | None = None, limit: int
    ) -> Sequence[ReadMessage]:
        self.calls += 1
        if self.trouble:
            raise self.trouble
        replies = [message.thread for message in self.messages if message.thread]
        found = self._within(since, before, "")[-limit:]
        return [replace(item, replies=replies.count(item.message_id)) for item in found]

    async def read_replies(
        self, key: ConversationKey, thread: str, *, since: datetime | None = None, limit: int
    ) -> Sequence[ReadMessage]:
        self.calls += 1
        return self._within(since, None, thread)[-limit:]

    async def read_thread(self, key: ConversationKey, *, limit: int) -> Sequence[ThreadMessage]:
        root = [message for message in self.messages if message.message_id == key.thread]
        own = [item for item in (*root, *self._within(None, None, key.thread)) if item.author.id != "seedling"]
        return [
            ThreadMessage(
                message_id=item.message_id,
                author=item.author,
                text=item.text,
                sent_at=item.sent_at,
                attachments=item.attachments,
            )
            for item in own
        ][-limit:]

    async def link(self, key: ConversationKey, message: ReadMessage) -> str:
        return f"https://chat.example/{key.channel}/{message.message_id}"

    async def may_read(self, key: ConversationKey, person: Person) -> bool:
        if self.trouble:
            raise self.trouble
        return person.id in self.members

    async def is_public(self, key: ConversationKey) -> bool:
        return False

    def _within(self, since: datetime | None, before: datetime | None, thread: str) -> list[ReadMessage]:
        return sorted(
            (
                message
                for message in self.messages
                if (message.thread == thread or (not thread and message.message_id in self.also_in_channel))
                and (since is None or message.sent_at >= since)
                and (before is None or message.sent_at < before)
            ),
            key=lambda each: (each.sent_at, each.message_id),
        )


class SummaryHouse(House):
    """A whole core over a channel in memory."""

    def __init__(self, messages: Sequence[ReadMessage], *scripts: object) -> None:
        self.channel = ReadableChannel(messages)
        super().__init__(*scripts)

    def open(self) -> None:
        self.platform = self.channel
        self.clock.now = max(self.clock.now, ASKED_AT)
        super().open()

    async def summarise(self, words: str = "", number: int = 1, **changes: Any) -> Settlement:
        """Ask for a summary outside threads; in a thread of its own each time."""
        key = replace(CHANNEL, thread=f"asked{number}")
        at = self.clock.now + timedelta(seconds=number)
        given: dict[str, Any] = {"key": key, "sent_at": at, "is_top_level": True, "message_id": f"asked{number}"}
        return await self.ask(f"/summarise {words}".strip(), number, **(given | changes))


@asynccontextmanager
async def summarising(messages: Sequence[ReadMessage], *scripts: object) -> AsyncIterator[SummaryHouse]:
    house = SummaryHouse(messages, *scripts)
    yield house
    await house.dispatcher.aclose(grace=10)
