"""Read a channel or a thread: newest first in pages, with the replies of its threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final, Protocol

from bot.ports import TIME_STEP, ChannelReader, Platform
from bot.summary.request import MOST_MESSAGES, SummaryRequest
from bot.types import ConversationKey, Person, ReadMessage, ThreadMessage

PAGE: Final = 100  # what Discord gives at most in one call (Get Channel Messages); Slack recommends at most 200
MOST_REPLIES: Final = 1_000  # of one thread

Progress = Callable[[int], None]
"""Told how many messages have been read so far."""

Block = tuple[ReadMessage, ...]
"""A message outside threads and the replies that hang on it, or a reply that was sent to the channel as well."""


class ReadablePlatform(Platform, ChannelReader, Protocol):
    """A platform whose channels can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHistory:
    """Messages that were read, in order. `begins_at` is the time from which on everything is there, None for all of it.

    `is_cut` says that there was more than is read at most.
    """

    blocks: tuple[Block, ...]
    begins_at: datetime | None = None
    is_cut: bool = False

    @property
    def messages(self) -> Sequence[ReadMessage]:
        """All messages, replies behind what they hang on."""
        return list(chain.from_iterable(self.blocks))


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryReader:
    """Reads one place for one person; `until` is when they asked, `message_id` the message in which they did."""

    platform: ReadablePlatform
    key: ConversationKey
    person: Person
    until: datetime
    message_id: str = ""
    bots: bool = False

    async def read(self, wanted: SummaryRequest, mark: datetime | None, progress: Progress) -> ChannelHistory:
        """Return what is wanted; `mark` is up to when the last summary told. Raises `PlatformError`."""
        begins_at = mark + timedelta(microseconds=1) if wanted.after_summary and mark else wanted.since
        if wanted.thread:
            return await self._read_thread(wanted, begins_at, progress)
        return await self._read_channel(wanted, begins_at, progress)

    # ------------------------------------------------------------ a channel

    async def _read_channel(self, wanted: SummaryRequest, since: datetime | None, progress: Progress) -> ChannelHistory:
        pages = _Pages(self.platform, self.key, since=since, until=self.until)
        roots: list[ReadMessage] = []
        most = MOST_MESSAGES if wanted.last is None else wanted.last
        begins_here = False
        while not begins_here and len(roots) < most and (page := await pages.next()):
            kept = [item for item in page if self._counts(item)]
            begins_here, kept = _from_beginning(kept, wanted, self.person, message_id=self.message_id)
            roots[:0] = kept
            progress(len(roots))
        if wanted.start and not begins_here:
            roots = []
        cut = wanted.last is None and len(roots) >= most
        roots = roots[-most:]
        begins_at = since or (roots[0].sent_at if roots and (wanted.last is not None or begins_here or cut) else None)
        blocks = await self._with_replies(roots, since, progress)
        if wanted.last is not None:
            blocks = _newest(blocks, wanted.last)
        return ChannelHistory(blocks=tuple(blocks), begins_at=begins_at, is_cut=cut)

    async def _with_replies(
        self, roots: Sequence[ReadMessage], since: datetime | None, progress: Progress
    ) -> list[Block]:
        blocks: list[Block] = []
        count = len(roots)
        ids = {root.message_id for root in roots}
        for root in roots:
            if root.thread in ids:  # a reply that was sent to the channel as well, and comes with its thread
                continue
            replies: Sequence[ReadMessage] = ()
            if root.replies:
                found = await self.platform.read_replies(self.key, root.message_id, since=since, limit=MOST_REPLIES)
                replies = [item for item in found if self._counts(item)]
                count += len(replies)
                progress(count)
            block = tuple(item for item in (root, *replies) if self._is_said(item))
            if block:
                blocks.append(block)
        return blocks

    # ------------------------------------------------------------ a thread

    async def _read_thread(self, wanted: SummaryRequest, since: datetime | None, progress: Progress) -> ChannelHistory:
        found = await self.platform.read_thread(self.key, limit=MOST_MESSAGES)
        messages = [_in_thread(item, self.key.thread) for item in found]
        messages = [
            message for message in messages if self._counts(message) and (since is None or message.sent_at >= since)
        ]
        begins_here, messages = _from_beginning(messages, wanted, self.person, message_id=self.message_id)
        if wanted.start and not begins_here:
            messages = []
        messages = [message for message in messages if self._is_said(message)]
        if wanted.last is not None:
            messages = messages[-wanted.last :]
        progress(len(messages))
        begins_at = since or (messages[0].sent_at if messages and (wanted.last or begins_here) else None)
        return ChannelHistory(blocks=tuple((message,) for message in messages), begins_at=begins_at)

    # ------------------------------------------------------------ what counts

    def _counts(self, message: ReadMessage) -> bool:
        """Return whether a message was there when it was asked, and is not the question itself."""
        return message.sent_at <= self.until and message.message_id != self.message_id

    def _is_said(self, message: ReadMessage) -> bool:
        """Return whether somebody said something who is to be told of."""
        return (self.bots or not message.author.is_bot) and bool(message.text.strip() or message.attachments)


class _Pages:
    """The messages outside threads, newest page first, each once however the times of a page's ends coincide."""

    def __init__(self, reader: ChannelReader, key: ConversationKey, *, since: datetime | None, until: datetime) -> None:
        self._reader = reader
        self._key = key
        self._since = since
        self._before = until + TIME_STEP
        self._known: set[str] = set()

    async def next(self) -> Sequence[ReadMessage]:
        """Return the next older page, oldest first; empty at the end."""
        found = await self._reader.read_channel(self._key, since=self._since, before=self._before, limit=PAGE)
        page = [item for item in found if item.message_id not in self._known]
        if not page and len(found) == PAGE:  # a whole page at one instant
            found = await self._reader.read_channel(self._key, since=self._since, before=found[0].sent_at, limit=PAGE)
            page = list(found)
        if page:
            self._known = {item.message_id for item in page}
            self._before = page[0].sent_at + TIME_STEP
        return page


def _from_beginning(
    messages: Sequence[ReadMessage], wanted: SummaryRequest, person: Person, *, message_id: str
) -> tuple[bool, list[ReadMessage]]:
    """Return whether the wanted beginning is among these messages, and those from there on."""
    for place in range(len(messages) - 1, -1, -1):
        each = messages[place]
        if wanted.start and _is_named(each.message_id, wanted.start):
            return True, list(messages[place:])
        if wanted.after_own and each.author.id == person.id and each.message_id != message_id:
            return True, list(messages[place + 1 :])
    return False, list(messages)


def _is_named(id: str, name: str) -> bool:
    """Return whether a name is this id or a link that ends in it; Slack's links leave out the dot of the id."""
    last = name.rstrip("/>").split("?", 1)[0].rsplit("/", 1)[-1].rsplit("#", 1)[-1]
    return last in {id, f"p{id.replace('.', '')}"}


def _newest(blocks: Sequence[Block], count: int) -> list[Block]:
    """Return the newest blocks with so many messages together; the oldest of them is cut at its beginning."""
    kept: list[Block] = []
    for block in reversed(blocks):
        if count <= 0:
            break
        kept.insert(0, block[-count:])
        count -= len(block)
    return kept


def _in_thread(message: ThreadMessage, thread: str) -> ReadMessage:
    if isinstance(message, ReadMessage):
        return message
    return ReadMessage(
        message_id=message.message_id,
        author=message.author,
        text=message.text,
        sent_at=message.sent_at,
        attachments=message.attachments,
        time_zone=message.time_zone,
        thread="" if message.message_id == thread else thread,
    )
