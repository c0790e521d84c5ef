"""Keep budgets: those of the settings, those that the command line changes, and a first one to begin with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.access.budget_text import change_text, name_of, uses_text
from bot.access.budgets import DEFAULT_AMOUNT
from bot.app.clock import utc_now
from bot.app.database import by_operator, carry_out, open_database
from bot.delivery.footer import money
from bot.ports import Store
from bot.settings import Settings
from bot.turns.effects import Effect, RemoveBudget, SetBudget
from bot.types import INSTALLATION, Budget, BudgetScope, Period

LIMITED = (
    "Spending is limited to {limits}. To change that: seedling budget 20 day, or BUDGET_USD_PER_DAY=20 "
    "(seedling budget off day for no limit)."
)

COMING = (
    "The next start limits what the whole installation spends to {limits}. To change that: seedling budget 20 day "
    "(seedling budget off day for no limit)."
)


async def set_up_budgets(settings: Settings, store: Store) -> str:
    """Set the installation's budgets as the settings say, and one of 5 dollars a day where nothing was spent yet.

    Return the line that says so; "" with the local model, which costs nothing, and where there is no limit.
    """
    found = {use.budget.period: use.budget for use in await store.budget_uses(INSTALLATION)}
    for budget in await _to_set(settings, store, found):
        await carry_out(store, setting(budget), by_operator())
        found[budget.period] = budget
    limits = _limits(found.values())
    return LIMITED.format(limits=limits) if limits and not settings.uses_local_model else ""


def _limits(budgets: Iterable[Budget]) -> str:
    ordered = sorted(budgets, key=lambda budget: budget.period)
    return " and ".join(f"{money(budget.amount)} a {budget.period}" for budget in ordered if budget.amount)


async def _to_set(settings: Settings, store: Store, found: Mapping[Period, Budget]) -> Sequence[Budget]:
    """Return the budgets of the installation that the next start sets, beside those that there are."""
    wanted = _wanted(settings, found)
    if not found and not wanted and not settings.uses_local_model and await _is_fresh(store):
        wanted = {Period.DAY: DEFAULT_AMOUNT}
    return [
        Budget(scope=INSTALLATION, period=period, amount=amount, time_zone=settings.budget_time_zone)
        for period, amount in wanted.items()
    ]


def _wanted(settings: Settings, found: Mapping[Period, Budget]) -> Mapping[Period, Decimal]:
    """Return the amounts that the settings name; the zone of a budget that stays the same amount stays too."""
    named = {Period.DAY: settings.budget_usd_per_day, Period.MONTH: settings.budget_usd_per_month}
    return {
        period: amount
        for period, amount in named.items()
        if amount is not None and (period not in found or found[period].amount != amount)
    }


async def _is_fresh(store: Store) -> bool:
    return not (await store.usage_totals(since=datetime.min.replace(tzinfo=UTC), until=utc_now())).requests


async def budgets_text(settings: Settings) -> str:
    """Return every budget with what was spent of it, and what the next start will set."""
    async with open_database(settings) as store:
        uses = await store.budget_uses()
        found = {use.budget.period: use.budget for use in uses if use.budget.scope == INSTALLATION}
        coming = _limits(await _to_set(settings, store, found))
    if not coming:
        return uses_text(uses, name_of)
    told = [uses_text(uses, name_of)] if uses else []
    return "\n".join([*told, COMING.format(limits=coming)])


async def change_budget(settings: Settings, effect: Effect[Any]) -> str:
    """Set or remove a budget; what there is to tell."""
    async with open_database(settings) as store:
        return await carry_out(store, effect, by_operator())


def setting(budget: Budget) -> Effect[Any]:
    """Return the effect that sets a budget."""
    return Effect(change=SetBudget(budget=budget), tell=lambda _: change_text(budget))


def removal(scope: BudgetScope, period: Period) -> Effect[Any]:
    """Return the effect that removes a budget."""
    named = f"the budget of {name_of(scope)} a {period}."
    change = RemoveBudget(scope=scope, period=period)
    return Effect(change=change, tell=lambda before: f"{'Removed' if before else 'There is no'}: {named}")
