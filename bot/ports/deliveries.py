"""Port for deliveries with an effect: carried out once, and their answer told even after a crash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from bot.turns.effects import CarriedOut, Change
from bot.types import Incoming, PendingAnswer

R = TypeVar("R")


class DeliveryStore(Protocol):
    """Deliveries by platform and dedupe key. Any method can raise `StorageError`; each is one transaction.

    A delivery is received, then carried out, then told. Until it is told it belongs to one process for `TELLING`;
    afterwards, or once that process is known to have ended, whoever asks first takes it over. Its text is kept until
    it is told and no longer.
    """

    async def begin(self, incoming: Incoming) -> bool:
        """Store what is about to be acknowledged and has not been carried out; False when it belongs to somebody.

        Nor is one stored whose message or place was deleted since.
        """
        ...

    async def carry_out(self, incoming: Incoming, change: Change[R], tell: Callable[[R], str]) -> CarriedOut[R] | None:
        """Make a change, and remember what its author is then to be told, in one transaction.

        None, and no change, when something was carried out for this delivery before, or its message or place was
        deleted since. `tell` is pure. The `posted` message of the incoming is stored with it.
        """
        ...

    async def take_answer(self, incoming: Incoming) -> str | None:
        """Take over the telling of what was carried out for a delivery; None when it is told, or being told."""
        ...

    async def take_pending_answers(self, platform: str, *, since: datetime) -> Sequence[PendingAnswer]:
        """Take over every delivery that nobody has come to tell, oldest first; what came before `since` is dropped."""
        ...

    async def mark_answered(self, platform: str, dedupe_key: str) -> None:
        """Note that nothing is owed any more for a delivery."""
        ...

    async def prune_deliveries(self, before: datetime, *, untold: datetime) -> int:
        """Remove the deliveries that came before a time, and what is owed since before `untold`; how many are gone.

        Deletions and edits that are known since before that time go, too: nothing of their messages comes any more.
        """
        ...
