"""Run work on long texts beside the event loop, which nothing may hold for more than about 20 ms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

LONG_TEXT: Final = 4_000
"""Characters. Reading the costliest text takes about 0.5 s for 100,000 (`benchmarks/text_time.py`)."""

P = ParamSpec("P")
T = TypeVar("T")


async def offload(length: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what `function` gives for texts of `length` characters together: in a thread where they are long.

    Whoever is cancelled meanwhile waits for the thread, so that nothing is ever changed by two at once.
    """
    if length <= LONG_TEXT:
        return function(*args, **kwargs)
    work = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait((work,))
        raise
