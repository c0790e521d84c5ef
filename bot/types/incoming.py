"""People, places and incoming messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.types.access_rule import AuthorKind, Mention
from bot.types.picture import Picture

if TYPE_CHECKING:  # which is made of what stands here
    from bot.types.channel_message import ChannelMessage

EMPTY: Mapping[str, str] = MappingProxyType({})
NO_MENTIONS: Mapping[str, Mention] = MappingProxyType({})


# ---------------------------------------------------------------- where and who


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationKey:
    """A thread (or direct message) the bot takes part in: the unit of history and of ordering."""

    platform: str
    workspace: str
    channel: str
    thread: str

    @property
    def workspace_key(self) -> str:
        """Return the key of its workspace, as settings and rules name it."""
        return f"{self.platform}/{self.workspace}"

    def __str__(self) -> str:
        return "/".join((self.platform, self.workspace, self.channel, self.thread))


PLACE_STATE = "place/"
"""How the names begin under which is stored what channels are called; workspace and channel follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel as the people in it know it, the same for all of its conversations; "" is what is not known.

    `platform` is the name as people write it, `command` what stands before a command's name there. `is_direct` says
    that nobody else reads it. Names and `topic` are people's own words, as the platform tells them.
    """

    platform: str = ""
    workspace: str = ""
    channel: str = ""
    topic: str = ""
    is_direct: bool = False
    command: str = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who writes; `name` is what others see at that moment."""

    id: str
    name: str
    is_bot: bool = False


