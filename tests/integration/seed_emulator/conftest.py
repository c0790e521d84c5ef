"""What the tests of the emulator share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integration.seed_emulator.asking import Asker, asking


@pytest.fixture
async def seed() -> AsyncIterator[Asker]:
    """An emulator as it is without options."""
    async with asking() as asker:
        yield asker
