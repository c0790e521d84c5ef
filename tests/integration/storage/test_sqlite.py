"""What only a database file can show: it survives, it is shared, it is never left locked, its indexes are used."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from bot.errors import ClaimLost, StorageUnavailable
from bot.types import TurnState, Usage
from storage import migrate, open_store, refuse_taken, single_instance, write_ahead_log
from storage.database import WAL_BYTES, Database, _prepare, make_engine, parse_url
from storage.schema import _write_ahead, migration_connection
from storage.single_instance import lock_of
from storage.sql import SqlStore
from tests.contract.stores.deleting import SECRET, answer_of
from tests.contract.stores.samples import (
    ADA,
    CHANNELS,
    KEY,
    WORKSPACE,
    entry,
    incoming,
    message,
    pay,
    picture,
    remembered,
    settlement,
)
from tests.fakes import START, ManualClock, settle


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    path = tmp_path / "seedling.db"
    await migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
async def store(path: Path, clock: ManualClock) -> AsyncIterator[SqlStore]:
    async with open_store(f"sqlite:///{path}", clock=clock) as store:
        yield store


def ask(path: Path, statement: str, parameters: Any = ()) -> list[Any]:
    with closing(sqlite3.connect(path, timeout=0)) as connection:
        return connection.execute(statement, parameters).fetchall()


# ---------------------------------------------------------------- what is kept


async def test_a_file_opened_again_shows_the_same(path: Path, clock: ManualClock) -> None:
    async with open_store(f"sqlite:///{path}", clock=clock) as store:
        await store.enqueue(incoming("m1"))
        turn = await store.claim(KEY, worker="w1")
        assert turn is not None
        await store.set_reply_ref(turn, "171.0009")
        await store.append_entries(KEY, [entry("a", media=(picture(b"x"),))])
        await store.put_workspace(WORKSPACE, CHANNELS, [ADA])
        await store.put_messages([message("1"), message("2", thread="1")])
        entries = await store.get_entries(KEY, start=0)
        messages = await store.get_messages("W", "C1", limit=9)
    async with open_store(f"sqlite:///{path}", clock=clock) as store:
        assert await store.open_conversations() == [KEY]
        again = await store.claim(KEY, worker="w2")
        assert again == replace(turn, epoch=2, attempt=2, reply_ref="171.0009")
        assert await store.get_entries(KEY, start=0) == entries
        assert await store.get_messages("W", "C1", limit=9) == messages


async def test_the_ledger_keeps_numbers_and_no_words(path: Path, store: SqlStore) -> None:
    await store.enqueue(incoming("m1", text="a secret question"))
    turn = await store.claim(KEY, worker="w1")
    assert turn is not None
    usage = Usage(input=130_000, cached=64_000, output=900, reasoning=400, estimated=True, tools={"web_search": 2})
    cost = Decimal("0.080600000000000000000000000001")
    await pay(store, turn, usage, cost)
    await settle(store, turn, settlement(entry("a"), conversation=remembered()))
    (row,) = ask(path, "SELECT * FROM ledger")
    numbers = (1, 130_000, 64_000, 900, 400, 1, '{"web_search": 2}', str(cost))
    assert row == (
        "slack",
        "T1",
        "C1",
        "171.0001",
        1,
        turn.id,
        "answer",
        f"{START:%F %T}.000000",
        "U1",
        f"{START:%F %T}.000000",
        "seed-2-0-lite",
        *numbers,
        *(None, None),  # nobody noted when its first words came
        None,  # nothing is reserved where there is no budget
    )


async def test_a_turn_that_sent_nothing_has_no_line_in_the_ledger(path: Path, store: SqlStore) -> None:
    await store.enqueue(incoming("m1"))
    turn = await store.claim(KEY, worker="w1")
    assert turn is not None
    await settle(store, turn, settlement(state=TurnState.FAILED, error="HTTP 401"))
    assert ask(path, "SELECT * FROM ledger") == []
    assert ask(path, "SELECT state, error, worker FROM turn") == [("failed", "HTTP 401", "w1")]


async def test_equal_media_are_kept_once(path: Path, store: SqlStore) -> None:
    await store.append_entries(KEY, [entry("a", media=(picture(b"x"), picture(b"x", name="y"), picture(b"z")))])
    await store.append_entries(replace(KEY, thread="other"), [entry("a", media=(picture(b"x"),))])
    assert ask(path, "SELECT count(*) FROM media") == [(2,)]


async def test_what_is_acknowledged_survives_a_power_cut(path: Path) -> None:
    def pragmas(session: Session) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [session.connection().exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]

    database = Database(await asyncio.to_thread(make_engine, parse_url(f"sqlite:///{path}")))
    answers = await database.run(pragmas)
    await database.close()
    assert answers == ["wal", 2, 1, 10_000]  # synchronous 2 is FULL


# ---------------------------------------------------------------- several at once


async def test_two_programs_share_a_file(path: Path, store: SqlStore, clock: ManualClock) -> None:
    async with open_store(f"sqlite:///{path}", clock=clock) as second:
        names = [f"m{number}" for number in range(10)]
        ids = await asyncio.gather(*(item.enqueue(incoming(name)) for name in names for item in (store, second)))
        assert len([id for id in ids if id is not None]) == 10
        old = await store.claim(KEY, worker="w1")
        new = await second.claim(KEY, worker="w2")
        assert old is not None
        assert new is not None
        assert new.id == old.id
        with pytest.raises(ClaimLost):
            await settle(store, old, settlement())
        await settle(second, new, settlement())


async def test_a_file_that_another_program_locks_is_unavailable_until_it_is_free(
    path: Path, clock: ManualClock
) -> None:
    async with open_store(f"sqlite:///{path}?timeout=0.05", clock=clock) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageUnavailable, match="another program is using it"):
                await store.enqueue(incoming("m1"))
            assert await store.open_conversations() == []
            other.execute("ROLLBACK")
        assert await store.enqueue(incoming("m1")) is not None


async def test_cancelled_callers_leave_no_file_locked(path: Path, store: SqlStore) -> None:
    chance = random.Random(20260105)
    await store.put_workspace(WORKSPACE, CHANNELS, [ADA])
    works: list[Callable[[int], Awaitable[object]]] = [
        lambda number: store.enqueue(incoming(f"m{number}")),
        lambda number: store.append_entries(KEY, [entry(f"e{number}"), entry(f"f{number}")]),
        lambda number: store.claim(KEY, worker=f"w{number}"),
        lambda number: store.put_messages([message(str(number)), message(f"r{number}", thread=str(number))]),
        lambda number: store.get_entries(KEY, start=0),
    ]
    tasks = []
    for number in range(250):
        tasks.append(asyncio.ensure_future(chance.choice(works)(number)))
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        chance.choice(tasks[-8:]).cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert any(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
    assert all(not isinstance(outcome, Exception) for outcome in outcomes)

    assert await store.enqueue(incoming("after")) is not None
    assert ask(path, "UPDATE setting SET value = ''") == []  # and no connection holds the file
    entries = await store.get_entries(KEY, start=0)
    assert [item.position for item in entries] == list(range(len(entries)))
    assert len(entries) % 2 == 0
    for root in await store.get_messages("W", "C1", limit=999):
        assert root.replies == 1


async def test_closing_waits_for_what_a_cancelled_caller_left_behind(path: Path, clock: ManualClock) -> None:
    async with open_store(f"sqlite:///{path}", clock=clock) as store:
        caller = asyncio.ensure_future(store.enqueue(incoming("m1")))
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait([caller])
        assert caller.cancelled()
    assert ask(path, "SELECT dedupe_key FROM turn") == [("m1",)]


# ---------------------------------------------------------------- how rows are found


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """What is sent to any database meanwhile."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        seen.extend([(statement, parameter) for parameter in parameters[:1]] if many else [(statement, parameters)])

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


