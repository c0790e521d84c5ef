"""One claim of a turn, with what its runner needs to answer it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.delivery import Presenter
from bot.ports import Platform
from bot.types import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A claimed turn, and where its answer goes; setting `stop` ends its generation and nothing else."""

    turn: Turn
    platform: Platform
    presenter: Presenter
    stop: asyncio.Event
    started: datetime

    @property
    def log_fields(self) -> Mapping[str, object]:
        """Return what every log line about the turn names."""
        turn = self.turn
        return {"turn": turn.id, "conversation": str(turn.incoming.key), "epoch": turn.epoch, "attempt": turn.attempt}
