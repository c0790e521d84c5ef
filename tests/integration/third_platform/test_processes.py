"""The third platform as an operator meets it: registered by one line, in processes as they are started."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.app.platform_registry import PLATFORMS
from tests import processes
from tests.emulators.pigeon import SECRET, TOKEN, Pigeon, running_pigeon
from tests.emulators.seed import Options, running_seed
from tests.processes import line_with

MODULE = "tests.third_platform.spec"
REGISTERED = (*PLATFORMS, MODULE)
PROGRAM = f"import sys; from bot.__main__ import main; sys.exit(main(sys.argv[1:], platforms={REGISTERED!r}))"
seedling = partial(processes.seedling, program=("-c", PROGRAM))
"""`seedling` with the line in its registry."""

PATIENCE_S = 90


def joined(pigeon: Pigeon) -> dict[str, str]:
    """The settings that join it, with a port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    pigeon.webhook = f"http://127.0.0.1:{port}/pigeon"
    return {
        "PIGEON_TOKEN": TOKEN,
        "PIGEON_SECRET": SECRET,
        "PIGEON_API_URL": pigeon.url,
        "PIGEON_PORT": str(port),
        "BURST_PAUSE_SECONDS": "0",
    }


async def until(holds: Callable[[], Any]) -> Any:
    """Wait until something is so; what it is."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := holds()):
            await asyncio.sleep(0.05)
    return found


async def ended(process: asyncio.subprocess.Process) -> str:
    """What a process says until it has ended in order."""
    process.send_signal(signal.SIGTERM)
    _, log = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 0, log.decode()
    return log.decode()


def shown_by(capsys: pytest.CaptureFixture[str], *arguments: str, platforms: tuple[str, ...] = REGISTERED) -> str:
    """What the command line prints."""
    with pytest.raises(SystemExit) as done:
        main(arguments, platforms=platforms)
    assert done.value.code == 0
    return " ".join(capsys.readouterr().out.split())


def test_help_names_it_where_it_is_registered(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown_by(capsys, "--help")
    assert "pigeon listen to Pigeon; workers answer (PostgreSQL)" in told
    assert "pigeon-events print which webhooks to switch on" in told
    assert "check Slack, Discord, Pigeon and the model" in told
    assert "igeon" not in shown_by(capsys, "--help", platforms=PLATFORMS)


def test_its_own_command_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pigeon-events"], platforms=REGISTERED) == 0
    assert capsys.readouterr().out.split() == ["message", "edit", "deletion"]


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        pytest.param({}, "DATABASE_URL: must name a PostgreSQL server for 'seedling pigeon'; ", id="on-a-file"),
        pytest.param(
            {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
            "PIGEON_TOKEN: must be set for 'seedling pigeon'\n",
            id="not-joined",
        ),
        pytest.param(
            {"PIGEON_PORT": "70000"},
            "PIGEON_PORT: input should be less than or equal to 65535 (port for Pigeon's webhooks, 0 for a free one)\n",
            id="no-such-port",
        ),
        pytest.param({"PIGEON_API_URL": "pigeon"}, "PIGEON_API_URL: must be a URL that starts with http", id="no-url"),
    ],
)
def test_what_is_wrong_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], line: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main(["pigeon"], platforms=REGISTERED) == 78
    told = capsys.readouterr().err
    assert told.startswith(f"seedling: {line}")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("token", "row"),
    [
        pytest.param(TOKEN, "    ok  Pigeon token         the bot is Seedling\n", id="right"),
        pytest.param("wrong", "BROKEN  Pigeon token         Pigeon refused GET /me with 401\n", id="wrong"),
        pytest.param("", "     -  Pigeon               not set up; tests/third_platform says how\n", id="not-joined"),
    ],
)
async def test_doctor_prints_its_checks(tmp_path: Path, token: str, row: str) -> None:
    async with running_pigeon() as pigeon:
        settings = joined(pigeon) | {"PIGEON_TOKEN": token, "SEED_BASE_URL": "http://127.0.0.1:9/v1"}
        async with seedling("doctor", "--seconds", "5", folder=tmp_path, **settings) as process:
            out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert out.decode().startswith("Checking Slack, Discord, Pigeon and ")
    assert row in out.decode()
    assert ("-> put the token of your bot's page into PIGEON_TOKEN" in out.decode()) is (token == "wrong")


async def test_run_joins_it(tmp_path: Path) -> None:
    async with running_pigeon() as pigeon, running_seed(Options(api_key="")) as seed:
        settings = joined(pigeon) | {"SEED_BASE_URL": seed.url}
        async with seedling("run", folder=tmp_path, **settings) as process:
            await line_with(process, "Listening to Pigeon.", seconds=PATIENCE_S)
            question = pigeon.ask("Echo: a heron")
            assert await pigeon.deliver(question) == 200
            await until(lambda: any("tokens in" in item.texts[-1] for item in pigeon.answers(question)))
            log = await ended(process)
        [answer] = pigeon.answers(question)
    assert answer.texts[-1].startswith("a heron")
    assert TOKEN not in log
    assert "Traceback" not in log


async def test_one_process_listens_and_another_answers(tmp_path: Path, new_postgresql: str) -> None:
    async with running_pigeon() as pigeon, running_seed(Options(api_key="")) as seed:
        settings = joined(pigeon) | {"SEED_BASE_URL": seed.url, "DATABASE_URL": new_postgresql}
        async with (
            seedling("pigeon", folder=tmp_path, **settings) as listening,
            seedling("worker", folder=tmp_path, **settings) as working,
        ):
            await line_with(listening, "Listening to Pigeon.", seconds=PATIENCE_S)
            question = pigeon.ask("Echo: a heron")
            assert await pigeon.deliver(question) == 200
            await until(lambda: any("tokens in" in item.texts[-1] for item in pigeon.answers(question)))
            await ended(listening)
            await ended(working)
        [answer] = pigeon.answers(question)
    assert answer.texts[-1].startswith("a heron")
