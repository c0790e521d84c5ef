"""The playground's own workspaces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.types.chat import Attachment, Person, TurnId
from bot.types.reply import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A team of the playground."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel of the playground; a direct one is a conversation between one person and the bot."""

    workspace: str
    id: str
    name: str
    topic: str = ""
    direct: bool = False


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
