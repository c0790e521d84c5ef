"""The engine on PostgreSQL: real jobs of a real queue, over the turns of a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from adapters.web.health.metrics import Metrics
from bot.app import heartbeat
from bot.app.maintenance import forget_conversation, queue_figures
from bot.ports import Clock
from bot.turns.dispatcher import Dispatcher
from bot.types import ConversationKey, Draft, PlaygroundEvent, Settlement, Turn, TurnId, TurnState
from storage import open_clock, open_store
from storage.database import parse_url
from storage.notifications import follow_playground
from storage.queue import Queue
from storage.schema import migration_connection
from storage.sql import SqlStore
from tests.contract.stores.samples import ADA, CHANNELS, KEY, OTHER, WORKSPACE, incoming, message
from tests.fakes import ManualClock, settle
from tests.integration.discord.scene import GivenSettings

DONE = Settlement(state=TurnState.DONE, draft=Draft(status="done"))


@pytest.fixture
def url(postgresql: str) -> str:
    """A database without turns and jobs."""
    return postgresql


@pytest.fixture
async def store(url: str, clock: ManualClock) -> AsyncIterator[SqlStore]:
    async with open_store(url, clock=clock) as store:
        yield store


class Process:
    """Process, one of many: it runs turns of the queue and notes what it ran and what it was told."""

    def __init__(self, url: str, store: SqlStore, work: Callable[[Turn], Awaitable[None]], name: str) -> None:
        self.stops: list[tuple[ConversationKey, list[TurnId]]] = []
        self.told = asyncio.Event()
        self._store = store
        self._work = work
        self.dispatcher = Dispatcher(store, self.run, worker=name, embedded=False)
        self.queue = Queue(url, [KEY.platform], self.dispatcher.drain, self.stopped)

    async def run(self, turn: Turn) -> None:
        await self._work(turn)
        await settle(self._store, turn, DONE)

    def stopped(self, key: ConversationKey, turns: object) -> None:
        self.stops.append((key, list(turns)))  # type: ignore[call-overload]  # a sequence
        self.told.set()


@asynccontextmanager
async def processes(
    count: int, url: str, store: SqlStore, work: Callable[[Turn], Awaitable[None]]
) -> AsyncIterator[list[Process]]:
    async with AsyncExitStack() as stack:
        running = [Process(url, store, work, f"w{number}") for number in range(count)]
        for process in running:
            await stack.enter_async_context(process.queue.serve(concurrency=20))
        yield running
        for process in running:
            process.queue.close_entrance()
            await process.dispatcher.aclose(grace=10)


async def nothing(_turn: Turn) -> None:
    """Work that is done at once."""


async def all_closed(store: SqlStore) -> None:
    async with asyncio.timeout(20):
        while await store.open_conversations():
            await asyncio.sleep(0.01)


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    with migration_connection(parse_url(url)) as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement))]


async def test_what_is_accepted_is_run_and_leaves_no_job(url: str, store: SqlStore) -> None:
    async with processes(1, url, store, nothing):
        await store.enqueue(incoming("a"))
        await store.enqueue(incoming("b", key=OTHER))
        await all_closed(store)
    assert await asyncio.to_thread(rows, url, "SELECT * FROM procrastinate_jobs") == []


async def test_a_conversation_is_in_one_process_at_a_time_and_in_order(url: str, store: SqlStore) -> None:
    seen: list[str] = []
    busy: set[ConversationKey] = set()
    keys = [replace(KEY, thread=str(number)) for number in range(4)]

    async def work(turn: Turn) -> None:
        assert turn.incoming.key not in busy
        busy.add(turn.incoming.key)
        await asyncio.sleep(0)
        seen.append(turn.incoming.dedupe_key)
        busy.remove(turn.incoming.key)

    async with processes(3, url, store, work):
        for number in range(5):
            await asyncio.gather(
                *(store.enqueue(incoming(f"{key.thread}-{number}", key=key, seconds=number)) for key in keys)
            )
        await all_closed(store)
    for key in keys:
        assert [name for name in seen if name.startswith(key.thread)] == [f"{key.thread}-{n}" for n in range(5)]


async def test_a_process_counts_as_long_as_it_lives(url: str, store: SqlStore) -> None:
    """However it ends: what counts is a lock, which goes with its connection."""

    async def counted(expected: int) -> None:
        async with asyncio.timeout(20):
            while await store.running_processes() != expected:
                await asyncio.sleep(0.01)

    async with processes(2, url, store, nothing):
        await counted(2)
        async with processes(1, url, store, nothing):
            await counted(3)
        await counted(2)
    await counted(0)


async def test_every_process_is_told_of_a_stop(url: str, store: SqlStore) -> None:
    hold = asyncio.Event()

    async def work(_turn: Turn) -> None:
        await hold.wait()

    async with processes(2, url, store, work) as (first, second), asyncio.timeout(20):
        id = await store.enqueue(incoming("a"))
        while not first.told.is_set() or not second.told.is_set():  # listening begins a moment after the start
            await store.request_stop(KEY)
            await asyncio.sleep(0.05)
        hold.set()
        await all_closed(store)
    assert first.stops[0] == second.stops[0] == (KEY, [id])


async def test_what_a_dead_process_was_at_is_taken_over(url: str, store: SqlStore) -> None:
    await store.enqueue(incoming("a"))
    assert await store.claim(KEY, worker="one that died") is not None
    await asyncio.to_thread(run_statement, url, "UPDATE procrastinate_jobs SET status = 'doing'")
    async with processes(1, url, store, nothing):
        await all_closed(store)


async def test_an_open_turn_without_a_job_is_found(url: str, store: SqlStore) -> None:
    await store.enqueue(incoming("a"))
    await asyncio.to_thread(run_statement, url, "DELETE FROM procrastinate_jobs")
    async with processes(1, url, store, nothing):
        await all_closed(store)


async def test_what_is_handed_back_is_taken_up_elsewhere(url: str, store: SqlStore) -> None:
    begun, hold = asyncio.Event(), asyncio.Event()

    async def work(_turn: Turn) -> None:
        begun.set()
        await hold.wait()

    async with processes(1, url, store, work) as (first,):
        await store.enqueue(incoming("a"))
        await asyncio.wait_for(begun.wait(), 20)
        first.queue.close_entrance()
        await first.dispatcher.aclose(grace=0)
        async with processes(1, url, store, nothing):
            await all_closed(store)


def run_statement(url: str, statement: str) -> None:
    with migration_connection(parse_url(url)) as connection:
        connection.exec_driver_sql(statement)


async def test_a_job_that_another_worker_has_by_now_is_let_alone(url: str, store: SqlStore) -> None:
    begun, hold = asyncio.Event(), asyncio.Event()

    async def work(_turn: Turn) -> None:
        begun.set()
        await hold.wait()

    async with processes(1, url, store, work):
        await store.enqueue(incoming("a"))
        await asyncio.wait_for(begun.wait(), 20)
        await asyncio.to_thread(
            run_statement,
            url,
            "INSERT INTO procrastinate_workers DEFAULT VALUES;"
            "UPDATE procrastinate_jobs SET worker_id = (SELECT max(id) FROM procrastinate_workers);"
            "UPDATE procrastinate_workers SET last_heartbeat = now() + interval '1 hour'",
        )
        hold.set()
        await all_closed(store)
    assert len(await asyncio.to_thread(rows, url, "SELECT id FROM procrastinate_jobs WHERE status = 'doing'")) == 1


async def test_what_another_process_has_for_open_pages_is_followed_in_order(
    url: str, store: SqlStore, clock: ManualClock
) -> None:
    woken = asyncio.Event()
    async with open_store(url, clock=clock) as worker, asyncio.timeout(20):
        await store.put_workspace(WORKSPACE, CHANNELS, [ADA])
        following = asyncio.create_task(follow_playground(url, woken.set))
        while not woken.is_set():  # listening begins a moment after the start
            await worker.put_messages([message("probe")])
            await asyncio.sleep(0.05)
        _, position = await store.get_playground_positions()
        steps = [PlaygroundEvent(kind="answer", workspace="W", channel="C1", message=str(n)) for n in range(30)]
        writers = [item.add_playground_events([step]) for step in steps for item in (store, worker)]
        found: list[PlaygroundEvent] = []

        async def read() -> None:
            nonlocal position
            while len(found) < len(writers):
                woken.clear()
                new = await store.get_playground_events(position, limit=7)
                position = new[-1].position if new else position
                found.extend(new)
                if not new:
                    await woken.wait()

        await asyncio.gather(read(), *writers)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert len({event.position for event in found}) == len(writers), "none was committed behind the reader's position"


@pytest.fixture(params=[3_600, 20, -3_600], ids=["an-hour-ahead", "20-s-ahead", "an-hour-back"])
def wrong(request: pytest.FixtureRequest) -> ManualClock:
    """The clock of a machine."""
    return ManualClock(datetime.now(UTC) + timedelta(seconds=request.param))


@asynccontextmanager
async def machine(url: str, own: Clock) -> AsyncIterator[tuple[SqlStore, Clock]]:
    async with open_clock(url, own) as clock, open_store(url, clock=clock) as store:
        yield store, clock


def right() -> datetime:
    return datetime.now(UTC)


SOON = timedelta(seconds=15)
"""More than anything takes here, and less than any clock is wrong."""


async def test_a_machine_whose_clock_is_wrong_goes_by_that_of_the_database(url: str, wrong: ManualClock) -> None:
    async with machine(url, wrong) as (store, clock):
        await store.enqueue(incoming("a"))
        waiting = await store.waiting(KEY)
        assert waiting is not None
        assert abs(waiting.last_accepted_at - right()) < SOON
        assert waiting.seconds_until_due(clock(), pause=0) == 0


async def test_machines_whose_clocks_differ_know_of_each_other_and_how_old_a_question_is(
    url: str, wrong: ManualClock
) -> None:
    async with AsyncExitStack() as running:
        here, its_clock = await running.enter_async_context(machine(url, wrong))
        there, clock = await running.enter_async_context(machine(url, right))
        await here.enqueue(incoming("a"))
        await running.enter_async_context(heartbeat.telling(here, its_clock, name="a", kind="worker", version="1"))
        await running.enter_async_context(heartbeat.telling(there, clock, name="b", kind="web", version="1"))
        for store, told in ((here, its_clock), (there, clock)):
            async with asyncio.timeout(20):
                while len(found := await heartbeat.processes(store, told)) < 2:
                    await asyncio.sleep(0.05)
            assert all(abs(told() - process.seen_at) < SOON for process in found)
            text = (await Metrics(version="1", kind="run").text(store, told)).decode()
            (oldest,) = [line for line in text.splitlines() if line.startswith("seedling_queue_oldest_seconds ")]
            assert 0 <= float(oldest.rpartition(" ")[2]) < SOON.total_seconds()


async def test_the_command_line_goes_by_the_clock_of_the_database(
    url: str, wrong: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.database.utc_now", wrong)
    settings = GivenSettings(database_url=url)
    async with machine(url, right) as (store, _):
        await store.enqueue(incoming("a", sent_at=right()))
        _, age = await queue_figures(settings)
        assert age is not None
        assert 0 <= age < SOON.total_seconds()
        assert await forget_conversation(settings, KEY) == 0
        (record,) = await store.audit_trail(since=right() - timedelta(days=1), limit=9)
        assert abs(record.at - right()) < SOON
