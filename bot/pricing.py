"""Prices: what a request costs, by the rate card in force.

A card has tiers by the prompt length of the single request; the tier applies to the whole request, input and output.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from bot.types import CostSplit, Usage

MILLION = Decimal(1_000_000)

# A told cost above both is a mistake. Fees, searches and dearer models of a gateway stay far below.
DOUBTED_DOLLARS = Decimal(1)
DOUBTED_TIMES = 100  # what the tokens cost by the card
DEAR_TOKEN = Decimal("0.0001")  # dollars for one token where the card says that they are free, and so knows no price


def price_text(price: Decimal) -> str:
    """Return a price with two decimals, or with as many as it has: "2.50", "0.062"."""
    return f"{price:.2f}" if price == round(price, 2) else f"{price.normalize():f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """US dollars per million tokens for requests of at least `from_tokens` prompt tokens.

    `cached` is the published price of cached input, None where none is published.
    """

    from_tokens: int
    input: Decimal
    output: Decimal
    cached: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCard:
    """Prices by tier (ascending `from_tokens`, the first from 0), and where they come from.

    `as_of` is when the provider told them, None where it did not. `cached_share` is the price of cached input, as a
    share of input, that decisions assume while none is published. `notes_tokens` is how long notes are expected to be.
    `sound` is the price of transcribing a million tokens of sound where the answer states none: $0.006 a minute, as of
    OpenAI's whisper-1.
    """

    tiers: tuple[Tier, ...]
    origin: str
    as_of: datetime | None = None
    cache_lifetime: timedelta = timedelta(minutes=10)
    cached_share: Decimal = Decimal("0.2")
    tool_call: Decimal = Decimal(0)
    notes_tokens: int = 400
    sound: Decimal = Decimal(4)

    def tier(self, prompt_tokens: int) -> Tier:
        """Return the tier of a request with that many prompt tokens."""
        return next(tier for tier in reversed(self.tiers) if prompt_tokens >= tier.from_tokens)

    def decision_price_of_cached(self, tier: Tier) -> Decimal:
        """Return the price per million of cached input to decide with; never the one to bill."""
        return tier.input * self.cached_share if tier.cached is None else tier.cached

    def cost(self, usage: Usage) -> Decimal:
        """US dollars for one request; a reported cost wins, unconfirmed cache savings are not counted."""
        if usage.reported_cost is not None:
            return usage.reported_cost
        split = self.split(usage)
        return split.read + split.cached + split.reasoned + split.written + split.tools

    def believable(self, usage: Usage) -> Usage:
        """Return the usage of one request without a reported cost that cannot be; marked as estimated then."""
        if usage.reported_cost is None or usage.reported_cost <= DOUBTED_DOLLARS:
            return usage
        known = self.cost(replace(usage, reported_cost=None)) or (usage.input + usage.output) * DEAR_TOKEN
        if usage.reported_cost <= DOUBTED_TIMES * known:
            return usage
        return replace(usage, reported_cost=None, estimated=True)

    def transcription_cost(self, usage: Usage) -> Decimal:
        """US dollars for one transcription; a reported cost wins."""
        return usage.input * self.sound / MILLION if usage.reported_cost is None else usage.reported_cost

    def split(self, usage: Usage) -> CostSplit:
        """Return what one request costs by this card, by what it is paid for."""
        tier = self.tier(usage.input)
        cached = tier.input if tier.cached is None else tier.cached
        return CostSplit(
            read=(usage.input - usage.cached) * tier.input / MILLION,
            cached=usage.cached * cached / MILLION,
            reasoned=usage.reasoning * tier.output / MILLION,
            written=(usage.output - usage.reasoning) * tier.output / MILLION,
            tools=sum(usage.tools.values()) * self.tool_call,
        )


# Seed 2.0 Lite at EmpirioLabs, product page; the dearer reading of "128K" (design, section 7).
SEED_CARD = RateCard(
    tiers=(
        Tier(from_tokens=0, input=Decimal("0.31"), output=Decimal("2.50")),
        Tier(from_tokens=128_000, input=Decimal("0.62"), output=Decimal("5.00")),
    ),
    origin="built-in",
)

# A model on one's own machine costs nothing per token.
FREE_CARD = RateCard(
    tiers=(Tier(from_tokens=0, input=Decimal(0), output=Decimal(0), cached=Decimal(0)),),
    origin="local model, free",
    sound=Decimal(0),
)
