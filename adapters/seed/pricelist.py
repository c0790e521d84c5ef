"""Parse prices from the model's row in the catalogue; None when none can be trusted.

What stands inside `pricing_rows` is not published, so names, units and tiers are read in every form that is known from
readers of this and similar catalogues; `pricing` has US dollars per token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal

from adapters.seed import json_coerce
from bot.pricing import MILLION, RateCard, Tier

Kind = Literal["input", "output", "cached"]

KIND_FIELDS = ("type", "kind", "name", "label", "metric", "item", "title", "description")
PRICE_FIELDS = ("price", "rate", "amount", "unit_price", "price_usd", "usd", "value", "cost")
UNIT_FIELDS = ("unit", "per", "units", "price_unit")
FROM_FIELDS = ("min_prompt_tokens", "min_tokens", "from_tokens", "min_context", "from", "min", "threshold")
WIDE_FIELDS: Mapping[str, Kind] = {
    "input": "input",
    "prompt": "input",
    "input_price": "input",
    "output": "output",
    "completion": "output",
    "output_price": "output",
    "cached_input": "cached",
    "cached": "cached",
    "input_cache_read": "cached",
    "cache_read": "cached",
    "cache_prompt": "cached",
    "cache_input": "cached",
}
KIND_WORDS: Sequence[tuple[str, Kind]] = (
    ("cach", "cached"),
    ("output|completion", "output"),
    ("input|prompt", "input"),
)
OTHER_GOODS = re.compile(r"audio|image|video|search|tool|storage|write|creation|embedding|request", re.IGNORECASE)
BEGINS_AT = re.compile(r"(?:>=?|\u2265|above|over|from)\s*(\d+(?:\.\d+)?)\s*([km])\b", re.IGNORECASE)
RANGE = re.compile(r"(\d+(?:\.\d+)?)\s*([km])?\s*(?:-|\u2013|to)\s*(\d+(?:\.\d+)?)\s*([km])\b", re.IGNORECASE)
PER_TOKEN_BELOW = Decimal("0.001")  # no model costs so little per million or so much per token
SCALES = {"k": 1_000, "m": 1_000_000}


def read_card(row: object, *, origin: str, fallback: RateCard) -> RateCard | None:
    """Return the card that a model's row tells, with what only `fallback` knows taken from there."""
    body = json_coerce.mapping(row)
    tiers = _tiers(json_coerce.items(body.get("pricing_rows")))
    if not tiers:
        base = _tiers([body.get("pricing")])
        # A single price is that of the shortest prompts: longer ones keep the dearer prices known before.
        tiers = [*base, *(tier for tier in fallback.tiers[1:] if base and tier.input >= base[0].input)]
    if not tiers or tiers[0].from_tokens != 0:
        return None
    return replace(fallback, tiers=tuple(tiers), origin=origin)


def _tiers(rows: Sequence[Any]) -> list[Tier]:
    """Tiers by where they begin; those without both prices are left out."""
    prices: dict[int, dict[Kind, Decimal]] = {}
    for row in rows:
        body = json_coerce.mapping(row)
        if json_coerce.text(body.get("currency")).upper() not in {"", "USD"}:
            continue
        tier = prices.setdefault(_begins_at(body), {})
        for kind, price in _prices(body).items():
            tier.setdefault(kind, price)
    return [
        Tier(from_tokens=start, input=tier["input"], output=tier["output"], cached=tier.get("cached"))
        for start, tier in sorted(prices.items())
        if "input" in tier and "output" in tier
    ]


def _prices(row: Mapping[str, Any]) -> dict[Kind, Decimal]:
    """US dollars per million tokens: of a row for one kind, or of a row with a field for each."""
    unit = next((json_coerce.text(row[name]) for name in UNIT_FIELDS if json_coerce.text(row.get(name))), "")
    kind = next((each for name in KIND_FIELDS if (each := _kind_of(json_coerce.text(row.get(name))))), None)
    amount = next((found for name in PRICE_FIELDS if (found := json_coerce.money(row.get(name))) is not None), None)
    if kind is not None and amount is not None:
        return {kind: _per_million(amount, unit)}
    wide: dict[Kind, Decimal] = {}
    for name, item in WIDE_FIELDS.items():
        price = json_coerce.money(row.get(name))
        if price is not None:
            wide.setdefault(item, _per_million(price, unit))
    return wide


def _kind_of(words: str) -> Kind | None:
    if not words or OTHER_GOODS.search(words):
        return None
    for pattern, kind in KIND_WORDS:
        if re.search(pattern, words, re.IGNORECASE):
            return kind
    return None


def _per_million(price: Decimal, unit: str) -> Decimal:
    words = unit.lower().replace(",", "").replace(" ", "")
    if re.search(r"1m|million|1000000|mtok", words):
        return price
    if re.search(r"1k|thousand|1000(?!0)|ktok", words):
        return price * 1_000
    if re.search(r"token", words) or price < PER_TOKEN_BELOW:
        return price * MILLION
    return price


def _begins_at(row: Mapping[str, Any]) -> int:
    """Return the prompt tokens from which a row holds: told as a number, or inside its words as in "128K-256K"."""
    told = next((found for name in FROM_FIELDS if (found := json_coerce.count(row.get(name))) is not None), None)
    if told is not None:
        return told
    for words in (json_coerce.text(row.get(name)) for name in (*KIND_FIELDS, "tier", "range", "condition", "context")):
        between = RANGE.search(words)
        if between:
            return _scaled(between[1], between[2] or between[4])
        above = BEGINS_AT.search(words)
        if above:
            return _scaled(above[1], above[2])
    return 0


def _scaled(number: str, scale: str) -> int:
    return int(Decimal(number) * SCALES[scale.lower()])
