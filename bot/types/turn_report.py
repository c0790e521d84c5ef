"""Turns as operators look at them: in lists without anybody's words, and one whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.types.incoming import ConversationKey, Task, TurnId
from bot.types.ledger_line import Charge, Purpose
from bot.types.turn import RequestFigures, Turn, TurnState


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFilter:
    """Filter of turns: all that agree with what is given; "" and None leave one open. `before` is an id to go on from.

    `person` is "platform/id", `place` "platform", "platform/workspace" or "platform/workspace/channel".
    """

    state: TurnState | None = None
    person: str = ""
    place: str = ""
    before: TurnId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnLine:
    """One turn in a list, without a word of what was said; `cost` in US dollars, of its `requests` so far."""

    id: TurnId
    key: ConversationKey
    person: str
    name: str
    task: Task
    state: TurnState
    accepted_at: datetime
    ended_at: datetime | None
    attempt: int
    retries: int
    worker: str
    error: str
    requests: int = 0
    cost: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """One request of a turn as the ledger has it."""

    purpose: Purpose
    model: str
    at: datetime
    settled_at: datetime | None
    charge: Charge


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnReport:
    """One turn whole: what was asked and said, what was sent in figures, and when each step came.

    `parameters` are the values in force as text, `figures` those of the request, None where none was made.
    `shown_at` is when the first message of the answer stood there.
    """

    turn: Turn
    accepted_at: datetime
    shown_at: datetime | None
    recorded_at: datetime | None
    ended_at: datetime | None
    worker: str
    error: str
    parameters: Mapping[str, str]
    figures: RequestFigures | None
    requests: tuple[RequestLine, ...]
