"""However a request ends, the ledger has what the provider bills."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from decimal import Decimal

import pytest

from bot.access.metered_model import PROGRESS, Bill, MeteredModel
from bot.errors import BotError, ModelUnavailable, Refused, StorageError, StreamCut
from bot.pricing import SEED_CARD
from bot.types import (
    Charge,
    CostSplit,
    Entry,
    Finish,
    Finished,
    ModelEvent,
    ModelRequest,
    Purpose,
    ReasoningDelta,
    RequestId,
    RequestNotBilled,
    RequestSent,
    SentRequest,
    TextDelta,
    TextWithdrawn,
    Usage,
    UsageReported,
)
from storage.in_memory.ledger import LedgerLine
from storage.in_memory.store import MemoryStore
from tests.fakes import KEY, FixedRates, ManualClock, ScriptedModel, incoming, sent

REQUEST = ModelRequest(system_prompt="h", entries=(Entry(role="user", text="Why?"),), parameters={})
Step = ModelEvent | BotError | asyncio.Event


class Counter:
    """A metered model over a ledger in memory, and the bill of a turn."""

    def __init__(self, store: MemoryStore, clock: ManualClock, bill: Bill) -> None:
        self.store, self.clock, self.bill = store, clock, bill

    async def ask(self, *script: Step, until: type[ModelEvent] | None = None) -> None:
        """Hear an answer to its end, or leave after an event of a kind."""
        model = MeteredModel(ScriptedModel(script), self.store, FixedRates(), clock=self.clock)
        with suppress(BotError):
            async with aclosing(model.stream(REQUEST, self.bill)) as events:
                async for event in events:
                    if until is not None and isinstance(event, until):
                        return

    @property
    def lines(self) -> Sequence[LedgerLine]:
        return list(self.store.lines.values())

    @property
    def usages(self) -> Sequence[Usage]:
        return [line.charge.usage for line in self.lines]


@pytest.fixture
async def counter() -> Counter:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    await store.enqueue(incoming("Why?"))
    turn = await store.claim(KEY, worker="w")
    assert turn is not None
    return Counter(store, clock, Bill(turn=turn, purpose=Purpose.ANSWER, ratio=2.0, cached=50))


async def test_a_line_stands_there_before_the_request_is_sent(counter: Counter) -> None:
    class Watching(ScriptedModel):
        async def stream(self, request: ModelRequest):  # type: ignore[no-untyped-def]  # as the base
            yield RequestSent(tokens=100, most=4_096)
            (line,) = counter.lines
            assert (line.settled_at, line.charge.usage) == (None, Usage(input=200, cached=50, estimated=True))
            yield UsageReported(Usage(input=210, cached=64, output=9))
            yield Finished(Finish.STOP)

    model = MeteredModel(Watching(), counter.store, FixedRates(), clock=counter.clock)
    assert [type(event) async for event in model.stream(REQUEST, counter.bill)][-1] is Finished
    assert counter.usages == [Usage(input=210, cached=64, output=9)]
    assert counter.lines[0].settled_at is not None


@pytest.mark.parametrize(
    ("script", "until"),
    [
        pytest.param((ReasoningDelta("x" * 420), TextDelta("x" * 42), StreamCut("cut")), None, id="cut"),
        pytest.param((ReasoningDelta("x" * 420), TextDelta("x" * 42), asyncio.Event()), TextDelta, id="stopped"),
        pytest.param(
            (
                ReasoningDelta("x" * 420),
                TextDelta("x" * 42),
                UsageReported(Usage(input=sent(REQUEST).tokens, output=1, estimated=True)),
                Refused("filtered"),
            ),
            None,
            id="refused-without-a-count",
        ),
        pytest.param(
            (ReasoningDelta("x" * 378), TextDelta("x" * 42), TextWithdrawn(), TextDelta("x" * 42), StreamCut("cut")),
            None,
            id="reasoning-known-late",
        ),
    ],
)
async def test_what_ends_without_a_count_is_estimated_with_its_cached_share(
    counter: Counter, script: Sequence[Step], until: type[ModelEvent] | None
) -> None:
    await counter.ask(*script, until=until)
    (line,) = counter.lines
    assert line.settled_at is not None
    prompt = line.charge.usage.input
    assert line.charge.usage == Usage(
        input=prompt, cached=min(prompt, 50), output=220, reasoning=200, estimated=True
    )  # twice the estimate
    assert counter.bill.usage == line.charge.usage


async def test_what_is_refused_after_a_stream_is_billed_and_what_is_not_taken_is_not(counter: Counter) -> None:
    await counter.ask(ReasoningDelta("hm"), UsageReported(Usage(input=9, output=1)), Refused("filtered"))
    await counter.ask(ModelUnavailable("down"))
    assert counter.usages == [Usage(input=9, output=1)]


async def test_a_told_cost_that_cannot_be_is_estimated_and_logged_once(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    told = Usage(input=1_000, output=50, reported_cost=Decimal(10**9))
    second = RequestSent(tokens=1, most=4_096)
    await counter.ask(UsageReported(told), second, UsageReported(told))
    believed = Usage(input=1_000, output=50, estimated=True)
    charge = Charge(usage=believed, cost=SEED_CARD.cost(believed))
    assert [line.charge for line in counter.lines] == [charge, charge]
    assert counter.bill.cost == 2 * charge.cost
    assert len([record for record in caplog.records if "costs that cannot be" in record.message]) == 1


async def test_two_requests_of_one_answer_have_a_line_and_a_tier_each(counter: Counter) -> None:
    short, long = Usage(input=100_000, output=10), Usage(input=130_000, output=10)
    await counter.ask(
        UsageReported(short),
        RequestSent(tokens=1, most=4_096),
        UsageReported(long),
        RequestSent(tokens=1, most=4_096),
        RequestNotBilled(),
    )
    assert [line.charge for line in counter.lines] == [
        Charge(usage=usage, cost=SEED_CARD.cost(usage)) for usage in (short, long)
    ]
    assert counter.bill.usage == Usage(input=230_000, output=20, requests=2)
    assert counter.bill.cost == Decimal("0.031025") + Decimal("0.08065")
    model = MeteredModel(ScriptedModel(), counter.store, FixedRates(), clock=counter.clock)
    footer = model.footer(counter.bill, seconds=1, show_cost=True)
    assert footer is not None
    assert footer.split == CostSplit(read=Decimal("0.1116"), written=Decimal("0.000075"))


async def test_a_stream_in_progress_is_noted_now_and_then(counter: Counter) -> None:
    gate = asyncio.Event()
    asking = asyncio.create_task(counter.ask(TextDelta("x" * 42), gate, TextDelta("x" * 42), asyncio.Event()))
    async with asyncio.timeout(10):
        while not counter.lines:
            await asyncio.sleep(0)
        assert counter.usages[0].output == 0
        counter.clock.advance(PROGRESS.total_seconds())
        gate.set()
        while not counter.usages[0].output:
            await asyncio.sleep(0)
    assert counter.usages[0].output == 40
    assert counter.lines[0].settled_at is None
    asking.cancel()
    await asyncio.wait((asking,))
    assert counter.lines[0].settled_at is not None


async def test_nothing_is_sent_that_cannot_be_written_ahead(counter: Counter) -> None:
    async def fails(request: SentRequest) -> RequestId:
        raise StorageError("the disk is full")

    counter.store.open_request = fails  # type: ignore[method-assign]  # the worst moment
    model = ScriptedModel()
    with pytest.raises(StorageError):
        async for _ in MeteredModel(model, counter.store, FixedRates(), clock=counter.clock).stream(
            REQUEST, counter.bill
        ):
            pass
    assert counter.bill.usage is None


async def test_what_could_not_be_settled_stays_open_and_ends_nothing(counter: Counter) -> None:
    async def fails(id: RequestId, charge: Charge) -> None:
        raise StorageError("the disk is full")

    counter.store.settle_request = fails  # type: ignore[method-assign]  # the worst moment
    await counter.ask(TextDelta("hi"), asyncio.Event(), until=TextDelta)
    assert counter.lines[0].settled_at is None
