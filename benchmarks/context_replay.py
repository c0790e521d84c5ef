"""What recorded traffic is billed when the product itself is asked, beside what the simulation says of the same turns.

    python -m benchmarks.context_replay                           600 turns of each trace
    python -m benchmarks.context_replay --trace FILE --turns 0    a whole trace
    python -m benchmarks.context_replay --context economy --ratio 0.1 --block 1 --store memory

Each question goes through the front door, the dispatcher and the conversation manager, over SQLite, to the real client
and from there over HTTP to the Seed emulator, whose clock and the bot's are moved by the trace. The emulator counts
with its own tokenizer, which the bot does not know, keeps its own prefix cache and bills its own account. The
simulation (`benchmarks.context_cost`) is given the sizes that the emulator counted and nothing else. Costs are those
of input, and all of the requests for notes, which the emulator writes as long as it is asked to: 120 words in economy,
300 in normal.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

if not __package__:  # run as a file: the packages lie beside this folder
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adapters.seed import Pace, SeedOptions, open_rates, open_seed
from benchmarks.context_billing import Account, Request, Terms, Windows
from benchmarks.context_cost import recorded_traffic
from benchmarks.context_policies import BY_NAME, START
from benchmarks.context_product import SOMEBODY, Product, StoreKind, opened_store
from benchmarks.context_report import OURS, bills
from benchmarks.context_traces import Trace, read_traces
from bot.context.condensed_notes import SYSTEM_PROMPT, instruction
from bot.context.system_prompt import Abilities, notes_message, system_prompt
from bot.context.transcript import render_message
from bot.context.view import FLOORS, most_notes
from bot.pricing import MILLION, SEED_CARD, RateCard
from tests.emulators.seed import API_KEY, MODEL, Options, RunningSeed, running_seed
from tests.emulators.seed.answers import notes, words
from tests.emulators.seed.billing import ANSWERED
from tests.emulators.seed.request import Ask
from tests.emulators.seed.tokens import HEAD_TOKENS, MESSAGE_TOKENS, pieces
from tests.fakes import ManualClock

# Both clocks stand at the trace's time when a question comes; the emulator's runs on while it is answered.
GRACE_SECONDS = 0.5

# Short, common and long words, in shares that differ by message: the bot expects 0.7, 1.3 and 2.2 tokens where the
# emulator counts one. So its estimates scatter by 12 to 17 %; on recorded chat it is 7 %, on recorded answers 15 %.
VOCABULARIES = tuple(
    text.split()
    for text in (
        "we can go to it as is so if no or he",
        "the road from here to town runs along water and under trees past every door",
        "children mountain thousand language question complete interest together building remember",
    )
)


# ---------------------------------------------------------------- the traffic


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """A trace as texts: question i asks for answer i; `counted` is the trace as the emulator counts it."""

    questions: Sequence[str]
    counted: Trace


def as_texts(trace: Trace, *, even: bool = False) -> Traffic:
    """Texts of a trace's sizes, as closely as a label before each message and the rules of the answers allow.

    `even` texts are all of one kind, so that estimates of them are right after a few counts.
    """
    questions, asked, answered = [], [], []
    for turn, at in enumerate(trace.at):
        # The emulator ends a line, which is a token, after each fourteenth word.
        count = max(1, (trace.answers[turn] - MESSAGE_TOKENS) * 14 // 15)
        request = f"Please write {count} words"
        room = trace.questions[turn] - _asked_tokens(request, at)
        questions.append(" ".join((request, *_filling(0 if even else turn, max(0, room)))))
        asked.append(_asked_tokens(questions[-1], at))
        answered.append(MESSAGE_TOKENS + len(pieces(words(count))))
    return Traffic(questions=questions, counted=Trace(trace.name, trace.at, asked, answered))


def _filling(turn: int, count: int) -> Iterator[str]:
    chance = random.Random(turn)
    shares = [chance.random() for _ in VOCABULARIES]
    return (chance.choice(choice) for choice in chance.choices(VOCABULARIES, shares, k=count))


def _asked_tokens(question: str, at: float) -> int:
    return MESSAGE_TOKENS + len(pieces(render_message(SOMEBODY, question, _moment(at))))


def _moment(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


# ---------------------------------------------------------------- the bill


async def billed_requests(
    traffic: Traffic, terms: Terms, *, context: str, store: StoreKind
) -> tuple[list[Request], list[int]]:
    """Return the request of each turn as the emulator's account was billed for it, in units of one uncached input
    token, with the notes made meanwhile; and up to which entry the notes reached in each turn.
    """
    clock, card = ManualClock(START), price_card(terms.ratio)
    unhurried = SeedOptions(pace=Pace(requests_per_minute=10**6, tokens_per_minute=10**12))
    async with (
        running_seed(_emulated(terms)) as seed,
        opened_store(store, clock) as opened,
        open_seed(base_url=seed.url, api_key=API_KEY, model=MODEL, options=unhurried) as model,
        open_rates(model) as rates,
    ):
        seed.account.card = card
        if not await rates.refresh():
            raise RuntimeError("the emulator told no prices")
        product = Product(opened, model, rates, clock=clock, sleep=clock.sleep)
        await product.set(context=context, memory="yes" if terms.notes else "no", enable_thinking="no")
        origin, requests, noted = seed.clock.time(), list[Request](), list[int]()
        for turn, at in enumerate(traffic.counted.at):
            since = len(seed.account.events)
            clock.advance((_moment(at) - clock.now).total_seconds())
            await product.rest()
            noted.append(await product.noted_until())
            seed.clock.advance(max(0.0, origin + at - seed.clock.time()))
            await product.ask(traffic.questions[turn], turn)
            requests.append(_billed(seed, since, turn, has_notes=noted[-1] > 0))
        await product.aclose()
        return requests, noted


def price_card(ratio: float) -> RateCard:
    """Seed's prices with cached input at `ratio` of the price of input."""
    share = Decimal(str(ratio))
    return replace(SEED_CARD, tiers=tuple(replace(tier, cached=tier.input * share) for tier in SEED_CARD.tiers))


