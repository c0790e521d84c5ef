"""Numbers, times and files as the console shows them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from adapters.web.console.formats import csv_response, dollars, duration, percent, size
from adapters.web.console.overview import fix_for
from adapters.web.console.spend import DayRange, chart_of, forecast, saved_by_cache
from adapters.web.console.svg_charts import ChartBar, bar_chart
from bot.pricing import SEED_CARD
from bot.types import DaySpending, Spending

DAY = date(2026, 11, 27)


def spent(days_ago: int, cost: str) -> DaySpending:
    return DaySpending(day=DAY - timedelta(days=days_ago), spent=Spending(cost=Decimal(cost)))


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (None, "\u2013"),
        (0.04, "0.0 s"),
        (59.96, "60.0 s"),
        (61, "1 minute"),
        (timedelta(hours=2, minutes=5, seconds=9), "2 hours 5 minutes"),
        (timedelta(days=1, hours=1), "1 day 1 hour"),
        (timedelta(seconds=-3), "0.0 s"),
    ],
)
def test_durations_have_their_two_largest_units(span: timedelta | float | None, told: str) -> None:
    assert duration(span) == told


def test_a_share_is_told_however_large_it_is() -> None:
    assert percent(Decimal("0.5"), Decimal(2)) == "25%"
    assert percent(Decimal("0.01"), Decimal("1e-30")) == f"1{',000' * 10}%"


def test_sizes_and_money() -> None:
    assert [size(999), size(1_000), size(365_000_000)] == ["999 bytes", "1.0 KB", "365.0 MB"]
    assert [dollars(None), dollars(Decimal(0)), dollars(Decimal("2.5"))] == ["no limit", "$0", "$2.50"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_compute_is_text(text: str) -> None:
    body = csv_response("x.csv", ["name"], [[text], [Decimal(-1)]]).body
    assert f"'{text}".encode() in bytes(body)
    assert b"\r\n-1\r\n" in bytes(body)


def test_the_month_comes_to_what_is_spent_and_the_mean_of_a_week_for_each_day_left() -> None:
    days = [*(spent(number, "7") for number in range(1, 8)), spent(0, "1"), spent(40, "100")]
    assert forecast(days, DAY) == Decimal(7 * 7 + 1) + 3 * Decimal(7)
    assert forecast([spent(0, "1")], DAY) is None


def test_the_cache_saves_what_its_price_is_below_the_other() -> None:
    assert saved_by_cache(Spending(cached=1_000_000, input=2_000_000), SEED_CARD) == Decimal("0.31") * Decimal("0.8")


def test_a_long_span_is_drawn_by_weeks_and_names_of_people_stay_text() -> None:
    days = [spent(number, "1") for number in range(200)]
    drawn = chart_of(days, DayRange(since=DAY - timedelta(days=199), until=DAY))
    assert drawn.count("<rect") == 29
    assert "the week from" in drawn
    bar = ChartBar(label="<script>", value=Decimal(0), text='"><script>')
    assert "<script>" not in bar_chart("<b>", [bar], "0")


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        ("ModelAccessDenied: the account has no credits left", "Add credits"),
        ("ModelUnavailable: 503", "was away"),
        ("something new", ""),
    ],
)
def test_an_error_is_told_with_what_to_do(error: str, fix: str) -> None:
    assert fix in fix_for(error)
    assert bool(fix_for(error)) == bool(fix)
