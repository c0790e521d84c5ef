"""What each call of the stores costs a database of 100,000 turns, with and without the indexes made for it.

`python -m benchmarks.queries [--mode sqlite|postgres] [--turns N] [--plans]`. "before" is without the indexes of
migration 0003. A call is made three times and the best counts; "rows" are those that its largest statement meets, as
PostgreSQL's executor counts them, or instructions of SQLite's virtual machine by ten. `--plans` prints how each
statement is carried out before and after.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic.script import ScriptDirectory

from benchmarks.crash.outages import database
from storage import migrate, open_store
from storage.database import parse_url
from storage.schema import alembic_config, migration_connection
from storage.tables import BaseTable
from tests.fakes import START, ManualClock
from tests.filled_database import fill
from tests.query_plans import Explainer, Plan, statements
from tests.store_calls import CALLS, make_scene

TURNS = 100_000
TIMES = 3
MIGRATION = "0003"

Measured = tuple[float, Sequence[Plan]]
"""The milliseconds of a call, and the plans of its statements."""


def switch_indexes(url: str, *, on: bool) -> None:
    """Make or drop the indexes of the migration; blocks."""
    revision = ScriptDirectory.from_config(alembic_config()).get_revision(MIGRATION)
    names = {name for name, *_ in revision.module.INDEXES}
    with migration_connection(parse_url(url)) as connection:
        for index in (index for table in BaseTable.metadata.sorted_tables for index in table.indexes):
            if index.name in names:
                (index.create if on else index.drop)(connection)
        connection.exec_driver_sql("ANALYZE" if connection.dialect.name == "postgresql" else "SELECT 1")


async def measure(url: str, scenes: count[int]) -> dict[str, Measured]:
    """Make every call."""
    measured: dict[str, Measured] = {}
    async with open_store(url, clock=ManualClock()) as store:
        for name, call in CALLS.items():
            best, plans = float("inf"), []
            for _ in range(TIMES):
                scene = await make_scene(store, next(scenes))
                with statements() as seen:
                    started = time.perf_counter()
                    await call(scene)
                    best = min(best, (time.perf_counter() - started) * 1_000)
            plans = await asyncio.to_thread(_explained, url, seen)
            measured[name] = best, plans
    return measured


def _explained(url: str, seen: Sequence[tuple[str, object]]) -> list[Plan]:
    with closing(Explainer(url)) as explainer:
        return explainer.explain(seen)


def table(before: dict[str, Measured], after: dict[str, Measured]) -> str:
    """Return a line for each call, in Markdown."""
    lines = ["| call | before, ms | rows | after, ms | rows |", "|---|---:|---:|---:|---:|"]
    for name in CALLS:
        cells = [
            cell
            for ms, plans in (before[name], after[name])
            for cell in (f"{ms:,.1f}", f"{max((plan.rows for plan in plans), default=0):,}")
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def plans_of(name: str, when: str, measured: Measured) -> str:
    """Return the plans of one call, in full."""
    return "\n".join((f"\n{name}, {when}:", *map(str, measured[1])))


async def main(mode: str, turns: int, *, plans: bool) -> None:
    """Fill a database and print the table."""
    with TemporaryDirectory(prefix="seedling-") as folder:
        async with database(mode, Path(folder)) as tested:
            url = tested.url
            await migrate(url)
            await asyncio.to_thread(fill, url, turns, now=START)
            scenes = count(1)
            await asyncio.to_thread(switch_indexes, url, on=False)
            before = await measure(url, scenes)
            await asyncio.to_thread(switch_indexes, url, on=True)
            after = await measure(url, scenes)
    print(f"{mode}, {turns:,} turns\n\n{table(before, after)}")
    if plans:
        for name in CALLS:
            print(plans_of(name, "before", before[name]), plans_of(name, "after", after[name]), sep="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=["sqlite", "postgres"], default="")
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--plans", action="store_true", help="print every plan")
    options = parser.parse_args()
    for mode in [options.mode] if options.mode else ["sqlite", "postgres"]:
        asyncio.run(main(mode, options.turns, plans=options.plans))