QUERIES = [
    pytest.param(lambda store: store.claim(KEY, worker="w1"), "ix_turn_open", id="claim"),
    pytest.param(lambda store: store.request_stop(KEY), "ix_turn_open", id="request_stop"),
    pytest.param(lambda store: store.open_conversations(), "ix_turn_open", id="open_conversations"),
    pytest.param(lambda store: store.get_entries(KEY, start=3), "sqlite_autoindex_entry", id="get_entries"),
    pytest.param(lambda store: store.get_conversation(KEY), "sqlite_autoindex_conversation", id="get_conversation"),
    pytest.param(
        lambda store: store.get_messages("W", "C1", before=message("1"), limit=9),
        "ix_channel_message_workspace_channel_thread_at_id",
        id="get_messages",
    ),
    pytest.param(
        lambda store: store.get_thread("W", "C1", "1", limit=9),
        "ix_channel_message_workspace_channel_thread_at_id",
        id="get_thread",
    ),
    pytest.param(lambda store: store.put_messages([message("1")]), "ix_channel_message", id="put_messages"),
    pytest.param(lambda store: store.append_entries(KEY, [entry("b")]), "sqlite_autoindex_entry", id="append_entries"),
]


@pytest.mark.parametrize(("query", "index"), QUERIES)
async def test_no_query_looks_at_every_row(
    path: Path, store: SqlStore, query: Callable[[SqlStore], Awaitable[object]], index: str
) -> None:
    await store.put_workspace(WORKSPACE, CHANNELS, [ADA])
    await store.append_entries(KEY, [entry("a")])
    await store.enqueue(incoming("m1"))
    with statements() as seen:
        await query(store)
    plan = [
        row[3]
        for statement, parameters in seen
        if not statement.startswith("PRAGMA")
        for row in ask(path, f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]
    assert any(index in step for step in plan), plan
    whole = [step for step in plan if step.startswith("SCAN") and "ix_turn_open" not in step]  # that one is short
    assert whole == []


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(lambda store: store.claim(KEY, worker="w1"), id="claim"),
        pytest.param(lambda store: store.get_entries(KEY, start=3), id="get_entries"),
        pytest.param(lambda store: store.get_messages("W", "C1", before=message("1"), limit=9), id="get_messages"),
    ],
)
async def test_rows_come_out_of_the_index_in_order(
    path: Path, store: SqlStore, query: Callable[[SqlStore], Awaitable[object]]
) -> None:
    await store.append_entries(KEY, [entry("a")])
    with statements() as seen:
        await query(store)
    plan = [
        row[3] for statement, parameters in seen for row in ask(path, f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]
    assert plan
    assert [step for step in plan if "TEMP B-TREE" in step] == []


# ---------------------------------------------------------------- one process


def through_a_symlink(path: Path, other: Path) -> Path:
    other.symlink_to(path)
    return other


def through_a_hard_link(path: Path, other: Path) -> Path:
    other.hardlink_to(path)
    return other


def after_its_lock_was_deleted(path: Path, _: Path) -> Path:
    lock_of(path).unlink()
    return path


@pytest.mark.parametrize("again", [through_a_symlink, through_a_hard_link, after_its_lock_was_deleted])
async def test_a_second_process_gets_in_by_no_other_way(
    path: Path, tmp_path: Path, again: Callable[[Path, Path], Path]
) -> None:
    with single_instance(f"sqlite:///{path}"):
        other = f"sqlite:///{again(path, tmp_path / 'other.db')}"
        with pytest.raises(StorageUnavailable, match="Another Seedling"), single_instance(other):
            pass
    with single_instance(other):
        pass


def emptied(path: Path) -> str:
    path.write_bytes(b"")
    return f"sqlite:///{path}"


async def test_a_file_that_was_emptied_is_named_and_a_new_one_is_fine(path: Path, tmp_path: Path) -> None:
    with single_instance(f"sqlite:///{path}"):
        pass
    with pytest.raises(StorageUnavailable, match=f"{path} is empty although it was in use before"):
        await migrate(emptied(path))
    fresh = emptied(tmp_path / "fresh.db")
    await migrate(fresh)
    with single_instance(fresh):
        pass


@pytest.mark.parametrize("change", [through_a_symlink, through_a_hard_link])
async def test_a_second_process_opens_nothing(path: Path, tmp_path: Path, change: Callable[[Path, Path], Path]) -> None:
    """SQLite keeps what is not written yet beside the name that it was given, and would mix up the two."""
    other = change(path, tmp_path / "other.db")
    with single_instance(f"sqlite:///{path}"), pytest.raises(StorageUnavailable, match="Another Seedling"):
        await asyncio.to_thread(refuse_taken, f"sqlite:///{other}")
    assert [name for name in names_in(tmp_path) if name.startswith("other.db")] == ["other.db"]


async def test_a_database_that_an_older_version_uses_is_not_changed_under_it(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    with single_instance(f"sqlite:///{path}"), pytest.raises(StorageUnavailable, match="An older Seedling"):
        await migrate(f"sqlite:///{path}")


async def test_a_file_whose_contents_are_still_in_the_log_is_not_made_anew(tmp_path: Path) -> None:
    file = tmp_path / "seedling.db"
    file.touch()
    file.with_name("seedling.db-wal").write_bytes(b"frames")
    with pytest.raises(StorageUnavailable, match="is empty although it was in use before"):
        await migrate(f"sqlite:///{file}")


def names_in(folder: Path) -> Sequence[str]:
    return sorted(file.name for file in folder.iterdir())


def removed(path: Path) -> str:
    path.unlink()
    return f"sqlite:///{path}"


async def test_a_database_that_is_gone_is_told(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with single_instance(f"sqlite:///{path}"):
        pass
    await migrate(removed(path))
    assert "is gone; a new one is made" in caplog.text


def make_unusable(folder: Path) -> None:
    (folder / "loop.db").symlink_to(folder / "loop.db")
    (folder / "locked.db.lock").mkdir()


@pytest.mark.parametrize("name", ["loop.db", "locked.db", "."])
async def test_a_path_that_can_be_no_database_is_named(tmp_path: Path, name: str) -> None:
    make_unusable(tmp_path)
    url = f"sqlite:///{tmp_path / name}"
    with pytest.raises(StorageUnavailable, match="name another"), single_instance(url):
        pass
    with pytest.raises(StorageUnavailable, match="name another"):
        await migrate(url)


async def test_the_space_of_what_was_forgotten_is_given_back(store: SqlStore, path: Path) -> None:
    for number in range(60):
        await store.enqueue(incoming(f"m{number}", text="word " * 20_000, seconds=number))
    before = pages(path)
    await store.forget_person(KEY.platform, ADA.id)
    await store.shrink()
    assert pages(path) < before / 2


def pages(path: Path) -> int:
    return int(ask(path, "PRAGMA page_count")[0][0])


def test_the_log_that_a_burst_has_made_is_cut_when_it_was_written_back(tmp_path: Path) -> None:
    file = tmp_path / "burst.db"
    with migration_connection(parse_url(f"sqlite:///{file}")) as connection:
        connection.exec_driver_sql("CREATE TABLE burst (said BLOB)")
    engine = make_engine(parse_url(f"sqlite:///{file}"))
    assert isinstance(engine, sa.Engine)
    log = file.with_name(f"{file.name}-wal")
    with engine.connect() as connection:
        connection.exec_driver_sql("INSERT INTO burst VALUES (zeroblob(?))", (WAL_BYTES + 2**20,))
        connection.commit()
        assert log.stat().st_size > WAL_BYTES
        connection.exec_driver_sql("INSERT INTO burst VALUES (zeroblob(1))")  # what follows the writing back
        connection.commit()
        assert log.stat().st_size <= WAL_BYTES
    engine.dispose()


# ---------------------------------------------------------------- what is deleted


def raw_files_with(text: str, folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if text.encode() in file.read_bytes())


async def secret_answered(store: SqlStore, path: Path) -> None:
    """A question and an answer that stand in the file and in its log."""
    await store.enqueue(incoming("m1", text=SECRET, message_id="s-1"))
    turn = await store.claim(KEY, worker="w")
    assert turn is not None
    question = replace(entry("m1", text=SECRET * 2_000), message_id="s-1")
    await settle(store, turn, settlement(question, answer_of(turn)))
    ask(path, "PRAGMA wal_checkpoint")
    await store.append_entries(KEY, [replace(entry("m2", text=SECRET), message_id="s-1")])
    assert raw_files_with(SECRET, path.parent) == ["seedling.db", "seedling.db-wal"]


async def overwritten(path: Path) -> None:
    async with asyncio.timeout(20):
        while raw_files_with(SECRET, path.parent):
            await asyncio.sleep(0.02)


async def test_what_is_deleted_is_soon_in_no_file_while_the_store_is_open(
    store: SqlStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_ahead_log, "CUT_AFTER_SECONDS", 0.05)
    await secret_answered(store, path)
    await store.delete_messages(replace(KEY, thread=""), ["s-1"])
    await overwritten(path)


async def test_a_reader_puts_off_the_end_of_what_is_deleted_and_keeps_nobody_waiting(
    store: SqlStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_ahead_log, "CUT_AFTER_SECONDS", 0.05)
    await secret_answered(store, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entry").fetchone()
        await store.delete_messages(replace(KEY, thread=""), ["s-1"])
        assert not await asyncio.to_thread(write_ahead_log.cut, path)
        await store.enqueue(incoming("m3"))
        assert raw_files_with(SECRET, path.parent)
    await overwritten(path)


async def test_a_store_that_is_closed_at_once_leaves_nothing_either(path: Path, clock: ManualClock) -> None:
    """Another connection, as that of a process which runs beside a command, keeps SQLite from ending its log."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("SELECT count(*) FROM entry").fetchone()
        async with open_store(f"sqlite:///{path}", clock=clock) as store:
            await secret_answered(store, path)
            await store.forget_conversation(KEY)
        assert raw_files_with(SECRET, path.parent) == []


def test_every_connection_overwrites_what_it_deletes_however_sqlite_was_built(tmp_path: Path) -> None:
    for prepare in (_prepare, _write_ahead):
        with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
            connection.execute("PRAGMA secure_delete=OFF")
            prepare(connection, None)
            assert connection.execute("PRAGMA secure_delete").fetchone() == (1,)
