"""Processes as operators run them: one at a time on a file, ended in order or at once, patient with a database."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.emulators.seed.options import Options
from tests.emulators.seed.server import running_seed
from tests.processes import line_with, seedling, with_constants


async def ready(process: asyncio.subprocess.Process) -> None:
    await line_with(process, "ready", seconds=60)


async def outcome(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    _, said = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, said.decode()


@pytest.fixture
async def seed_url() -> AsyncIterator[str]:
    async with running_seed(Options(api_key="")) as seed:
        yield seed.url


async def test_a_second_process_on_a_file_says_so_and_ends_but_questions_have_a_file_of_their_own(
    tmp_path: Path, seed_url: str
) -> None:
    async with seedling("run", folder=tmp_path, SEED_BASE_URL=seed_url) as first:
        await ready(first)
        async with seedling("run", folder=tmp_path, SEED_BASE_URL=seed_url) as second:
            code, said = await outcome(second)
        assert (code, said.count("\n")) == (69, 1)
        assert f"process {first.pid}" in said
        async with seedling("ask", "why?", folder=tmp_path, SEED_BASE_URL=seed_url) as asking:
            code, said = await outcome(asking)
        assert code == 0, said


async def test_a_file_is_free_again_when_its_process_was_killed(tmp_path: Path, seed_url: str) -> None:
    async with seedling("run", folder=tmp_path, SEED_BASE_URL=seed_url) as first:
        await ready(first)
        first.kill()
        await first.wait()
    async with seedling("run", folder=tmp_path, SEED_BASE_URL=seed_url) as second:
        await ready(second)
        second.send_signal(signal.SIGTERM)
        assert (await outcome(second))[0] == 0


async def test_a_database_of_a_newer_version_is_refused(tmp_path: Path, seed_url: str, empty_database: Path) -> None:
    shutil.copy(empty_database, tmp_path / "seedling.db")
    with closing(sqlite3.connect(tmp_path / "seedling.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    async with seedling("run", folder=tmp_path, SEED_BASE_URL=seed_url) as process:
        code, said = await outcome(process)
    assert code == 69
    assert "newer version" in said


@pytest.mark.parametrize("command", ["web", "worker"])
async def test_processes_apart_need_a_server(tmp_path: Path, command: str) -> None:
    async with seedling(command, folder=tmp_path) as process:
        code, said = await outcome(process)
    assert code == 78
    assert said.startswith("seedling: DATABASE_URL: must name a PostgreSQL server")


async def test_a_server_that_stays_away_ends_the_start_with_one_line_each(tmp_path: Path) -> None:
    url = "postgresql://seedling@127.0.0.1:1/none"
    impatient = with_constants({"bot.app.core.DATABASE_PATIENCE_SECONDS": 2.0})
    async with seedling("worker", folder=tmp_path, program=impatient, DATABASE_URL=url) as process:
        code, said = await outcome(process)
    assert code == 69
    assert [line.partition("Trying again")[1] for line in said.splitlines()] == ["Trying again", ""]
