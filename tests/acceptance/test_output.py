"""What the command line prints, wherever that goes: other encodings, readers that leave, streams that are closed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from storage import migrate
from tests.emulators.seed import API_KEY, Options, RunningSeed, running_seed
from tests.processes import history_of, start, start_into

WORDS = "Grüße, 世界 🌱"
SECONDS = 90.0  # far more than any command here takes

Process = asyncio.subprocess.Process

COMMANDS = [
    ("--help",),
    ("params", "--markdown"),
    ("usage",),
    ("queue", "--json"),
    ("manifest", "slack"),
    ("ask", "/help"),
]
every_command = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)


def to(seed: RunningSeed) -> dict[str, str]:
    return {"SEED_API_KEY": API_KEY, "SEED_BASE_URL": seed.url}


NOWHERE = {"SEED_API_KEY": API_KEY, "SEED_BASE_URL": "http://127.0.0.1:9/v1"}


async def end_of(process: Process, typed: bytes = b"") -> tuple[int | None, bytes, str]:
    out, err = await asyncio.wait_for(process.communicate(typed or None), SECONDS)
    for word in (b"Traceback", b"bug", b"Exception"):
        assert word not in err, err.decode()
    return process.returncode, out or b"", err.decode(errors="replace")


def rows(folder: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(history_of(folder))) as connection:
        return connection.execute(statement).fetchall()


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    """The ends of a pipe: who reads may close its own."""
    reading, writing = os.pipe()
    try:
        yield reading, writing
    finally:
        for end in (reading, writing):
            with suppress(OSError):
                os.close(end)


# ---------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        pytest.param("cp1252", "Grüße, ?? ?", id="cp1252"),
        pytest.param("ascii:strict", "Gr??e, ?? ?", id="strict"),
        pytest.param("utf-16-le", WORDS, id="utf-16"),
    ],
)
async def test_what_an_encoding_does_not_have_is_replaced(tmp_path: Path, encoding: str, shown: str) -> None:
    name = encoding.partition(":")[0]
    async with running_seed() as seed:
        asking = ("ask", f"Echo: {WORDS}".encode())
        code, out, _ = await end_of(await start(*asking, folder=tmp_path, PYTHONIOENCODING=encoding, **to(seed)))
        assert len(seed.requests) == 1
    assert (code, out.decode(name)) == (0, f"{shown}\n")
    assert rows(tmp_path, "SELECT state FROM turn") == [("done",)]


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
async def test_json_loses_nothing_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    async with running_seed() as seed:
        asking = ("ask", "--json", f"Echo: {WORDS}")
        process = await start(*asking, folder=tmp_path, PYTHONIOENCODING=encoding, PYTHONUTF8="1", **to(seed))
        code, out, _ = await end_of(process)
    assert (code, json.loads(out.decode(encoding))["text"]) == (0, WORDS)


@every_command
async def test_every_command_prints_in_ascii(tmp_path: Path, command: tuple[str, ...]) -> None:
    process = await start(*command, folder=tmp_path, PYTHONIOENCODING="ascii", **NOWHERE)
    code, out, _ = await end_of(process)
    assert code == 0
    assert out.decode("ascii")


async def test_failures_are_told_in_ascii(tmp_path: Path) -> None:
    asking = ("ask", "--set", f"{WORDS}=1", "hi")
    code, _, err = await end_of(await start(*asking, folder=tmp_path, PYTHONIOENCODING="ascii"))
    assert (code, len(err.splitlines())) == (64, 1)
    assert err.isascii()


async def test_bytes_that_are_no_text_are_asked_as_replaced(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.txt")).write_text("In the file.")
    async with running_seed() as seed:
        asking = ("ask", b"Echo: a\xffb", "--thread", b"\xfe", "--set", b"persona=\xff", "--file", b"\xff.txt")
        code, out, _ = await end_of(await start(*asking, folder=tmp_path, **to(seed)))
        assert (code, out.decode().splitlines()[0]) == (0, "a\ufffdb")
        code, out, _ = await end_of(await start("ask", "-", folder=tmp_path, **to(seed)), b"Echo: a\xffb")
        assert (code, out.decode()) == (0, "a\ufffdb\n")
        assert len(seed.requests) == 2


# ---------------------------------------------------------------- readers that leave


async def test_a_reader_that_leaves_stops_the_answer_quietly_and_what_there_is_is_paid(tmp_path: Path) -> None:
    async with running_seed(Options(tokens_per_second=40.0)) as seed:
        with pipe() as (reading, writing):
            process = await start_into(writing, "ask", "Write 20000 words", folder=tmp_path, **to(seed))
            os.close(writing)
            assert len(await asyncio.to_thread(os.read, reading, 3)) > 0
            os.close(reading)
            code, _, err = await end_of(process)
        await asyncio.wait_for(seed.settled(), SECONDS)
        assert len(seed.requests) == 1
    assert (code, err) == (0, "")
    assert rows(tmp_path, "SELECT state FROM turn") == [("cancelled",)]
    assert rows(tmp_path, "SELECT requests FROM ledger") == [(1,)]


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
async def test_a_reader_that_leaves_before_the_first_token_is_noticed(tmp_path: Path, form: tuple[str, ...]) -> None:
    async with running_seed(Options(first_token_s=3_600.0)) as seed:
        with pipe() as (reading, writing):
            process = await start_into(writing, "ask", *form, "Hello", folder=tmp_path, **to(seed))
            os.close(writing)
            async with asyncio.timeout(SECONDS):
                while not any(request.ask for request in seed.requests):
                    await asyncio.sleep(0.01)
            os.close(reading)
            assert await end_of(process) == (0, b"", "")


async def test_an_answer_that_nobody_was_left_to_read_is_recorded_whole(tmp_path: Path) -> None:
    async with running_seed() as seed:
        seed.fault("slow", seconds=0.01)
        process = await start("ask", "Echo: a b c", folder=tmp_path, redirected="| head -c 1", **to(seed))
        code, out, _ = await end_of(process)
    assert (code, out) == (0, b"a")
    assert len(rows(tmp_path, "SELECT requests FROM ledger")) == 1


@every_command
async def test_every_command_ends_quietly_when_nobody_reads(tmp_path: Path, command: tuple[str, ...]) -> None:
    with pipe() as (reading, writing):
        os.close(reading)
        process = await start_into(writing, *command, folder=tmp_path, **NOWHERE)
        code, _, err = await end_of(process)
    assert code == 0
    assert command[0] == "manifest" or err == ""  # its reasons go to standard error


async def test_work_goes_on_when_nobody_reads(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'seedling.db'}"
    await migrate(url)
    with closing(sqlite3.connect(tmp_path / "seedling.db")) as connection, connection:
        connection.execute("INSERT INTO workspace VALUES ('W', 'Garden')")
    with pipe() as (reading, writing):
        os.close(reading)
        copying = ("copy-database", url, f"sqlite:///{tmp_path / 'copy.db'}")
        assert (await end_of(await start_into(writing, *copying, folder=tmp_path)))[0] == 0
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        assert connection.execute("SELECT name FROM workspace").fetchall() == [("Garden",)]


async def test_a_server_serves_on_when_nobody_reads(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with running_seed() as seed:
        with pipe() as (reading, writing):
            os.close(reading)
            process = await start_into(writing, "run", folder=tmp_path, **{**to(seed), "PORT": str(port)})
            async with asyncio.timeout(SECONDS):
                while not await answers(port):
                    await asyncio.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            assert (await end_of(process))[0] == 0


async def answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


# ---------------------------------------------------------------- streams that are closed or full


@pytest.mark.parametrize("redirected", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
async def test_closed_streams_lead_nowhere(tmp_path: Path, redirected: str) -> None:
    async with running_seed() as seed:
        process = await start("ask", f"Echo: {WORDS}", folder=tmp_path, redirected=redirected, **to(seed))
        code, out, _ = await end_of(process)
        assert len(seed.requests) == 1
    assert code == 0
    assert out.decode() == ("" if ">&-" in redirected.replace("2>&-", "") else f"{WORDS}\n")
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(tmp_path, "SELECT state FROM turn") == [("done",)]


async def test_no_question_can_be_read_from_a_closed_input(tmp_path: Path) -> None:
    process = await start("ask", "-", folder=tmp_path, redirected="<&-", **NOWHERE)
    code, _, err = await end_of(process)
    assert (code, len(err.splitlines())) == (64, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
async def test_a_full_disk_is_told_and_the_answer_kept(tmp_path: Path) -> None:
    async with running_seed() as seed:
        process = await start("ask", "Echo: a b c", folder=tmp_path, redirected="> /dev/full", **to(seed))
        code, _, err = await end_of(process)
        assert len(seed.requests) == 1
    assert code == 74
    assert "the output could not be written (No space left on device)" in err
    assert len(rows(tmp_path, "SELECT requests FROM ledger")) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", [("params",), ("ask", "/help"), ("--version",), ("access", "--help")], ids=" ".join)
async def test_a_command_tells_of_a_full_disk(tmp_path: Path, command: tuple[str, ...]) -> None:
    process = await start(*command, folder=tmp_path, redirected="> /dev/full", **NOWHERE)
    code, _, err = await end_of(process)
    assert code == 74
    assert "could not be written" in err
