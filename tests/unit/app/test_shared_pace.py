"""Processes on one database divide the account's limits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from adapters.seed import Pace
from adapters.seed.request_limits import RequestLimiter
from bot.app import shared_pace
from bot.app.shared_pace import keep_dividing
from bot.errors import StorageUnavailable

ACCOUNT = 12  # requests a minute


def part(limits: RequestLimiter) -> int:
    """How many requests a process admits in one minute."""
    tickets = [limits.queue(1) for _ in range(ACCOUNT)]
    count = sum(ticket.turn.is_set() for ticket in tickets)
    for ticket in reversed(tickets):
        limits.leave(ticket)
    return count


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param([0], 12, id="nobody-has-told-yet"),
        pytest.param([1], 12, id="alone"),
        pytest.param([3], 4, id="three"),
        pytest.param([3, 1], 12, id="two-of-three-ended"),
        pytest.param([3, None], 4, id="the-database-is-away"),
    ],
)
async def test_each_process_has_an_equal_part(
    told: list[int | None], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_pace, "EVERY", 0 * shared_pace.EVERY)
    limits = RequestLimiter(Pace(requests_per_minute=ACCOUNT), monotonic=lambda: 0.0, sleep=asyncio.sleep)
    counts: Iterator[int | None] = iter(told)

    async def running() -> int:
        try:
            count = next(counts)
        except StopIteration:
            raise asyncio.CancelledError from None
        if count is None:
            raise StorageUnavailable("away")
        return count

    with pytest.raises(asyncio.CancelledError):
        await keep_dividing(limits, running)
    assert part(limits) == expected
