"""The stores that the suite runs over."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from bot.types import ConversationKey, Turn
from storage import open_store
from storage.in_memory.store import MemoryStore
from storage.sql import SqlStore
from tests.contract.stores.samples import KEY
from tests.fakes import ManualClock

AnyStore = MemoryStore | SqlStore
Opener = Callable[[], AbstractAsyncContextManager[AnyStore]]


@pytest.fixture
def in_memory(clock: ManualClock) -> Opener:
    @asynccontextmanager
    async def open_() -> AsyncIterator[AnyStore]:
        yield MemoryStore(clock=clock)

    return open_


@pytest.fixture
def on_sqlite(clock: ManualClock, empty_database: Path, tmp_path: Path) -> Opener:
    path = shutil.copy(empty_database, tmp_path / "seedling.db")
    return lambda: open_store(f"sqlite:///{path}", clock=clock)


@pytest.fixture
def on_postgresql(clock: ManualClock, postgresql: str) -> Opener:
    return lambda: open_store(postgresql, clock=clock)


@pytest.fixture(
    params=[
        pytest.param("in_memory", id="memory"),
        pytest.param("on_sqlite", id="sqlite"),
        pytest.param("on_postgresql", id="postgresql"),
    ]
)
def opener(request: pytest.FixtureRequest) -> Opener:
    opener: Opener = request.getfixturevalue(request.param)
    return opener


@pytest.fixture
async def store(opener: Opener) -> AsyncIterator[AnyStore]:
    async with opener() as store:
        yield store


async def claim(store: AnyStore, key: ConversationKey = KEY) -> Turn:
    """The oldest open turn of a conversation, which must have one."""
    turn = await store.claim(key, worker="w1")
    assert turn is not None
    return turn
