"""Of what came while nobody listened nothing is given up because the database is away as well."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.slack.events.backfill import SlackBackfill
from adapters.slack.settings import PLATFORM
from bot.chat.backfill import PREFIX, WorkspacePositions
from bot.errors import PlatformError, StorageUnavailable
from bot.event_errors import EventErrors
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock

WORKSPACE: Any = SimpleNamespace(team="T1")
NOBODY: Any = None


class Conversations:
    """Tells of none, after as many errors as it is given."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)

    async def recent_conversations(self, platform: str, **_: Any) -> dict[Any, Any]:
        if self._errors:
            raise self._errors.pop()
        return {}


async def backfill(bot: Any) -> SlackBackfill:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    await store.put_state(PLATFORM, PREFIX, WorkspacePositions(newest=1).to_text())
    errors = EventErrors(PLATFORM, logging.getLogger(__name__))
    return SlackBackfill(bot, NOBODY, store, clock=clock, errors=errors)


async def test_a_gap_stays_open_while_the_database_is_away() -> None:
    reading = await backfill(Conversations(StorageUnavailable("away")))
    with pytest.raises(StorageUnavailable):
        await reading.run([WORKSPACE])
    assert reading.positions.gap


async def test_a_workspace_that_cannot_be_read_keeps_nothing_from_the_others() -> None:
    reading = await backfill(Conversations(PlatformError("away")))
    await reading.run([WORKSPACE])
    assert not reading.positions.gap
