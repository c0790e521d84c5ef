"""What the emulator can be told at its start; each choice stands for something that the API leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Shape = Literal["ark", "openai"]
SourceShape = Literal[
    "annotations", "ark", "citations", "search_results", "references", "mcp", "block", "prose", "none"
]
PricingShape = Literal["rows", "rows_per_token", "pricing", "none"]
CachedPrice = Literal["full", "published", "hidden"]
SoundSupport = Literal["none", "model", "transcriptions", "jobs"]
CostPlace = Literal["usage.cost_usd", "cost_usd", "usage.cost", "none"]

API_KEY = "sk-empiriolabs-emulator"
MODEL = "seed-2-0-lite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of the emulator.

    `shape`: "ark" is what the provider sends, "openai" what strict readers of the published formats accept.
    `sources`: in which form the pages of a web search are told. `pricing`: how the model's prices are told.
    `cached_price`: cached input is billed in full; at a fifth and published; or at a fifth and not published.
    `cost`: where a response tells its cost. `api_key` "" lets everybody in. `balance` is in US dollars.
    `implicit_cache`: the cache also serves requests without `enable_caching`.
    `sound`: the model takes it, or `/v1/audio/transcriptions` says what is said in it, at once or as a job.
    `rpm`, `tpm`: limits per minute of the account (really 50 and 2,000,000), told in headers; None for none.
    `reject`: parameters that are answered as unsupported by the provider.
    `tokens_per_second` 0 is as fast as possible; `first_token_s` is the delay before the first token.
    """

    shape: Shape = "ark"
    sources: SourceShape = "annotations"
    pricing: PricingShape = "rows"
    cached_price: CachedPrice = "full"
    cost: CostPlace = "none"
    api_key: str = API_KEY
    model: str = MODEL
    balance: Decimal = Decimal(100)
    context_tokens: int = 256_000
    implicit_cache: bool = False
    cache_block_tokens: int = 1_024
    cache_lifetime_s: float = 600.0
    sound: SoundSupport = "none"
    rpm: int | None = None
    tpm: int | None = None
    reject: tuple[str, ...] = ()
    tokens_per_second: float = 0.0
    first_token_s: float = 0.0
    chunk_tokens: int = 1
    keep_requests: int = 200