# ---------------------------------------------------------------- what is said


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file beside a message as the platform names it; `size` in bytes, `url` as the platform gives it.

    `transcript` is what a platform heard in a sound, ending in an ellipsis where it goes on.
    """

    id: str
    name: str
    media_type: str = ""
    size: int = 0
    url: str = ""
    transcript: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRef:
    """Reference to a message: its conversation and its id on the platform, "" for what no message shows."""

    key: ConversationKey
    message_id: str


class Task(StrEnum):
    """Task of a turn with its text."""

    ANSWER = "answer"  # a question of the conversation
    SUMMARY = "summary"  # the words after "summarise": what to read and for whom
    CONTEXT = "context"  # nothing: it is kept until the next question, and sent with that


TurnId = int


class Entrance(StrEnum):
    """By which way something came in."""

    MESSAGE = "message"
    COMMAND = "command"
    BUTTON = "button"
    FORM = "form"
    SHORTCUT = "shortcut"
    REACTION = "reaction"
    SCHEDULE = "schedule"
    COMMAND_LINE = "command line"
    CONSOLE = "console"


THREAD_EXPORT = "export of the thread"
"""The text of an incoming that asks for its thread as a file, a summary that leaves nothing out."""

# What the core adds to an incoming's platform data.
ANSWER_IN = "answer_in"  # where a question outside threads is answered
LOCALE = "locale"  # the author's language, as the platform writes it; put there by adapters
ANSWER_MESSAGES = "answer_messages"  # how many messages an answer may have, where people have set it


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMessage:
    """A message that already stands in a thread, as people see it; `time_zone` is its author's, as an IANA name.

    `replies_to` is the id of the message whose first words its text repeats, since it replies to that; "" for none.
    """

    message_id: str
    author: Person
    text: str
    sent_at: datetime
    attachments: tuple[Attachment, ...] = ()
    time_zone: str = "UTC"
    replies_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One message or command as a platform delivered it, in the core's own words.

    `dedupe_key` is the platform's stable name of it: the same delivery twice has the same key.
    `typed` is the text as it was typed, for commands, where `text` was changed for reading ("" for the same).
    `is_direct` says that nobody else reads the conversation.
    `message_id` is the id of the message that shows it to people, for edits and deletions: its own, or the one in which
    the bot tells what somebody asks by a command; "" for what no message shows.
    `replies_to` is the id of the message whose first words `text` repeats, since it replies to that; "" for none.
    `overrides` are parameters given for this turn only, by name, as text.
    `is_directed` says that it is meant for the bot by itself: a mention, a direct message or a command.
    `addressees` are the ids of other people whom it mentions or replies to, as the platform tells.
    `is_top_level` says that it stands outside threads: `key.thread` then names the thread it would start.
    `reply_ref` is a visible message that the answer is to be written into, in the platform's own words.
    `private` says that the answer is for the author alone. `is_admin` says that the author is known to administer
    the workspace: only an adapter that has asked its platform says so. `time_zone` is the author's, as an IANA name.
    `bot_is_member` is False where somebody uses the bot's commands in a place that the bot itself is not in; `bot_name`
    is what the bot is called there, "" where that is not known.
    `platform_data` are the platform's own facts that its replies need; they are neither shown nor sent to the model.
    `above` are the messages that a question is about, in order: the inbox stores them as context beside it.
    `posted` is the message where no platform keeps it: the inbox stores it in one transaction with what comes of it.
    """

    key: ConversationKey
    dedupe_key: str
    author: Person
    text: str
    sent_at: datetime
    typed: str = ""
    author_kind: AuthorKind = AuthorKind.MEMBER
    entrance: Entrance = Entrance.MESSAGE
    is_direct: bool = False
    message_id: str = ""
    replies_to: str = ""
    attachments: tuple[Attachment, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    is_directed: bool = True
    addressees: frozenset[str] = frozenset()
    is_top_level: bool = False
    task: Task = Task.ANSWER
    reply_ref: str = ""
    private: bool = False
    is_admin: bool = False
    manages_channel: bool = False
    mentions: Mapping[str, Mention] = field(default_factory=lambda: NO_MENTIONS)
    bot_is_member: bool = True
    bot_name: str = ""
    time_zone: str = "UTC"
    platform_data: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    above: tuple[ThreadMessage, ...] = ()
    posted: ChannelMessage | None = None


class FollowUp(StrEnum):
    """Follow-up action on a turn that has ended."""

    RETRY = "retry"  # the failed question once more, in the same message
    REGENERATE = "regenerate"  # another answer to it, in the same message
    CONTINUE = "continue"  # the rest of an answer that was cut, in a new message
    CORRECT = "correct"  # the question as it reads since it was edited, in the same message


class Outcome(StrEnum):
    """Outcome of an incoming message."""

    ANSWERING = "answering"  # a turn is stored; its reply will come through the platform
    DUPLICATE = "duplicate"  # delivered before; nothing else happens
    IGNORED = "ignored"  # not meant for the bot
    REPLIED = "replied"  # a command was carried out; its text is for the author alone


@dataclass(frozen=True, slots=True, kw_only=True)
class HandleResult:
    """Outcome of an incoming message, and the Markdown to show to its author alone ("" unless REPLIED).

    `key` is the conversation in which a question is answered. `answered` is the turn that has answered what an edit
    changes afterwards, and can do so again. `is_refusal` says that the bot is not open to the author, which nobody else
    is to see. `undo` is the command that takes back what was done, "" for what cannot be. `picture` goes with the text,
    where the platform takes one.
    """

    outcome: Outcome
    text: str = ""
    key: ConversationKey | None = None
    answered: TurnId | None = None
    is_refusal: bool = False
    undo: str = ""
    picture: Picture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingAnswer:
    """A delivery whose author waits for an answer; None for one that was received and never carried out."""

    incoming: Incoming
    answer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMessage(ThreadMessage):
    """A message as it stands in a channel; `thread` is the message that its thread hangs on, "" outside threads.

    `replies` is how many messages the thread has that hangs on this one. Messages of the bot itself are among them,
    told by `author.is_bot`; one of them that repeats what somebody asks by a command `is_announcement`.
    """

    thread: str = ""
    edited_at: datetime | None = None
    replies: int = 0
    is_announcement: bool = False
