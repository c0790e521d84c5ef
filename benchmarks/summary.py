"""What summaries of a real channel cost, and how many of their points name messages that can be opened.

    python -m benchmarks.summary [--local] [--tokens 232000]

Four days of #ubuntu (a Slack export) are put into one channel of the playground and summarised through the product,
from the command to the settled turn, against the Seed emulator, which bills by the provider's tiers. Its answers come
from rules, not from a model: tokens, requests and cost are what is measured, and that every link leads to a message
that was read. With `--local` the embedded model summarises one thread, and what its links open is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote

if not __package__:  # run as a file: the packages lie beside this folder
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adapters.local import open_local
from adapters.seed import Pace, SeedModel, SeedOptions, open_seed
from adapters.slack.export import read_export
from adapters.web.playground.channel_reader import ChannelReading
from benchmarks.context_tokens import data_folder
from bot.context.tokens import estimate_entry
from bot.ports import Rates
from bot.pricing import FREE_CARD
from bot.summary.map_reduce import MOST_POINTS
from bot.summary.model_requests import SummaryModel
from bot.summary.numbered_lines import numbered
from bot.summary.prompts import asking
from bot.turns.conversation_manager import ConversationManager
from bot.turns.dispatcher import Dispatcher
from bot.turns.inbox import Inbox
from bot.types import (
    Channel,
    ChannelMessage,
    ConversationKey,
    Entry,
    Incoming,
    Person,
    Purpose,
    ReadMessage,
    Settlement,
    ThreadMessage,
    Usage,
    Workspace,
)
from storage.in_memory.store import MemoryStore
from tests.emulators.seed.options import API_KEY
from tests.emulators.seed.server import running_seed
from tests.fakes import FixedRates, RecordingPlatform, services
from tests.house import metered

EXPORT = Path("chat") / "irc-ubuntu-slack-export.zip"
GARDEN = Workspace(id="w", name="Benchmark")
ROOM = Channel(workspace="w", id="c", name="ubuntu")
READER = Person(id="reader", name="Reader")
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
LATER_MESSAGES = 20  # that are new when a summary is asked for a second time on a day
LINK = re.compile(r"\]\(/c/w/c/([^)#]+)(?:#([^)]+))?\)")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table; `linked` of `points` lead to a message that was read."""

    name: str
    messages: int
    usage: Usage
    cost: Decimal
    seconds: float
    points: int = 0
    linked: int = 0

    def __str__(self) -> str:
        share = f"{self.linked}/{self.points} ({self.linked / self.points:.0%})" if self.points else "-"
        figures = f"{self.usage.requests:>3} | {self.usage.input:>9,} | {self.usage.output:>6,} | ${self.cost:>8.5f}"
        return f"| {self.name:<42} | {self.messages:>6,} | {figures} | {self.seconds:>6.1f} | {share:>12} |"


HEADER = (
    f"| {'what':<42} | {'msgs':>6} | req | {'tokens in':>9} | {'out':>6} | {'cost':>9} | {'s':>6} "
    f"| {'with links':>12} |\n"
    f"|{'-' * 44}|{'-' * 8}|-----|{'-' * 11}|{'-' * 8}|{'-' * 11}|{'-' * 8}|{'-' * 14}|"
)


class Room(ChannelReading, RecordingPlatform):
    """The playground's channel without its pages."""

    name = "local"

    def __init__(self, store: MemoryStore) -> None:
        ChannelReading.__init__(self, store)
        RecordingPlatform.__init__(self)

    async def read_thread(self, key: ConversationKey, *, limit: int) -> Sequence[ThreadMessage]:
        root = await self._store.get_message(key.workspace, key.channel, key.thread)
        replies = await self.read_replies(key, key.thread, limit=limit)
        if root is None:
            return replies
        return [ThreadMessage(message_id=root.id, author=root.author, text=root.text, sent_at=root.at), *replies]


