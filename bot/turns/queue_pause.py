"""Pause the whole queue: what is asked is stored and waits, until somebody lets it go on."""

from __future__ import annotations

from typing import Final

from bot.ports import AdapterStateStore

_PLACE: Final = "queue"
_NAME: Final = "paused"


async def is_paused(state: AdapterStateStore) -> bool:
    """Return whether nothing new is to be answered now, in any process. Raises `StorageError`."""
    return await state.get_state(_PLACE, _NAME) is not None


async def set_paused(state: AdapterStateStore, *, paused: bool) -> None:
    """Pause the queue or let it go on. Raises `StorageError`."""
    if paused:
        await state.put_state(_PLACE, _NAME, "yes")
    else:
        await state.swap_state(_PLACE, _NAME, before="yes", after=None)
