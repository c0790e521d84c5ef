"""What a window is cut from: the facts about a conversation, and the limits and prices of its next request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from bot.context import condensed_notes
from bot.context.system_prompt import digest
from bot.context.tokens import below
from bot.pricing import RateCard
from bot.types import Conversation, Entry, NewEntry, StoredEntry

# Recent tokens that stay in view, by the parameter `context`; "full" keeps all that fits.
FLOORS: Final[Mapping[str, int]] = MappingProxyType({"economy": 4_000, "normal": 16_000, "long": 64_000})
FULL: Final = "full"

# What of the model's context an answer may reserve at most, so that a small model still sees its question.
RESERVED_AT_MOST: Final = 1 / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLimits:
    """Limits and prices of a request.

    `context_tokens` is the model's, `max_tokens` the answer's share of it, `context` the parameter of that
    name and `floors` what its values mean. With `memory` a trim causes notes. `at_most` bounds the uncorrected
    estimate of the whole prompt after the server refused a longer one; the question is carried all the same.
    """

    context_tokens: int
    max_tokens: int
    card: RateCard
    context: str = "normal"
    floors: Mapping[str, int] = field(default_factory=lambda: FLOORS)
    memory: bool = False
    at_most: int | None = None

    @property
    def reserved(self) -> int:
        """The tokens kept free for the answer."""
        return min(self.max_tokens, int(self.context_tokens * RESERVED_AT_MOST))

    @property
    def notes(self) -> int:
        """The most tokens that notes may have."""
        promise = self.floors.get(self.context, self.context_tokens)
        return condensed_notes.bound(self.context_tokens, promise)

    @property
    def prompt(self) -> int:
        """The most estimated tokens that a prompt may have."""
        return below(self.context_tokens - self.reserved)

    @property
    def cheap_prompt(self) -> int:
        """The most estimated tokens that a prompt may have in the lowest price tier."""
        boundaries = [tier.from_tokens for tier in self.card.tiers if tier.from_tokens > 0]
        return min(self.prompt, below(min(boundaries) - 1)) if boundaries else self.prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Facts about a conversation when a request is about to be made.

    `history` are the stored entries from `conversation.window_start` on, `question` the entries that this turn
    asks (at least one, not yet stored): together they are what the window is cut from. `notes` are the message behind
    the system prompt, if there is one: both stand before whatever the window holds. `mode` names what else the
    provider puts there, for thinking and for tools. With `begins_anew` nothing but the question is carried.
    """

    conversation: Conversation
    history: Sequence[StoredEntry]
    question: Sequence[NewEntry]
    system_prompt: str
    now: datetime
    notes: tuple[Entry, ...] = ()
    mode: str = ""
    begins_anew: bool = False

    @property
    def prompt_digest(self) -> str:
        """The name of what stands before the window."""
        return digest(self.system_prompt, self.notes, self.mode)
