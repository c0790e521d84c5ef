"""Ask two hundred questions at once under one budget, from four processes that are killed fifty times in all.

    python -m benchmarks.budget_cap                     # SQLite, and PostgreSQL where it can be started
    python -m benchmarks.budget_cap --database postgresql --questions 40 --kills 8

Each process asks its share at once, every question in a conversation of its own: it is stored, claimed, reserved, noted
as it grows, settled and closed. A process that is killed is begun anew, takes over what it left, and asks that again.
What is spent may pass the cap by no more than the answers under way at once hold too little for: far from the cap
that is the likely cost, the greatest near it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path

from benchmarks.budget_spender import GREATEST, LIKELY, now, work
from bot.types import INSTALLATION, Budget, Period
from storage import migrate, open_store
from tests.postgresql import running_postgresql

PROCESSES = 4
CAP = Decimal("2.50")
KILLED_WITHIN = 0.3
FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(["benchmarks.budget_spender", "sqlalchemy.dialects.postgresql", "psycopg"])
"""A process begins within milliseconds: what it needs is imported once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Outcome of a run; `leaked` is reserved, and `unsettled` the number of open lines, when all have ended."""

    questions: int
    kills: int
    cap: Decimal
    requests: int
    spent: Decimal
    in_ledger: Decimal
    leaked: Decimal
    unsettled: int

    @property
    def bound(self) -> Decimal:
        """Return the most that may be spent: the cap, and what answers under way at once hold too little for."""
        return self.cap + self.questions * (GREATEST - LIKELY)


# ---------------------------------------------------------------- all of them, and who kills them


async def run(url: str, *, questions: int, kills: int, cap: Decimal = CAP, seed: int = 1) -> Outcome:
    """Ask everything from empty tables, with so many kills."""
    await migrate(url)
    async with open_store(url, clock=now, queued=False) as store:
        await store.put_budget(Budget(scope=INSTALLATION, period=Period.DAY, amount=cap, time_zone="UTC"))
        share = questions // PROCESSES
        await asyncio.gather(
            *(
                _slot(url, slot, share, kills // PROCESSES + (slot < kills % PROCESSES), seed)
                for slot in range(PROCESSES)
            )
        )
        (use,) = await store.budget_uses()
        spent = await store.usage_totals(since=datetime.min.replace(tzinfo=UTC), until=now())
        figures = await store.queue_figures()
    assert figures.queued + figures.running == 0, "a question was left behind"
    return Outcome(
        questions=share * PROCESSES,
        kills=kills,
        cap=cap,
        requests=int(spent.requests),
        spent=use.spent,
        in_ledger=spent.cost,
        leaked=use.reserved,
        unsettled=spent.under_way,
    )


async def _slot(url: str, slot: int, questions: int, kills: int, seed: int) -> None:
    """Keep one process asking until all of its questions have ended; the first ones are killed among their answers."""
    chance = random.Random(f"{seed}-{slot}")
    for number in range(kills + 1):
        told, telling = FORKS.Pipe(duplex=False)
        arguments = (url, slot, questions, chance.randrange(10**6), telling)
        process = FORKS.Process(target=work, args=arguments, daemon=True)
        await asyncio.to_thread(process.start)
        telling.close()  # so that the end of the process ends the waiting for it
        await asyncio.to_thread(told.recv)
        if number < kills:
            await asyncio.sleep(chance.random() * KILLED_WITHIN)
            process.kill()
        await asyncio.to_thread(process.join)


@contextmanager
def empty_sqlite() -> Iterator[str]:
    """Yield the address of an empty file."""
    with tempfile.TemporaryDirectory(prefix="seedling-") as folder:
        yield f"sqlite:///{Path(folder) / 'seedling.db'}"


DATABASES = {"sqlite": empty_sqlite, "postgresql": running_postgresql}


def main() -> int:
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--database", choices=tuple(DATABASES), action="append", help="one of them (default: both)")
    options = parser.parse_args()
    print("| database | questions | kills | requests | cap | spent | bound | in the ledger | leaked | unsettled |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    is_kept = True
    for kind in options.database or DATABASES:
        with DATABASES[kind]() as url:
            found = asyncio.run(run(url, questions=options.questions, kills=options.kills))
        money = (found.cap, found.spent, found.bound, found.in_ledger, found.leaked)
        print(
            "|",
            " | ".join(map(str, (kind, found.questions, found.kills, found.requests, *money, found.unsettled))),
            "|",
        )
        is_kept = is_kept and keeps(found)
    return 0 if is_kept else 1


def keeps(found: Outcome) -> bool:
    """Return whether a run kept to its cap, leaked nothing, and has the same sum in the ledger."""
    return found.spent <= found.bound and not found.leaked and not found.unsettled and found.spent == found.in_ledger


if __name__ == "__main__":
    sys.exit(main())
