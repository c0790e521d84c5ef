"""Ports for what operators read of turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.ports.costs import SpendingReports
from bot.ports.stores import Store
from bot.types import TurnFilter, TurnId, TurnLine, TurnReport


class TurnReports(Protocol):
    """Turns for operators, quick however many there are. Any method can raise `StorageError`."""

    async def turns(self, which: TurnFilter, *, limit: int) -> Sequence[TurnLine]:
        """Return the newest `limit` questions that agree with a filter, the newest first."""
        ...

    async def open_turns(self, *, limit: int) -> Sequence[TurnLine]:
        """Return the questions that wait or are being answered, the oldest first."""
        ...

    async def failed_turns(self, *, since: datetime, limit: int) -> Sequence[TurnLine]:
        """Return the newest questions accepted since then that ended without an answer, the newest first."""
        ...

    async def turn_report(self, id: TurnId) -> TurnReport | None:
        """Return one turn whole, None where there is none of that number."""
        ...

    async def names_of(self, people: Sequence[str]) -> Mapping[str, str]:
        """Return what people, each "platform/id", were called when they asked something last; who is unknown is left
        out.
        """
        ...

    async def sizes(self) -> Mapping[str, int]:
        """Return how many bytes the database has ("bytes") and how many rows its larger tables have, by name."""
        ...


class ConsoleStore(Store, SpendingReports, TurnReports, Protocol):
    """All stores, and what is read of them for operators."""
