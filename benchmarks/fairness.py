"""Measure how long somebody waits for the first word while others ask, and how many requests run at once.

    python -m benchmarks.fairness

The whole core with the client of the model, in a time of its own that jumps to whatever comes next, so that the figures
are those of the waiting alone and the same each time. The server thinks for `THINKS` seconds, writes for as long as it
is asked to, and refuses what is one too many at once where it has a limit.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import httpx

from adapters.seed import Environment, Pace, SeedOptions, open_seed
from benchmarks.canned_server import END, TEXT
from bot.turns.conversation_manager import ConversationManager, TurnOptions
from bot.turns.dispatcher import Dispatcher
from bot.turns.inbox import Inbox
from bot.types import Incoming, Person
from storage.in_memory.store import MemoryStore
from tests.fakes import KEY, START, FixedRates, RecordingPlatform, incoming, services
from tests.house import AT_ONCE

THINKS = 1.8
LONG, SHORT = 60.0, 6.0
USUAL = Pace()
MANY = Pace(requests_per_minute=100_000, tokens_per_minute=10**9)


class JumpingTime(selectors.DefaultSelector):
    """Waits for nothing but what comes from outside: instead the time jumps to when something is due."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        """Return what is ready; let the time jump where nothing is."""
        found = super().select(None if timeout is None else 0)
        if not found and timeout:
            self.now += timeout
        return found


class Server(httpx.AsyncBaseTransport):
    """A model server; `takes` is how many requests it works on at once, `lasts` how long each answer is written."""

    def __init__(self, takes: int, lasts: Callable[[str], float]) -> None:
        self.takes, self.lasts = takes, lasts
        self.under_way = self.most = self.refused = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a question; the list of models and all else is not here."""
        body = await request.aread()
        if not request.url.path.endswith("/chat/completions"):
            return httpx.Response(404, json={"error": {"message": "not here"}})
        if self.under_way >= self.takes:
            self.refused += 1
            return httpx.Response(429, json={"error": {"message": "too many requests at once"}})
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        headers = {"content-type": "text/event-stream"}
        return httpx.Response(200, headers=headers, content=self._answer(body.decode()))

    async def _answer(self, body: str) -> AsyncIterator[bytes]:
        try:
            await asyncio.sleep(THINKS)
            yield TEXT
            await asyncio.sleep(self.lasts(body))
            yield END
        finally:
            self.under_way -= 1


class Bench:
    """The core with a server; `asked` is when each question, by its name, was asked."""

    def __init__(self, inbox: Inbox, platform: RecordingPlatform, model: Any) -> None:
        self.inbox, self.platform, self.model = inbox, platform, model
        self.asked: dict[str, float] = {}

    async def ask(self, person: str, name: str, *, channel: str = "c", at: float = 0.0, text: str = "Why?") -> None:
        """Ask at a time, in a conversation that the question begins."""
        await asyncio.sleep(at - asyncio.get_running_loop().time())
        self.asked[name] = asyncio.get_running_loop().time()
        author, key = Person(id=person, name=person), replace(KEY, channel=channel, thread=name)
        asked: Incoming = replace(
            incoming(text), key=key, author=author, dedupe_key=name, message_id=name, sent_at=now()
        )
        await self.inbox.handle(asked)

    async def waited(self, names: list[str]) -> Mapping[str, float]:
        """Return for how long each question waited for its first word, once all of them have it."""
        found: dict[str, float] = {}
        while len(found) < len(names):
            await asyncio.sleep(0.05)
            for turn in self.inbox._store._turns.values():  # type: ignore[attr-defined]
                shown = self.platform.shown.get(f"m{turn.id}", ())
                name = turn.incoming.dedupe_key
                if name in names and name not in found and any(draft.text for draft in shown):
                    found[name] = asyncio.get_running_loop().time() - self.asked[name]
        return found


def now() -> datetime:
    """Return the present moment in the time of the loop."""
    return START + timedelta(seconds=asyncio.get_running_loop().time())


@asynccontextmanager
async def opened(server: Server, pace: Pace = USUAL) -> AsyncIterator[Bench]:
    """Yield the core."""
    time = asyncio.get_running_loop().time
    around = Environment(transport=server, monotonic=time, now=now)
    options = SeedOptions(pace=pace, surroundings=around, context_tokens=32_000)
    store, platform = MemoryStore(clock=now), RecordingPlatform()
    async with open_seed(base_url="http://model/v1", api_key="k", model="seed-2-0-lite", options=options) as model:
        turns, platforms = TurnOptions(takeover=AT_ONCE), {platform.name: platform}
        manager = ConversationManager(store, model, FixedRates(), platforms, clock=now, options=turns)
        dispatcher = Dispatcher(store, manager.answer, worker="w", clock=now)
        inbox = Inbox(manager, dispatcher, services(store, manager, platforms, clock=now))
        yield Bench(inbox, platform, model)
        await dispatcher.aclose(grace=0)
        await manager.aclose()


async def beside_long_answers(others: int) -> float:
    """Return how long Ada waits while so many long answers of Bob run or wait."""
    async with opened(Server(64, lambda body: LONG if "long" in body else SHORT)) as bench:
        for number in range(others):
            await bench.ask("bob", f"long-{number}", text="A long one")
        await bench.ask("ada", "short", at=5.0)
        return (await bench.waited(["short"]))["short"]


async def in_channels_of_their_own(people: int) -> tuple[float, float]:
    """Return the median and the longest wait of people who ask at once, each in a channel of their own."""
    async with opened(Server(64, lambda _: SHORT)) as bench:
        names = [f"q{number}" for number in range(people)]
        for name in names:
            await bench.ask(name, name, channel=name)
        waited = list((await bench.waited(names)).values())
    return median(waited), max(waited)


async def as_the_server_takes(takes: int, people: int) -> tuple[int, int, int, int]:
    """Return how many requests may run at first, ran at once at most, were refused, and may run at the end."""
    server = Server(takes, lambda _: SHORT)
    async with opened(server, MANY) as bench:
        at_first = bench.model.limits.concurrency
        names = [f"q{number}" for number in range(people)]
        for name in names:
            await bench.ask(name, name, channel=name)
        await bench.waited(names)
        return at_first, server.most, server.refused, bench.model.limits.concurrency


def run(measure: Any) -> Any:
    """Run something in a time of its own."""
    selector = JumpingTime()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now  # type: ignore[method-assign]
    try:
        return loop.run_until_complete(measure)
    finally:
        loop.close()


def main() -> None:
    """Print the tables."""
    print(f"A model that thinks for {THINKS} s; seconds to the first word.\n")
    print("| who asks | median | longest |\n|---|---|---|")
    print(f"| one person, idle | {run(beside_long_answers(0)):.2f} | |")
    for others in (2, 8, 9):
        print(f"| one person beside {others} long answers of another | {run(beside_long_answers(others)):.2f} | |")
    for people in (10, 20, 40):
        middle, longest = run(in_channels_of_their_own(people))
        print(f"| {people} people at once in {people} channels | {middle:.2f} | {longest:.2f} |")
    print("\n| the server takes | asked at once | run at first | most at once | refused | may run at the end |")
    print("|---|---|---|---|---|---|")
    for takes, people in ((64, 200), (24, 200), (8, 100)):
        cells = run(as_the_server_takes(takes, people))
        print("|", " | ".join(map(str, (takes, people, *cells))), "|")


if __name__ == "__main__":
    main()
