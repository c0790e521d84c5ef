"""Several processes spend under one budget, and some of them are killed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from benchmarks.budget_cap import keeps, run


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'seedling.db'}"
    found: str = request.getfixturevalue("new_postgresql")
    return found


async def test_four_processes_keep_to_the_cap_whenever_they_are_killed(url: str) -> None:
    cap = Decimal("1.25")
    found = await run(url, questions=120, kills=3, cap=cap)
    assert keeps(found), found
    assert found.spent > cap * Decimal("0.8"), "else the cap was in nobody's way"