def _emulated(terms: Terms) -> Options:
    return Options(
        cached_price="published",
        balance=Decimal(10**9),
        context_tokens=terms.context_tokens,
        cache_block_tokens=terms.block,
        cache_lifetime_s=terms.lifetime + GRACE_SECONDS,
        chunk_tokens=64,
        keep_requests=8,
    )


def _billed(seed: RunningSeed, since: int, turn: int, *, has_notes: bool) -> Request:
    """Return the request of a turn, the only one for an answer after the first `since`, with the cost of the notes that
    were made meanwhile. Raises `RuntimeError` when it was not answered.
    """
    made = [(item.ask, seed.account.events[item.number - 1]) for item in seed.requests if item.number > since]
    if len(made) != len(seed.account.events) - since or any(event.status_code != ANSWERED for _, event in made):
        raise RuntimeError(f"turn {turn} came to {len(made)} requests that are known, or one was not answered")
    card = seed.account.card
    [(ask, event)] = [(ask, event) for ask, event in made if ask is not None and not _is_for_notes(ask)]
    notes = sum((event.cost for ask, event in made if ask is not None and _is_for_notes(ask)), Decimal(0))
    output = event.usage.output * card.tier(event.usage.input).output / MILLION
    carried = len(ask.messages) - (2 if has_notes else 1)  # the first ones are the head and the notes
    return Request(
        first=2 * turn + 1 - carried,
        prompt=event.usage.input,
        cached=event.usage.cached,
        cost=float((event.cost - output + notes) * MILLION / card.tiers[0].input),
    )


def _is_for_notes(ask: Ask) -> bool:
    return ask.question.text.startswith("Update your notes")


# ---------------------------------------------------------------- beside the simulation


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The same turns three times: as billed, as simulated, and the simulation's bill for the windows really sent."""

    trace: Trace
    terms: Terms
    billed: Sequence[Request]
    predicted: Sequence[Request]
    same_windows: Sequence[Request]

    @property
    def ratio(self) -> float:
        """The cost billed as a multiple of the cost predicted."""
        return _cost(self.billed) / _cost(self.predicted)

    @property
    def billing_ratio(self) -> float:
        """The cost billed as a multiple of what the simulation would bill for the same windows."""
        return _cost(self.billed) / _cost(self.same_windows)


async def compare(
    trace: Trace, terms: Terms, *, context: str, store: StoreKind = "sqlite", even: bool = False
) -> Comparison:
    """Replay a trace and simulate it; the floor of `terms` is that of `context`."""
    traffic = as_texts(trace, even=even)
    billed, noted = await billed_requests(traffic, terms, context=context, store=store)
    account = Account(traffic.counted, terms)
    return Comparison(
        trace=traffic.counted,
        terms=terms,
        billed=billed,
        predicted=_all(bills(account, BY_NAME[OURS](account))),
        same_windows=_all(bills(account, Windows([request.first for request in billed], noted))),
    )


