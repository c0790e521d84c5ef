"""What operators take out of the database: ratings with their answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.types.chat import ConversationKey, TurnId
from bot.types.model import Entry


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
