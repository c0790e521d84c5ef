"""The console that the tests look at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from tests.fakes import ManualClock
from tests.unit.web.console.console_stage import ConsoleStage, open_console


@pytest.fixture(autouse=True)
def _quick_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let digests of passwords take a moment; the accounts' own tests have them as they are."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("adapters.web.frame.accounts._hasher", lambda: hasher)


@pytest_asyncio.fixture
async def stage(tmp_path: Path, clock: ManualClock, empty_database: Path) -> AsyncIterator[ConsoleStage]:
    async with open_console(tmp_path, clock, empty_database) as stage:
        yield stage
