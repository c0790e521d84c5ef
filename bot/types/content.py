"""Content of a message, as people see it: its text and the parts beside it.

Texts are as they were typed, with names in place of ids and nothing escaped. Files of the message itself are no part of
it: they are the `attachments` of whoever carries the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class CardField:
    """One named value of a card; either may be empty."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A framed part: an integration's report, an embed, the preview of a link.

    `source` is who or what it comes from: the author, the site, the service.
    """

    title: str = ""
    link: str = ""
    source: str = ""
    text: str = ""
    fields: tuple[CardField, ...] = ()
    footer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollOption:
    """An answer to choose; `votes` is None where the platform does not tell."""

    text: str
    votes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """A question that people vote on; `rules` is how long and for how much they may, "" where nothing is told."""

    question: str
    options: tuple[PollOption, ...] = ()
    is_closed: bool = False
    rules: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sticker:
    """A picture that is sent by name."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells, the first of them the header."""

    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """More text of the message, behind another part."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Text of the platform itself on one line: somebody joined, pinned, renamed."""

    text: str


class QuoteKind(StrEnum):
    """Reason why another message is shown within this one."""

    FORWARD = "forwarded"
    LINK = "linked message"  # its address stands in the text
    THREAD_START = "start of the thread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Another message within this one; `author` and `place` are "" where the platform does not tell."""

    content: MessageContent
    kind: QuoteKind = QuoteKind.FORWARD
    author: str = ""
    place: str = ""
    files: tuple[str, ...] = ()


Part = Card | Poll | Sticker | Table | Passage | Notice | Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTo:
    """The message that one answers; `beginning` is its first words, "" where it is gone.

    One that is not `is_told` is there for all that is known, and nobody has said what it holds.
    """

    message_id: str
    author: str = ""
    beginning: str = ""
    is_told: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ForumPost:
    """Title and tags over the first message of a post in a forum."""

    title: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageContent:
    """A message with all its parts, in the order in which people see them."""

    text: str = ""
    parts: tuple[Part, ...] = ()
    reply_to: ReplyTo | None = None
    post: ForumPost | None = None
