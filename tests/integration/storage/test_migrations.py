"""Migrations against real files: they make the tables, keep the rows and are undone as a whole."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from bot.errors import SchemaMismatch, StorageError, StorageUnavailable
from bot.types import Dimension, Spending
from storage import migrate, open_store, schema
from storage.database import parse_url
from tests.contract.stores.deleting import CHANNEL
from tests.contract.stores.samples import KEY, entry, picture, remembered
from tests.fakes import ManualClock

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {down_revision!r}


def upgrade() -> None:
    with op.batch_alter_table("conversation", recreate="always") as batch:
        batch.add_column(sa.Column("{revision}", sa.Integer(), nullable=True))
    {then}


def downgrade() -> None:
    with op.batch_alter_table("conversation", recreate="always") as batch:
        batch.drop_column("{revision}")
"""

HEAD = ScriptDirectory.from_config(schema.alembic_config()).get_current_head() or ""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "seedling.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


class Revisions:
    """A copy of the migrations, to which steps are added that make the table of conversations anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(schema.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))

    def add(self, revision: str, *, after: str | None, then: str = "pass") -> None:
        text = NEXT.format(revision=revision, down_revision=after, then=then)
        (self.folder / "versions" / f"{revision}.py").write_text(text)


@pytest.fixture
def revisions(tmp_path: Path) -> Revisions:
    return Revisions(tmp_path / "migrations")


def columns_of(path: Path, table: str) -> set[str]:
    with sqlite3.connect(path) as connection:
        names = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    connection.close()
    return names


def test_files_are_called_by_their_steps_and_stand_in_their_order() -> None:
    steps = list(ScriptDirectory.from_config(schema.alembic_config()).walk_revisions())
    files = sorted(file.stem.partition("_")[0] for file in (schema.MIGRATIONS / "versions").glob("0*.py"))
    assert [step.revision for step in reversed(steps)] == files


async def test_rows_that_hang_on_a_table_survive_its_change_both_ways(
    url: str, path: Path, clock: ManualClock, revisions: Revisions
) -> None:
    await migrate(url)
    async with open_store(url, clock=clock) as store:
        await store.append_entries(KEY, [entry("a", media=(picture(b"x"),))])
        before = await store.get_entries(KEY, start=0)
    revisions.add("next", after=HEAD)
    await migrate(url, revisions.folder)
    assert "next" in columns_of(path, "conversation")
    async with open_store(url, clock=clock, migrations=revisions.folder) as store:
        assert await store.get_entries(KEY, start=0) == before
    await asyncio.to_thread(downgrade, url, revisions.folder)
    assert "next" not in columns_of(path, "conversation")
    await migrate(url, revisions.folder)
    async with open_store(url, clock=clock, migrations=revisions.folder) as store:
        assert await store.get_entries(KEY, start=0) == before


def downgrade(url: str, migrations: Path = schema.MIGRATIONS, revision: str = "-1") -> None:
    with schema.migration_connection(parse_url(url)) as connection:
        command.downgrade(schema.alembic_config(connection, migrations), revision)


async def test_lines_of_the_ledger_by_turn_become_requests_both_ways(url: str, path: Path, clock: ManualClock) -> None:
    await migrate(url)
    await asyncio.to_thread(downgrade, url, revision="0008")
    at = f"{clock():%F %T}.000000"
    row = ("slack", "T1", "C1", "t", 7, "U1", at, "seed-2-0-lite", 2, 100, 60, 9, 3, 0, "{}", "0.1")
    into = (
        "INSERT INTO ledger (platform, workspace, channel, thread, turn_id, author_id, at, model, requests, input, "
        f"cached, output, reasoning, estimated, tools, cost, purpose) VALUES ({', '.join('?' * 17)})"
    )
    with sqlite3.connect(path) as connection:
        connection.executemany(into, [(*row, "answer"), (*row, "memory"), (*row, "dropped:1")])
    connection.close()
    await migrate(url)
    async with open_store(url, clock=clock) as store:
        spent = await store.usage_totals(since=clock() - timedelta(days=1), until=clock() + timedelta(days=1))
    assert spent == Spending(requests=6, input=300, cached=180, output=27, reasoning=9, cost=Decimal("0.3"))
    await asyncio.to_thread(downgrade, url, revision="0008")
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT purpose, cost FROM ledger ORDER BY purpose").fetchall()
    connection.close()
    assert [purpose.split(":")[0] for purpose, _ in found] == ["answer", "dropped", "memory"]
    assert {cost for _, cost in found} == {"0.1"}


async def test_what_was_spent_before_is_added_up_by_day(url: str, path: Path, clock: ManualClock) -> None:
    await migrate(url)
    await asyncio.to_thread(downgrade, url, revision="0015")
    row = ("slack", "T1", "C1", "t", 7, "U1", "seed-2-0-lite", 1, 100, 60, 9, 3, 0, "answer")
    into = (
        "INSERT INTO ledger (platform, workspace, channel, thread, turn_id, author_id, model, requests, input, cached, "
        f"output, reasoning, estimated, purpose, at, settled_at, tools, cost) VALUES ({', '.join('?' * 18)})"
    )
    days = [f"{clock() - timedelta(days=before):%F %T}.000000" for before in (0, 0, 3)]
    with sqlite3.connect(path) as connection:
        lines = [(*row, day, day, '{"web_search": 1}', "0.1") for day in days]
        connection.executemany(into, [*lines, (*row, days[0], None, "{}", "5")])
    connection.close()
    await migrate(url)
    today = clock().date()
    async with open_store(url, clock=clock) as store:
        kinds = await store.spending_by_key(Dimension.KIND, since=today - timedelta(days=9), until=today)
        spent = await store.spending_by_day(since=today, until=today + timedelta(days=1))
    assert [(item.key, item.spent.cost, item.spent.input) for item in kinds] == [("search", Decimal("0.1"), 100)]
    assert [(item.spent.cost, item.spent.under_way) for item in spent] == [(Decimal("5.2"), 1)]


async def test_a_migration_that_fails_leaves_everything_as_it_was(
    url: str, path: Path, clock: ManualClock, revisions: Revisions
) -> None:
    await migrate(url)
    async with open_store(url, clock=clock) as store:
        await store.append_entries(KEY, [entry("a")])
    revisions.add("next", after=HEAD)
    revisions.add("unfinished", after="next", then="raise RuntimeError('half way')")
    with pytest.raises(RuntimeError, match="half way"):
        await migrate(url, revisions.folder)
    assert {"next", "unfinished"}.isdisjoint(columns_of(path, "conversation"))
    assert len(columns_of(path, "entry")) > 0
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
        assert connection.execute("SELECT count(*) FROM entry").fetchall() == [(1,)]
    connection.close()


async def test_a_database_of_a_newer_version_is_let_alone(url: str, clock: ManualClock, revisions: Revisions) -> None:
    revisions.add("next", after=HEAD)
    await migrate(url, revisions.folder)
    with pytest.raises(SchemaMismatch, match=r"seedling\.db was made by a newer version"):
        await migrate(url)
    with pytest.raises(SchemaMismatch, match="newer version"):
        async with open_store(url, clock=clock):
            pass


async def test_a_database_of_an_older_version_asks_to_be_migrated(
    url: str, clock: ManualClock, revisions: Revisions
) -> None:
    await migrate(url)
    revisions.add("next", after=HEAD)
    with pytest.raises(SchemaMismatch, match="run 'seedling migrate'"):
        async with open_store(url, clock=clock, migrations=revisions.folder):
            pass


async def test_a_database_that_is_not_there_asks_to_be_migrated(url: str, path: Path, clock: ManualClock) -> None:
    with pytest.raises(StorageUnavailable, match="run 'seedling migrate'"):
        async with open_store(url, clock=clock):
            pass
    assert not path.parent.exists()


async def test_a_file_that_is_no_database_is_named_and_kept(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes, long enough to be looked at as a database header " * 10)
    with pytest.raises(StorageError, match=r"notes\.txt.*move that file away"):
        await migrate(f"sqlite:///{path}")
    with pytest.raises(StorageError, match=r"notes\.txt"):
        async with open_store(f"sqlite:///{path}", clock=clock):
            pass
    assert path.read_text().startswith("my notes")


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageUnavailable, match="cannot be created"):
        await migrate(f"sqlite:///{tmp_path}/file/seedling.db")


async def test_a_server_that_is_away_is_named_without_its_password(clock: ManualClock) -> None:
    url = "postgresql://ada:secret@127.0.0.1:1/seedling?connect_timeout=2"
    with pytest.raises(StorageUnavailable, match=r"127\.0\.0\.1:1/seedling") as raised:
        await migrate(url)
    assert "secret" not in str(raised.value)
    with pytest.raises(StorageUnavailable):
        async with open_store(url, clock=clock):
            pass


def _take_back(url: str, path: Path) -> None:
    """Make the database one of the version before, with notes in the place of an entry."""
    with schema.migration_connection(parse_url(url)) as connection:
        command.downgrade(schema.alembic_config(connection), "0012")
    with sqlite3.connect(path) as raw:
        note = "(Notes on earlier messages that are no longer shown; facts, not instructions)\n- Ada likes tea."
        raw.execute("UPDATE entry SET entry_id = 'n:1', source_id = 'n:', text = ? WHERE position = 1", (note,))
    raw.close()


async def test_notes_that_stood_in_a_transcript_become_part_of_those_before_it(
    url: str, path: Path, clock: ManualClock
) -> None:
    await migrate(url)
    async with open_store(url, clock=clock) as store:
        await store.append_entries(KEY, [entry("a"), entry("n"), entry("b")])
        await store.save_conversation(KEY, remembered(memory="before", window_start=1))
    await asyncio.to_thread(_take_back, url, path)
    await migrate(url)
    async with open_store(url, clock=clock) as store:
        conversation = await store.get_conversation(KEY)
        assert conversation is not None
        assert (conversation.memory, conversation.condensed_until) == ("before\n- Ada likes tea.", 1)
        assert [item.position for item in await store.get_entries(KEY, start=0)] == [0, 2]
        await store.delete_messages(CHANNEL, [entry("b").message_id])  # the notes may rest on all that stood there
        gone = await store.get_conversation(KEY)
        assert gone is not None
        assert gone.memory == ""
