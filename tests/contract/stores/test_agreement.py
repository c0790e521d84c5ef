"""Whatever is done to them, a store in memory and a store over a database give the same answers."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.errors import StorageError
from bot.parameter_resolver import scopes_of
from bot.types import Channel, Person, Task, Turn, TurnState, Workspace
from storage import open_store
from storage.in_memory.store import MemoryStore
from tests.contract.stores.conftest import AnyStore
from tests.contract.stores.samples import (
    ADA,
    CHANNELS,
    KEY,
    OTHER,
    WORKSPACE,
    at,
    entry,
    incoming,
    message,
    picture,
    remembered,
    settlement,
)
from tests.examples import examples
from tests.fakes import ManualClock, settle

keys = st.sampled_from([KEY, OTHER])
names = st.sampled_from(["a", "b", "B", "é", "10", "9"])
moments = st.integers(0, 4)
scopes = st.sampled_from(scopes_of(KEY))
entries = st.lists(
    st.builds(
        lambda name, second, data: entry(name, seconds=second, media=tuple(picture(item) for item in data)),
        names,
        moments,
        st.lists(st.binary(max_size=2), max_size=2),
    ),
    max_size=3,
)
messages = st.lists(
    st.builds(
        lambda name, second, thread, text: message(name, seconds=second, thread=thread, text=text),
        names,
        moments,
        st.just("") | names,
        names,
    ),
    max_size=4,
)


@dataclass
class Run:
    """One store under test with the turns that were claimed from it."""

    store: AnyStore
    clock: ManualClock
    claimed: list[Turn]


Step = Callable[[Run], Awaitable[Any]]


def accept(name: str, second: int, key: Any) -> Step:
    return lambda run: run.store.enqueue(incoming(name, seconds=second, key=key))


def claim(key: Any) -> Step:
    async def step(run: Run) -> Turn | None:
        turn = await run.store.claim(key, worker="w1")
        run.claimed += [turn] if turn else []
        return turn

    return step


def on_a_claimed_turn(choice: int, work: Callable[[AnyStore, Turn], Awaitable[Any]]) -> Step:
    async def step(run: Run) -> Any:
        return await work(run.store, run.claimed[choice % len(run.claimed)]) if run.claimed else None

    return step


def end(choice: int, new: list[Any], state: TurnState, start: int | None) -> Step:
    conversation = None if start is None else remembered(window_start=start)
    ended = settlement(*new, state=state, conversation=conversation)
    return on_a_claimed_turn(choice, lambda store, turn: settle(store, turn, ended))


def advance(seconds: int) -> Step:
    async def step(run: Run) -> None:
        run.clock.advance(seconds)

    return step


def page(thread: str, before: str, limit: int) -> Step:
    async def step(run: Run) -> Any:
        mark = await run.store.get_message("W", "C1", before)
        return await run.store.get_thread("W", "C1", thread, before=mark, limit=limit)

    return step


def hear(name: str, second: int, key: Any) -> Step:
    return lambda run: run.store.enqueue(incoming(f"said {name}", seconds=second, key=key, task=Task.CONTEXT))


choices = st.integers(0, 5)
authors = st.sampled_from(["", "U1", "U2"])
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(accept, names, moments, keys),
    st.builds(hear, names, moments, keys),
    st.builds(claim, keys),
    st.builds(lambda choice: on_a_claimed_turn(choice, lambda store, turn: store.coalesce(turn)), choices),
    st.builds(lambda key: lambda run: run.store.recent_talk(key, limit=9), keys),
    st.builds(lambda choice: on_a_claimed_turn(choice, lambda store, turn: store.set_reply_ref(turn, "r")), choices),
    st.builds(lambda choice: on_a_claimed_turn(choice, lambda store, turn: store.begin_post(turn)), choices),
    st.builds(lambda choice: on_a_claimed_turn(choice, lambda store, turn: store.check_claim(turn)), choices),
    st.builds(
        lambda choice, second: on_a_claimed_turn(choice, lambda store, turn: store.reschedule(turn, at(second))),
        choices,
        moments,
    ),
    st.builds(
        end, choices, entries, st.sampled_from([TurnState.DONE, TurnState.CANCELLED]), st.none() | st.integers(0, 9)
    ),
    st.builds(advance, st.integers(0, 2)),
    st.builds(lambda key, author: lambda run: run.store.request_stop(key, author=author), keys, authors),
    st.builds(lambda key: lambda run: run.store.stoppable_by(key), keys),
    st.builds(lambda key, limit: lambda run: run.store.asked_by_bots(key, limit=limit), keys, st.integers(0, 3)),
    st.builds(lambda key: lambda run: run.store.authors(key), keys),
    st.builds(lambda key, new: lambda run: run.store.append_entries(key, new), keys, entries),
    st.builds(lambda scope, name, value: lambda run: run.store.put_setting(scope, name, value), scopes, names, names),
    st.builds(lambda scope, name: lambda run: run.store.remove_setting(scope, name), scopes, names),
    st.builds(lambda new: lambda run: run.store.put_messages(new), messages),
    st.builds(page, st.just("") | names, names, st.integers(0, 3)),
    st.builds(
        lambda channel, name: (
            lambda run: run.store.put_workspace(
                Workspace(id="W", name=name),
                [Channel(workspace="W", id=channel, name=name, direct=channel > name)],
                [Person(id=channel, name=name)],
            )
        ),
        names,
        names,
    ),
)


async def answer(step: Step, run: Run) -> Any:
    try:
        return await step(run)
    except StorageError as error:
        return type(error), str(error)


async def everything(store: AnyStore) -> Any:
    """All that can be read."""
    return (
        await store.open_conversations(),
        [await store.get_conversation(key) for key in (KEY, OTHER)],
        [await store.get_entries(key, start=start) for key in (KEY, OTHER) for start in (0, 2)],
        await store.get_settings(scopes_of(KEY)),
        await store.get_workspaces(),
        await store.get_channels("W"),
        await store.get_people("W"),
        await store.get_messages("W", "C1", limit=99),
        [await store.get_thread("W", "C1", name, limit=99) for name in ("a", "b", "B")],
    )


@examples(25)
@given(st.lists(steps, min_size=5, max_size=30))
async def test_memory_and_database_agree(empty_database: Path, script: list[Step]) -> None:
    with TemporaryDirectory() as folder:
        path = shutil.copy(empty_database, Path(folder) / "seedling.db")
        clocks = ManualClock(), ManualClock()
        async with open_store(f"sqlite:///{path}", clock=clocks[0]) as sqlite:
            runs = [Run(sqlite, clocks[0], []), Run(MemoryStore(clock=clocks[1]), clocks[1], [])]
            for run in runs:
                await run.store.put_workspace(WORKSPACE, CHANNELS, [ADA])
            for step in script:
                database, memory = [await answer(step, run) for run in runs]
                assert database == memory
            database, memory = [await everything(run.store) for run in runs]
            assert database == memory
