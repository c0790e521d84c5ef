"""What streaming costs: CPU time and memory per 10,000 chunks, beside raw httpx and the openai SDK on the same bytes.

`python -m benchmarks.stream`. Each cell runs in a fresh process against the same loopback server. "alone": each chunk
is one read from the network; "together": the network delivers many at once. "raw httpx" reads lines and parses JSON,
so its time is what anything built on httpx begins with; ratios are to it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

from adapters.seed import Environment, Pace, Retries, SeedOptions, open_seed
from benchmarks.canned_server import canned_server
from bot.errors import ModelUnavailable
from bot.types import Entry, ModelRequest, TextDelta

CHUNKS = {1: 20_000, 50: 400, 500: 200}  # of each stream, by the number of streams
READS_PER_SECOND = 6_000  # of all streams together: slow enough that no client gets two chunks in one read
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=20)
CLIENTS = ("raw httpx", "seedling", "openai")
QUESTION = ModelRequest(system_prompt="h", entries=(Entry(role="user", text="Say something."),), parameters={})

Ask = Callable[[], Awaitable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One measurement: seconds of CPU and megabytes of memory above the idle client, per 10,000 chunks."""

    cpu: float
    memory: float


async def with_raw_httpx(url: str, _streams: int, measure: Callable[[Ask], Awaitable[Cell]]) -> Cell:
    """httpx alone: lines, JSON, the text counted."""
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Say something."}]}
    async with httpx.AsyncClient(timeout=60, limits=LIMITS) as client:

        async def ask() -> int:
            pieces = 0
            async with client.stream("POST", f"{url}/chat/completions", json=body) as response:
                async for line in response.aiter_lines():
                    if line.startswith("data: ") and line != "data: [DONE]":
                        chunk = json.loads(line[6:])
                        pieces += bool(chunk["choices"] and chunk["choices"][0]["delta"].get("content"))
            return pieces

        return await measure(ask)


async def with_seedling(url: str, streams: int, measure: Callable[[Ask], Awaitable[Cell]]) -> Cell:
    """Return this project's client, with typed values coming out."""
    pace = Pace(requests_per_minute=100_000, tokens_per_minute=10**9, at_first=streams, most_at_once=streams)
    options = SeedOptions(pace=pace)
    async with open_seed(base_url=url, api_key="k", model="seed-2-0-lite", options=options) as model:

        async def ask() -> int:
            return sum([isinstance(event, TextDelta) async for event in model.stream(QUESTION)])

        return await measure(ask)


async def with_openai(url: str, _streams: int, measure: Callable[[Ask], Awaitable[Cell]]) -> Cell:
    """Return the official SDK."""
    import openai  # noqa: PLC0415 - only this client pays for it

    async with openai.AsyncOpenAI(base_url=url, api_key="k") as client:

        async def ask() -> int:
            pieces = 0
            stream = await client.chat.completions.create(
                model="m",
                messages=[{"role": "user", "content": "Say something."}],
                stream=True,
                stream_options={"include_usage": True},
            )
            async for chunk in stream:
                pieces += bool(chunk.choices and chunk.choices[0].delta.content)
            return pieces

        return await measure(ask)


WAYS: dict[str, Any] = {"raw httpx": with_raw_httpx, "seedling": with_seedling, "openai": with_openai}


async def measure_here(client: str, origin: str, streams: int, *, alone: bool) -> Cell:
    """Measure one cell in this process."""
    each = CHUNKS[streams]
    pace = READS_PER_SECOND // streams if alone else 0
    url = f"{origin}/{each}/{pace}/v1"

    async def measure(ask: Ask) -> Cell:
        before = _memory()
        start = time.process_time()
        pieces = await asyncio.gather(*(ask() for _ in range(streams)))
        cpu = time.process_time() - start
        assert pieces == [each] * streams, "not every chunk arrived"
        tens = each * streams / 10_000
        return Cell(cpu=cpu / tens, memory=(_memory() - before) / tens)

    async def warm_up(ask: Ask) -> Cell:
        await ask()
        return Cell(cpu=0, memory=0)

    await WAYS[client](f"{origin}/10/0/v1", 1, warm_up)
    return await WAYS[client](url, streams, measure)  # type: ignore[no-any-return]  # a table of three functions


class Stopwatch(httpx.AsyncBaseTransport):
    """Takes the time at which a request would leave, and lets it fail."""

    def __init__(self) -> None:
        self.left = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.left = time.perf_counter()
        raise httpx.ConnectError("measured", request=request)


async def seconds_to_send(entries: int, runs: int = 200) -> float:
    """Return the shortest time from a call to its request leaving, for a conversation of that many entries."""
    watch, shortest = Stopwatch(), float("inf")
    said = tuple(
        Entry(role="user", text="What people write in a team chat, a line or two. " * 4) for _ in range(entries)
    )
    question = ModelRequest(system_prompt="h", entries=said, parameters={"max_tokens": 4_096})
    around = Environment(transport=watch)
    options = SeedOptions(pace=Pace(requests_per_minute=runs + 1), retries=Retries(tries=1), surroundings=around)
    async with open_seed(base_url="http://127.0.0.1:1", api_key="k", model="seed-2-0-lite", options=options) as model:
        for _ in range(runs):
            start = time.perf_counter()
            with suppress(ModelUnavailable):
                await anext(model.stream(question))
            shortest = min(shortest, watch.left - start)
    return shortest


def _memory() -> float:
    """Return the most memory that this process has had, in megabytes; Linux counts in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def measure_apart(client: str, origin: str, streams: int, *, alone: bool, runs: int) -> Cell:
    """Return the cheapest of several runs of a cell, each in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.stream", "--cell", client, origin, str(streams), str(int(alone))]
    cells = []
    for _ in range(runs):
        told = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own module
        cells.append(Cell(**json.loads(told.stdout)))
    return Cell(cpu=min(cell.cpu for cell in cells), memory=min(cell.memory for cell in cells))


def main() -> None:
    """Print the table, or measure one cell for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each cell, the cheapest counts")
    parser.add_argument("--cell", nargs=4, metavar=("CLIENT", "ORIGIN", "STREAMS", "ALONE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.cell:
        client, origin, streams, alone = asked.cell
        cell = asyncio.run(measure_here(client, origin, int(streams), alone=bool(int(alone))))
        print(json.dumps({"cpu": cell.cpu, "memory": cell.memory}))
        return
    for entries in (1, 100):
        print(
            f"{entries:3} entries: {asyncio.run(seconds_to_send(entries)) * 1_000:.2f} ms from the call to its request"
        )
    print(f"{'reads':9}  {'streams':>7}  {'client':10} {'CPU s':>7} {'ratio':>6} {'MB':>7}   per 10,000 chunks")
    with canned_server() as origin:
        for alone in (True, False):
            for streams in CHUNKS:
                floor = None
                for client in CLIENTS:
                    cell = measure_apart(client, origin, streams, alone=alone, runs=asked.runs)
                    floor = floor or cell.cpu
                    row = f"{streams:7}  {client:10} {cell.cpu:7.3f} {cell.cpu / floor:6.2f} {cell.memory:7.2f}"
                    print("alone    " if alone else "together ", row, flush=True)


if __name__ == "__main__":
    main()
