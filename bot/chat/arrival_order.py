"""Keep the order in which messages of one place arrived, while each waits for names and the like."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class Arrival:
    """One message on its way to being stored."""

    def __init__(self, before: asyncio.Future[None] | None, until: float) -> None:
        self._before = before
        self._until = until

    @property
    def waits(self) -> bool:
        """Return whether something that arrived before in the same place is not taken yet."""
        return self._before is not None and not self._before.done()

    async def turn(self) -> None:
        """Wait until what arrived before in the same place is taken, or has taken too long."""
        if self._before is not None:
            patience = self._until - asyncio.get_running_loop().time()
            await asyncio.wait({self._before}, timeout=max(0.0, patience))


class ArrivalOrder:
    """Order of what arrives, place by place: all of it is prepared at once, and taken one after the other.

    Whether a message is a follow-up depends on the question above it being stored. `seconds` after its arrival a
    message waits no more. Holds only what is under way.
    """

    def __init__(self, *, seconds: float) -> None:
        self._seconds = seconds
        self._newest: dict[Hashable, asyncio.Future[None]] = {}

    @contextmanager
    def arrived(self, place: Hashable) -> Iterator[Arrival]:
        """Give what has just arrived in a place its turn behind what arrived there before; leave when it is taken."""
        loop = asyncio.get_running_loop()
        taken: asyncio.Future[None] = loop.create_future()
        before, self._newest[place] = self._newest.get(place), taken
        try:
            yield Arrival(before, loop.time() + self._seconds)
        finally:
            taken.set_result(None)
            if self._newest.get(place) is taken:
                del self._newest[place]
