"""Deletions and edits of messages, and their outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from bot.types.channel_message import ChannelMessage
from bot.types.entry import NewEntry
from bot.types.incoming import ConversationKey, TurnId

NO_TURNS: Mapping[ConversationKey, tuple[TurnId, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionOutcome:
    """Outcome of a deletion.

    `interrupted` are turns by conversation that were waiting or being answered: their generation is to end at once,
    and whoever runs them takes back what is shown. `questions` counts the questions that are gone, `entries` the
    entries that left transcripts.
    """

    interrupted: Mapping[ConversationKey, tuple[TurnId, ...]] = field(default_factory=lambda: NO_TURNS)
    questions: int = 0
    entries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """New text of a message that was edited at `at`; `correction` tells the model, where it knows the original.

    `posted` is the message as it is now, where no platform keeps it.
    """

    message_id: str
    text: str
    at: datetime
    correction: NewEntry
    posted: ChannelMessage | None = None
