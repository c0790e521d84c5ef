"""Keep the budgets of the installation: from the settings, from the command line, and a first one to begin with."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.access.budget_text import change_text, name_of, read_amount, read_period, uses_text
from bot.access.budgets import DEFAULT_AMOUNT
from bot.app.core import utc_now
from bot.app.operator_commands import by_operator, carry_out, open_database
from bot.command_help import add_command
from bot.delivery.footer import money
from bot.errors import InvalidInput
from bot.ports import Commands, Store
from bot.settings import Settings, load_settings
from bot.standard_streams import say
from bot.turns.effects import Effect, RemoveBudget, SetBudget
from bot.types import INSTALLATION, Budget, BudgetScope, BudgetUse, Period

LIMITED = (
    "Spending is limited to {limits}. To change that: seedling budget 20 day, or BUDGET_USD_PER_DAY=20 "
    "(seedling budget off day for no limit)."
)
PLACE = "PLATFORM/WORKSPACE[/CHANNEL]"


async def set_up_budgets(settings: Settings, store: Store) -> str:
    """Set the installation's budgets as the settings say, and one of 5 dollars a day where nothing was spent yet.

    Return the line that says so; "" with the local model, which costs nothing, and where there is no limit.
    """
    found = {use.budget.period: use.budget for use in await store.budget_uses(INSTALLATION)}
    for period, amount in _wanted(settings, found).items():
        wanted = Budget(scope=INSTALLATION, period=period, amount=amount, time_zone=settings.budget_time_zone)
        if found.get(period) != wanted:
            await carry_out(store, _setting(wanted), by_operator())
            found[period] = wanted
    if not found and not settings.uses_local_model and await _is_fresh(store):
        zone = settings.budget_time_zone
        first = Budget(scope=INSTALLATION, period=Period.DAY, amount=DEFAULT_AMOUNT, time_zone=zone)
        await carry_out(store, _setting(first), by_operator())
        found[Period.DAY] = first
    limits = [f"{money(budget.amount)} a {period}" for period, budget in sorted(found.items()) if budget.amount]
    if settings.uses_local_model or not limits:
        return ""
    return LIMITED.format(limits=" and ".join(limits))


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


# ---------------------------------------------------------------- the command line


def add_budget_command(commands: Commands) -> None:
    """Add `seedling budget` to the command line."""
    command = add_command(
        commands,
        "budget",
        "print or set what may be spent, in all or in one place",
        "seedling budget 20 month",
        "seedling budget 2 --place slack/T1/C1",
    )
    command.add_argument("amount", nargs="?", default="", metavar="DOLLARS|off|remove", help="the new budget")
    command.add_argument("period", nargs="?", default="day", metavar="day|month", help="for how long (default: day)")
    command.add_argument("--place", default="", metavar=PLACE, help="where; the whole installation if left out")
    command.add_argument("--person", default="", metavar="ID", help="of somebody, by their id on the platform")
    command.set_defaults(command=_budget)


def _budget(options: argparse.Namespace) -> int:
    scope, period = read_scope(options.place, options.person), read_period(options.period)
    if period is None:
        raise InvalidInput(f"A budget is for a day or a month, not for {options.period!r}.")
    removes = options.amount.lower() == "remove"
    amount = None if removes or not options.amount else read_amount(options.amount)
    if not options.amount:
        say(uses_text(asyncio.run(_uses()), name_of).replace("**", ""))
    else:
        settings = load_settings()
        budget = Budget(scope=scope, period=period, amount=amount, time_zone=settings.budget_time_zone)
        say(asyncio.run(_change(settings, _removal(scope, period) if removes else _setting(budget))))
    return 0


def read_scope(place: str, person: str) -> BudgetScope:
    """Return the scope that a place and a person name. Raises `InvalidInput` for what is none."""
    platform, workspace, channel, *more = [*place.split("/"), "", ""]
    if (place and not workspace) or any(more) or (person and not place):
        raise InvalidInput(f"Write a place as --place {PLACE}, as the log does; a person needs one too.")
    return BudgetScope(platform=platform, workspace=workspace, channel="" if person else channel, person=person)


async def _uses() -> Sequence[BudgetUse]:
    async with open_database(load_settings()) as store:
        return await store.budget_uses()


async def _change(settings: Settings, effect: Effect[Any]) -> str:
    async with open_database(settings) as store:
        return await carry_out(store, effect, by_operator())


def _setting(budget: Budget) -> Effect[Any]:
    return Effect(change=SetBudget(budget=budget), tell=lambda _: change_text(budget))


def _removal(scope: BudgetScope, period: Period) -> Effect[Any]:
    named = f"the budget of {name_of(scope)} a {period}."
    change = RemoveBudget(scope=scope, period=period)
    return Effect(change=change, tell=lambda before: f"{'Removed' if before else 'There is no'}: {named}")
