"""Forgetting, backing up and moving, over real databases."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app.maintenance import forget_rested
from bot.errors import ConfigError, InvalidInput, StorageUnavailable
from bot.parameter_resolver import scopes_of
from bot.types import ConversationKey, Person, Usage
from storage import back_up, copy_database, open_store, single_instance
from storage.sql import SqlStore
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
    pay,
    picture,
    remembered,
    settlement,
)
from tests.fakes import ManualClock, settle


@pytest.fixture
def url(tmp_path: Path, empty_database: Path) -> str:
    return f"sqlite:///{shutil.copy(empty_database, tmp_path / 'seedling.db')}"


@pytest.fixture
async def store(url: str, clock: ManualClock) -> AsyncIterator[SqlStore]:
    async with open_store(url, clock=clock) as store:
        yield store


async def answered(store: SqlStore, name: str, **changes: object) -> None:
    """A question with a picture, and its answer."""
    await store.enqueue(incoming(name, **{"text": "a secret", **changes}))  # type: ignore[arg-type]
    key = changes.get("key", KEY)
    turn = await store.claim(key, worker="w")  # type: ignore[arg-type]
    assert turn is not None
    entries = (
        entry(f"q-{name}", text="a secret", media=(picture(name.encode()),)),
        entry(f"a-{name}", text="a secret"),
    )
    await pay(store, turn, Usage(input=5))
    await settle(store, turn, settlement(*entries, conversation=remembered(memory="a secret")))


def every_word(path: str) -> str:
    with closing(sqlite3.connect(path.removeprefix("sqlite:///"))) as connection:
        return "\n".join(connection.iterdump())


async def test_a_forgotten_conversation_leaves_no_word_and_every_figure(url: str, store: SqlStore) -> None:
    await answered(store, "m1")
    assert (await store.forget_conversation(KEY)).entries == 2
    words = await asyncio.to_thread(every_word, url)
    assert "a secret" not in words
    assert "leaf.png" not in words
    assert (await store.usage_totals(since=at(-9), until=at(9))).input == 5
    assert await store.get_entries(KEY, start=0) == []
    assert await store.enqueue(incoming("m1")) is None
    await answered(store, "m2")
    assert [item.id for item in await store.get_entries(KEY, start=0)] == ["q-m2", "a-m2"]


async def test_other_conversations_stay(store: SqlStore) -> None:
    await answered(store, "m1")
    await answered(store, "m2", key=OTHER)
    await store.forget_conversation(KEY)
    assert len(await store.get_entries(OTHER, start=0)) == 2
    assert (await store.get_entries(OTHER, start=0))[0].entry.media == (picture(b"m2"),)


async def test_what_is_still_open_goes_as_well_unless_the_conversation_was_to_have_rested(store: SqlStore) -> None:
    await store.enqueue(incoming("m1"))
    await store.forget_conversation(KEY, rested=True)
    assert await store.open_conversations() == [KEY]
    await store.forget_conversation(KEY)
    assert await store.open_conversations() == []
    await store.enqueue(incoming("m2"))
    turn = await store.claim(KEY, worker="w")
    assert turn is not None
    assert turn.incoming.text == "question m2"


async def test_a_forgotten_person_leaves_neither_words_nor_name(url: str, store: SqlStore) -> None:
    await store.put_workspace(WORKSPACE, CHANNELS, [ADA])
    await store.add_channel(replace(CHANNELS[0], id="hers", maker=ADA.id))
    await store.put_messages([message("1")])
    await answered(store, "m1")
    assert (await store.forget_person("slack", ADA.id)).entries == 2
    await store.forget_person("local", ADA.id)
    words = await asyncio.to_thread(every_word, url)
    assert "a secret" not in words
    assert f"'{ADA.id}'" not in words
    assert (await store.usage_totals(since=at(-9), until=at(9))).input == 5


async def test_somebody_who_is_forgotten_takes_nobody_else_s_messages_along(store: SqlStore) -> None:
    eve = Person(id="eve", name="Eve")
    bot = Person(id="seedling", name="Seedling", is_bot=True)
    thread = ConversationKey(platform="local", workspace="W", channel="C1", thread="root")
    await store.put_workspace(WORKSPACE, CHANNELS, [ADA, eve])
    await answered(store, "m1", key=thread)
    await answered(store, "m2", key=thread, author=eve)
    await store.put_messages([message("root"), message("hers", seconds=2, thread="root", author=eve)])
    answers = [message(f"answer-{turn}", seconds=turn, thread="root", author=bot, turn=turn) for turn in (1, 2)]
    await store.put_messages(answers)
    await store.forget_person("local", eve.id)
    assert await store.get_message("W", "C1", "root") is not None
    assert [item.id for item in await store.get_thread("W", "C1", "root", limit=9)] == ["answer-1"]


async def test_what_rested_long_enough_is_found(store: SqlStore, clock: ManualClock) -> None:
    asked_at = clock()
    await answered(store, "m1")
    clock.advance(60)
    await answered(store, "m2", key=OTHER)
    assert await store.inactive_since(at(30)) == {KEY: asked_at}
    await store.forget_conversation(KEY)
    assert await store.inactive_since(at(30)) == {}


async def test_what_rested_is_found_without_words_and_beside_later_or_open_turns(
    store: SqlStore, clock: ManualClock
) -> None:
    asked_at = clock()
    await answered(store, "a picture alone", text="")
    await answered(store, "m2", key=OTHER)
    clock.advance(60)
    assert await store.inactive_since(clock()) == {KEY: asked_at, OTHER: asked_at}
    await store.enqueue(incoming("m3", key=OTHER))  # open, and later
    assert await store.inactive_since(clock()) == {KEY: asked_at}
    clock.advance(60)
    assert await store.inactive_since(clock()) == {KEY: asked_at}
    await answered(store, "m4")
    assert await store.inactive_since(clock()) == {}


DAY = 86_400


@pytest.mark.parametrize(
    ("values", "days", "left"),
    [
        pytest.param({}, None, {KEY, OTHER}, id="everything-is-kept"),
        pytest.param({}, 3, set(), id="the-operator-s-days"),
        pytest.param({"workspace": "3"}, None, set(), id="a-workspace"),
        pytest.param({"workspace": "9"}, 3, {KEY, OTHER}, id="a-workspace-before-the-operator"),
        pytest.param({"conversation": "3"}, None, {OTHER}, id="a-conversation"),
        pytest.param({"workspace": "3", "conversation": "0"}, None, {KEY}, id="kept-inside-what-is-forgotten"),
        pytest.param({"channel": "soon"}, 3, set(), id="no-number"),
    ],
)
async def test_conversations_are_kept_for_as_long_as_people_set(
    store: SqlStore,
    clock: ManualClock,
    values: dict[str, str],
    days: int | None,
    left: set[ConversationKey],
) -> None:
    await answered(store, "m1")
    await answered(store, "m2", key=OTHER)
    for scope in scopes_of(KEY):
        if scope.kind in values:
            await store.put_setting(scope, "retention", values[scope.kind])
    clock.advance(5 * DAY)
    await forget_rested(store, days, clock=clock)
    assert {key for key in (KEY, OTHER) if await store.get_entries(key, start=0)} == left


@pytest.mark.parametrize(
    ("values", "days", "left"),
    [
        pytest.param({}, None, set(), id="the-terms-of-the-platform"),
        pytest.param({}, 9, {KEY, OTHER}, id="the-operator-before-the-terms"),
        pytest.param({"conversation": "0"}, None, {KEY}, id="people-before-both"),
    ],
)
async def test_where_nothing_is_set_the_terms_of_the_platform_count(
    store: SqlStore, clock: ManualClock, values: dict[str, str], days: int | None, left: set[ConversationKey]
) -> None:
    await answered(store, "m1")
    await answered(store, "m2", key=OTHER)
    for scope in scopes_of(KEY):
        if scope.kind in values:
            await store.put_setting(scope, "retention", values[scope.kind])
    clock.advance(5 * DAY)
    await forget_rested(store, days, {KEY.platform: 3}, clock=clock)
    assert {key for key in (KEY, OTHER) if await store.get_entries(key, start=0)} == left


async def test_a_backup_holds_everything_and_overwrites_nothing(url: str, store: SqlStore, tmp_path: Path) -> None:
    await answered(store, "m1")
    await back_up(url, tmp_path / "copy.db")
    mine, copied = await asyncio.gather(
        asyncio.to_thread(every_word, url), asyncio.to_thread(every_word, str(tmp_path / "copy.db"))
    )
    assert mine == copied
    with pytest.raises(InvalidInput, match="already exists"):
        await back_up(url, tmp_path / "copy.db")


async def test_a_database_moves_to_postgresql_and_back(
    url: str,
    store: SqlStore,
    postgresql: str,
    tmp_path: Path,
    clock: ManualClock,
) -> None:
    await answered(store, "m1")
    await store.enqueue(incoming("m2", seconds=3))
    await store.put_workspace(WORKSPACE, CHANNELS, [ADA])
    await store.put_messages([message("1"), message("2", thread="1")])
    told: list[str] = []
    counts = await copy_database(url, postgresql, lambda name, _rows: told.append(name))
    assert (counts["turn"], counts["entry"], counts["channel_message"]) == (2, 2, 2)
    assert told == list(counts)
    async with open_store(postgresql, clock=clock) as moved:
        assert await moved.get_entries(KEY, start=0) == await store.get_entries(KEY, start=0)
        new = await moved.enqueue(incoming("m3", seconds=4))
        assert new == 3
    with pytest.raises(ConfigError, match="not empty"):
        await copy_database(url, postgresql, lambda _name, _rows: None)
    back = await copy_database(postgresql, f"sqlite:///{tmp_path / 'back.db'}", lambda _name, _rows: None)
    assert back == {**counts, "turn": 3}


def test_a_second_runner_on_a_file_is_turned_away(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'seedling.db'}"
    with (
        single_instance(url),
        pytest.raises(StorageUnavailable, match=r"\(process \d+\)"),
        single_instance(url),
    ):
        pass
    with single_instance(url):
        pass


async def test_on_a_full_disk_nothing_is_acknowledged_until_there_is_room(store: SqlStore) -> None:
    """The file's own limit of pages stands for the disk."""

    async def limit(pages: int) -> None:
        pragma = f"PRAGMA max_page_count={pages}"
        await store._database.run(lambda session: session.connection().exec_driver_sql(pragma).close())

    await limit(1)
    with pytest.raises(StorageUnavailable, match="free some space"):
        await store.enqueue(incoming("m1", text="long " * 50_000))
    assert await store.open_conversations() == []
    await limit(1_000_000)
    assert await store.enqueue(incoming("m1", text="long " * 50_000)) is not None
