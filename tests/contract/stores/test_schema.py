"""What the migrations promise on every kind of database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage import migrate, open_store
from storage.database import parse_url
from storage.schema import QUEUE_PREFIX, alembic_config, configuration, migration_connection
from storage.tables import BaseTable
from tests.contract.stores.samples import KEY, incoming
from tests.fakes import ManualClock


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'new' / 'folder' / 'seedling.db'}"


@pytest.fixture(params=["sqlite_url", "new_postgresql"], ids=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of a database without tables."""
    url: str = request.getfixturevalue(request.param)
    return url


def tables_in(connection: sa.Connection) -> set[str]:
    names = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
    return {name for name in names if not name.startswith(QUEUE_PREFIX)}


def test_migrations_and_tables_agree(url: str) -> None:
    asyncio.run(migrate(url))
    with migration_connection(parse_url(url)) as connection:
        context = MigrationContext.configure(connection, opts={**configuration(), "compare_type": True})
        assert compare_metadata(context, BaseTable.metadata) == []


def test_tables_of_the_job_queue_are_let_alone(url: str) -> None:
    asyncio.run(migrate(url))
    with migration_connection(parse_url(url)) as connection:
        connection.exec_driver_sql("CREATE TABLE procrastinate_more (id INTEGER)")
        context = MigrationContext.configure(connection, opts=configuration())
        assert compare_metadata(context, BaseTable.metadata) == []


def test_everything_can_be_taken_down_and_put_up_again(url: str) -> None:
    asyncio.run(migrate(url))
    with migration_connection(parse_url(url)) as connection:
        assert tables_in(connection) == set(BaseTable.metadata.tables)
        command.downgrade(alembic_config(connection), "base")
        assert tables_in(connection) == set()
    asyncio.run(migrate(url))
    with migration_connection(parse_url(url)) as connection:
        assert tables_in(connection) == set(BaseTable.metadata.tables)


async def test_migrating_again_keeps_every_row(url: str, clock: ManualClock) -> None:
    await migrate(url)
    async with open_store(url, clock=clock) as store:
        await store.enqueue(incoming("m1"))
    await migrate(url)
    async with open_store(url, clock=clock) as store:
        assert await store.open_conversations() == [KEY]


def test_token_ratios_that_searches_spoiled_are_learned_anew(url: str) -> None:
    ratios = {"spoiled": 3.1, "spoiled low": 0.5, "learned": 1.25, "new": 1.0}
    asyncio.run(migrate(url))
    with migration_connection(parse_url(url)) as connection:
        config = alembic_config(connection)
        before = ScriptDirectory.from_config(config).get_revision("0007")
        assert before is not None
        command.downgrade(config, str(before.down_revision))
        fields = "platform, workspace, channel, thread, next_position, window_start, head_digest, token_ratio, memory"
        for thread, ratio in ratios.items():
            row = f"INSERT INTO conversation ({fields}) VALUES ('p', 'w', 'c', '{thread}', 0, 0, '', {ratio}, '')"
            connection.exec_driver_sql(row)
    asyncio.run(migrate(url))
    with migration_connection(parse_url(url)) as connection:
        found = connection.exec_driver_sql("SELECT thread, token_ratio FROM conversation").fetchall()
    assert dict(map(tuple, found)) == ratios | {"spoiled": 1.0, "spoiled low": 1.0}
