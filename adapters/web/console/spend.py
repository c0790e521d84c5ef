"""What was spent, by whom, where and for what; budgets; prices; the provider's own records."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from adapters.web.console.display_names import Names, names_for
from adapters.web.console.formats import csv_response
from adapters.web.console.operations import Console
from adapters.web.console.svg_charts import ChartBar, bar_chart
from adapters.web.frame import Form, WebRole, page, render
from adapters.web.frame.routes import PageRoute
from bot.delivery.footer import money
from bot.errors import BotError
from bot.language import day_and_month, gettext, gettext_noop
from bot.pricing import MILLION, RateCard
from bot.types import DaySpending, Dimension, KeySpending, Spending

DAY: Final = timedelta(days=1)
MOST_DAYS: Final = 400
ROWS: Final = 15
BARS: Final = 100
TABLES: Final = (Dimension.PERSON, Dimension.CHANNEL, Dimension.KIND, Dimension.MODEL, Dimension.WORKSPACE)
FORECAST_DAYS: Final = 7
WRONG_DAYS: Final = gettext_noop(
    "Give two days as in 2026-11-01, the first not behind the second, at most {most} days apart."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRange:
    """Days of a report, `until` included."""

    since: date
    until: date

    @property
    def end(self) -> date:
        """Return the day after the last one."""
        return self.until + DAY


class SpendingPages:
    """The report, its table as a file, and the comparison with the provider."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def routes(self) -> list[PageRoute]:
        """Return their addresses."""
        return [
            page("/console/spending", self._show, needs=WebRole.VIEWER),
            page("/console/spending.csv", self._file, needs=WebRole.VIEWER),
            page("/console/spending/provider", self._compare, needs=WebRole.VIEWER),
        ]

    async def _show(self, request: Request) -> Response:
        form = Form(values=dict(request.query_params))
        span = self._span(form)
        store = self._console.store
        days = await store.spending_by_day(since=span.since, until=span.end)
        tables = [
            await store.spending_by_key(dimension, since=span.since, until=span.end, limit=ROWS + 1)
            for dimension in TABLES
        ]
        names = await self._names(dict(zip(TABLES, tables, strict=True)))
        budgets = await store.budget_uses()
        card, evidence = self._console.operations.rates()
        total = total_of(days)
        return render(
            request,
            "console/spending.html",
            200 if form.is_valid else 422,
            form=form if not form.is_valid else Form(values={"since": str(span.since), "until": str(span.until)}),
            span=span,
            total=total,
            chart=chart_of(days, span),
            days=list(reversed(days)),
            tables=[(dimension, keys, ROWS) for dimension, keys in zip(TABLES, tables, strict=True)],
            names=names,
            parts=parts_of(total, card),
            saved=saved_by_cache(total, card),
            forecast=await self._forecast(),
            budgets=budgets,
            budget_form=Form(),
            card=card,
            evidence=evidence,
        )

    async def _names(self, tables: Mapping[Dimension, Sequence[KeySpending]]) -> Names:
        return await names_for(
            self._console.store,
            people=[item.key for item in tables[Dimension.PERSON][:ROWS]],
            places={item.key for name in (Dimension.CHANNEL, Dimension.WORKSPACE) for item in tables[name][:ROWS]},
        )

    async def _forecast(self) -> Decimal | None:
        today = self._console.today()
        since = min(today.replace(day=1), today - FORECAST_DAYS * DAY)
        return forecast(await self._console.store.spending_by_day(since=since, until=today + DAY), today)

    async def _file(self, request: Request) -> Response:
        """Return the sums of a span as CSV, by day or by a dimension (`by`)."""
        form = Form(values=dict(request.query_params))
        span, by = self._span(form), form["by"] or "day"
        store = self._console.store
        if by in set(Dimension) - {Dimension.TOTAL}:
            keys = await store.spending_by_key(Dimension(by), since=span.since, until=span.end)
            rows = [(item.key, item.spent) for item in keys]
        else:
            by = "day"
            days = await store.spending_by_day(since=span.since, until=span.end)
            rows = [(item.day.isoformat(), item.spent) for item in days]
        header = [by, *FIGURES, "cost_usd", "estimated_usd"]
        table = [(key, *(getattr(spent, name) for name in FIGURES), spent.cost, spent.estimated) for key, spent in rows]
        return csv_response(f"seedling-spending-by-{by}-{span.since}-{span.until}.csv", header, table)

    async def _compare(self, request: Request) -> Response:
        span = self._span(Form(values=dict(request.query_params)))
        since = datetime.combine(span.since, time(), UTC)
        rows: Sequence[tuple[str, Spending]] = ()
        error = ""
        try:
            ours, theirs = await self._console.operations.reconcile(since)
            rows = ((gettext("Our records"), ours), (gettext("The provider's"), theirs))
        except BotError as failure:
            error = str(failure)
        return render(request, "console/provider.html", 200 if not error else 502, rows=rows, error=error, span=span)

    def _span(self, form: Form) -> DayRange:
        """Return the days that somebody wants, else this month; what is wrong with them is told at the field."""
        today = self._console.today()
        try:
            since = date.fromisoformat(form["since"]) if form["since"] else today.replace(day=1)
            until = date.fromisoformat(form["until"]) if form["until"] else today
        except ValueError:
            since, until = today, today - DAY
        if timedelta(0) <= until - since <= MOST_DAYS * DAY:
            return DayRange(since=since, until=until)
        form.errors["since"] = gettext(WRONG_DAYS).format(most=MOST_DAYS)
        return DayRange(since=today.replace(day=1), until=today)


