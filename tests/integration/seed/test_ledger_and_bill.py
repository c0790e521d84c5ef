"""However requests end, the ledger has a line for each that the provider billed, and comes to the same sum."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from adapters.seed import Pace, SeedOptions, open_rates, open_seed
from adapters.seed.transcriptions import SeedSounds
from benchmarks.context_product import Product
from bot.access.metered_model import Bill, MeteredModel, PricedModel
from bot.access.metered_sounds import MeteredSounds
from bot.context.tokens import SECOND_OF_SOUND
from bot.errors import ModelError, ModelUnavailable
from bot.summary.model_requests import SummaryModel
from bot.types import INSTALLATION, Budget, Entry, Media, ModelRequest, Period, Purpose, TextDelta, Transcription
from storage.in_memory.ledger import LedgerLine
from storage.in_memory.store import MemoryStore
from tests.emulators.seed import API_KEY, MODEL, Options, RunningSeed, running_seed
from tests.emulators.seed.billing import WHISPER_MINUTE, UsageEvent
from tests.emulators.seed.faults import Fault
from tests.fakes import KEY, FixedRates, ManualClock, incoming
from tests.unit.media.samples import spoken

UNHURRIED = SeedOptions(pace=Pace(requests_per_minute=10**6, tokens_per_minute=10**12))
TALK = "Please write 300 words about " + "the road from here to town " * 60
MISSED = 0.15
"""How far an estimate may be off, as a share of what was billed, where the provider has told no count."""


CLIP = Media(kind="audio", media_type="audio/wav", name="clip.wav", data=spoken(2), tokens=2 * SECOND_OF_SOUND)


class SilentReader:
    """Is asked for what is said in a sound, and never tells."""

    transcriber = "whisper-1"

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def takes_sound(self) -> bool:
        return False

    async def transcribe(self, sound: Media) -> Transcription | None:
        self.asked.set()
        await asyncio.Event().wait()
        return None


@dataclass(frozen=True, kw_only=True)
class Books:
    """A metered model over a ledger in memory, its ears, and the emulators that bill its requests."""

    model: MeteredModel
    sounds: MeteredSounds
    store: MemoryStore
    bill: Bill
    seeds: Sequence[RunningSeed]

    @property
    def lines(self) -> Sequence[LedgerLine]:
        return list(self.store.lines.values())

    @property
    def billed(self) -> Sequence[UsageEvent]:
        return [event for seed in self.seeds for event in seed.account.events if event.cost]

    async def ask(self, text: str = TALK, *, stop: bool = False, **parameters: Any) -> None:
        """Hear an answer to its end, or stop it after its first words."""
        wire = {"max_tokens": 2_000, "enable_thinking": False, **parameters}
        request = ModelRequest(system_prompt="h", entries=(Entry(role="user", text=text),), parameters=wire)
        with suppress(ModelError):
            async with aclosing(self.model.stream(request, self.bill)) as events:
                async for event in events:
                    if stop and isinstance(event, TextDelta):
                        return

    async def check(self, *, counted: bool) -> None:
        """Compare the books, to the tenth of a millicent where all is `counted`; all lines are settled."""
        async with asyncio.timeout(20):
            while sum(len(seed.account.events) for seed in self.seeds) < sum(len(seed.requests) for seed in self.seeds):
                await asyncio.sleep(0.01)
        assert [line.settled_at is None for line in self.lines] == [False] * len(self.billed)
        ours = sum((line.charge.cost for line in self.lines), Decimal(0))
        theirs = sum((event.cost for event in self.billed), Decimal(0))
        assert theirs > 0
        assert float(ours) == pytest.approx(float(theirs), rel=1e-6 if counted else MISSED)
        assert counted == (not any(line.charge.usage.estimated for line in self.lines))


@asynccontextmanager
async def opened(purpose: Purpose = Purpose.ANSWER, *, fallback: bool = False, **options: Any) -> AsyncIterator[Books]:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    await store.enqueue(incoming("Why?"))
    turn = await store.claim(KEY, worker="w")
    assert turn is not None
    async with AsyncExitStack() as stack:
        seeds = [await stack.enter_async_context(running_seed(Options(**options))) for _ in range(1 + fallback)]
        models = [
            await stack.enter_async_context(
                open_seed(base_url=seed.url, api_key=API_KEY, model=MODEL, options=UNHURRIED)
            )
            for seed in seeds
        ]
        rates = FixedRates()
        second = PricedModel(model=models[1], rates=rates) if fallback else None
        model = MeteredModel(models[0], store, rates, clock=clock, fallback=second)
        sounds = MeteredSounds(SeedSounds(models[0]), store, rates)
        bill = Bill(turn=turn, purpose=purpose)
        yield Books(model=model, sounds=sounds, store=store, bill=bill, seeds=seeds)


@pytest.mark.parametrize(
    ("faults", "parameters", "counted"),
    [
        pytest.param([], {}, True, id="answered"),
        pytest.param([], {"enable_thinking": True}, True, id="thought-about"),
        pytest.param([Fault(kind="content_filter")], {}, True, id="refused-after-a-billed-stream"),
        pytest.param([Fault(kind="length_without_text")], {"enable_thinking": True}, True, id="empty-and-asked-again"),
        pytest.param([Fault(kind="http_429"), Fault(kind="http_503")], {}, True, id="asked-again"),
        pytest.param([Fault(kind="reset")], {}, True, id="no-answer-at-all"),
        pytest.param([Fault(kind="no_finish")], {}, True, id="without-a-reason"),
        pytest.param([Fault(kind="cut_after", after=40)], {}, False, id="cut"),
        pytest.param([Fault(kind="cut_before_text")], {"enable_thinking": True}, False, id="cut-while-thinking"),
        pytest.param([Fault(kind="error_in_stream", after=40)], {}, False, id="failed-in-the-stream"),
        pytest.param([Fault(kind="missing_usage")], {}, False, id="without-a-count"),
    ],
)
async def test_however_a_request_ends_its_line_is_what_is_billed(
    faults: Sequence[Fault], parameters: Mapping[str, Any], counted: bool
) -> None:
    async with opened() as books:
        for fault in faults:
            books.seeds[0].faults.add(fault)
        for _ in range(2):
            await books.ask(**parameters)
        await books.check(counted=counted)


async def test_a_stopped_answer_is_estimated_as_far_as_it_came() -> None:
    async with opened(tokens_per_second=400.0) as books:
        await books.ask("Write 20000 words. " + TALK, stop=True)
        await books.check(counted=False)


async def test_a_second_try_near_a_cap_costs_no_more_than_was_reserved_for_it() -> None:
    async with opened() as books:
        amount, greatest = Decimal("0.05"), books.model.greatest_cost(2_000, 2_000)
        await books.store.put_budget(Budget(scope=INSTALLATION, period=Period.DAY, amount=amount, time_zone="UTC"))
        books.seeds[0].faults.add(Fault(kind="length_without_text"))
        await books.ask(enable_thinking=True)
        assert [request.body["max_tokens"] for request in books.seeds[0].requests] == [2_000, 2_000]
        assert max(event.cost for event in books.billed) <= greatest
        await books.check(counted=True)


async def test_what_the_provider_did_not_take_has_no_line() -> None:
    async with opened() as books:
        books.seeds[0].faults.add(Fault(kind="sensitive_400"))
        await books.ask()
        assert books.lines == []
        assert books.billed == []


async def test_the_model_in_place_of_another_is_billed_where_it_answers() -> None:
    async with opened(fallback=True) as books:
        books.seeds[0].faults.add(Fault(kind="http_503", times=0))
        await books.ask()
        assert books.model.give_up(ModelUnavailable("away"))
        await books.ask()
        assert [bool(seed.account.balance < 100) for seed in books.seeds] == [False, True]
        await books.check(counted=True)


@pytest.mark.parametrize("fault", ["content_filter", "cut_after"])
async def test_each_part_of_a_summary_has_its_line_the_failed_ones_too(fault: str) -> None:
    async with opened(Purpose.SUMMARY) as books:
        summary = SummaryModel(model=books.model, bill=books.bill)
        books.seeds[0].faults.add(Fault(kind=fault, after=40))
        for _ in range(4):
            with suppress(ModelError):
                await summary.ask(Entry(role="user", text=TALK), points=5)
        assert len(books.lines) >= 4
        await books.check(counted=fault == "content_filter")


@pytest.mark.parametrize(("support", "estimated"), [("transcriptions", True), ("jobs", False)])
async def test_a_sound_that_is_transcribed_is_a_line(support: str, estimated: bool) -> None:
    async with opened(sound=support) as books:
        said = [await books.sounds.transcribe(CLIP, books.bill.turn) for _ in range(2)]
        assert said == [f"These are {len(CLIP.data)} bytes of sound.wav."] * 2
        assert {(line.purpose, line.model) for line in books.lines} == {(Purpose.TRANSCRIPTION, "whisper-1")}
        await books.check(counted=not estimated)
        assert sum(line.charge.cost for line in books.lines) == sum(event.cost for event in books.billed)


async def test_a_sound_that_nobody_transcribes_is_none() -> None:
    async with opened(sound="none") as books:
        assert await books.sounds.transcribe(CLIP, books.bill.turn) == ""
        assert books.lines == []


async def test_a_sound_that_was_given_up_after_it_was_sent_is_estimated() -> None:
    async with opened() as books:
        silent = SilentReader()
        sounds = MeteredSounds(silent, books.store, FixedRates())
        hearing = asyncio.create_task(sounds.transcribe(CLIP, books.bill.turn))
        await silent.asked.wait()
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
        (line,) = books.lines
        assert line.settled_at is not None
        assert line.charge.usage.estimated
        assert line.charge.cost == WHISPER_MINUTE / 30


async def test_notes_are_lines_of_their_own() -> None:
    async with opened(cached_price="published", cache_block_tokens=128) as books:
        clock, seed = ManualClock(), books.seeds[0]
        async with (
            open_seed(base_url=seed.url, api_key=API_KEY, model=MODEL, options=UNHURRIED) as model,
            open_rates(model, every=None) as rates,
        ):
            assert await rates.refresh()
            product = Product(books.store, model, rates, clock=clock, sleep=clock.sleep)
            await product.set(context="economy", enable_thinking="no")
            for number in range(24):
                clock.advance(10)
                await product.ask(TALK, number)
            await product.aclose()
        assert sum(line.purpose is Purpose.NOTES for line in books.lines) >= 2
        await books.check(counted=True)
