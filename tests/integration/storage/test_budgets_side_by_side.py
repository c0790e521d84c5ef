"""Several processes spend under one budget, and some of them are killed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.app.clock import utc_now
from bot.types import INSTALLATION, Budget, Period
from storage import migrate, open_store
from tests.integration.storage.budget_spender import GREATEST, LIKELY
from tests.postgresql import running_postgresql
from tests.processes import ROOT

CAP = Decimal(1)
PROCESSES, QUESTIONS, KILLED = 4, 50, 2
SECONDS = 120.0


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'seedling.db'}"
    found: str = request.getfixturevalue("server")
    return found


async def spend(url: str, name: str, *, kill: bool) -> int:
    """Let a process ask its questions; how many were answered, 0 where it is killed among them."""
    program = (sys.executable, "-m", "tests.integration.storage.budget_spender", url, name, str(QUESTIONS))
    process = await asyncio.create_subprocess_exec(*program, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    if kill:
        async with open_store(url, clock=utc_now, queued=False) as store:
            while not (await store.budget_uses())[0].spent:
                await asyncio.sleep(0.01)
        process.kill()
    out, _ = await process.communicate()
    return 0 if kill else int(out.split()[0])


async def test_two_hundred_questions_of_four_processes_keep_to_the_cap(url: str) -> None:
    await migrate(url)
    async with open_store(url, clock=utc_now, queued=False) as store:
        await store.put_budget(Budget(scope=INSTALLATION, period=Period.DAY, amount=CAP, time_zone="UTC"))
    async with asyncio.timeout(SECONDS):
        answered = await asyncio.gather(
            *(spend(url, f"p{number}", kill=number < KILLED) for number in range(PROCESSES))
        )
    async with open_store(url, clock=utc_now, queued=False) as store:
        left_open = await store.settle_abandoned(before=utc_now() + timedelta(seconds=1))
        (use,) = await store.budget_uses()
        spent = await store.usage_totals(since=use.begins, until=use.ends)
    assert use.reserved == 0
    assert spent.under_way == 0
    assert use.spent == spent.cost
    # What holds less than it may cost was sent far from the cap: as many as that held at once.
    bound = PROCESSES * QUESTIONS * (GREATEST - LIKELY)
    assert CAP / 2 < use.spent <= CAP + bound
    assert spent.requests < PROCESSES * QUESTIONS
    assert sum(answered) + left_open <= spent.requests
