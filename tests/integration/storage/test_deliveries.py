"""Deliveries between processes: two at once over PostgreSQL, one after the other over SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import InvalidInput
from bot.parameter_resolver import scopes_of
from bot.ports import Clock
from bot.turns.conversation_manager import ConversationManager
from bot.turns.dispatcher import Dispatcher
from bot.turns.effects import TELLING, WORTH_TELLING, Nothing
from bot.turns.inbox import Inbox
from bot.types import FollowUp, HandleResult, Incoming, Outcome, TurnState
from storage import migrate, open_store
from storage.sql import SqlStore
from tests.contract.stores.samples import KEY, incoming, settlement
from tests.fakes import FixedRates, ManualClock, RecordingPlatform, ScriptedModel, services, settle


def inbox_over(store: SqlStore, clock: Clock) -> Inbox:
    """What a listening process has: it stores turns and runs none."""
    platforms = {"slack": RecordingPlatform()}
    manager = ConversationManager(store, ScriptedModel(), FixedRates(), platforms, clock=clock)
    dispatcher = Dispatcher(store, manager.answer, worker="w", clock=clock, embedded=False)
    return Inbox(manager, dispatcher, services(store, manager, platforms, clock=clock))


@asynccontextmanager
async def processes(url: str, clock: Clock) -> AsyncIterator[Sequence[tuple[SqlStore, Inbox]]]:
    """Two processes over one database, as far as they can tell."""
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(open_store(url, clock=clock)) for _ in range(2)]
        yield [(store, inbox_over(store, clock)) for store in stores]


async def outcome(doing: asyncio.Task[HandleResult]) -> Outcome | str:
    """What became of a delivery; the text of a refusal."""
    try:
        return (await doing).outcome
    except InvalidInput as error:
        return str(error)


async def handled_by_both(inboxes: Sequence[Inbox], asked: Incoming) -> list[Outcome | str]:
    """The same delivery comes to two processes, twice to each, all at once."""
    tasks = [asyncio.create_task(inbox.handle(asked)) for inbox in inboxes for _ in range(2)]
    return [await outcome(task) for task in tasks]


async def test_two_processes_that_get_the_same_command_carry_it_out_once(postgresql: str, clock: ManualClock) -> None:
    async with processes(postgresql, clock) as both:
        inboxes = [inbox for _, inbox in both]
        for number in range(10):
            became = await handled_by_both(
                inboxes, incoming(f"c{number}", text="/digest add daily at 9:00", is_admin=True)
            )
            assert sorted(became) == [Outcome.DUPLICATE] * 3 + [Outcome.REPLIED]
        assert len(await both[0][0].get_schedules(KEY)) == 10


async def test_two_processes_that_get_the_same_mistake_tell_it_once(postgresql: str, clock: ManualClock) -> None:
    async with processes(postgresql, clock) as both:
        inboxes = [inbox for _, inbox in both]
        for number in range(10):
            became = await handled_by_both(inboxes, incoming(f"m{number}", text="/set memory perhaps"))
            assert became.count(Outcome.DUPLICATE) == 3
            assert sum("memory cannot be" in item for item in became) == 1


async def test_two_processes_that_get_the_same_press_ask_once(postgresql: str, clock: ManualClock) -> None:
    async with processes(postgresql, clock) as both:
        store = both[0][0]
        for number in range(5):
            id = await store.enqueue(incoming(f"q{number}", seconds=number)) or 0
            turn = await store.claim(KEY, worker="w")
            assert turn is not None
            await settle(store, turn, settlement(state=TurnState.FAILED))
            press = incoming(f"p{number}", text="")
            tasks = [asyncio.create_task(inbox.follow_up(id, FollowUp.RETRY, asked=press)) for _, inbox in both]
            assert sorted([await outcome(task) for task in tasks]) == [Outcome.ANSWERING, Outcome.DUPLICATE]
            again = await store.claim(KEY, worker="w")
            assert again is not None
            await settle(store, again, settlement())
            assert await store.claim(KEY, worker="w") is None


async def test_two_processes_begin_and_take_over_once(postgresql: str, clock: ManualClock) -> None:
    async with processes(postgresql, clock) as both:
        stores = [store for store, _ in both]
        for number in range(10):
            asked = incoming(f"b{number}")
            assert sorted(await asyncio.gather(*(store.begin(asked) for store in stores))) == [False, True]
        clock.advance(TELLING.total_seconds())
        since = clock() - WORTH_TELLING
        first, second = await asyncio.gather(*(store.take_pending_answers("slack", since=since) for store in stores))
        assert sorted(item.incoming.dedupe_key for item in [*first, *second]) == [f"b{number}" for number in range(10)]


async def test_what_another_process_may_still_tell_is_left_to_it_on_a_server(
    postgresql: str, clock: ManualClock
) -> None:
    asked = incoming("k", text="/help")
    async with processes(postgresql, clock) as ((_, one), (_, other)):
        text = (await one.handle(asked)).text
        assert text
        assert (await other.handle(asked)).outcome is Outcome.DUPLICATE
        assert await other.take_pending_answers("slack") == []
        clock.advance(TELLING.total_seconds())
        assert (await other.handle(asked)).text == text
        assert (await one.handle(asked)).outcome is Outcome.DUPLICATE


async def test_a_press_waits_for_nobody_and_a_stop_of_another_process_is_heard(
    postgresql: str, clock: ManualClock
) -> None:
    """Stopping is told to the process that runs the turn as before: by the database."""
    async with processes(postgresql, clock) as ((store, inbox), _):
        await store.enqueue(incoming("q"))
        stop = incoming("s", text="/stop")
        assert (await inbox.handle(stop)).text == "Stopped."
        turn = await store.claim(KEY, worker="w")
        assert turn is not None
        assert turn.stop


# ---------------------------------------------------------------- one after the other


@pytest.fixture
async def file(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/seedling.db"
    await migrate(url)
    return url


async def test_on_sqlite_whoever_starts_next_knows_that_the_one_before_has_ended(file: str, clock: ManualClock) -> None:
    told, refused = (
        incoming("t", text="/digest add daily at 9:00", is_admin=True),
        incoming("r", text="/digest remove 77", is_admin=True),
    )
    async with open_store(file, clock=clock) as store:
        inbox = inbox_over(store, clock)
        answer = (await inbox.handle(told)).text
        with pytest.raises(InvalidInput) as error:
            await inbox.handle(refused)
        assert (await inbox.handle(told)).outcome is Outcome.DUPLICATE
    async with open_store(file, clock=clock) as store:
        inbox = inbox_over(store, clock)
        assert (await inbox.handle(told)).text == answer
        assert (await inbox.handle(told)).outcome is Outcome.DUPLICATE
        (owed,) = await inbox.take_pending_answers("slack")
        assert (owed.incoming.dedupe_key, owed.answer) == ("r", str(error.value))
        await inbox.mark_answered(told)
        await inbox.mark_answered(refused)
    async with open_store(file, clock=clock) as store:
        inbox = inbox_over(store, clock)
        assert await inbox.take_pending_answers("slack") == []
        assert (await inbox.handle(told)).outcome is Outcome.DUPLICATE
        assert len(await store.get_schedules(KEY)) == 1


async def test_what_nobody_waits_for_any_more_is_dropped(file: str, clock: ManualClock) -> None:
    async with open_store(file, clock=clock) as store:
        await inbox_over(store, clock).handle(incoming("k", text="/help"))
    clock.advance((WORTH_TELLING + timedelta(seconds=1)).total_seconds())
    async with open_store(file, clock=clock) as store:
        inbox = inbox_over(store, clock)
        assert await inbox.take_pending_answers("slack") == []
        assert (await inbox.handle(incoming("k", text="/help"))).outcome is Outcome.DUPLICATE


async def test_words_are_kept_until_they_are_told_and_no_longer(file: str, clock: ManualClock) -> None:
    async with open_store(file, clock=clock) as store:
        inbox = inbox_over(store, clock)
        asked = incoming("k", text="/set persona my secret is 1234")
        await inbox.begin(asked)
        await inbox.handle(asked)
        await inbox.mark_answered(asked)
        await store.remove_setting(scopes_of(KEY)[2], "persona")
        await store.carry_out(incoming("x"), Nothing(), lambda _: "")
    assert "1234" not in await asyncio.to_thread(_dump, Path(file.removeprefix("sqlite:///")))


def _dump(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump())
