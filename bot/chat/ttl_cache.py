"""Remember for a while what a platform told, and ask once however many want it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class TtlCache(Generic[Key, Value]):
    """Values by key for `seconds`, at most `size` of them; the least used are dropped first.

    `limit` tells of a value how many seconds it is believed at most, None for as long as the others.
    """

    def __init__(self, *, seconds: float, size: int, limit: Callable[[Value], float | None] = lambda _: None) -> None:
        self._seconds = seconds
        self._limit = limit
        self._size = size
        self._known: OrderedDict[Key, tuple[float, asyncio.Future[Value]]] = OrderedDict()

    async def get(self, key: Key, load: Callable[[], Awaitable[Value]]) -> Value:
        """Return the value of a key, loaded when it is unknown or too old. What `load` raises is not remembered."""
        since, value = self._known.get(key, (0.0, None))
        if value is None or _failed(value) or self._now() >= since + self._lifetime(value):
            value = asyncio.ensure_future(load())
            self._keep(key, value)
        self._known.move_to_end(key)
        return await asyncio.shield(value)  # whoever gives up takes the value from nobody else

    def put(self, key: Key, value: Value) -> None:
        """Remember a value that came by itself."""
        known = asyncio.get_running_loop().create_future()
        known.set_result(value)
        self._keep(key, known)

    def forget(self, key: Key) -> None:
        """Load it anew the next time."""
        self._known.pop(key, None)

    async def aclose(self) -> None:
        """End what is being loaded."""
        loading = [value for _, value in self._known.values() if not value.done()]
        for value in loading:
            value.cancel()
        await asyncio.gather(*loading, return_exceptions=True)

    def _keep(self, key: Key, value: asyncio.Future[Value]) -> None:
        self._known[key] = (self._now(), value)
        self._known.move_to_end(key)
        while len(self._known) > self._size:
            self._known.popitem(last=False)

    def _lifetime(self, value: asyncio.Future[Value]) -> float:
        limit = self._limit(value.result()) if value.done() else None
        return self._seconds if limit is None else min(limit, self._seconds)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _failed(value: asyncio.Future[Any]) -> bool:
    return value.done() and (value.cancelled() or value.exception() is not None)
