"""What is learned of prices, caches and notes: a stated prior, moved by evidence, kept for all processes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language import speaking
from bot.learned_rates import LIFETIMES, PLACE, LearnedRates
from bot.pricing import MILLION, SEED_CARD, RateCard
from bot.types import Observation, Usage
from storage.in_memory.store import MemoryStore
from tests.fakes import FixedRates, ManualClock


def learning(store: MemoryStore | None = None, card: RateCard = SEED_CARD) -> LearnedRates:
    return LearnedRates(FixedRates(card), store or MemoryStore(clock=ManualClock()), name="seed@host")


def billed(share: str, *, cached: int = 20_000, fresh: int = 1_000, output: int = 300, **changes: object) -> Usage:
    """A request that states a cost with cached input at a share of the price of input."""
    tier = SEED_CARD.tier(cached + fresh)
    tokens = (fresh + cached * Decimal(share)) * tier.input + output * tier.output
    usage = Usage(input=cached + fresh, cached=cached, output=output, reported_cost=tokens / MILLION)
    return replace(usage, **changes)  # type: ignore[arg-type]  # names and types are those of Usage


async def test_before_anything_was_seen_the_priors_hold() -> None:
    card = learning().card()
    assert (card.cached_share, card.cache_lifetime, card.notes_tokens) == (
        SEED_CARD.cached_share,
        timedelta(minutes=10),
        400,
    )


def test_what_was_learned_is_told_in_the_language_of_who_reads_it() -> None:
    evidence = learning().evidence
    told = "\n".join(evidence.told(SEED_CARD))
    assert "A cache lives 10 min (assumed: no question after a pause has shown it yet)." in told
    with speaking("de"):
        german = "\n".join(evidence.told(SEED_CARD))
    assert ("20.0% of the price of input" in told, "A cache lives 10 min" in told) == (True, True)
    assert ("20,0 % des Preises" in german, "Ein Cache lebt 10 min" in german) == (True, True)
    assert not {"cached", "assumed", "First"} & set(german.split())


@pytest.mark.parametrize(("share", "near"), [("1", "0.9"), ("0.5", "0.45"), ("0", "0.03")])
async def test_the_cached_price_is_learned_from_costs(share: str, near: str) -> None:
    rates = learning()
    for _ in range(12):
        rates.observe(Observation(usage=billed(share)))
    assert abs(rates.card().cached_share - Decimal(near)) < Decimal("0.06")


@pytest.mark.parametrize(
    "usage",
    [
        billed("1", reported_cost=None),
        billed("1", tools={"web_search": 1}),
        billed("1", requests=2),
        billed("1", cached=0),
        billed("3"),  # other prices than those of the card
    ],
)
async def test_what_does_not_tell_the_cached_price_teaches_nothing(usage: Usage) -> None:
    rates = learning()
    rates.observe(Observation(usage=usage))
    assert rates.card().cached_share == SEED_CARD.cached_share


async def test_a_published_price_is_not_learned() -> None:
    tiers = tuple(replace(tier, cached=tier.input / 4) for tier in SEED_CARD.tiers)
    rates = learning(card=replace(SEED_CARD, tiers=tiers))
    rates.observe(Observation(usage=billed("1")))
    assert rates.evidence.priced == 0


def after(minutes: float, *, cached: int) -> Observation:
    usage = Usage(input=20_000, cached=cached)
    return Observation(usage=usage, pause=timedelta(minutes=minutes), repeated=18_000, shared_prefix=1_100)


@pytest.mark.parametrize(
    ("seen", "lives"),
    [
        ([(15, 17_000)] * 2, 10),  # not enough to give up what is assumed
        ([(15, 17_000)] * 3, 20),
        ([(15, 17_000), (35, 17_000), (55, 17_000)] * 3, 80),
        ([(55, 17_000)] * 9, 10),  # what lies between is not known
        ([(1, 17_000)] * 3 + [(8, 1_024)] * 3, 5),  # the system prompt alone was cached, for other threads
        ([(8, 0)] * 9, 10),  # a gateway that tells of no cache
    ],
)
async def test_the_lifetime_is_learned_from_what_is_cached_after_pauses(
    seen: list[tuple[float, int]], lives: int
) -> None:
    rates = learning()
    for minutes, cached in seen:
        rates.observe(after(minutes, cached=cached))
    assert rates.card().cache_lifetime == timedelta(minutes=lives)


async def test_the_length_of_notes_is_learned_from_those_written() -> None:
    rates = learning()
    for _ in range(8):
        rates.observe(Observation(usage=Usage(output=200), is_notes=True))
    assert rates.card().notes_tokens == 240


async def test_what_was_learned_is_kept_and_added_up_by_all_processes() -> None:
    store = MemoryStore(clock=ManualClock())
    one, other = learning(store), learning(store)
    for rates in (one, other):
        await rates.recall()
        rates.observe(Observation(usage=billed("1")))
        rates.observe(after(15, cached=17_000))
    await one.aclose()
    await other.aclose()
    later = learning(store)
    await later.recall()
    assert later.evidence == one.evidence + one.evidence
    assert later.evidence.priced == 2
    told = "\n".join(later.evidence.told(SEED_CARD))
    assert "2 requests with 40,000 cached tokens told it" in told
    assert "20 min: 2 of 2" in told


@given(st.text(max_size=50))
async def test_what_is_stored_in_another_form_is_no_evidence(stored: str) -> None:
    store = MemoryStore(clock=ManualClock())
    await store.put_state(PLACE, "learned/seed@host", stored)
    rates = learning(store)
    await rates.recall()
    assert rates.card().cache_lifetime in LIFETIMES
    assert rates.card().cached_share == SEED_CARD.cached_share
