"""Add `seedling budget` to the command line."""

from __future__ import annotations

import argparse
import asyncio
from typing import Final

from bot.app.own_history import add_own, chosen_settings
from bot.command_help import add_command
from bot.errors import InvalidInput
from bot.ports import Commands
from bot.standard_streams import say
from bot.types import Budget, BudgetScope

PLACE: Final = "PLATFORM/WORKSPACE[/CHANNEL]"


def add_budget_command(commands: Commands) -> None:
    """Add `seedling budget` to the command line."""
    command = add_command(
        commands,
        "budget",
        "print or set what may be spent, in all or in one place",
        "seedling budget 20 month",
        "seedling budget 2 --place slack/T1/C1",
        "seedling budget 1 day --own",
    )
    command.add_argument("amount", nargs="?", default="", metavar="DOLLARS|off|remove", help="the new budget")
    command.add_argument("period", nargs="?", default="day", metavar="day|month", help="for how long (default: day)")
    command.add_argument("--place", default="", metavar=PLACE, help="where; the whole installation if left out")
    command.add_argument("--person", default="", metavar="ID", help="of somebody, by their id on the platform")
    add_own(command)
    command.set_defaults(command=_budget)


def _budget(options: argparse.Namespace) -> int:
    from bot.access.budget_text import read_amount, read_period
    from bot.app.spending_limits import budgets_text, change_budget, removal, setting

    scope, period = read_scope(options.place, options.person), read_period(options.period)
    if period is None:
        raise InvalidInput(f"A budget is for a day or a month, not for {options.period!r}.")
    removes = options.amount.lower() == "remove"
    amount = None if removes or not options.amount else read_amount(options.amount)
    settings = chosen_settings(options)
    if not options.amount:
        say(asyncio.run(budgets_text(settings)).replace("**", ""))
    else:
        budget = Budget(scope=scope, period=period, amount=amount, time_zone=settings.budget_time_zone)
        say(asyncio.run(change_budget(settings, removal(scope, period) if removes else setting(budget))))
    return 0


def read_scope(place: str, person: str) -> BudgetScope:
    """Return the scope that a place and a person name. Raises `InvalidInput` for what is none."""
    platform, workspace, channel, *more = [*place.split("/"), "", ""]
    if (place and not workspace) or any(more) or (person and not place):
        raise InvalidInput(f"Write a place as --place {PLACE}, as the log does; a person needs one too.")
    return BudgetScope(platform=platform, workspace=workspace, channel="" if person else channel, person=person)
