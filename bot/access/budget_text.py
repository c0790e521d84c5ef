"""Tell people of budgets, and read what they say of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from bot.access.budgets import LOW_EFFORT, NEAR, SHORT_ANSWERS, STEPS
from bot.delivery.footer import money
from bot.errors import InvalidInput
from bot.language import capitalised, gettext, gettext_noop, listed, number, weekday_and_minute
from bot.time_zones import in_zone, zone_label
from bot.types import INSTALLATION, LEAST_DOLLARS, MOST_DOLLARS, Budget, BudgetScope, BudgetUse, Period

NO_LIMIT_WORDS: Final = frozenset({"off", "none", "unlimited"})

THOUSANDS: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
"""An amount whose commas part thousands: without this, 2,50 would be read as 250."""

NOT_AN_AMOUNT: Final = gettext_noop(
    "{text!r} is no amount. Write US dollars from {least} to {most}, for example 5 or 2.50, or off for no limit."
)

DEGRADED: Final = {
    NEAR: gettext_noop("summaries and notes wait"),
    LOW_EFFORT: gettext_noop("the model thinks less"),
    SHORT_ANSWERS: gettext_noop("answers are short"),
}


def read_amount(text: str) -> Decimal | None:
    """Return the dollars that `text` means, None for no limit. Raises `InvalidInput` that says what is wrong."""
    word = text.strip().lower().removeprefix("$")
    if word in NO_LIMIT_WORDS:
        return None
    try:
        amount = Decimal(word.replace(",", "") if THOUSANDS.fullmatch(word) else word)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not LEAST_DOLLARS <= amount <= MOST_DOLLARS:
        least, most = number(LEAST_DOLLARS), number(MOST_DOLLARS)
        raise InvalidInput(gettext(NOT_AN_AMOUNT).format(text=text[:60], least=least, most=most))
    return amount


PERIODS: Final = {Period.DAY: gettext_noop("day"), Period.MONTH: gettext_noop("month")}


def period_text(period: Period) -> str:
    """Return a period in words, as the end of "a ..."."""
    return gettext(PERIODS[period])


def whose(scope: BudgetScope) -> str:
    """Return what a budget caps, as the end of "The budget of ..."."""
    if scope == INSTALLATION:
        return gettext("this whole installation")
    if scope.person:
        return gettext("one person here")
    return gettext("this channel") if scope.channel else gettext("this workspace")


def name_of(scope: BudgetScope) -> str:
    """Return what a budget caps, by the names that the log has."""
    if scope == INSTALLATION:
        return whose(scope)
    return (
        gettext("{person} in {place}").format(person=scope.person, place=scope.place) if scope.person else scope.place
    )


def opens(use: BudgetUse) -> str:
    """Return when the next period begins, on the clocks of the budget's zone."""
    at = in_zone(use.ends, use.budget.time_zone)
    return f"{weekday_and_minute(at)} {zone_label(at)}"


def reached_text(use: BudgetUse) -> str:
    """Return what people read whose question finds a budget used up."""
    whom = (
        gettext("whoever runs me")
        if use.budget.scope == INSTALLATION
        else gettext("an administrator of this workspace")
    )
    return gettext(
        "The budget of {whose} is used up ({money} a {period}). I answer again from {opens}. If that "
        "is too late, ask {whom} for more."
    ).format(
        whose=whose(use.budget.scope),
        money=money(use.budget.amount or Decimal(0)),
        period=period_text(use.budget.period),
        opens=opens(use),
        whom=whom,
    )


def degraded_text(use: BudgetUse, step: int) -> str:
    """Return the line under an answer that was made cheaper."""
    *before, last = (gettext(DEGRADED[answers]) for answers in STEPS[:step])
    done = listed([*before, last])
    return gettext("Until {opens}, {done}: little is left of the budget of {whose}.").format(
        opens=opens(use), done=done, whose=whose(use.budget.scope)
    )


def warning_text(use: BudgetUse) -> str:
    """Return what operators and administrators are told once a period."""
    amount = use.budget.amount or Decimal(0)
    return gettext(
        "{money} of the {money_2} a {period} for {name_of} are spent. At the limit nothing is "
        "answered until {opens}. `seedling budget` and `/budget` show and change it."
    ).format(
        money=money(use.spent),
        money_2=money(amount),
        period=period_text(use.budget.period),
        name_of=name_of(use.budget.scope),
        opens=opens(use),
    )


def uses_text(found: Sequence[BudgetUse], called: Callable[[BudgetScope], str] = whose) -> str:
    """Return budgets and how far they are used, as Markdown; `called` names what each one caps."""
    if not found:
        return gettext("There is no budget here: what is spent is not limited.")
    return "\n".join(f"- {_use_line(use, called(use.budget.scope))}" for use in found)


def _use_line(use: BudgetUse, name: str) -> str:
    amount, period = use.budget.amount, period_text(use.budget.period)
    if amount is None:
        text = gettext("{name}: no limit a {period} ({spent}).").format(name=name, period=period, spent=_spent(use))
    else:
        text = gettext("{name}: **{money} a {period}**, {spent}; it begins anew on {opens}.").format(
            name=name, money=money(amount), period=period, spent=_spent(use), opens=opens(use)
        )
    return capitalised(text)


def _spent(use: BudgetUse) -> str:
    spent = gettext("nothing spent") if not use.spent else gettext("{money} spent").format(money=money(use.spent))
    return (
        gettext("{spent}, {money} reserved").format(spent=spent, money=money(use.reserved)) if use.reserved else spent
    )


def change_text(budget: Budget) -> str:
    """Return that a budget was set."""
    if budget.amount is None:
        return gettext("There is no limit a {period} now for {whose}.").format(
            period=period_text(budget.period), whose=whose(budget.scope)
        )
    return gettext("The budget of {whose} is now {money} a {period}, from midnight to midnight ({time_zone}).").format(
        whose=whose(budget.scope),
        money=money(budget.amount),
        period=period_text(budget.period),
        time_zone=budget.time_zone,
    )


def read_period(word: str) -> Period | None:
    """Return the period that a word means."""
    return {"day": Period.DAY, "daily": Period.DAY, "month": Period.MONTH, "monthly": Period.MONTH}.get(word.lower())
