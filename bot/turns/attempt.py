"""One claim of a turn, with what its runner needs to answer it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.delivery import Presenter
from bot.ports import Platform
from bot.turns.retries import is_poison
from bot.types import Draft, Incoming, Turn, joins_others, takes_others

MOST_RENEWALS = 5
"""How often an answer is begun anew for what people add: each time its request is paid, mostly from the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A claimed turn, and where its answer goes; setting `stop` ends its generation and nothing else.

    `added` is set when those who asked have asked more before the first word of the answer; `has_begun` from that word
    on. `renewals` counts how often the answer was begun anew for it.
    """

    turn: Turn
    platform: Platform
    presenter: Presenter
    stop: asyncio.Event
    started: datetime
    added: asyncio.Event = field(default_factory=asyncio.Event)
    has_begun: asyncio.Event = field(default_factory=asyncio.Event)
    renewals: int = 0

    @property
    def takes_more(self) -> bool:
        """Return whether what is added to the question is still taken in, and not left to be the next one."""
        plain = takes_others(self.turn.incoming) and not is_poison(self.turn)
        return plain and not self.has_begun.is_set() and self.renewals < MOST_RENEWALS

    def tell(self, progress: str) -> None:
        """Show what is being done before there is any answer."""
        self.presenter.submit(lambda: Draft(status="thinking", progress=progress))

    def add(self, incoming: Incoming) -> None:
        """Begin the answer anew if `incoming` adds to what is asked."""
        asked = (self.turn.incoming, *self.turn.coalesced)
        is_theirs = incoming.key == asked[0].key and incoming.author.id in {question.author.id for question in asked}
        if is_theirs and joins_others(incoming) and self.takes_more:
            self.added.set()

    @property
    def log_fields(self) -> Mapping[str, object]:
        """Return what every log line about the turn names."""
        turn = self.turn
        return {"turn": turn.id, "conversation": str(turn.incoming.key), "epoch": turn.epoch, "attempt": turn.attempt}
