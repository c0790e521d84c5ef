"""`seedling ask` ended before its answer is, by Ctrl+C and other signals, at any moment; each in its own process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.seed import API_KEY, Options, RunningSeed, running_seed
from tests.processes import ROOT, history_of, seedling, start

LONG = "Write 20000 words"
SLOW = Options(tokens_per_second=40.0)  # the long answer takes several minutes
SILENT = Options(first_token_s=3_600.0)
SECONDS = 90.0  # far more than an end takes, far less than the answers

Process = asyncio.subprocess.Process


def to(seed: RunningSeed) -> dict[str, str]:
    return {"SEED_API_KEY": API_KEY, "SEED_BASE_URL": seed.url}


async def end_of(process: Process) -> tuple[int | None, str, str]:
    out, err = await asyncio.wait_for(process.communicate(), SECONDS)
    assert b"Traceback" not in err, err.decode()
    assert b"bug" not in err, err.decode()
    return process.returncode, out.decode(), err.decode()


async def asked(seed: RunningSeed) -> None:
    """Wait until the question has come to the model."""
    async with asyncio.timeout(SECONDS):
        while not any(request.ask for request in seed.requests):
            await asyncio.sleep(0.01)


async def closed(seed: RunningSeed) -> None:
    """Wait until the emulator knows that its client has left."""
    await asyncio.wait_for(seed.settled(), SECONDS)


def rows(folder: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(history_of(folder))) as connection:
        return connection.execute(statement).fetchall()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGINT, 130, id="ctrl-c"),
        pytest.param(signal.SIGTERM, 143, id="sigterm"),
        pytest.param(signal.SIGHUP, 129, id="terminal-closed"),
    ],
)
async def test_the_first_signal_stops_the_answer_and_what_there_is_of_it_is_paid_and_kept(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    async with running_seed(SLOW) as seed, seedling("ask", LONG, folder=tmp_path, **to(seed)) as process:
        assert process.stdout is not None
        beginning = await asyncio.wait_for(process.stdout.readexactly(20), SECONDS)
        process.send_signal(number)
        ended, rest, notes = await end_of(process)
        await closed(seed)
        billed = seed.requests[-1].usage
    assert ended == code
    assert billed is not None
    assert billed.output < 20_000
    assert "tokens in" in notes
    assert rows(tmp_path, "SELECT state FROM turn") == [("cancelled",)]
    ((words,),) = rows(tmp_path, "SELECT text FROM entry WHERE role = 'assistant'")
    assert words.startswith((beginning.decode() + rest).strip()[:40])
    assert rows(tmp_path, "SELECT requests, estimated FROM ledger") == [(1, 1)]


async def test_before_the_first_token_as_well(tmp_path: Path) -> None:
    async with running_seed(SILENT) as seed, seedling("ask", "Hello", folder=tmp_path, **to(seed)) as process:
        await asked(seed)
        process.send_signal(signal.SIGINT)
        assert (await end_of(process))[:2] == (130, "")
        await closed(seed)
    assert rows(tmp_path, "SELECT state FROM turn") == [("cancelled",)]


async def test_as_json_it_says_that_it_was_stopped(tmp_path: Path) -> None:
    async with running_seed(SILENT) as seed, seedling("ask", "--json", "Hi", folder=tmp_path, **to(seed)) as process:
        await asked(seed)
        process.send_signal(signal.SIGINT)
        code, out, _ = await end_of(process)
    assert (code, json.loads(out)["status"]) == (130, "stopped")


async def test_while_it_waits_for_a_model_that_is_away(tmp_path: Path) -> None:
    async with running_seed() as seed:
        seed.fault("http_503", times=100)
        async with seedling("ask", "Hello", folder=tmp_path, **to(seed)) as process:
            assert process.stderr is not None
            await asyncio.wait_for(process.stderr.readline(), SECONDS)  # that it will be tried again
            process.send_signal(signal.SIGINT)
            assert (await end_of(process))[0] == 130
    assert rows(tmp_path, "SELECT state FROM turn") == [("cancelled",)]


async def test_a_second_signal_hurries_and_changes_nothing_else(tmp_path: Path) -> None:
    async with running_seed(SLOW) as seed, seedling("ask", LONG, folder=tmp_path, **to(seed)) as process:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readexactly(20), SECONDS)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        code, _, _ = await end_of(process)
        await closed(seed)
    assert code in {130, 143}  # whichever the system delivered first


async def test_the_next_question_of_the_thread_is_the_next_one(tmp_path: Path) -> None:
    first = ("ask", "--thread", "t", "first")
    async with running_seed(SILENT) as seed, seedling(*first, folder=tmp_path, **to(seed)) as process:
        await asked(seed)
        process.send_signal(signal.SIGINT)
        await end_of(process)
    async with running_seed() as seed:
        done = await end_of(await start("ask", "--thread", "t", "Echo: second", folder=tmp_path, **to(seed)))
        assert len(seed.requests) == 1
    assert done[:2] == (0, "second\n")


async def test_a_signal_that_is_to_be_ignored_is(tmp_path: Path) -> None:
    """As for what a script runs in the background, where Ctrl+C is meant for others."""
    async with running_seed() as seed:
        seed.fault("slow", seconds=0.05)
        process = await start("ask", "Echo: a b c", folder=tmp_path, before='trap "" INT;', **to(seed))
        await asked(seed)
        process.send_signal(signal.SIGINT)
        assert (await end_of(process))[:2] == (0, "a b c\n")


KILL = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "bot.settings":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
"""


@pytest.mark.parametrize("command", [("ask", "hi"), ("params",), ("--help",)], ids=lambda words: words[0])
async def test_while_the_program_itself_is_loaded(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "sitecustomize.py").write_text(KILL)
    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    done = await end_of(await start(*command, folder=tmp_path, PYTHONPATH=path))
    assert done == (130, "", "")


# ---------------------------------------------------------------- the embedded model


async def model_of(process: Process) -> int:
    """The process of the embedded model, as soon as there is one."""
    async with asyncio.timeout(SECONDS):
        while not (found := models_of(process.pid)):
            await asyncio.sleep(0.01)
    return found[0]


def models_of(id: int) -> list[int]:
    children = Path(f"/proc/{id}/task/{id}/children").read_text().split()
    return [int(child) for child in children if "adapters/local/server.py" in command_of(child)]


def command_of(id: str) -> str:
    try:
        return Path(f"/proc/{id}/cmdline").read_text()
    except FileNotFoundError:
        return ""


def is_running(id: int) -> bool:
    return Path(f"/proc/{id}").exists()


@pytest.mark.local_model
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for child processes as Linux tells them")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
async def test_while_the_embedded_model_is_loaded(tmp_path: Path, local_model: object, number: signal.Signals) -> None:
    async with seedling("ask", "Hello", folder=tmp_path) as process:
        child = await model_of(process)
        process.send_signal(number)
        code, out, _ = await end_of(process)
        assert (code, out) == (128 + number, "")
        assert not is_running(child)


@pytest.mark.local_model
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for child processes as Linux tells them")
async def test_while_the_embedded_model_answers(tmp_path: Path, local_model: object) -> None:
    async with seedling("ask", "Tell me a long story about a garden.", folder=tmp_path) as process:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readexactly(2), SECONDS)
        child = await model_of(process)
        process.send_signal(signal.SIGINT)
        assert (await end_of(process))[0] == 130
        assert not is_running(child)
