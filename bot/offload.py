"""Run work on long texts beside the event loop, which nothing may hold for more than about 20 ms."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final, ParamSpec, TypeVar

LONG_TEXT: Final = 4_000
"""Characters. Reading the costliest text takes about 1 s for 100,000 (`benchmarks/text_time.py`)."""

LONGEST_PAUSE: Final = 20.0
"""Seconds that the collector rests at most beyond the work in hand, however many texts come one after the other."""

P = ParamSpec("P")
T = TypeVar("T")


class CollectorPause:
    """Keeps the garbage collector from running while any text is read beside the event loop.

    The many small objects of a long text make it look at all there are, which holds every thread for 0.1 s, and for
    60 ms where it looks as seldom as in the program; none of them is in a cycle, so that it finds nothing.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._readers = 0
        self._since = 0.0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Pause it for the block; one that was off before stays off."""
        counted = self._begin()
        try:
            yield
        finally:
            if counted:
                self._end()

    def _begin(self) -> bool:
        with self._lock:
            now = self._clock()
            if not self._readers:
                if not gc.isenabled():
                    return False
                self._since = now
                gc.disable()
            elif now - self._since > LONGEST_PAUSE:
                return False
            self._readers += 1
            return True

    def _end(self) -> None:
        with self._lock:
            self._readers -= 1
            if not self._readers:
                gc.enable()


collector_paused: Final = CollectorPause()


async def offload(length: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what `function` gives for texts of `length` characters together: in a thread where they are long.

    Whoever is cancelled meanwhile waits for the thread, so that nothing is ever changed by two at once.
    """
    if length <= LONG_TEXT:
        return function(*args, **kwargs)
    with collector_paused():
        work = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait((work,))
            raise
