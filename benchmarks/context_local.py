"""What the embedded model reads again in a thread of 40 turns, and how long people wait for its first word.

    python -m benchmarks.context_local [--turns 40] [--window 2000] [--answer 16]

The thread goes through the product, from the front door to the model's server. Then the very same entries are sent to
a fresh server with a sliding window, which drops the oldest exchanges in every turn until the rest fits. Tokens read
and tokens cached are the server's own counts; seconds are from the request to the first piece of text.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median

if not __package__:  # run as a file: the packages lie beside this folder
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adapters.local import LocalServer, open_local
from adapters.seed import Pace, SeedOptions, open_seed
from benchmarks.context_product import KEY, Product
from benchmarks.context_tokens import data_folder
from bot.context.system_prompt import Abilities, system_prompt
from bot.ports import Model
from bot.pricing import FREE_CARD
from bot.types import ModelEvent, ModelRequest, StoredEntry, TextDelta, Usage, UsageReported
from storage.in_memory.store import MemoryStore
from tests.fakes import FixedRates


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One request: what the server counted, and the seconds to the first piece of text."""

    usage: Usage
    seconds: float


class Stopwatch:
    """A `Model` that notes each request of another one."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.name = model.name
        self.context_tokens = model.context_tokens
        self.readings: list[Reading] = []

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """As the other model does."""
        started, first, usage = time.perf_counter(), 0.0, Usage()
        async for event in self._model.stream(request):
            if isinstance(event, TextDelta) and not first:
                first = time.perf_counter()
            if isinstance(event, UsageReported):
                usage = event.usage
            yield event
        if usage.estimated or not first:
            raise RuntimeError("the server reported no usage, or wrote nothing")
        self.readings.append(Reading(usage=usage, seconds=first - started))


@asynccontextmanager
async def opened(server: LocalServer) -> AsyncIterator[Stopwatch]:
    """Yield the model of a server under a stopwatch."""
    options = SeedOptions(
        context_tokens=server.context_tokens, fallback_card=FREE_CARD, pace=Pace(requests_per_minute=10**6)
    )
    async with open_seed(base_url=server.base_url, api_key=None, model=server.model_name, options=options) as model:
        yield Stopwatch(model)


async def read_by_product(
    server: LocalServer, questions: Sequence[str], answer_tokens: int
) -> tuple[Sequence[Reading], Sequence[StoredEntry]]:
    """Return a thread asked through the product: what was read in each turn, and the whole transcript."""
    async with opened(server) as model:
        store = MemoryStore(clock=_now)
        product = Product(store, model, FixedRates(FREE_CARD), clock=_now)
        await product.set(max_tokens=str(answer_tokens))
        for number, question in enumerate(questions):
            await product.ask(question, number)
        if len(model.readings) != len(questions):
            raise RuntimeError(f"{len(questions)} turns came to {len(model.readings)} requests")
        return model.readings, await store.get_entries(KEY, start=0)


async def read_by_sliding(
    server: LocalServer, transcript: Sequence[StoredEntry], window: int, answer_tokens: int
) -> Sequence[Reading]:
    """Return the same thread with only so many newest tokens in each turn."""
    async with opened(server) as model:
        for turn in range(len(transcript) // 2):
            sent = transcript[oldest_in_view(transcript, turn, window) : 2 * turn + 1]
            request = ModelRequest(
                system_prompt=system_prompt(None, abilities=Abilities(brief=True)),
                entries=tuple(item.entry for item in sent),
                parameters={"max_tokens": answer_tokens},
            )
            async for _ in model.stream(request):
                pass
        return model.readings


def oldest_in_view(transcript: Sequence[StoredEntry], turn: int, window: int) -> int:
    """Return the first exchange of a sliding window that ends with the question of a turn; entry 2i is question i."""
    first, held = 2 * turn, transcript[2 * turn].tokens
    while first > 0 and (held := held + transcript[first - 1].tokens + transcript[first - 2].tokens) <= window:
        first -= 2
    return first


def cached_share(readings: Sequence[Reading]) -> float:
    """Return the part of all prompt tokens that the server had in its cache."""
    return sum(reading.usage.cached for reading in readings) / sum(reading.usage.input for reading in readings)


def table(ours: Sequence[Reading], sliding: Sequence[Reading], slides_from: int) -> str:
    """Both, turn by turn, and what they come to."""
    lines = [
        "| turn | prompt | cached | s to first word | sliding: prompt | cached | s to first word | times as long |",
        f"|{'---:|' * 8}",
    ]
    for turn, (a, b) in enumerate(zip(ours, sliding, strict=True), 1):
        lines.append(
            f"| {turn} | {a.usage.input:,} | {a.usage.cached:,} | {a.seconds:.2f} "
            f"| {b.usage.input:,} | {b.usage.cached:,} | {b.seconds:.2f} | {b.seconds / a.seconds:.1f} |"
        )
    late = [(a.seconds, b.seconds) for a, b in zip(ours[slides_from:], sliding[slides_from:], strict=True)]
    waits = (median(item) for item in zip(*late, strict=True))
    lines.append(
        f"\nCached of all prompt tokens: {cached_share(ours):.1%}, sliding {cached_share(sliding):.1%}. "
        + (
            "Median wait for the first word since the window slides (turn {}): {:.2f} s, sliding {:.2f} s.".format(
                slides_from + 1, *waits
            )
            if late
            else "The window never had to slide."
        )
    )
    return "\n".join(lines)


def read_questions(folder: Path) -> list[str]:
    """Return recorded questions to language models."""
    with (folder / "llm" / "mtbench_question.jsonl").open(encoding="utf-8") as file:
        return [question for line in file for question in json.loads(line)["turns"]]


def _now() -> datetime:
    return datetime.now(UTC)


async def run(questions: Sequence[str], window: int, answer_tokens: int) -> str:
    """Return the table; each way has a server of its own."""
    async with open_local() as server:
        ours, transcript = await read_by_product(server, questions, answer_tokens)
    print(f"Through the product {cached_share(ours):.1%} of all prompt tokens were cached; now sliding.", flush=True)
    async with open_local() as server:
        sliding = await read_by_sliding(server, transcript, window, answer_tokens)
    slid = (turn for turn in range(len(questions)) if oldest_in_view(transcript, turn, window) > 0)
    return table(ours, sliding, next(slid, len(questions)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description="Measure what the embedded model reads again in a long thread.")
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--window", type=int, default=2_000, help="estimated tokens of the sliding window")
    parser.add_argument("--answer", type=int, default=16, help="tokens of each answer")
    options = parser.parse_args(arguments)
    questions = list(islice(read_questions(data_folder()), options.turns))
    print(asyncio.run(run(questions, options.window, options.answer)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
