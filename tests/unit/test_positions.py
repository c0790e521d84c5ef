"""Positions are compared with what the platform has dated, so nothing of them may lie in its future."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.backfill import OVERLAP, PREFIX, Positions, WorkspacePositions
from bot.server_clock import HALF_A_SECOND, ServerClock
from storage.in_memory.store import MemoryStore
from tests.fakes import START, ManualClock

NOW = int(START.timestamp())


def positions_on(store: MemoryStore, clock: ManualClock) -> Positions:
    return Positions(store, "slack", clock=clock, position_of=lambda at: int(at.timestamp()))


@pytest.mark.parametrize("workspace", ["", "T1"])
async def test_what_an_earlier_version_has_stored_of_the_future_is_not_believed(workspace: str) -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    stored = WorkspacePositions(NOW + 3_600, {"C1": NOW - 60, "C2": NOW + 3_600})
    await store.put_state("slack", f"{PREFIX}{workspace}", stored.to_text())
    await store.put_state("slack", f"{PREFIX}T2", WorkspacePositions(NOW - 90).to_text())
    positions = positions_on(store, clock)
    await positions.load(newest=NOW + 7_200)
    assert positions.start(workspace, "C2", overlap=0) <= 0
    assert positions.start(workspace, "C1", overlap=0) == NOW - 60
    assert positions.start("T2", "C3", overlap=10) == NOW - 100
    gap = positions.gap
    assert gap is not None
    gap.begin(clock())
    clock.advance(30)
    await positions.close_gap(gap)
    kept = WorkspacePositions.from_text(await store.get_state("slack", PREFIX) or "")
    assert kept.newest == NOW  # when the reading began


async def test_at_a_first_start_nothing_was_missed() -> None:
    clock = ManualClock()
    positions = positions_on(MemoryStore(clock=clock), clock)
    await positions.load()
    assert positions.gap is None
    assert positions.start("T1", "C1", overlap=0) == NOW


async def test_a_new_gap_is_not_closed_with_the_one_before() -> None:
    clock = ManualClock()
    positions = positions_on(MemoryStore(clock=clock), clock)
    gap = positions.gap
    assert gap is not None
    positions.open_gap()
    await positions.close_gap(gap)
    assert positions.gap not in {gap, None}


def test_the_time_of_a_server_is_what_its_answers_say() -> None:
    clock = ServerClock(lambda: 0.0)
    assert abs(clock() - datetime.now(UTC)) < OVERLAP
    clock.note_header("Tue, 15 Nov 1994 08:12:31 GMT")
    for nothing in (None, "", "soon", "Tue, 99 Nov 1994 08:12:31 GMT"):
        clock.note_header(nothing)
    assert clock() == datetime(1994, 11, 15, 8, 12, 31, tzinfo=UTC) + HALF_A_SECOND
    assert timedelta() < HALF_A_SECOND < OVERLAP
