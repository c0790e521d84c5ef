"""Values of the processes of an installation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process of the installation, as it told of itself last; its kind is that of the command that started it."""

    name: str
    kind: str
    version: str
    started_at: datetime
    seen_at: datetime
