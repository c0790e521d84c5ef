"""Carry out the operator's commands: migrate, check the model, print prices, reconcile the ledger."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from adapters.seed import examine, read_usage
from bot.app.clock import utc_now
from bot.app.database import open_database
from bot.app.learned_prices import learned_name
from bot.app.models import open_fallback, open_model
from bot.app.platform_registry import ConfiguredPlatform
from bot.checks import Check
from bot.errors import ConfigError, InvalidInput
from bot.learned_rates import LearnedRates
from bot.parameter_resolver import effective_at, resolve
from bot.parameters import Effective
from bot.pricing import RateCard
from bot.settings import Settings
from bot.types import ConversationKey, Spending, Within
from storage import migrate, open_store


async def migrate_database(settings: Settings) -> None:
    """Bring the database to the newest schema."""
    await migrate(settings.database_url)


async def parameters_at(settings: Settings, place: str) -> Mapping[str, Effective]:
    """Every parameter as it holds at a place, named from its platform down to its thread; "" for the defaults alone.

    Raises `InvalidInput` for a name that is none.
    """
    if not place:
        return resolve([])
    platform, workspace, channel, thread, *more = [*place.split("/"), *[""] * 3]
    if not workspace or any(more):
        raise InvalidInput("Write a place as PLATFORM/WORKSPACE[/CHANNEL[/THREAD]], as the log does.")
    key = ConversationKey(platform=platform, workspace=workspace, channel=channel, thread=thread)
    async with open_database(settings) as store:
        return await effective_at(key, store)


async def check_all(
    settings: Settings, platforms: Sequence[ConfiguredPlatform], *, seconds: float
) -> AsyncIterator[Check]:
    """One row for each thing that can be wrong, each found within `seconds`: the platforms, which is quick, first."""
    for platform in platforms:
        async for check in platform.check(settings, seconds=seconds):
            yield check
    async for check in check_model(settings, seconds=seconds):
        yield check


async def check_model(settings: Settings, *, seconds: float) -> AsyncIterator[Check]:
    """Yield one row for each thing that can be wrong with the model and its fallback, as it is found out."""
    async with AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(seconds):
                model, rates = await stack.enter_async_context(open_model(settings))
                fallback = await stack.enter_async_context(open_fallback(settings))
        except ConfigError as error:
            yield Check(name="model", ok=False, detail=f"{error.variable} {error.fix}", fix=f"set {error.variable}")
            return
        except TimeoutError:
            fix = "see that no other program takes the processor, or give each check more time with --seconds"
            yield Check(name="model", ok=False, detail=f"did not start within {seconds:g} s", fix=fix)
            return
        async for check in examine(model, rates, seconds=seconds, is_local=settings.uses_local_model):
            yield check
        if fallback is not None:
            async for check in examine(*fallback, seconds=seconds):
                yield of_fallback(check)


def of_fallback(check: Check) -> Check:
    """Return a check of the model API as one of the API in its place, with the settings of that one."""
    fix = re.sub(r"\bSEED_(?:BASE_)?(URL|MODEL|API_KEY)\b", r"SEED_FALLBACK_\1", check.fix)
    return replace(check, name=f"fallback {check.name}", fix=fix)


async def current_rates(settings: Settings) -> tuple[RateCard, Sequence[str]]:
    """Return the prices in force now: asked of the provider, else the last good ones, else the built-in.

    Beside them what was learned where nothing is told, with the evidence, a sentence each.
    """
    async with open_database(settings) as store, open_model(settings) as (model, rates):
        await rates.refresh()
        learned = LearnedRates(rates, store, name=learned_name(settings, model.name))
        await learned.recall()
        return rates.card(), learned.evidence.told(rates.card())


async def spending(settings: Settings, *, since: datetime) -> Spending:
    """Return what our ledger says since then."""
    async with open_database(settings) as store:
        return await store.usage_totals(since=since, until=utc_now())


async def reconcile(settings: Settings, *, since: datetime) -> tuple[Spending, Spending]:
    """Our ledger since `since`, and what the provider's account says of the same time and model."""
    if settings.uses_local_model:
        raise ConfigError("SEED_API_KEY", "is not set; there is no account to compare the ledger with")
    until = utc_now()
    async with open_store(settings.database_url, clock=utc_now) as store:
        ours = await store.usage_totals(since=since, until=until, within=Within(model=settings.seed_model))
    async with open_model(settings) as (model, _):
        events = [event async for event in read_usage(model, since=since, until=until)]
    theirs = Spending(
        requests=len(events),
        input=sum(event.input for event in events),
        cached=sum(event.cached for event in events),
        output=sum(event.output for event in events),
        cost=sum((event.cost for event in events), Decimal(0)),
    )
    return ours, theirs
