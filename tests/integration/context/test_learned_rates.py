"""Decisions follow what a provider's bills, caches and notes show, where no list tells it: over the real client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Literal

import pytest

from adapters.seed import Pace, SeedModel, SeedOptions, open_rates, open_seed
from benchmarks.context_product import KEY, Product
from bot.app.learned_prices import learn_from_account
from bot.learned_rates import LearnedRates
from bot.types import RequestRecord
from storage.in_memory.store import MemoryStore
from tests.emulators.seed import API_KEY, MODEL, Options, RunningSeed, running_seed
from tests.fakes import START, ManualClock

QUESTION = "Please write 200 words about " + "the road from here to town " * 40
UNHURRIED = SeedOptions(pace=Pace(requests_per_minute=10**6, tokens_per_minute=10**12))


class Talk:
    """A conversation over the real client, whose clock and the emulator's go together."""

    def __init__(self, seed: RunningSeed, model: SeedModel, rates: LearnedRates, store: MemoryStore) -> None:
        self.seed, self.model, self.rates, self.store = seed, model, rates, store
        self.clock = ManualClock(START)
        self.product = Product(store, model, rates, clock=self.clock, sleep=self.clock.sleep)
        self.turn = 0

    async def go_on(self, turns: int, *, pause: float) -> Sequence[RequestRecord]:
        """Ask so often, each time after a pause; the records of these requests."""
        for _ in range(turns):
            self.clock.advance(pause)
            await self.product.rest()
            self.seed.clock.advance(pause)
            await self.product.ask(QUESTION, self.turn)
            self.turn += 1
        return await self.store.recent_requests(KEY, limit=turns)


@asynccontextmanager
async def talking(options: Options, *, memory: Literal["yes", "no"] = "no") -> AsyncIterator[Talk]:
    store = MemoryStore(clock=ManualClock(START))
    async with (
        running_seed(options) as seed,
        open_seed(base_url=seed.url, api_key=API_KEY, model=MODEL, options=UNHURRIED) as model,
        open_rates(model, every=None) as told,
    ):
        talk = Talk(seed, model, LearnedRates(told, store, name="m"), store)
        await talk.product.set(context="economy", memory=memory, enable_thinking="no")
        yield talk
        await talk.product.aclose()
        await talk.rates.aclose()


def longest(records: Sequence[RequestRecord]) -> int:
    return max(record.figures.total for record in records)


async def test_without_a_discount_the_window_slides_and_with_one_it_grows() -> None:
    grown = []
    for price in ("full", "hidden"):
        async with talking(Options(cached_price=price, cost="usage.cost_usd", cache_block_tokens=128)) as talk:
            await talk.go_on(20, pause=10)
            grown.append(longest(await talk.go_on(12, pause=10)))
            share = talk.rates.card().cached_share
            assert share > Decimal("0.7") if price == "full" else abs(share - Decimal("0.2")) < Decimal("0.03")
    assert grown[0] < 0.8 * grown[1]


async def test_where_answers_tell_no_costs_the_account_does() -> None:
    async with talking(Options(cached_price="full", cache_block_tokens=128)) as talk:
        await talk.go_on(16, pause=10)
        assert talk.rates.card().cached_share == Decimal("0.2")
        await learn_from_account(talk.model, talk.rates, until=talk.seed.clock.now() + timedelta(seconds=1))
        assert talk.rates.card().cached_share > Decimal("0.6")
        assert not talk.rates.answers_tell_costs


@pytest.mark.parametrize(("lifetime", "cut"), [(600.0, True), (3_600.0, False)])
async def test_a_cache_that_lives_for_an_hour_makes_cuts_at_pauses_needless(lifetime: float, cut: bool) -> None:
    async with talking(Options(cached_price="hidden", cache_block_tokens=128, cache_lifetime_s=lifetime)) as talk:
        await talk.product.set(context="normal")  # within which nothing has to be cut, so that it shows
        for pause in (900, 2_000):
            for _ in range(4):
                await talk.go_on(2, pause=5)
                await talk.go_on(1, pause=pause)
        await talk.product.set(context="economy")
        await talk.go_on(3, pause=5)
        (late,) = await talk.go_on(1, pause=1_500)
        assert (late.figures.broken == "cold") == cut
        assert talk.rates.card().cache_lifetime == timedelta(minutes=10 if cut else 40)


async def test_notes_are_as_long_as_those_written() -> None:
    async with talking(Options(), memory="yes") as talk:
        await talk.go_on(40, pause=10)
        written = talk.rates.evidence.notes
        assert written >= 2
        assert 120 <= talk.rates.evidence.notes_tokens / written <= 180
        assert talk.rates.card().notes_tokens != 400
