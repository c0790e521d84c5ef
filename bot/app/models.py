"""Open the model and its prices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from adapters.local import open_local
from adapters.seed import LiveRates, Pace, SeedModel, SeedOptions, check_key, open_rates, open_seed, watched_size
from bot.errors import ConfigError
from bot.pricing import FREE_CARD
from bot.settings import Settings, plain

RATES_FILE, FALLBACK_RATES_FILE = "rates.json", "fallback-rates.json"
"""Where the last good rate cards are kept, in the folder of small files."""

FALLBACK_NAMES = {"SEED_BASE_URL": "SEED_FALLBACK_URL", "SEED_API_KEY": "SEED_FALLBACK_API_KEY"}
"""What the settings of the first model are called for the one in its place."""

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


@asynccontextmanager
async def open_fallback(settings: Settings) -> AsyncIterator[tuple[SeedModel, LiveRates] | None]:
    """Yield the model that is asked while the first is away, with its own prices; None where none is set.

    At the same API it is asked as the first one is; to another one no key goes but its own. Raises `ConfigError`.
    """
    if not settings.has_fallback:
        yield None
        return
    is_same = settings.seed_fallback_url in {None, settings.model_url}
    key = settings.seed_fallback_api_key or (settings.seed_api_key if is_same else None)
    async with AsyncExitStack() as stack:
        try:
            model = await stack.enter_async_context(
                open_seed(
                    base_url=settings.seed_fallback_url or settings.model_url,
                    api_key=plain(key),
                    model=settings.seed_fallback_model or settings.seed_model,
                    wire=settings.seed_wire if is_same else "chat",
                    options=SeedOptions(
                        pace=Pace(most_at_once=settings.seed_requests_at_once),
                        dialect=settings.seed_dialect if is_same else None,
                    ),
                )
            )
        except ConfigError as error:
            raise ConfigError(FALLBACK_NAMES.get(error.variable, error.variable), error.fix) from None
        await stack.enter_async_context(watched_size(model))
        yield (
            model,
            await stack.enter_async_context(open_rates(model, file=settings.state_folder / FALLBACK_RATES_FILE)),
        )


def _rates(settings: Settings, model: SeedModel) -> AbstractAsyncContextManager[LiveRates]:
    """Return the prices; the embedded model costs nothing, so that none are asked for."""
    if settings.uses_local_model:
        return open_rates(model, every=None)
    return open_rates(model, file=settings.state_folder / RATES_FILE)


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
