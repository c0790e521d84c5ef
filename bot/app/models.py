"""Open the model and its prices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from adapters.local import open_local
from adapters.seed import LiveRates, Pace, SeedModel, SeedOptions, check_key, open_rates, open_seed, watched_size
from bot.pricing import FREE_CARD
from bot.settings import Settings, plain

RATES_FILE = Path("var") / "rates.json"
"""Where the last good rate card is kept."""

LOCAL_ANSWER_TOKENS = 400
"""So small a model does not know when to stop; what it says after so many tokens helps nobody."""


LOCAL_AT_ONCE = 8
"""Requests; more would only wait inside the small model's server."""


@asynccontextmanager
async def open_model(settings: Settings) -> AsyncIterator[tuple[SeedModel, LiveRates]]:
    """Yield the embedded model where nothing else is set, otherwise the configured API; with its live prices."""
    async with _opened(settings) as model, watched_size(model), _rates(settings, model) as rates:
        yield model, rates


@asynccontextmanager
async def open_checked_model(settings: Settings) -> AsyncIterator[tuple[SeedModel, LiveRates]]:
    """As `open_model`, for a process that stays. Raises `ConfigError` when the server refuses the key."""
    async with _opened(settings) as model:
        if not settings.uses_local_model:
            await check_key(model, key_set=settings.seed_api_key is not None)
        async with watched_size(model), _rates(settings, model) as rates:
            yield model, rates


def _rates(settings: Settings, model: SeedModel) -> AbstractAsyncContextManager[LiveRates]:
    """Return the prices; the embedded model costs nothing, so that none are asked for."""
    return open_rates(model, every=None) if settings.uses_local_model else open_rates(model, file=RATES_FILE)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[SeedModel]:
    if not settings.uses_local_model:
        async with open_seed(
            base_url=settings.model_url,
            api_key=plain(settings.seed_api_key),
            model=settings.seed_model,
            wire=settings.seed_wire,
            options=SeedOptions(
                context_tokens=settings.seed_context_tokens,
                pace=Pace(
                    requests_per_minute=settings.seed_requests_per_minute,
                    tokens_per_minute=settings.seed_tokens_per_minute,
                    most_at_once=settings.seed_requests_at_once,
                ),
                dialect=settings.seed_dialect,
            ),
        ) as model:
            yield model
        return
    async with (
        open_local() as local,
        open_seed(
            base_url=local.base_url,
            api_key=None,
            model=local.model_name,
            wire=settings.seed_wire,
            options=SeedOptions(
                context_tokens=min(settings.seed_context_tokens or local.context_tokens, local.context_tokens),
                longest_answer=LOCAL_ANSWER_TOKENS,
                fallback_card=FREE_CARD,
                pace=Pace(at_first=LOCAL_AT_ONCE, most_at_once=LOCAL_AT_ONCE),
            ),
        ) as model,
    ):
        yield model
