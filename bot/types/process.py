"""Values of the processes of an installation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RunnerKind(StrEnum):
    """Kinds of processes that run turns, and so ask the model; others only accept what is asked."""

    RUN = "run"
    WORKER = "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process of the installation, as it told of itself last; its kind is that of the command that started it."""

    name: str
    kind: str
    version: str
    started_at: datetime
    seen_at: datetime

    @property
    def runs_turns(self) -> bool:
        """Return whether it asks the model."""
        return self.kind in frozenset(RunnerKind)
