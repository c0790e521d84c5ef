"""Tell people of budgets, and read what they say of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from bot.access.budgets import LOW_EFFORT, NEAR, SHORT_ANSWERS, STEPS
from bot.delivery.footer import money
from bot.errors import InvalidInput
from bot.time_zones import in_zone, zone_label
from bot.types import INSTALLATION, MOST_DOLLARS, Budget, BudgetScope, BudgetUse, Period

NO_LIMIT_WORDS: Final = frozenset({"off", "none", "unlimited"})

NOT_AN_AMOUNT: Final = (
    "{text!r} is no amount. Write US dollars above 0 and at most {most:,}, for example 5 or 2.50, or off for no limit."
)

DEGRADED: Final = {
    NEAR: "summaries and notes wait",
    LOW_EFFORT: "the model thinks less",
    SHORT_ANSWERS: "answers are short",
}


def read_amount(text: str) -> Decimal | None:
    """Return the dollars that `text` means, None for no limit. Raises `InvalidInput` that says what is wrong."""
    word = text.strip().lower().removeprefix("$")
    if word in NO_LIMIT_WORDS:
        return None
    try:
        amount = Decimal(word.replace(",", ""))
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 < amount <= MOST_DOLLARS:
        raise InvalidInput(NOT_AN_AMOUNT.format(text=text[:60], most=MOST_DOLLARS))
    return amount


def whose(scope: BudgetScope) -> str:
    """Return what a budget caps, as the end of "The budget of ..."."""
    if scope == INSTALLATION:
        return "this whole installation"
    if scope.person:
        return "one person here"
    return "this channel" if scope.channel else "this workspace"


def name_of(scope: BudgetScope) -> str:
    """Return what a budget caps, by the names that the log has."""
    if scope == INSTALLATION:
        return whose(scope)
    return f"{scope.person} in {scope.place}" if scope.person else scope.place


def opens(use: BudgetUse) -> str:
    """Return when the next period begins, on the clocks of the budget's zone."""
    at = in_zone(use.ends, use.budget.time_zone)
    return f"{at:%A %d %B, %H:%M} {zone_label(at)}"


def reached_text(use: BudgetUse) -> str:
    """Return what people read whose question finds a budget used up."""
    whom = "whoever runs me" if use.budget.scope == INSTALLATION else "an administrator of this workspace"
    return (
        f"The budget of {whose(use.budget.scope)} is used up ({money(use.budget.amount or Decimal(0))} a "
        f"{use.budget.period}). I answer again from {opens(use)}. If that is too late, ask {whom} for more."
    )


def degraded_text(use: BudgetUse, step: int) -> str:
    """Return the line under an answer that was made cheaper."""
    *before, last = (DEGRADED[answers] for answers in STEPS[:step])
    done = f"{', '.join(before)} and {last}" if before else last
    return f"Until {opens(use)}, {done}: little is left of the budget of {whose(use.budget.scope)}."


def warning_text(use: BudgetUse) -> str:
    """Return what operators and administrators are told once a period."""
    amount = use.budget.amount or Decimal(0)
    return (
        f"{money(use.spent)} of the {money(amount)} a {use.budget.period} for {name_of(use.budget.scope)} are spent. "
        f"At the limit nothing is answered until {opens(use)}. `seedling budget` and `/budget` show and change it."
    )


def uses_text(found: Sequence[BudgetUse], called: Callable[[BudgetScope], str] = whose) -> str:
    """Return budgets and how far they are used, as Markdown; `called` names what each one caps."""
    if not found:
        return "There is no budget here: what is spent is not limited."
    return "\n".join(f"- {_use_line(use, called(use.budget.scope))}" for use in found)


def _use_line(use: BudgetUse, name: str) -> str:
    amount, title = use.budget.amount, name[:1].upper() + name[1:]
    if amount is None:
        return f"{title}: no limit a {use.budget.period} ({_spent(use)})."
    return f"{title}: **{money(amount)} a {use.budget.period}**, {_spent(use)}; it begins anew on {opens(use)}."


def _spent(use: BudgetUse) -> str:
    spent = "nothing spent" if not use.spent else f"{money(use.spent)} spent"
    return f"{spent}, {money(use.reserved)} reserved" if use.reserved else spent


def change_text(budget: Budget) -> str:
    """Return that a budget was set."""
    if budget.amount is None:
        return f"There is no limit a {budget.period} now for {whose(budget.scope)}."
    return (
        f"The budget of {whose(budget.scope)} is now {money(budget.amount)} a {budget.period}, "
        f"from midnight to midnight ({budget.time_zone})."
    )


def read_period(word: str) -> Period | None:
    """Return the period that a word means."""
    return {"day": Period.DAY, "daily": Period.DAY, "month": Period.MONTH, "monthly": Period.MONTH}.get(word.lower())