class Bench:
    """The product around one channel."""

    def __init__(self, model: SeedModel, rates: Rates) -> None:
        self.now = BEGIN + 100 * DAY
        self.store = MemoryStore(clock=lambda: self.now)
        self.model, self.rates = model, rates
        self._room = Room(self.store)
        platforms = {"local": self._room}
        manager = ConversationManager(self.store, model, rates, platforms, clock=lambda: self.now)
        self._dispatcher = Dispatcher(self.store, manager.answer, worker="w", clock=lambda: self.now)
        self._inbox = Inbox(
            manager,
            self._dispatcher,
            services(self.store, manager, platforms, clock=lambda: self.now, rates=rates),
        )
        self._asked = 0

    async def fill(self, messages: Sequence[ChannelMessage]) -> None:
        """Put messages into the channel."""
        await self.store.put_workspace(GARDEN, [ROOM], [])
        await self.store.put_messages(messages)

    async def summarise(self, words: str, *, thread: str = "") -> tuple[Settlement, float]:
        """Ask as a person does; how the turn ended, and the seconds it took."""
        self._asked += 1
        key = ConversationKey(platform="local", workspace="w", channel="c", thread=thread or f"asked-{self._asked}")
        incoming = Incoming(
            key=key,
            dedupe_key=str(self._asked),
            author=READER,
            text=f"/summarise {words}",
            sent_at=self.now,
            is_top_level=not thread,
        )
        started = time.perf_counter()
        await self._inbox.handle(incoming)
        await self._dispatcher.drain(key)
        settlement = self.store.settlements[max(self.store.settlements)]
        if settlement.error:
            raise RuntimeError(settlement.error)
        return settlement, time.perf_counter() - started

    async def row(self, name: str, words: str, messages: int, *, thread: str = "") -> tuple[Row, Settlement]:
        """Return a summary as a line of the table, its links checked against the channel itself."""
        settlement, seconds = await self.summarise(words, thread=thread)
        footer = settlement.draft.footer
        points = [line for line in settlement.draft.text.splitlines() if line.startswith("- ")]
        opened = [[await self.open(*link) for link in LINK.findall(point)] for point in points]
        row = Row(
            name=name,
            messages=messages,
            usage=footer.usage if footer else Usage(requests=0),
            cost=(footer and footer.cost) or Decimal(0),
            seconds=seconds,
            points=len(points),
            linked=sum(bool(item) and all(item) for item in opened),
        )
        return row, settlement

    async def open(self, place: str, reply: str) -> ChannelMessage | None:
        """Return the message that a link leads to."""
        return await self.store.get_message("w", "c", unquote(reply or place))


def days() -> Iterator[list[ChannelMessage]]:
    """Yield the four days of the export, one behind the other from `BEGIN` on."""
    with read_export(data_folder() / EXPORT) as export:
        every = list(export.messages())
    for index, channel in enumerate(sorted({item.channel for item in every})):
        of_day = sorted((item for item in every if item.channel == channel), key=lambda each: each.at)
        first = of_day[0].at
        yield [_moved(item, index, BEGIN + index * DAY + (item.at - first) / 2) for item in of_day]


def _moved(message: ChannelMessage, day: int, at: datetime) -> ChannelMessage:
    thread = f"{day}-{message.thread}" if message.thread else ""
    return replace(message, workspace="w", channel="c", id=f"{day}-{message.id}", thread=thread, at=at)


