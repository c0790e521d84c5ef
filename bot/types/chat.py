"""People, places and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

EMPTY: Mapping[str, str] = MappingProxyType({})


# ---------------------------------------------------------------- where and who


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationKey:
    """A thread (or direct message) the bot takes part in: the unit of history and of ordering."""

    platform: str
    workspace: str
    channel: str
    thread: str

    def __str__(self) -> str:
        return "/".join((self.platform, self.workspace, self.channel, self.thread))


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who writes; `name` is what others see at that moment."""

    id: str
    name: str
    is_bot: bool = False


# ---------------------------------------------------------------- what is said


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file beside a message as the platform names it; `size` in bytes, `url` as the platform gives it."""

    id: str
    name: str
    media_type: str = ""
    size: int = 0
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One message or command as a platform delivered it, in the core's own words.

    `dedupe_key` is the platform's stable name of it: the same delivery twice has the same key.
    `source_id` is the id of the message shown to people (for edits and deletions), "" for a command.
    `overrides` are parameters given for this turn only, by name, as text.
    `addressed` says that it is meant for the bot by itself: a mention, a direct message or a command.
    `starts_thread` says that it stands outside threads: `key.thread` then names the thread it would start.
    """

    key: ConversationKey
    dedupe_key: str
    author: Person
    text: str
    at: datetime
    source_id: str = ""
    attachments: tuple[Attachment, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    addressed: bool = True
    starts_thread: bool = False


class Outcome(StrEnum):
    """What became of an incoming."""

    ANSWERING = "answering"  # a turn is stored; its reply will come through the platform
    DUPLICATE = "duplicate"  # delivered before; nothing else happens
    IGNORED = "ignored"  # not meant for the bot
    REPLIED = "replied"  # a command was carried out; its text is for the author alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What became of an incoming, and the Markdown to show to its author alone ("" unless REPLIED)."""

    outcome: Outcome
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMessage:
    """A message that already stands in a thread, as people see it."""

    source_id: str
    author: Person
    text: str
    at: datetime
    attachments: tuple[Attachment, ...] = ()
