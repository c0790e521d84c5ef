"""Give out places in which files are read: in turn by person, so that nobody's files hold up everybody's."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """So many places at once; of one person never all of them, where there is more than one."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._each = max(1, at_once - 1)
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def slot(self, owner: str) -> AsyncIterator[None]:
        """Hold a place for a file of `owner`, a key of a person, once it is their turn."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(turn)
        self._give()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._take_back(owner)
            raise
        try:
            yield
        finally:
            self._take_back(owner)

    def _take_back(self, owner: str) -> None:
        self._free += 1
        self._held[owner] -= 1
        self._held += Counter()  # forgets those who hold none
        self._give()

    def _give(self) -> None:
        """Give free places to those who wait; whoever got one stands behind all others."""
        for owner, queue in list(self._waiting.items()):
            while queue and queue[0].cancelled():
                queue.popleft()
            if queue and self._free and self._held[owner] < self._each:
                queue.popleft().set_result(None)
                self._free -= 1
                self._held[owner] += 1
                self._waiting[owner] = self._waiting.pop(owner)
            if not queue:
                del self._waiting[owner]
