"""The dispatcher: in order within a conversation, side by side across them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.errors import ClaimLost, StorageUnavailable
from bot.turns.dispatcher import Dispatcher, DispatchTimes
from bot.types import ConversationKey, Draft, Settlement, Turn, TurnState, Waiting
from storage.in_memory.store import MemoryStore
from tests.fakes import KEY, ManualClock, incoming, settle

OTHER = replace(KEY, thread="other")


def a_store() -> MemoryStore:
    return MemoryStore(clock=ManualClock())


def runner(store: MemoryStore, work: Callable[[Turn], Awaitable[None]]) -> Callable[[Turn], Awaitable[None]]:
    async def run(turn: Turn) -> None:
        await work(turn)
        await settle(store, turn, Settlement(state=TurnState.DONE, draft=Draft(status="done")))

    return run


async def accept(store: MemoryStore, number: int, key: ConversationKey = KEY) -> None:
    assert await store.enqueue(incoming(f"question {number}", number, key=key)) is not None


async def test_turns_of_one_conversation_run_in_order_and_never_together() -> None:
    store, seen, running, all_seen = a_store(), [], 0, asyncio.Event()

    async def work(turn: Turn) -> None:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0)
        seen.append(turn.incoming.text)
        running -= 1
        if len(seen) == 5:
            all_seen.set()

    dispatcher = Dispatcher(store, runner(store, work), worker="w")
    for number in range(5):
        await accept(store, number)
        dispatcher.wake(KEY)
        if number % 2:
            await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await all_seen.wait()
    await dispatcher.aclose(grace=10)
    assert seen == [f"question {number}" for number in range(5)]


async def test_conversations_run_side_by_side() -> None:
    store = a_store()
    both = asyncio.Barrier(2)

    async def work(_turn: Turn) -> None:
        await both.wait()  # hangs unless the other conversation gets here too

    dispatcher = Dispatcher(store, runner(store, work), worker="w")
    await accept(store, 1)
    await accept(store, 2, OTHER)
    dispatcher.wake(KEY)
    dispatcher.wake(OTHER)
    async with asyncio.timeout(10):
        while await store.open_conversations():
            await asyncio.sleep(0)
    await dispatcher.aclose(grace=10)


async def test_what_was_left_open_is_taken_up_at_the_start() -> None:
    store, seen = a_store(), asyncio.Event()

    async def work(_turn: Turn) -> None:
        seen.set()

    await accept(store, 1)
    assert await store.claim(KEY, worker="one that died") is not None
    dispatcher = Dispatcher(store, runner(store, work), worker="w")
    sweeping = asyncio.create_task(dispatcher.run())
    async with asyncio.timeout(10):
        await seen.wait()
    sweeping.cancel()
    await asyncio.gather(sweeping, return_exceptions=True)
    await dispatcher.aclose(grace=10)
    assert not await store.open_conversations()


async def test_closing_lets_running_turns_finish_and_starts_no_other() -> None:
    store, begun, go_on = a_store(), asyncio.Event(), asyncio.Event()

    async def work(_turn: Turn) -> None:
        begun.set()
        await go_on.wait()

    dispatcher = Dispatcher(store, runner(store, work), worker="w")
    await accept(store, 1)
    await accept(store, 2)
    dispatcher.wake(KEY)
    await begun.wait()
    closing = asyncio.create_task(dispatcher.aclose(grace=10))
    await asyncio.sleep(0)
    go_on.set()
    await closing
    left = await store.claim(KEY, worker="next")
    assert left is not None
    assert left.incoming.text == "question 2"


async def test_what_does_not_finish_in_time_is_handed_back_open() -> None:
    store, begun = a_store(), asyncio.Event()

    async def work(_turn: Turn) -> None:
        begun.set()
        await asyncio.Event().wait()

    dispatcher = Dispatcher(store, runner(store, work), worker="w")
    await accept(store, 1)
    dispatcher.wake(KEY)
    await begun.wait()
    await dispatcher.aclose(grace=0)
    assert await store.open_conversations() == [KEY]


async def test_a_bug_in_one_conversation_leaves_the_others_running() -> None:
    store, seen = a_store(), asyncio.Event()

    async def work(turn: Turn) -> None:
        if turn.incoming.key == KEY:
            raise ZeroDivisionError
        seen.set()

    dispatcher = Dispatcher(store, runner(store, work), worker="w")
    await accept(store, 1)
    await accept(store, 2, OTHER)
    dispatcher.wake(KEY)
    dispatcher.wake(OTHER)
    async with asyncio.timeout(10):
        await seen.wait()
    await dispatcher.aclose(grace=10)


async def until_closed(store: MemoryStore) -> None:
    async with asyncio.timeout(10):
        while await store.open_conversations():
            await asyncio.sleep(0)


async def test_with_a_pause_what_arrived_in_the_wrong_order_is_put_right() -> None:
    clock = ManualClock()
    store, seen = MemoryStore(clock=clock), []

    async def work(turn: Turn) -> None:
        seen.append(turn.incoming.text)

    dispatcher = Dispatcher(store, runner(store, work), worker="w", clock=clock, times=DispatchTimes(pause=2))
    await accept(store, 2)
    dispatcher.wake(KEY)
    clock.advance(1.9)
    await accept(store, 1)
    dispatcher.wake(KEY)
    await asyncio.sleep(0)
    assert seen == []
    clock.advance(2)
    dispatcher.wake(KEY)
    await until_closed(store)
    await dispatcher.aclose(grace=10)
    assert seen == ["question 1", "question 2"]


async def test_what_arrives_while_the_runner_looks_waits_for_its_pause_too(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock()
    store, seen, looked = MemoryStore(clock=clock), [], asyncio.Event()

    async def work(turn: Turn) -> None:
        seen.append(turn.incoming.text)

    waiting = store.waiting

    async def arrives_just_after(key: ConversationKey) -> Waiting | None:
        found = await waiting(key)
        if found is None and not looked.is_set():
            await accept(store, 2)
            looked.set()
            dispatcher.wake(KEY)
        return found

    dispatcher = Dispatcher(store, runner(store, work), worker="w", clock=clock, times=DispatchTimes(pause=2))
    monkeypatch.setattr(store, "waiting", arrives_just_after)
    dispatcher.wake(KEY)
    await asyncio.wait_for(looked.wait(), 10)
    await accept(store, 1)
    dispatcher.wake(KEY)
    for _ in range(20):
        await asyncio.sleep(0)
    assert seen == []
    clock.advance(2)
    dispatcher.wake(KEY)
    await until_closed(store)
    await dispatcher.aclose(grace=10)
    assert seen == ["question 1", "question 2"]


async def test_a_turn_that_is_put_off_is_taken_up_when_its_time_comes() -> None:
    clock = ManualClock()
    store, seen = MemoryStore(clock=clock), []

    async def run(turn: Turn) -> None:
        seen.append(turn.retries)
        if turn.retries == 0:
            await store.reschedule(turn, clock() + timedelta(milliseconds=1))
            clock.advance(0.002)
            return
        await settle(store, turn, Settlement(state=TurnState.DONE, draft=Draft(status="done")))

    dispatcher = Dispatcher(store, run, worker="w", clock=clock)
    await accept(store, 1)
    dispatcher.wake(KEY)
    await until_closed(store)
    await dispatcher.aclose(grace=10)
    assert seen == [0, 1]


class HastyClock(ManualClock):
    """A clock on which a minute passes between two looks at it."""

    def __call__(self) -> datetime:
        self.advance(60)
        return self.now


async def test_a_turn_with_a_bug_every_time_fails_and_lets_the_next_one_through() -> None:
    clock = HastyClock()
    store, seen = MemoryStore(clock=clock), []

    async def work(turn: Turn) -> None:
        if turn.incoming.text == "question 1":
            raise ZeroDivisionError
        seen.append(turn.incoming.text)

    dispatcher = Dispatcher(store, runner(store, work), worker="w", clock=clock)
    await accept(store, 1)
    await accept(store, 2)
    dispatcher.wake(KEY)
    await until_closed(store)
    await dispatcher.aclose(grace=10)
    assert store.errors == {1: "given up: ZeroDivisionError"}
    assert seen == ["question 2"]


async def test_waits_for_the_model_leave_a_bug_in_the_showing_its_own_tries() -> None:
    clock = HastyClock()
    store, seen = MemoryStore(clock=clock), []
    recorded = Settlement(state=TurnState.DONE, draft=Draft(status="done", text="paid"))

    async def run(turn: Turn) -> None:
        seen.append((turn.retries, turn.showings))
        if turn.retries < 3:
            await store.reschedule(turn, clock())
        elif turn.outcome is None:
            await store.record(turn, recorded)
            raise ZeroDivisionError
        else:
            await store.close(turn)

    dispatcher = Dispatcher(store, run, worker="w", clock=clock)
    await accept(store, 1)
    dispatcher.wake(KEY)
    await until_closed(store)
    await dispatcher.aclose(grace=10)
    assert seen == [(0, 0), (1, 0), (2, 0), (3, 0), (3, 1)]
    assert store.errors == {}


async def test_a_database_that_comes_back_is_used_again() -> None:
    store, failures = a_store(), iter([StorageUnavailable("away"), StorageUnavailable("away")])
    claim = store.claim

    async def sometimes(key: ConversationKey, *, worker: str) -> Turn | None:
        for failure in failures:
            raise failure
        return await claim(key, worker=worker)

    store.claim = sometimes  # type: ignore[method-assign]  # a database that is away twice
    dispatcher = Dispatcher(store, runner(store, nothing), worker="w", times=DispatchTimes(first_rest=0.001))
    await accept(store, 1)
    dispatcher.wake(KEY)
    await until_closed(store)
    await dispatcher.aclose(grace=10)


async def nothing(_turn: Turn) -> None:
    """Work that is done at once."""


async def test_without_embedding_only_a_job_starts_a_runner() -> None:
    store = a_store()
    dispatcher = Dispatcher(store, runner(store, nothing), worker="w", embedded=False)
    await accept(store, 1)
    dispatcher.wake(KEY)
    await asyncio.sleep(0)
    assert await store.open_conversations() == [KEY]
    await dispatcher.drain(KEY)
    assert not await store.open_conversations()
    await dispatcher.aclose(grace=10)
    await accept(store, 2)
    await dispatcher.drain(KEY)
    assert await store.open_conversations() == [KEY]


async def test_a_job_does_not_end_with_an_earlier_runner_that_has_lost_its_turn() -> None:
    store, begun, gate = a_store(), asyncio.Event(), asyncio.Event()

    async def work(turn: Turn) -> None:
        if not begun.is_set():
            begun.set()
            await gate.wait()
            raise ClaimLost("taken over")
        await settle(store, turn, Settlement(state=TurnState.DONE, draft=Draft(status="done")))

    dispatcher = Dispatcher(store, work, worker="w", embedded=False)
    await accept(store, 1)
    first = asyncio.create_task(dispatcher.drain(KEY))
    await begun.wait()
    second = asyncio.create_task(dispatcher.drain(KEY))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, second)
    assert not await store.open_conversations()


async def test_what_is_cut_short_is_handed_back_as_if_it_had_not_been_begun() -> None:
    store, begun = a_store(), asyncio.Event()

    async def work(_turn: Turn) -> None:
        begun.set()
        await asyncio.Event().wait()

    dispatcher = Dispatcher(store, runner(store, work), worker="w")
    await accept(store, 1)
    dispatcher.wake(KEY)
    await begun.wait()
    await dispatcher.aclose(grace=0)
    turn = await store.claim(KEY, worker="next")
    assert turn is not None
    assert (turn.attempt, turn.epoch) == (1, 2)
