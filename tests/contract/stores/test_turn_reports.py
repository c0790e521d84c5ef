"""What operators read of turns."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.types import Draft, Person, Settlement, Task, TurnFilter, TurnState, Usage
from storage.sql import SqlStore
from tests.contract.stores.conftest import AnyStore, Opener, claim
from tests.contract.stores.samples import ADA, KEY, incoming, pay, settlement
from tests.fakes import ManualClock

BOB = Person(id="U2", name="Bob")


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def opener(request: pytest.FixtureRequest) -> Opener:
    found: Opener = request.getfixturevalue(request.param)
    return found


async def answer(store: AnyStore, name: str, clock: ManualClock, *, author: Person | None = None) -> int:
    """Ask something, pay for it twice, and show the answer."""
    await store.enqueue(incoming(name, author=author or ADA))
    clock.advance(2)
    turn = await claim(store)
    await pay(store, turn, Usage(input=10), Decimal("0.1"))
    await pay(store, turn, Usage(input=10), Decimal("0.2"))
    clock.advance(3)
    await store.set_reply_ref(turn, "ref")
    clock.advance(4)
    await store.set_reply_ref(turn, "ref", ["a", "b"])
    await store.record(turn, settlement())
    await store.close(turn)
    return turn.id


async def test_a_list_has_the_newest_first_and_goes_on_where_it_ended(store: SqlStore, clock: ManualClock) -> None:
    ids = [await answer(store, name, clock, author=BOB if name == "b" else None) for name in "abc"]
    found = await store.turns(TurnFilter(), limit=2)
    assert [(line.id, line.requests, line.cost) for line in found] == [
        (ids[2], 2, Decimal("0.3")),
        (ids[1], 2, Decimal("0.3")),
    ]
    assert [line.id for line in await store.turns(TurnFilter(before=ids[1]), limit=9)] == [ids[0]]
    assert [line.name for line in await store.turns(TurnFilter(person="slack/U2"), limit=9)] == ["Bob"]
    assert len(await store.turns(TurnFilter(place="slack/T1/C1"), limit=9)) == 3
    assert not await store.turns(TurnFilter(place="slack/T1/C2"), limit=9)
    assert not await store.turns(TurnFilter(state=TurnState.FAILED), limit=9)


async def test_what_waits_and_what_failed_is_found(store: SqlStore, clock: ManualClock) -> None:
    await store.enqueue(incoming("a"))
    await store.enqueue(incoming("kept", task=Task.CONTEXT))
    assert [line.state for line in await store.open_turns(limit=9)] == [TurnState.QUEUED]
    turn = await claim(store)
    draft = Draft(status="failed")
    await store.record(turn, Settlement(state=TurnState.FAILED, draft=draft, error="no credits"))
    await store.close(turn, error="no credits")
    assert not await store.open_turns(limit=9)
    [failed] = await store.failed_turns(since=clock() - timedelta(days=1), limit=9)
    assert (failed.id, failed.error) == (turn.id, "no credits")
    assert not await store.failed_turns(since=clock() + timedelta(days=1), limit=9)


async def test_one_turn_is_told_whole(store: SqlStore, clock: ManualClock) -> None:
    id = await answer(store, "a", clock)
    report = await store.turn_report(id)
    assert report is not None
    assert (report.turn.incoming.text, report.turn.incoming.key) == ("question a", KEY)
    assert [request.charge.cost for request in report.requests] == [Decimal("0.1"), Decimal("0.2")]
    assert report.shown_at == report.accepted_at + timedelta(seconds=5)
    assert await store.turn_report(id + 1) is None


async def test_people_are_called_as_they_were_last(store: SqlStore, clock: ManualClock) -> None:
    await answer(store, "a", clock, author=Person(id="U2", name="Robert"))
    await answer(store, "b", clock, author=BOB)
    assert await store.names_of(["slack/U2", "slack/U9"]) == {"slack/U2": "Bob"}


async def test_sizes_are_told(store: SqlStore, clock: ManualClock) -> None:
    await answer(store, "a", clock)
    sizes = await store.sizes()
    assert (sizes["turn"], sizes["ledger"]) == (1, 2)
    assert sizes["bytes"] > 10_000
