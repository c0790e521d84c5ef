"""Prices are read in every form in which catalogues are known to tell them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.seed.pricelist import read_card
from bot.pricing import FREE_CARD, SEED_CARD, RateCard, Tier


def tier(start: int, price: str, output: str, cached: str | None = None) -> Tier:
    return Tier(
        from_tokens=start,
        input=Decimal(price),
        output=Decimal(output),
        cached=None if cached is None else Decimal(cached),
    )


TWO = (tier(0, "0.31", "2.5"), tier(128_000, "0.62", "5"))
TWO_CACHED = (tier(0, "0.31", "2.5", "0.062"), tier(128_000, "0.62", "5", "0.124"))


def read(row: Any, fallback: RateCard = SEED_CARD) -> tuple[Tier, ...] | None:
    card = read_card(row, origin="here", fallback=fallback)
    return None if card is None else card.tiers


@pytest.mark.parametrize(
    ("row", "tiers"),
    [
        pytest.param(
            {
                "pricing_rows": [
                    {"type": "input", "min_prompt_tokens": 0, "unit": "1M tokens", "price": 0.31},
                    {"type": "output", "min_prompt_tokens": 0, "unit": "1M tokens", "price": 2.5},
                    {"type": "input", "min_prompt_tokens": 128000, "unit": "1M tokens", "price": 0.62},
                    {"type": "output", "min_prompt_tokens": 128000, "unit": "1M tokens", "price": 5.0},
                ]
            },
            TWO,
            id="a-row-for-each-price",
        ),
        pytest.param(
            {
                "pricing_rows": [
                    {"type": "input", "min_tokens": 0, "unit": "token", "price": "0.00000031"},
                    {"type": "cached_input", "min_tokens": 0, "unit": "token", "price": "0.000000062"},
                    {"type": "output", "min_tokens": 0, "unit": "token", "price": "0.0000025"},
                    {"type": "input", "min_tokens": 128000, "unit": "token", "price": "0.00000062"},
                    {"type": "cached_input", "min_tokens": 128000, "unit": "token", "price": "0.000000124"},
                    {"type": "output", "min_tokens": 128000, "unit": "token", "price": "0.000005"},
                ]
            },
            TWO_CACHED,
            id="per-token-with-cached",
        ),
        pytest.param(
            {
                "pricing_rows": [
                    {"label": "Input tokens (<=128K)", "price": "$0.31", "unit": "per million tokens"},
                    {"label": "Output tokens (<=128K)", "price": "$2.50", "unit": "per million tokens"},
                    {"label": "Input tokens (128K-256K)", "price": "$0.62", "unit": "per million tokens"},
                    {"label": "Output tokens (128K-256K)", "price": "$5.00", "unit": "per million tokens"},
                    {"label": "Audio input tokens", "price": "$3.75", "unit": "per million tokens"},
                    {"label": "Web search", "price": "$0.01", "unit": "per call"},
                    {"label": "Cache storage", "price": "$0.0083", "unit": "per million tokens per hour"},
                ]
            },
            TWO,
            id="tiers-and-kinds-in-words",
        ),
        pytest.param(
            {
                "pricing_rows": [
                    {"tier": "<=128K", "input": 0.31, "output": 2.5},
                    {"tier": ">128K", "input": 0.62, "output": 5},
                ]
            },
            TWO,
            id="a-row-for-each-tier",
        ),
        pytest.param(
            {"pricing_rows": [{"input_price": 0.00031, "output_price": 0.0025, "unit": "1K tokens"}]},
            (tier(0, "0.31", "2.5"),),
            id="per-thousand",
        ),
        pytest.param(
            {"pricing": {"prompt": "0.00000031", "completion": "0.0000025", "input_cache_read": "0.000000062"}},
            (tier(0, "0.31", "2.5", "0.062"), TWO[1]),
            id="pricing-keeps-the-dearer-tier-that-was-known",
        ),
        pytest.param(
            {"pricing": {"input": 0.0000004, "output": 0.000003, "cache_read": 0.0000004}},
            (tier(0, "0.4", "3", "0.4"), TWO[1]),
            id="pricing-with-no-discount-on-cached-input",
        ),
        pytest.param(
            {"pricing": {"prompt": "0.7", "completion": "5.6"}}, (tier(0, "0.7", "5.6"),), id="dearer-than-known"
        ),
        pytest.param({"pricing_rows": [{"type": "input", "price": 0.31}]}, None, id="half-a-card"),
        pytest.param({"pricing_rows": [{"input": -1, "output": 1}]}, None, id="negative"),
        pytest.param({"pricing_rows": [{"input": 2, "output": 9, "currency": "CNY"}]}, None, id="another-currency"),
        pytest.param({"id": "SmolLM2"}, None, id="no-prices"),
        pytest.param({"pricing_rows": [{"min_tokens": 9, "input": 1, "output": 2}]}, None, id="no-first-tier"),
    ],
)
def test_prices_of_a_model(row: Any, tiers: tuple[Tier, ...] | None) -> None:
    assert read(row) == tiers


def test_what_only_the_fallback_knows_is_kept() -> None:
    card = read_card({"pricing": {"prompt": "0.5", "completion": "1"}}, origin="here", fallback=FREE_CARD)
    assert card is not None
    assert (card.origin, card.cache_lifetime, card.tiers) == ("here", FREE_CARD.cache_lifetime, (tier(0, "0.5", "1"),))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["pricing", "pricing_rows", "type", "price", "unit", "min_tokens", "label", "input", "output"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_json_makes_it_fail(row: Any) -> None:
    card = read_card(row, origin="here", fallback=SEED_CARD)
    if card is not None:
        assert card.tier(0).input >= 0
