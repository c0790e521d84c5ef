"""The model that answers, and its prices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from adapters.local import open_local
from adapters.seed import LiveRates, SeedModel, SeedOptions, open_rates, open_seed, watched_size
from bot.pricing import FREE_CARD
from bot.settings import Settings

RATES_FILE = Path("var") / "rates.json"
"""Where the last good rate card is kept."""

LOCAL_ANSWER_TOKENS = 400
"""So small a model does not know when to stop; what it says after so many tokens helps nobody."""


@asynccontextmanager
async def open_model(settings: Settings) -> AsyncIterator[tuple[SeedModel, LiveRates]]:
    """The embedded model where nothing else is set, otherwise the configured API; with its live prices."""
    async with AsyncExitStack() as stack:
        if settings.uses_local_model:
            local = await stack.enter_async_context(open_local())
            opened = open_seed(
                base_url=local.base_url,
                api_key=None,
                model=local.model_name,
                wire=settings.seed_wire,
                options=SeedOptions(
                    context_tokens=min(settings.seed_context_tokens or local.context_tokens, local.context_tokens),
                    longest_answer=LOCAL_ANSWER_TOKENS,
                    fallback_card=FREE_CARD,
                ),
            )
        else:
            key = settings.seed_api_key
            opened = open_seed(
                base_url=settings.model_url,
                api_key=key.get_secret_value() if key else None,
                model=settings.seed_model,
                wire=settings.seed_wire,
                options=SeedOptions(context_tokens=settings.seed_context_tokens),
            )
        model = await stack.enter_async_context(opened)
        await stack.enter_async_context(watched_size(model))
        file = None if settings.uses_local_model else RATES_FILE
        yield model, await stack.enter_async_context(open_rates(model, file=file))
