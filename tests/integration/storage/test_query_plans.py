"""No question, reply or sweep reads a whole table: every method of the stores, explained by both databases."""

from __future__ import annotations

import asyncio
import inspect
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from storage import migrate, open_store, queue
from storage.database import parse_url
from storage.jobs import LIFE_LOCK, TASK
from storage.sql import SqlStore
from tests.fakes import START, ManualClock
from tests.filled_database import PLACES, fill
from tests.postgresql import new_database
from tests.query_plans import Explainer, Plan, statements
from tests.store_calls import CALLS, LARGER, Scene, make_scene

TURNS = 10_000  # PostgreSQL reads a table of fewer rows whole, which is quicker
TURNS_IN_SQLITE = 4_000  # which plans without looking at how many there are
MANY_TURNS = 100_000
FEW = 300  # rows: more than any conversation here has but the long one, and far less than a table
FREQUENT = [pytest.param(call, id=name) for name, call in CALLS.items() if name not in LARGER]

Filled = tuple[str, Iterator[int]]
"""The URL of a filled database, and the numbers of its scenes."""


def make_filled(url: str, turns: int) -> Filled:
    asyncio.run(migrate(url))
    fill(url, turns, now=START)
    return url, count(1)


@pytest.fixture(scope="session")
def filled_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    return make_filled(f"sqlite:///{tmp_path_factory.mktemp('filled') / 'seedling.db'}", TURNS_IN_SQLITE)


@pytest.fixture(scope="session")
def filled_postgresql(postgresql_server: str) -> Filled:
    return make_filled(new_database(postgresql_server), TURNS)


@pytest.fixture(params=["sqlite", "postgresql"])
async def filled(request: pytest.FixtureRequest) -> Filled:
    filled: Filled = await asyncio.to_thread(request.getfixturevalue, f"filled_{request.param}")
    return filled


async def plans_of(url: str, scenes: Iterator[int], call: Any) -> list[Plan]:
    """How the statements of a call are carried out."""
    async with open_store(url, clock=ManualClock()) as store:
        scene = await make_scene(store, next(scenes))
        with statements() as seen:
            await call(scene)
        return await asyncio.to_thread(explained, url, seen)


def explained(url: str, seen: Sequence[tuple[str, Any]]) -> list[Plan]:
    with closing(Explainer(url)) as explainer:
        return explainer.explain(seen)


def too_large(plans: Sequence[Plan]) -> str:
    """The plans that read a whole table or meet more rows than few; "" when there is none."""
    return "\n\n".join(str(plan) for plan in plans if plan.whole or plan.rows > FEW)


@pytest.mark.parametrize("call", FREQUENT)
async def test_what_is_frequent_meets_few_rows(filled: Filled, call: Any) -> None:
    assert too_large(await plans_of(*filled, call)) == ""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_at_100_000_turns_as_well(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path / 'seedling.db'}"
    if kind == "postgresql":
        url = await asyncio.to_thread(request.getfixturevalue, "new_postgresql")
    url, scenes = await asyncio.to_thread(make_filled, url, MANY_TURNS)
    found = {name: too_large(await plans_of(url, scenes, CALLS[name])) for name in CALLS if name not in LARGER}
    assert {name: plans for name, plans in found.items() if plans} == {}


async def test_every_method_of_the_stores_is_called(filled_sqlite: Filled) -> None:
    url, scenes = filled_sqlite
    async with open_store(url, clock=ManualClock()) as store:
        noting = Noting(store)
        for call in CALLS.values():
            scene = await make_scene(store, next(scenes))
            await call(Scene(store=noting, turn=scene.turn))  # type: ignore[arg-type]  # passes every call on
    methods = {name for name, method in inspect.getmembers(SqlStore, inspect.iscoroutinefunction) if name[0] != "_"}
    assert methods - noting.called == set()
    assert LARGER.keys() - CALLS.keys() == set()


class Noting:
    """A store that notes what is called."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.called.add(name)
        return getattr(self._store, name)


# ---------------------------------------------------------------- what the look itself finds


@pytest.mark.parametrize(
    ("index", "name"),
    [
        pytest.param(
            "ix_turn_conversation", "has_participated, a stranger", id="weak"
        ),  # the platform's turns, by another index
        pytest.param("ix_turn_kept", "inactive_since", id="whole"),
        pytest.param("ix_turn_remembered", "accept what is only said, the long one", id="partial"),
    ],
)
async def test_a_missing_index_is_found_out(filled_sqlite: Filled, tmp_path: Path, index: str, name: str) -> None:
    path = shutil.copy(parse_url(filled_sqlite[0]).database or "", tmp_path / "seedling.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"DROP INDEX {index}")
    assert "turn" in too_large(await plans_of(f"sqlite:///{path}", filled_sqlite[1], CALLS[name]))


async def test_the_queue_looks_at_open_turns_and_jobs_alone(filled_postgresql: Filled) -> None:
    url, _ = filled_postgresql
    sweep = (queue._SWEEP, {"task": TASK, "platforms": sorted({platform for platform, _ in PLACES})})
    rescue = (
        queue._RESCUE,
        {"stalled": queue.STALLED_SECONDS, "gone": queue.GONE_SECONDS, "life": LIFE_LOCK},
    )
    plans = await asyncio.to_thread(explained, url, [sweep, rescue])
    assert len(plans) == 2
    assert [plan for plan in plans if plan.rows > FEW or any(" turn" in step for step in plan.whole)] == []
