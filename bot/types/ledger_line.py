"""The ledger: one line for each request that a provider counts, and sums of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from bot.types.model_request import Usage
from bot.types.turn import Turn

RequestId = int
"""What names a line of the ledger."""


class Purpose(StrEnum):
    """Purpose of a request."""

    ANSWER = "answer"
    NOTES = "notes"
    SUMMARY = "summary"
    TRANSCRIPTION = "transcription"  # of a sound, by the server


class RequestKind(StrEnum):
    """Kind of a request, as people read of their spending."""

    ANSWER = "answer"
    SEARCH = "search"  # an answer for which the web was searched
    SUMMARY = "summary"
    DIGEST = "digest"
    NOTES = "notes"
    TRANSCRIPTION = "transcription"


def kind_of(purpose: Purpose, tools: Mapping[str, int], dedupe_key: str) -> RequestKind:
    """Return the kind of a request; `dedupe_key` is that of its turn, "" where it is gone."""
    if purpose is Purpose.SUMMARY:
        return RequestKind.DIGEST if dedupe_key.startswith(DIGEST_KEY) else RequestKind.SUMMARY
    if purpose is Purpose.ANSWER:
        return RequestKind.SEARCH if tools else RequestKind.ANSWER
    return RequestKind(purpose.value)


DIGEST_KEY: Final = "digest:"
"""How the dedupe key of a digest's turn begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Usage and cost of a request in US dollars, as far as is known; `usage.estimated` marks an estimate.

    `first_byte_at` is when the first word came, of reasoning too, `first_text_at` when the first of the answer did.
    """

    usage: Usage
    cost: Decimal
    first_byte_at: datetime | None = None
    first_text_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """US dollars that a request will probably cost, and that it will cost at most."""

    likely: Decimal
    greatest: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """A request that is about to be sent for a turn; `charge` is what it costs if no word of an answer comes.

    `costs` are what it comes to with an answer: what budgets reserve for it.
    """

    turn: Turn
    purpose: Purpose
    model: str
    charge: Charge
    costs: Costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Filter of requests: all that agree with every name given; "" leaves one open."""

    platform: str = ""
    workspace: str = ""
    channel: str = ""
    thread: str = ""
    author_id: str = ""
    model: str = ""

    @property
    def columns(self) -> Mapping[str, str]:
        """The names that are given."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}


EVERYTHING = Within()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Sum of what requests used and cost, in tokens and US dollars; where no price is known, nothing is added.

    `under_way` are requests whose end is not known yet, with what they came to so far. `estimated` is the part of
    `cost` that no provider has told: theirs, and that of requests which ended without a count.
    """

    requests: int = 0
    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0
    cost: Decimal = Decimal(0)
    under_way: int = 0
    estimated: Decimal = Decimal(0)


class Dimension(StrEnum):
    """By what spending is told apart; the keys are "platform/workspace", "platform/workspace/channel", "platform/id" of
    a person, and the names of kinds and models; the total has one key, "".
    """

    TOTAL = "total"
    WORKSPACE = "workspace"
    CHANNEL = "channel"
    PERSON = "person"
    KIND = "kind"
    MODEL = "model"


MOST_KEYS: Final = 100_000
"""Of a dimension that are told at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySpending:
    """Sum of the requests that were sent on one day of UTC."""

    day: date
    spent: Spending


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySpending:
    """Sum of the requests of one key of a dimension."""

    key: str
    spent: Spending
