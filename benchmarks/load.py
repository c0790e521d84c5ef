"""How many turns a second, how soon they start, and what 500 streams at once do to one process.

`python -m benchmarks.load [--mode sqlite|postgres] [--seconds N] [--json]`. Bots are processes of their own; questions
come over HTTP into 10,000 conversations. For the first table the model and the platform answer at once inside the
bot, so that it shows the engine and the database. "start" is from the stored acceptance to the claim; the questions of
the first second, in which a process still loads and compiles what it needs, are not among the figures. Turns a second
are those that ended while as many were open as it takes; beside them stand the milliseconds of a processor that one
takes, in the bots and in the PostgreSQL server, and the rows that it writes there, those of the queue apart. For the
second table one bot reads 500 streams of the Seed emulator and shows them on a platform that keeps the newest state
only. Everything, the database, this program and the emulator included, shares one machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from sqlmodel import col

from benchmarks.bot_process import NAME, BotOptions
from benchmarks.crash.fleet import FORK
from benchmarks.crash.outages import database
from benchmarks.load_bot import run_instant_bot, run_streaming_bot
from benchmarks.load_costs import used_by
from storage.database import parse_url
from storage.schema import migration_connection
from storage.tables import TurnRow
from tests.emulators.seed.server import seed_process

CONVERSATIONS = 10_000
RATE = 20.0  # questions a second for the latencies
WARM_UP = 20  # questions before those that count
STREAMS = 500
SENDERS = 32
STOPS = 10
MOST_OPEN = 300  # questions that are sent beyond what is answered, while turns a second are counted
START_SECONDS = 60.0
LIMIT_SECONDS = 150.0
"""For everything together, so that it ends within three minutes; beside other work not all of it is measured."""


@dataclass(frozen=True, slots=True)
class Bots:
    """Running bots: where they are reached, and their processes."""

    addresses: list[str]
    pids: list[int]


@asynccontextmanager
async def bots(target: Any, options: BotOptions, count: int) -> AsyncIterator[Bots]:
    """Yield so many bots."""
    processes, addresses = [], []
    try:
        for _ in range(count):
            ours, theirs = FORK.Pipe()
            process = FORK.Process(target=target, args=(options, theirs), daemon=True)
            await asyncio.to_thread(process.start)
            processes.append(process)
            if not await asyncio.to_thread(ours.poll, START_SECONDS):
                raise RuntimeError("a bot did not start")
            addresses.append(ours.recv())
        yield Bots(addresses, [process.pid for process in processes if process.pid is not None])
    finally:
        for process in processes:
            process.kill()


# ---------------------------------------------------------------- measuring


class Sender:
    """Sends questions into random conversations."""

    def __init__(self, http: httpx.AsyncClient, addresses: Sequence[str]) -> None:
        self._http = http
        self._addresses = addresses
        self._chance = random.Random(1)
        self.sent = 0
        self.seconds: list[float] = []

    async def send(self, text: str, conversation: str = "") -> None:
        """Send one, and note how long its acknowledgement took."""
        self.sent += 1
        body = {
            "id": f"q{self.sent}",
            "key": {
                "platform": NAME,
                "workspace": "w",
                "channel": "c",
                "thread": conversation or str(self._chance.randrange(CONVERSATIONS)),
            },
            "text": text,
            "at": time.time(),
            "overrides": {},
        }
        started = time.perf_counter()
        response = await self._http.post(f"{self._chance.choice(self._addresses)}/deliver", json=body)
        response.raise_for_status()
        self.seconds.append(time.perf_counter() - started)


def _rows(url: str) -> list[tuple[Any, Any, Any]]:
    with migration_connection(parse_url(url)) as connection:
        columns = (col(TurnRow.accepted_at), col(TurnRow.claimed_at), col(TurnRow.ended_at))
        merged = col(TurnRow.merged_into).is_(None)
        return [
            (row[0], row[1], row[2])
            for row in connection.execute(sa.select(*columns).where(merged).order_by(col(TurnRow.id)))
        ]


async def _all_answered(url: str) -> list[tuple[Any, Any, Any]]:
    while True:
        rows = await asyncio.to_thread(_rows, url)
        if all(ended is not None for _, _, ended in rows):
            return rows
        await asyncio.sleep(0.5)


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def measure(mode: str, workers: int, seconds: float) -> dict[str, Any]:
    """One row of the first table."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="seedling-load-", ignore_cleanup_errors=True))
        url = (await stack.enter_async_context(database(mode, Path(folder)))).url
        options = BotOptions(database_url=url, seed_url="http://x", pace=0)
        running = await stack.enter_async_context(bots(run_instant_bot, options, workers))
        addresses = running.addresses
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=60))
        sender = Sender(http, addresses)
        await _paced(sender, WARM_UP)
        await _all_answered(url)
        sender.seconds.clear()
        await _paced(sender, int(seconds * RATE))
        rows = (await _all_answered(url))[WARM_UP:]
        starts = [(claimed - accepted).total_seconds() for accepted, claimed, _ in rows]
        paced = len(rows)
        before = await asyncio.to_thread(used_by, url, running.pids)
        ended, took = await _flooded(sender, url, seconds)
        after = await asyncio.to_thread(used_by, url, running.pids)
        states = [(await http.get(f"{address}/state")).json() for address in addresses]
    return {
        "mode": mode,
        "workers": workers,
        "turns_per_s": round(ended / took, 1),
        **{name: round((after[name] - before[name]) / max(1, ended), 1) for name in after},
        "ack_p50_ms": _ms(_quantile(sender.seconds[:paced], 0.5)),
        "ack_p99_ms": _ms(_quantile(sender.seconds[:paced], 0.99)),
        "start_p50_ms": _ms(_quantile(starts, 0.5)),
        "start_p99_ms": _ms(_quantile(starts, 0.99)),
        "MB_each": max(state["megabytes"] for state in states),
    }


