"""Let processes tell of themselves in the database, so that each knows which others there are."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Final

from bot.errors import StorageError
from bot.intervals import has_passed
from bot.ports import AdapterStateStore, Clock
from bot.types import Process

logger = logging.getLogger(__name__)

EVERY: Final = timedelta(seconds=30)
GONE: Final = timedelta(minutes=2)
"""After which a process that has told nothing is taken to be gone."""

_PLACE: Final = "process"


async def processes(state: AdapterStateStore, clock: Clock) -> Sequence[Process]:
    """Return the processes that are there, by name. Raises `StorageError`."""
    found = [_read(name, text) for name, text in (await state.list_state(_PLACE)).items()]
    return [process for process in found if process is not None and not _is_silent(process, clock, GONE)]


@asynccontextmanager
async def telling(state: AdapterStateStore, clock: Clock, *, name: str, kind: str, version: str) -> AsyncIterator[None]:
    """Tell of this process as long as the context lasts, and take it back at its end."""
    task = asyncio.create_task(_tell(state, clock, name, {"kind": kind, "version": version}), name="heartbeat")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with suppress(StorageError):
            await _remove(state, name)


async def _tell(state: AdapterStateStore, clock: Clock, name: str, told: dict[str, str]) -> None:
    told["started_at"] = clock().isoformat()
    while True:
        try:
            await state.put_state(_PLACE, name, json.dumps({**told, "seen_at": clock().isoformat()}))
            await _forget_gone(state, clock)
        except StorageError as error:
            logger.debug("this process could not tell of itself", extra={"error": str(error)})
        await asyncio.sleep(EVERY.total_seconds())


async def _forget_gone(state: AdapterStateStore, clock: Clock) -> None:
    """Drop what processes that crashed have left."""
    for name, text in (await state.list_state(_PLACE)).items():
        process = _read(name, text)
        if process is None or _is_silent(process, clock, 10 * GONE):
            await state.swap_state(_PLACE, name, before=text, after=None)


def _is_silent(process: Process, clock: Clock, span: timedelta) -> bool:
    """Return whether a process has told nothing for so long; what it told before the clock was set back is as old."""
    return has_passed(span, since=process.seen_at, now=clock())


async def _remove(state: AdapterStateStore, name: str) -> None:
    text = await state.get_state(_PLACE, name)
    if text is not None:
        await state.swap_state(_PLACE, name, before=text, after=None)


def _read(name: str, text: str) -> Process | None:
    """Return what a process told; what cannot be read is none."""
    try:
        told = json.loads(text)
        return Process(
            name=name,
            kind=told["kind"],
            version=told["version"],
            started_at=datetime.fromisoformat(told["started_at"]),
            seen_at=datetime.fromisoformat(told["seen_at"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
