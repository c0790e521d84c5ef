"""What operators take out of the database: ratings with their answers, and all that is kept of somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bot.types.incoming import EMPTY, ConversationKey, TurnId
from bot.types.model_request import Entry
from bot.types.summary_part import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedAnswer:
    """Rating of an answer by somebody, by id, with the question and the answer as they are still kept.

    What was deleted or forgotten is "", and so is the model of an answer that no request was made for. `thread` is the
    end of what stood in the transcript before the question, `cost` what all requests for the answer cost in US dollars.
    """

    turn: TurnId
    key: ConversationKey
    person: str
    good: bool
    at: datetime
    question: str
    answer: str
    model: str
    parameters: Mapping[str, str]
    cost: Decimal
    thread: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """Rating that somebody gave, without the words of others that it is about."""

    turn: TurnId
    key: ConversationKey
    good: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """Message of somebody, as it is kept; `message_id` is the platform's name of it, and `files` are names.

    `kind` is the task of its turn, "read" where it was read in a thread, or "post" in a channel of the playground.
    `answer` is what the bot said to it, `parameters` what they set for that answer alone. What opens a reply on the
    platform, and addresses of files, which may do the same, are left out.
    """

    key: ConversationKey
    message_id: str
    sent_at: datetime
    kind: str
    text: str
    files: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file that somebody put into the playground, without its `size` bytes, which are read by its id."""

    id: str
    channel: ConversationKey
    name: str
    media_type: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonData:
    """All that the stores of words keep of somebody: by what names, what they wrote, rated and wanted.

    `summaries_until` says how far the summaries reached that they alone read.
    """

    names: tuple[str, ...] = ()
    messages: tuple[KeptMessage, ...] = ()
    ratings: tuple[Rating, ...] = ()
    digests: tuple[Schedule, ...] = ()
    files: tuple[KeptFile, ...] = ()
    summaries_until: Mapping[ConversationKey, datetime]
