"""What people are told about what was used and paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.commands.usage_report import DAYS, last_days, usage_text
from bot.pricing import FREE_CARD, SEED_CARD
from bot.types import EVERYTHING, Spending, Within
from storage.in_memory.store import MemoryStore
from tests.fakes import KEY, START, ManualClock, incoming


class Book(MemoryStore):
    """A `Ledger` with one line."""

    def __init__(self, spending: Spending = Spending()) -> None:  # noqa: B008 - a frozen value
        super().__init__(clock=ManualClock())
        self.spending = spending
        self.asked: list[tuple[float, Within]] = []

    async def usage_totals(self, *, since: Any, until: Any, within: Within = EVERYTHING) -> Spending:
        self.asked.append(((until - since).total_seconds() / 86_400, within))
        return self.spending


async def told(place: str, book: Book, *, days: int = DAYS, **changes: Any) -> str:
    return await usage_text(place, last_days(days, START), incoming("", **changes), book, SEED_CARD)


async def test_a_thread_tells_its_own_month() -> None:
    book = Book(Spending(requests=3, input=3_000, cached=2_000, output=50, cost=Decimal("0.0011")))
    text = await told("thread", book)
    assert "| 3 | 3,000 | 2,000 (67%) | 50 | $0.0011 |" in text
    assert "Prices: built-in." in text
    names = {"platform": KEY.platform, "workspace": KEY.workspace, "channel": KEY.channel, "thread": KEY.thread}
    assert book.asked == [(30.0, Within(**names))]


async def test_what_nobody_has_reported_is_told_apart() -> None:
    book = Book(Spending(requests=3, input=9, cost=Decimal("0.3"), estimated=Decimal("0.02"), under_way=1))
    text = await told("thread", book)
    assert "$0.020 of this is estimated, for answers whose end was not reported." in text
    assert "1 request is still under way, counted as far as known." in text
    assert "estimated" not in await told("thread", Book(Spending(requests=1, cost=Decimal("0.3"))))


async def test_a_saving_that_nobody_confirmed_is_told_as_possible() -> None:
    book = Book(Spending(requests=1, input=1_000_000, cached=1_000_000, output=0, cost=Decimal("0.31")))
    assert "the cost would be about $0.25 lower" in await told("thread", book)
    free = await usage_text("thread", last_days(DAYS, START), incoming(""), book, FREE_CARD)
    assert "the cost would be" not in free


async def test_when_prices_were_read_is_told_in_the_readers_zone() -> None:
    card = replace(SEED_CARD, as_of=datetime(2026, 1, 5, 23, 30, tzinfo=UTC))
    text = await usage_text("thread", last_days(DAYS, START), incoming("", time_zone="Europe/Berlin"), Book(), card)
    assert "Prices: from the provider, read on 2026-01-06 00:30." in text


@pytest.mark.parametrize(
    ("place", "days", "within"),
    [
        pytest.param("me", 30, {"workspace": KEY.workspace, "author_id": "ada"}, id="me"),
        pytest.param("channel", 7, {"workspace": KEY.workspace, "channel": KEY.channel}, id="channel"),
        pytest.param("workspace", 1, {"workspace": KEY.workspace}, id="workspace"),
    ],
)
async def test_a_place_is_told_for_some_days(place: str, days: int, within: dict[str, str]) -> None:
    book = Book()
    if "author_id" in within:
        within |= {"author_id": incoming("").author.id}
    await told(place, book, days=days, is_admin=True)
    assert book.asked == [(float(days), Within(platform=KEY.platform, **within))]