def terms_of(context: str, *, ratio: float = 0.2, block: int = 1_024, memory: bool = True) -> Terms:
    """Return the terms of a replay: the product's head, notes and instruction as the emulator counts them, and its own
    floor.
    """
    prompt = system_prompt(None, abilities=Abilities(files=False))
    head = HEAD_TOKENS + MESSAGE_TOKENS + len(pieces(prompt))
    terms = Terms(floor=FLOORS[context], ratio=ratio, head=head, block=block)
    if not memory:
        return terms
    asking = instruction((), most_tokens=most_notes(terms.context_tokens, terms.floor))
    written = notes(asking.text)
    [carried] = notes_message(written)
    return replace(
        terms,
        notes=MESSAGE_TOKENS + len(pieces(carried.text)),
        written=len(pieces(written)),
        instruction=HEAD_TOKENS + 2 * MESSAGE_TOKENS + len(pieces(SYSTEM_PROMPT)) + len(pieces(asking.text)),
    )


def _all(requests: Sequence[Request | None]) -> Sequence[Request]:
    made = [request for request in requests if request is not None]
    if len(made) < len(requests):
        raise RuntimeError("a simulated turn failed")
    return made


def _cost(requests: Sequence[Request]) -> float:
    return sum(request.cost for request in requests)


def _hit_rate(requests: Sequence[Request]) -> float:
    return sum(request.cached for request in requests) / sum(request.prompt for request in requests)


def _trims(requests: Sequence[Request]) -> int:
    return sum(later.first > earlier.first for earlier, later in pairwise(requests))


TITLES = (
    "trace", "turns", "promise", "c/p", "block", "billed, $", "predicted, $", "ratio", "same windows",
    "from cache", "predicted", "cuts", "predicted", "ms per turn",
)  # fmt: skip


def row(found: Comparison, seconds: float) -> str:
    """Return a row of the table."""
    terms, turns = found.terms, len(found.trace)
    dollars = float(SEED_CARD.tiers[0].input / MILLION)
    figures = (
        found.trace.name,
        f"{turns:,}",
        f"{terms.floor:,}",
        f"{terms.ratio:g}",
        f"{terms.block:,}",
        f"{_cost(found.billed) * dollars:.4f}",
        f"{_cost(found.predicted) * dollars:.4f}",
        f"{found.ratio:.4f}",
        f"{found.billing_ratio:.4f}",
        f"{_hit_rate(found.billed):.1%}",
        f"{_hit_rate(found.predicted):.1%}",
        f"{_trims(found.billed)}",
        f"{_trims(found.predicted)}",
        f"{1_000 * seconds / turns:.0f}",
    )
    return f"| {' | '.join(figures)} |"


# ---------------------------------------------------------------- the command line


async def run(options: argparse.Namespace) -> None:
    """Replay what the command line asks for, a row at a time."""
    print(f"| {' | '.join(TITLES)} |\n|---|{'---:|' * (len(TITLES) - 1)}", flush=True)
    for trace in _chosen(options):
        for context in options.context:
            for ratio in options.ratio:
                terms = terms_of(context, ratio=ratio, block=options.block, memory=not options.without_memory)
                started = time.perf_counter()
                found = await compare(trace, terms, context=context, store=options.store, even=options.even)
                print(row(found, time.perf_counter() - started), flush=True)


def _chosen(options: argparse.Namespace) -> Iterator[Trace]:
    files = [options.trace] if options.trace else recorded_traffic()
    for trace in (trace for file in files for trace in read_traces(file)):
        cut = slice(options.start, options.start + options.turns if options.turns else None)
        yield Trace(trace.name, trace.at[cut], trace.questions[cut], trace.answers[cut])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description="Replay recorded traffic through the product and compare its bill.")
    parser.add_argument("--trace", type=Path, help="one CSV file in place of all recorded traffic")
    parser.add_argument("--start", type=int, default=0, help="the first turn that is replayed")
    parser.add_argument("--turns", type=int, default=600, help="how many turns are replayed, 0 for all")
    parser.add_argument("--context", nargs="+", choices=list(FLOORS), default=["economy", "normal"])
    parser.add_argument("--ratio", type=float, nargs="+", default=[0.2], help="price of cached input as a share")
    parser.add_argument("--block", type=int, default=1_024, help="cached prefixes end at multiples of so many tokens")
    parser.add_argument("--store", choices=["sqlite", "memory"], default="sqlite")
    parser.add_argument("--without-memory", action="store_true", help="trims cause no notes")
    parser.add_argument("--even", action="store_true", help="texts of one kind, whose tokens are easily estimated")
    options = parser.parse_args(arguments)
    if options.trace is None and not recorded_traffic():
        print("There is no recorded traffic; name a file with --trace or a folder with SEEDLING_TEST_DATA.")
        return 1
    asyncio.run(run(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
