"""Remember that a message is being posted, so that only what may have been posted is waited and looked for."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.ports import AdapterStateStore, AuditStore, Clock
from bot.types import Turn


class SlackStore(AdapterStateStore, AuditStore, Protocol):
    """Store for the state of the adapter, the record of installs, and posts that are under way."""

    async def begin_post(self, turn: Turn) -> None:
        """Remember that a new message of an answer is about to be posted. Raises `ClaimLost`."""
        ...


class Posts:
    """Posts of one process that are under way."""

    def __init__(self, store: SlackStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def begin(self, turn: Turn) -> datetime:
        """Remember that a new message is about to be posted, now. Raises `ClaimLost` and `StorageError`."""
        await self._store.begin_post(turn)
        return self._clock()

    def seconds_left(self, turn: Turn, settle: float) -> float:
        """Return how long to wait until a post that an ended runner had begun can be seen, or never comes.

        The `settle` seconds pass once, from the first claim after its end, however many runners end while they wait.
        """
        if turn.post_left_at is None or turn.claimed_at is None:
            return settle
        waited = (turn.claimed_at - turn.post_left_at).total_seconds()
        return max(0.0, settle - waited)