def of_size(tokens: int) -> list[ChannelMessage]:
    """Return the days again and again, as long as they are not more tokens as one request."""
    four = list(days())
    kept: list[ChannelMessage] = []
    held = index = 0
    while True:
        turn, day = divmod(index, len(four))
        repeated = [_moved(item, index, item.at + turn * len(four) * DAY) for item in four[day]]
        more = estimate_entry(whole(repeated))
        if held + more > tokens:
            return kept + repeated[: len(repeated) * (tokens - held) // more]
        held += more
        kept += repeated
        index += 1


def whole(messages: Sequence[ChannelMessage]) -> Entry:
    """One request for all of it."""
    read = [
        ReadMessage(
            message_id=message.id, author=message.author, text=message.text, sent_at=message.at, thread=message.thread
        )
        for message in sorted(messages, key=lambda each: each.at)
    ]
    lines = [line for block in numbered([(item,) for item in read], UTC) for line in block]
    return asking(lines, UTC, points=MOST_POINTS)


@asynccontextmanager
async def emulated() -> AsyncIterator[SeedModel]:
    """Yield the emulator behind the product's own client."""
    options = SeedOptions(pace=Pace(requests_per_minute=10**6))
    async with (
        running_seed() as seed,
        open_seed(base_url=seed.url, api_key=API_KEY, model="seed-2-0-lite", options=options) as model,
    ):
        yield model


# ---------------------------------------------------------------- the table


async def in_one(model: SeedModel, messages: Sequence[ChannelMessage], name: str) -> Row:
    """All of it in a single request, whatever tier that is in."""
    asked, bill = await metered(model, Purpose.SUMMARY)
    started = time.perf_counter()
    await SummaryModel(model=asked, bill=bill).ask(whole(messages), points=MOST_POINTS)
    seconds = time.perf_counter() - started
    return Row(name=name, messages=len(messages), usage=bill.usage or Usage(), cost=bill.cost, seconds=seconds)


async def of_a_day(model: SeedModel) -> AsyncIterator[Row]:
    """Yield a day in one request, once more later that day, and once more when nothing is new."""
    bench = Bench(model, FixedRates())
    day = next(days())
    await bench.fill(day[:-LATER_MESSAGES])
    first, _ = await bench.row("one day, first summary", f"since {BEGIN:%Y-%m-%d}", len(day) - LATER_MESSAGES)
    yield first
    await bench.fill(day)
    second, _ = await bench.row("the same day, 20 messages later", f"since {BEGIN:%Y-%m-%d}", len(day))
    yield second
    again, _ = await bench.row("once more, nothing new", f"since {BEGIN:%Y-%m-%d}", len(day))
    yield again
    print(f"\nThe second summary of a day costs {second.cost / first.cost:.1%} of the first.\n")


async def of_all(model: SeedModel, tokens: int) -> AsyncIterator[Row]:
    """Yield a channel beyond the price tier: in one request at the doubled price, and divided."""
    messages = of_size(tokens)
    one = await in_one(model, messages, "long channel, one request, doubled tier")
    yield one
    bench = Bench(model, FixedRates())
    await bench.fill(messages)
    divided, _ = await bench.row("long channel, divided", f"since {BEGIN:%Y-%m-%d}", len(messages))
    yield divided
    print(f"\nDivided it costs {divided.cost / one.cost:.3f} of one request at the doubled tier.\n")


async def by_day(model: SeedModel) -> AsyncIterator[Row]:
    """Four days, summarised from the beginning at the end of each: what was told before is not paid again."""
    bench = Bench(model, FixedRates())
    messages: list[ChannelMessage] = []
    for number, day in enumerate(days(), start=1):
        messages += day
        await bench.fill(day)
        row, _ = await bench.row(f"by day, up to day {number}", f"since {BEGIN:%Y-%m-%d}", len(messages))
        yield row
    yield await in_one(model, messages, "the same four days, one request")


async def run(tokens: int) -> None:
    """Print the table as it grows."""
    print(HEADER)
    async with emulated() as model:
        for part in (of_a_day(model), by_day(model), of_all(model, tokens)):
            async for row in part:
                print(row, flush=True)


# ---------------------------------------------------------------- the embedded model


def a_thread(day: Sequence[ChannelMessage], *, replies: int) -> tuple[str, list[ChannelMessage]]:
    """Return the first thread with at least so many replies, and its messages."""
    for root in day:
        inside = [item for item in day if item.thread == root.id]
        if len(inside) >= replies:
            return root.id, [root, *inside]
    raise SystemExit(f"no thread has {replies} replies")


async def run_local(replies: int) -> None:
    """One thread, summarised by the embedded model, with what its links open."""
    root, messages = a_thread(next(days()), replies=replies)
    async with open_local() as server:
        options = SeedOptions(context_tokens=server.context_tokens, fallback_card=FREE_CARD, longest_answer=400)
        name = server.model_name
        async with open_seed(base_url=server.base_url, api_key=None, model=name, options=options) as model:
            bench = Bench(model, FixedRates(FREE_CARD))
            await bench.fill(messages)
            row, settlement = await bench.row(f"a thread, {name}", "thread", len(messages), thread=root)
    print(HEADER)
    print(row)
    print(f"\n{settlement.draft.text}\n\n{settlement.draft.notices}\n\nWhat the links open:")
    for place, reply in LINK.findall(settlement.draft.text):
        message = await bench.open(place, reply)
        print(
            f"  {unquote(reply or place)}: {message.author.name}: {message.text}" if message else f"  {place}: nothing"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description="Measure what summaries cost, and whether their links lead anywhere.")
    parser.add_argument("--tokens", type=int, default=232_000, help="estimated tokens of the long channel")
    parser.add_argument("--local", action="store_true", help="one thread with the embedded model instead")
    parser.add_argument("--replies", type=int, default=12, help="how many the thread has at least")
    options = parser.parse_args(arguments)
    asyncio.run(run_local(options.replies) if options.local else run(options.tokens))
    return 0


if __name__ == "__main__":
    sys.exit(main())
