"""Learn prices while the bot runs: from answers, and from the account where they do not tell what they cost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from adapters.seed import SeedModel, read_usage
from bot.errors import ModelError
from bot.learned_rates import LearnedRates
from bot.ports import AdapterStateStore, Model, Rates
from bot.settings import Settings
from bot.types import Observation, Usage

logger = logging.getLogger(__name__)

EVERY: Final = timedelta(hours=1)


def learned_name(settings: Settings, model: str) -> str:
    """Return under which name it is kept what was learned of a model: prices and caches are those of its host."""
    host = "embedded" if settings.uses_local_model else urlsplit(settings.model_url).netloc.rpartition("@")[2]
    return f"{model}@{host}"


@asynccontextmanager
async def open_learned_rates(
    settings: Settings, store: AdapterStateStore, model: Model, told: Rates
) -> AsyncIterator[LearnedRates]:
    """Yield the prices with what was learned of them, which goes on; at the end it is stored."""
    rates = LearnedRates(told, store, name=learned_name(settings, model.name))
    await rates.recall()
    asks = isinstance(model, SeedModel) and not settings.uses_local_model
    asking = asyncio.create_task(_ask_account(model, rates), name="account prices") if asks else None
    try:
        yield rates
    finally:
        if asking is not None:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        await rates.aclose()


async def _ask_account(model: Model, rates: LearnedRates) -> None:
    """Look into the account every hour, as long as answers do not tell what they cost."""
    while True:
        await asyncio.sleep(EVERY.total_seconds())
        if isinstance(model, SeedModel):
            with suppress(ModelError):
                await learn_from_account(model, rates, until=datetime.now(UTC))


async def learn_from_account(model: SeedModel, rates: LearnedRates, *, until: datetime) -> None:
    """Take in what the account tells of the last hour, unless answers tell it. Raises one of the `ModelError`s."""
    if rates.answers_tell_costs or rates.card().tiers[0].cached is not None:
        return
    async for event in read_usage(model, since=until - EVERY, until=until):
        cost = event.cost if event.status == "success" else None
        usage = Usage(
            input=event.input, cached=event.cached, output=event.output, tools=event.tools, reported_cost=cost
        )
        rates.observe(Observation(usage=usage, is_from_account=True))