async def _paced(sender: Sender, questions: int) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as tasks:
        for number in range(questions):
            await asyncio.sleep(max(0.0, began + number / RATE - loop.time()))
            tasks.create_task(sender.send("why?"))


async def _flooded(sender: Sender, url: str, seconds: float) -> tuple[int, float]:
    """Send as much as is taken for so long; return how many turns ended meanwhile, and the seconds that it took."""
    ended = first = await asyncio.to_thread(_ended, url)
    sent_before, began = sender.sent, time.monotonic()
    over = asyncio.Event()

    async def send() -> None:
        while not over.is_set():
            if sender.sent - sent_before - (ended - first) < MOST_OPEN:
                await sender.send("why?")
            else:
                await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(SENDERS):
            tasks.create_task(send())
        while time.monotonic() - began < seconds:
            await asyncio.sleep(0.2)
            ended = await asyncio.to_thread(_ended, url)
        took = time.monotonic() - began
        over.set()
    return ended - first, took


def _ended(url: str) -> int:
    with migration_connection(parse_url(url)) as connection:
        statement = sa.select(sa.func.count()).where(col(TurnRow.ended_at).is_not(None))
        return int(connection.execute(statement).scalar_one())


async def measure_streams(seconds: float) -> dict[str, Any]:
    """Return the second table: one process reads 500 streams for so long."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="seedling-load-", ignore_cleanup_errors=True))
        seed = await stack.enter_async_context(
            seed_process("--tokens-per-second", "10", "--chunk-tokens", "2", "--keep-requests", "1")
        )
        options = BotOptions(
            database_url=f"sqlite:///{folder}/seedling.db",
            seed_url=seed,
            pace=1.0,
        )
        addresses = (await stack.enter_async_context(bots(run_streaming_bot, options, 1))).addresses
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=60))
        sender = Sender(http, addresses)
        for number in range(STREAMS):
            await sender.send("write 5000 words", f"s{number}")
        await asyncio.sleep(3)
        skipped = len((await http.get(f"{addresses[0]}/state")).json()["lags"])
        await asyncio.sleep(seconds)
        state = (await http.get(f"{addresses[0]}/state")).json()
    lags = state["lags"][skipped:]
    return {
        "streams": STREAMS,
        "lag_p50_ms": _ms(_quantile(lags, 0.5)),
        "lag_p99_ms": _ms(_quantile(lags, 0.99)),
        "lag_max_ms": _ms(max(lags)),
        "MB": state["megabytes"],
    }


async def measure_stops(mode: str) -> dict[str, Any]:
    """Return the third table: from pressing Stop, in another process where there is one, to the end of the answer."""
    seconds = []
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="seedling-load-", ignore_cleanup_errors=True))
        url = (await stack.enter_async_context(database(mode, Path(folder)))).url
        seed = await stack.enter_async_context(seed_process("--tokens-per-second", "50", "--keep-requests", "1"))
        options = BotOptions(database_url=url, seed_url=seed, pace=0.3)
        workers = 1 if mode == "sqlite" else 3
        addresses = (await stack.enter_async_context(bots(run_streaming_bot, options, workers))).addresses
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=60))
        sender = Sender(http, addresses)
        for number in range(STOPS):
            await sender.send("write 5000 words", f"s{number}")
            await asyncio.sleep(1)
            pressed = time.time()
            key = {"platform": NAME, "workspace": "w", "channel": "c", "thread": f"s{number}"}
            (await http.post(f"{addresses[number % workers]}/stop", json=key)).raise_for_status()
            rows = await _all_answered(url)
            seconds.append(rows[-1][2].timestamp() - pressed)
    return {
        "mode": mode,
        "workers": workers,
        "stops": STOPS,
        "stop_p50_ms": _ms(_quantile(seconds, 0.5)),
        "stop_max_ms": _ms(max(seconds)),
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _print(row: dict[str, Any], *, first: bool) -> None:
    """Print a row of a table, under its head."""
    if first:
        print("\n" + "  ".join(f"{name:>12}" for name in row))
    print("  ".join(f"{value:>12}" for value in row.values()), flush=True)


async def _all(modes: Sequence[str], seconds: float, *, prints: bool) -> dict[str, list[dict[str, Any]]]:
    """Measure one thing after the other, and print each row at once; what does not fit into the time is named."""
    shapes = [(mode, workers) for mode in modes for workers in ((1,) if mode == "sqlite" else (1, 2, 4))]
    plan: dict[str, list[tuple[str, Callable[[], Awaitable[dict[str, Any]]]]]] = {
        "engines": [(f"{mode} with {count}", partial(measure, mode, count, seconds)) for mode, count in shapes],
        "streams": [(f"{STREAMS} streams", partial(measure_streams, seconds))],
        "stops": [(f"stops on {mode}", partial(measure_stops, mode)) for mode in modes],
    }
    until = asyncio.get_running_loop().time() + LIMIT_SECONDS
    tables: dict[str, list[dict[str, Any]]] = {}
    for name, measurements in plan.items():
        rows = tables[name] = []
        for what, measurement in measurements:
            try:
                async with asyncio.timeout_at(until):
                    rows.append(await measurement())
            except TimeoutError:
                print(f"{what}: not measured, {LIMIT_SECONDS:.0f} s are over", file=sys.stderr)
            else:
                if prints:
                    _print(rows[-1], first=len(rows) == 1)
    return tables


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=("sqlite", "postgres"))
    parser.add_argument("--seconds", type=float, default=6, help="of each measurement")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    FORK.set_forkserver_preload(["benchmarks.load"])
    modes = (given.mode,) if given.mode else ("sqlite", "postgres")
    tables = asyncio.run(_all(modes, given.seconds, prints=not given.json))
    if given.json:
        print(json.dumps(tables))


if __name__ == "__main__":
    main()
