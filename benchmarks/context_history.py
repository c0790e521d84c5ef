"""What a long past costs: building the request of a conversation of 100,000 entries beside one of 1,000, on SQLite.

    python -m benchmarks.context_history

Both have the same window, the last 200 entries. Counted are the rows that come out of the database and the steps of
its virtual machine, which would also tell of rows that are read and dropped. The times are of whole requests, from the
parameters to the window, taken in turns.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

if not __package__:  # run as a file: the packages lie beside this folder
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.context_product import KEY, SOMEBODY, Silence
from bot.context.request_builder import PreparedRequest, RequestBuilder
from bot.context.transcript import answer_entry, user_entry
from bot.parameter_resolver import effective_parameters
from bot.types import Conversation, Incoming, NewEntry, ThreadMessage, Turn, TurnState
from storage import SqlStore, migrate, open_store
from tests.fakes import START, FixedRates, ManualClock, ScriptedModel

IN_VIEW = 200
AT_ONCE = 2_000
TEXT = "What people write in a team chat, a line or two. " * 3

NOW = START + timedelta(days=400)
QUESTION = Incoming(key=KEY, dedupe_key="q", author=SOMEBODY, text="And now?", sent_at=NOW, message_id="q")
TURN = Turn(id=1, incoming=QUESTION, state=TurnState.RUNNING, epoch=1, attempt=1)


@dataclass(slots=True)
class Reads:
    """Work of a SQLite database: rows given out, and steps of its virtual machine."""

    rows: int = 0
    steps: int = 0

    def row(self, _cursor: object, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Count a row, and give it out as it is."""
        self.rows += 1
        return row

    def step(self) -> int:
        """Count a step; 0 lets the database go on."""
        self.steps += 1
        return 0


@contextmanager
def counted_reads() -> Iterator[Reads]:
    """Count what the stores' SQLite databases do over connections that are opened in this context."""
    reads = Reads()

    def watch(connection: Any, _record: object) -> None:
        connection.row_factory = reads.row
        connection.set_progress_handler(reads.step, 1)

    sa.event.listen(sa.Pool, "connect", watch)
    try:
        yield reads
    finally:
        sa.event.remove(sa.Pool, "connect", watch)


async def make_conversation(url: str, entries: int) -> None:
    """Fill a database with one conversation of so many entries, of which the last `IN_VIEW` are in view."""
    await migrate(url)
    async with opened(url) as store:
        for start in range(0, entries, AT_ONCE):
            positions = range(start, min(start + AT_ONCE, entries))
            await store.append_entries(KEY, [_entry(position) for position in positions])
        known = Conversation(window_start=entries - IN_VIEW, last_request_at=NOW - timedelta(minutes=1))
        await store.save_conversation(KEY, known)


def _entry(position: int) -> NewEntry:
    at = START + timedelta(minutes=position)
    if position % 2:
        return answer_entry(position, TEXT, at)
    return user_entry(ThreadMessage(message_id=str(position), author=SOMEBODY, text=TEXT, sent_at=at))


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[SqlStore]:
    """Yield the store over a database."""
    async with open_store(url, clock=ManualClock(NOW)) as store:
        yield store


async def build_request(store: SqlStore) -> PreparedRequest:
    """Return the next request of the conversation, built as the product builds it."""
    builder = RequestBuilder(store, ScriptedModel(), FixedRates(), {KEY.platform: Silence()}, clock=ManualClock(NOW))
    return await builder.build(TURN, await effective_parameters(QUESTION, store))


async def count_reads(url: str) -> Reads:
    """Return what the database does for one request; the connection is warm."""
    async with opened(url) as store:
        with counted_reads() as reads:  # the store connects when it is first asked
            await build_request(store)
            reads.rows = reads.steps = 0
            await build_request(store)
    return reads


async def take_times(urls: tuple[str, str], runs: int) -> tuple[list[float], list[float]]:
    """Milliseconds of requests to both databases, by turns."""
    times: tuple[list[float], list[float]] = ([], [])
    async with opened(urls[0]) as first, opened(urls[1]) as second:
        for store in (first, second):
            await build_request(store)
        for _ in range(runs):
            for store, taken in zip((first, second), times, strict=True):
                started = time.perf_counter()
                await build_request(store)
                taken.append(1_000 * (time.perf_counter() - started))
    return times


async def run(sizes: tuple[int, int] = (1_000, 100_000), runs: int = 200) -> str:
    """Return the table."""
    lines = ["| entries | rows read | steps of SQLite | ms, median | ms, least |", f"|{'---:|' * 5}"]
    with TemporaryDirectory(prefix="seedling-history-") as folder:
        short, long = (f"sqlite:///{folder}/{size}.db" for size in sizes)
        for url, size in ((short, sizes[0]), (long, sizes[1])):
            await make_conversation(url, size)
        times = await take_times((short, long), runs)
        for url, size, taken in ((short, sizes[0], times[0]), (long, sizes[1], times[1])):
            reads = await count_reads(url)
            lines.append(f"| {size:,} | {reads.rows:,} | {reads.steps:,} | {median(taken):.2f} | {min(taken):.2f} |")
    lines.append(f"\nTime of the longer to the shorter: {median(times[1]) / median(times[0]):.2f} (medians).")
    return "\n".join(lines)


if __name__ == "__main__":
    print(asyncio.run(run()))
