"""Databases, their side files, backups and secrets are their owner's alone, from the first moment on."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from bot.app.clock import utc_now
from bot.errors import StorageError, StorageUnavailable
from bot.private_files import FILE_MODE, keep_private, kept_secret, make_private_file, tighten
from storage import back_up, copy_database, migrate, open_store, single_instance
from tests.contract.stores.samples import incoming


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=["umask-0", "umask-22", "umask-77"], autouse=True)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def files_of(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def modes(folder: Path) -> dict[str, int]:
    return {file_.name: mode(file_) for file_ in files_of(folder)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "var"
    folder.mkdir(mode=0o755)
    return folder


async def test_a_database_and_all_that_lies_beside_it_is_private(folder: Path) -> None:
    url = f"sqlite:///{folder / 'seedling.db'}"
    await migrate(url)
    with single_instance(url):
        async with open_store(url, clock=utc_now) as store:
            await store.enqueue(incoming("m1"))
            found = modes(folder)
    assert set(found) == {"seedling.db", "seedling.db-wal", "seedling.db-shm", "seedling.db.lock"}
    assert set(found.values()) == {0o600}


async def test_a_folder_that_is_made_for_the_database_is_private(tmp_path: Path) -> None:
    await migrate(f"sqlite:///{tmp_path / 'new' / 'seedling.db'}")
    assert mode(tmp_path / "new") == 0o700


async def test_a_database_that_others_may_read_is_closed_and_that_is_told(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url, file = f"sqlite:///{folder / 'seedling.db'}", folder / "seedling.db"
    await migrate(url)
    async with open_store(url, clock=utc_now) as store:
        await store.enqueue(incoming("m1"))
        beside = files_of(folder)
        for item in beside:
            item.chmod(0o644)
        with caplog.at_level(logging.WARNING):
            await migrate(url)
        assert set(modes(folder).values()) == {0o600}
        told = {vars(record)["path"] for record in caplog.records}
        assert told == {str(item) for item in beside}
        assert await store.get_turn(1) is not None
    caplog.clear()
    await migrate(url)
    assert not caplog.records
    assert mode(file) == 0o600


async def test_a_lock_that_others_may_read_is_closed(folder: Path) -> None:
    (folder / "seedling.db.lock").touch()
    (folder / "seedling.db.lock").chmod(0o666)
    with single_instance(f"sqlite:///{folder / 'seedling.db'}"):
        assert mode(folder / "seedling.db.lock") == 0o600


async def test_a_database_behind_a_link_is_made_private(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(folder / "seedling.db")
    make_private_file(folder / "seedling.db")
    (folder / "seedling.db").chmod(0o644)
    await migrate(f"sqlite:///{tmp_path / 'link.db'}")
    assert mode(folder / "seedling.db") == 0o600


@pytest.mark.parametrize("kind", ["passwd", "folder", "pipe"])
async def test_what_is_no_database_is_refused_and_keeps_its_rights(folder: Path, kind: str) -> None:
    path = folder / kind
    match kind:
        case "passwd":
            path.write_text("root:x:0:0:root:/root:/bin/bash\n")
        case "folder":
            path.mkdir()
        case _:
            os.mkfifo(path)
    path.chmod(0o644)
    with pytest.raises(StorageError), single_instance(f"sqlite:///{path}"):
        await migrate(f"sqlite:///{path}")
    with pytest.raises(StorageError):
        await migrate(f"sqlite:///{path}")
    assert mode(path) == 0o644


def test_devices_are_left_alone() -> None:
    before = mode(Path(os.devnull))
    keep_private(Path(os.devnull))
    tighten(Path(os.devnull), FILE_MODE)
    assert mode(Path(os.devnull)) == before


def test_a_folder_that_people_share_stays_open(tmp_path: Path) -> None:
    shared = tmp_path / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    kept_secret(shared / "secret_key")
    assert modes(tmp_path) == {"tmp": 0o1777}
    assert modes(shared) == {"secret_key": 0o600}


async def test_a_backup_and_a_copy_are_private(folder: Path) -> None:
    url = f"sqlite:///{folder / 'seedling.db'}"
    await migrate(url)
    await back_up(url, folder / "backup.db")
    await copy_database(url, f"sqlite:///{folder / 'copy.db'}", lambda _name, _rows: None)
    assert {mode(folder / "backup.db"), mode(folder / "copy.db")} == {0o600}


async def test_a_backup_is_at_no_moment_open_to_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url, seen, connect = f"sqlite:///{folder / 'seedling.db'}", list[int](), sqlite3.connect
    await migrate(url)

    def watching(path: object, *args: object, **kwargs: object) -> sqlite3.Connection:
        if str(path).endswith("backup.db"):
            seen.append(mode(folder / "backup.db"))
        return connect(path, *args, **kwargs)  # type: ignore[call-overload, no-any-return]  # as it was called

    monkeypatch.setattr(sqlite3, "connect", watching)
    await back_up(url, folder / "backup.db")
    assert seen == [0o600]


async def test_where_nothing_can_be_written_the_reason_is_told(folder: Path) -> None:
    url = f"sqlite:///{folder / 'seedling.db'}"
    await migrate(url)
    with pytest.raises(StorageError, match="could not be written"):
        await back_up(url, folder / "missing" / "backup.db")
    (folder / "file").touch()
    with pytest.raises(StorageUnavailable):
        await migrate(f"sqlite:///{folder / 'file' / 'seedling.db'}")


# ---------------------------------------------------------------- the secret


def test_the_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    file = tmp_path / "var" / "secret_key"
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(kept_secret, [file] * 8))
    assert found == {file.read_text()}
    assert len(found.pop()) > 40
    assert (mode(file.parent), modes(file.parent)) == (0o700, {"secret_key": 0o600})


def test_an_open_secret_is_closed_and_an_empty_one_is_made_anew(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder.chmod(0o755)
    file = folder / "secret_key"
    file.write_text("kept")
    file.chmod(0o644)
    assert kept_secret(file) == "kept"
    assert (mode(folder), mode(file), len(caplog.records)) == (0o700, 0o600, 2)
    file.write_text("")
    assert len(kept_secret(file)) > 40
    assert modes(folder) == {"secret_key": 0o600}


async def test_private_files_are_still_databases(folder: Path) -> None:
    url = f"sqlite:///{folder / 'seedling.db'}"
    await migrate(url)

    def version() -> str:
        with closing(sqlite3.connect(folder / "seedling.db")) as connection:
            return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])

    assert await asyncio.to_thread(version)