FIGURES: Final = ("requests", "input", "cached", "output", "reasoning")


def total_of(days: Sequence[DaySpending]) -> Spending:
    """Return the sum of days."""
    return Spending(
        **{name: sum(getattr(item.spent, name) for item in days) for name in (*FIGURES, "under_way")},
        cost=sum((item.spent.cost for item in days), Decimal(0)),
        estimated=sum((item.spent.estimated for item in days), Decimal(0)),
    )


def chart_of(days: Sequence[DaySpending], span: DayRange) -> str:
    """Return the bars of every day of a span, of those without spending too; of every week of a long one."""
    spent = {item.day: item.spent for item in days}
    length = (span.end - span.since).days
    step = 1 if length <= BARS else 7
    bars = []
    for begin in range(0, length, step):
        day = span.since + begin * DAY
        cost = sum((spent[day + n * DAY].cost for n in range(step) if day + n * DAY in spent), Decimal(0))
        when = str(day) if step == 1 else gettext("the week from {day} on").format(day=day)
        text = gettext("{when}: {cost}").format(when=when, cost=money(cost) if cost else gettext("nothing"))
        bars.append(ChartBar(label=day_and_month(day), value=cost, text=text))
    highest = max((bar.value for bar in bars), default=Decimal(0))
    title = (
        gettext("What was spent on each day from {since} to {until}")
        if step == 1
        else gettext("What was spent on each week from {since} to {until}")
    ).format(since=span.since, until=span.until)
    return bar_chart(title, bars, money(highest))


def forecast(days: Sequence[DaySpending], today: date) -> Decimal | None:
    """Return what this month will come to: so far, and the mean of the last seven whole days for each day to come.

    None where nothing was spent in those days.
    """
    spent = {item.day: item.spent.cost for item in days}
    before = [spent.get(today - number * DAY, Decimal(0)) for number in range(1, FORECAST_DAYS + 1)]
    if not any(before):
        return None
    so_far = sum((cost for day, cost in spent.items() if day >= today.replace(day=1)), Decimal(0))
    left = monthrange(today.year, today.month)[1] - today.day
    return so_far + left * sum(before, Decimal(0)) / FORECAST_DAYS


def parts_of(total: Spending, card: RateCard) -> Sequence[tuple[str, int, Decimal]]:
    """Return what tokens were for, with their number and what they cost at the present prices of short requests."""
    tier = card.tiers[0]
    cached = tier.input if tier.cached is None else tier.cached
    return (
        (gettext("read"), total.input - total.cached, (total.input - total.cached) * tier.input / MILLION),
        (gettext("read from the cache"), total.cached, total.cached * cached / MILLION),
        (gettext("reasoned"), total.reasoning, total.reasoning * tier.output / MILLION),
        (gettext("written"), total.output - total.reasoning, (total.output - total.reasoning) * tier.output / MILLION),
    )


def saved_by_cache(total: Spending, card: RateCard) -> Decimal:
    """Return what the cache has saved, by the price that is published for cached tokens, or was learned."""
    tier = card.tiers[0]
    return total.cached * (tier.input - card.decision_price_of_cached(tier)) / MILLION
