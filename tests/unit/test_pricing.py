"""What a request costs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.pricing import FREE_CARD, SEED_CARD, RateCard, Tier, price_text
from bot.types import Usage

PUBLISHED = RateCard(
    tiers=(Tier(from_tokens=0, input=Decimal("0.31"), output=Decimal("2.50"), cached=Decimal("0.062")),),
    origin="live",
)


@pytest.mark.parametrize(
    ("tokens", "input_price"),
    [
        pytest.param(0, "0.31", id="empty"),
        pytest.param(127_999, "0.31", id="just-below-the-boundary"),
        pytest.param(128_000, "0.62", id="at-the-boundary"),
    ],
)
def test_the_tier_follows_the_prompt_length(tokens: int, input_price: str) -> None:
    assert SEED_CARD.tier(tokens).input == Decimal(input_price)


def test_the_tier_holds_for_the_whole_request() -> None:
    assert (
        SEED_CARD.cost(Usage(input=200_000, output=14_000))
        == Decimal("0.62") * 200_000 / 10**6 + Decimal(5) * 14_000 / 10**6
    )


def test_a_saving_that_nobody_confirmed_is_not_billed() -> None:
    assert SEED_CARD.cost(Usage(input=1000, cached=900)) == SEED_CARD.cost(Usage(input=1000))


def test_a_published_cached_price_is_billed() -> None:
    assert PUBLISHED.cost(Usage(input=1_000_000, cached=1_000_000)) == Decimal("0.062")


def test_a_cost_is_split_by_what_it_is_paid_for() -> None:
    usage = Usage(input=1_000_000, cached=400_000, output=300_000, reasoning=100_000)
    split = PUBLISHED.split(usage)
    assert (split.read, split.cached, split.reasoned, split.written) == (
        Decimal("0.186"),
        Decimal("0.0248"),
        Decimal("0.25"),
        Decimal("0.5"),
    )
    assert PUBLISHED.cost(usage) == split.read + split.cached + split.reasoned + split.written


@pytest.mark.parametrize(
    ("card", "told", "is_believed"),
    [
        pytest.param(SEED_CARD, "1", True, id="a-dollar-is-never-doubted"),
        pytest.param(SEED_CARD, "43.5", True, id="a-hundred-times-the-price"),
        pytest.param(SEED_CARD, "43.6", False, id="more"),
        pytest.param(SEED_CARD, "1e9", False, id="a-billion"),
        pytest.param(FREE_CARD, "2", True, id="a-gateway-on-ones-own-machine"),
        pytest.param(FREE_CARD, "1e9", False, id="a-billion-there"),
    ],
)
def test_a_told_cost_that_cannot_be_is_not_believed(card: RateCard, told: str, is_believed: bool) -> None:
    usage = Usage(input=100_000, output=161_600, reported_cost=Decimal(told))
    expected = usage if is_believed else Usage(input=usage.input, output=usage.output, estimated=True)
    assert card.believable(usage) == expected


def test_a_reported_cost_beats_the_card() -> None:
    assert SEED_CARD.cost(Usage(input=10**6, reported_cost=Decimal("0.01"))) == Decimal("0.01")


def test_decisions_assume_a_share_where_no_cached_price_is_published() -> None:
    tier = SEED_CARD.tier(0)
    assert SEED_CARD.decision_price_of_cached(tier) == Decimal("0.062")
    assert PUBLISHED.decision_price_of_cached(PUBLISHED.tier(0)) == Decimal("0.062")


def test_a_local_model_is_free() -> None:
    assert FREE_CARD.cost(Usage(input=5000, output=5000)) == 0


@pytest.mark.parametrize(
    ("price", "told"), [("2.5", "2.50"), ("2.50", "2.50"), ("5", "5.00"), ("0.0620", "0.062"), ("0", "0.00")]
)
def test_a_price_has_one_form_however_it_came(price: str, told: str) -> None:
    assert price_text(Decimal(price)) == told
