"""The playground's own workspaces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.types.incoming import Attachment, Person, TurnId
from bot.types.turn import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A team of the playground."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel of the playground; a direct one is a conversation between one person and the bot.

    `maker` is the id of who made it, "" where nobody did or they are forgotten.
    """

    workspace: str
    id: str
    name: str
    topic: str = ""
    direct: bool = False
    maker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelMessage:
    """A message that stands in a channel of the playground.

    `thread` is the id of the message that the thread hangs on, "" outside threads (also for that message
    itself). `answer` is the visible state of a reply of the bot, `turn` the turn that last wrote it (0 for none).
    `replies` and `last_reply_at` describe the thread that hangs on this message.
    """

    workspace: str
    channel: str
    id: str
    author: Person
    text: str
    at: datetime
    thread: str = ""
    attachments: tuple[Attachment, ...] = ()
    answer: Draft | None = None
    turn: TurnId = 0
    replies: int = 0
    last_reply_at: datetime | None = None

    @property
    def is_deleted(self) -> bool:
        """Return whether nothing is left of it but that it was there."""
        return not self.text and not self.attachments and self.answer is None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaygroundEvent:
    """Something that open pages have to hear of; `position` orders the events, and is 0 until they are stored.

    "message": a message is new (`is_new`), changed or gone, and is read from the store. "answer": an answer has
    grown: `draft` is its state, with text and reasoning from `text_from` and `reasoning_from` on alone. "private": the
    whole of `draft` is for `person`. "place": the channels of a workspace changed, or much of what was said in one.
    `is_open` says that the message is an answer which is still being written.
    """

    kind: Literal["message", "answer", "private", "place"]
    workspace: str
    channel: str = ""
    thread: str = ""
    message: str = ""
    person: str = ""
    is_new: bool = False
    is_open: bool = False
    draft: Draft | None = None
    text_from: int = 0
    reasoning_from: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaygroundFile:
    """A file that somebody put beside a message, or is about to."""

    id: str
    workspace: str
    channel: str
    author: str
    name: str
    media_type: str
    data: bytes
    at: datetime
