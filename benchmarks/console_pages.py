"""Print how long the server takes for each page of the console, with 100,000 questions in a SQLite file.

    python -m benchmarks.console_pages [TURNS]

A page is asked for several times as an administrator; the first time counts too, since nothing is kept in between.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from adapters.web.frame import WebRole
from storage import migrate
from tests.fakes import START, ManualClock
from tests.filled_database import fill
from tests.unit.web.console.console_stage import open_console

TURNS = 100_000
TIMES = 5
AIM_MS = 300
PAGES = (
    "/console",
    "/console/spending",
    "/console/spending?since=2025-02-01&until=2026-01-05",
    "/console/spending.csv?by=person",
    "/console/spending/budget",
    "/console/access",
    "/console/audit",
    "/console/settings",
    "/console/settings?place=slack/T1/C1",
    "/console/turns",
    "/console/turns?state=failed",
    "/console/turns?place=slack/T1/C1",
    "/console/turns?person=slack/U7",
    "/console/turns?state=done&place=slack/T1/C0",
    "/console/turns/77777",
    "/console/queue",
    "/console/data",
)


async def measure(path: Path) -> None:
    """Ask for every page, and print the median and the longest time."""
    slow = 0
    print(f"{'page':<55} {'median ms':>10} {'longest':>8} {'KB':>7}")
    async with (
        open_console(path.parent / "copy", ManualClock(START), path) as stage,
        stage.person(WebRole.ADMINISTRATOR) as client,
    ):
        for page in PAGES:
            times, size = [], 0
            for _ in range(TIMES):
                began = perf_counter()
                answer = await client.get(page)
                times.append((perf_counter() - began) * 1_000)
                assert answer.status_code == 200, (page, answer.status_code)
                size = len(answer.content)
            slow += max(times) > AIM_MS
            print(f"{page:<55} {median(times):>10.0f} {max(times):>8.0f} {size / 1_000:>7.1f}")
    print(f"{slow} of {len(PAGES)} pages took longer than {AIM_MS} ms at least once")


def main() -> None:
    """Fill a database and measure."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else TURNS
    with TemporaryDirectory() as folder:
        path = Path(folder) / "filled.db"
        (Path(folder) / "copy").mkdir()
        asyncio.run(migrate(f"sqlite:///{path}"))
        began = perf_counter()
        fill(f"sqlite:///{path}", turns, now=START)
        print(f"{turns:,} questions written in {perf_counter() - began:.0f} s, {path.stat().st_size / 1e6:.0f} MB")
        asyncio.run(measure(path))


if __name__ == "__main__":
    main()
