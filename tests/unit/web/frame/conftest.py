"""What the tests of the frame share."""

from __future__ import annotations

import pytest

from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock


@pytest.fixture
def store(clock: ManualClock) -> MemoryStore:
    return MemoryStore(clock=clock)
