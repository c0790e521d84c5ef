"""The command line in a process of its own, as people start it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot.app.platform_registry import load_specs
from bot.settings import Settings

ROOT = Path(__file__).parents[1]


SETTINGS = set(Settings.model_fields).union(*(spec.settings.model_fields for spec in load_specs()))

PROGRAM = ("-m", "bot")
"""What Python is to run."""


def with_constants(values: Mapping[str, float]) -> Sequence[str]:
    """What Python is to run for a `seedling` in which constants, by their full names, have other values.

    So nobody waits half a minute for what only time brings about.
    """
    changes = [f"import {name.rpartition('.')[0]}; {name} = {value!r}" for name, value in values.items()]
    begin = "sys.argv[0] = 'seedling'; from bot.__main__ import main; sys.exit(main())"
    return ("-c", "; ".join(["import sys", *changes, begin]))


def data_home(folder: Path) -> Path:
    """Where what is started in `folder` keeps the user's data, apart from that folder."""
    return folder.with_name(f"{folder.name}-data")


def history_of(folder: Path) -> Path:
    """The history of `ask` and `chat` that are started in `folder`."""
    return data_home(folder) / "seedling" / "history.db"


def files_in(folder: Path) -> list[Path]:
    """What lies in a folder."""
    return list(folder.iterdir())


PIPE = asyncio.subprocess.PIPE
DEVNULL = asyncio.subprocess.DEVNULL


def _hear_signals() -> None:
    """Let processes hear the signals that the tests themselves were told to pass over, as by `nohup` or a shell's `&`.

    What is ignored stays so in a new process; what has a handler begins with the default there.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


_hear_signals()


async def start(
    *arguments: str | bytes,
    folder: Path,
    program: Sequence[str] = PROGRAM,
    before: str = "",
    redirected: str = "",
    **settings: str,
) -> asyncio.subprocess.Process:
    """`seedling` in `folder`, under these settings and none of this machine's.

    `before` and `redirected` are what a shell would have before and behind the command, as in "2>&-".
    """
    return await start_into(
        PIPE, *arguments, folder=folder, program=program, before=before, redirected=redirected, **settings
    )


async def start_into(
    stdout: int,
    *arguments: str | bytes,
    folder: Path,
    program: Sequence[str] = PROGRAM,
    before: str = "",
    redirected: str = "",
    **settings: str,
) -> asyncio.subprocess.Process:
    """The same, with what it prints going to a descriptor; "-" among the arguments is written to."""
    surroundings = {name: value for name, value in os.environ.items() if name.lower() not in SETTINGS}
    shell = ("sh", "-c", f'{before} exec "$0" "$@" {redirected}') if before or redirected else ()
    return await asyncio.create_subprocess_exec(
        *(*shell, sys.executable, *program, *arguments),
        cwd=folder,
        env={
            **surroundings,
            "PYTHONPATH": str(ROOT),
            "XDG_DATA_HOME": str(data_home(folder)),
            "PORT": "0",
            **settings,
        },
        stdin=PIPE if "-" in arguments else DEVNULL,
        stdout=stdout,
        stderr=PIPE,
    )


@asynccontextmanager
async def seedling(
    *arguments: str, folder: Path, program: Sequence[str] = PROGRAM, **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The same, killed at the latest with the block."""
    process = await start(*arguments, folder=folder, program=program, **settings)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line_with(process: asyncio.subprocess.Process, words: str, *, seconds: float) -> str:
    """The first line of what a process prints that has these words in it."""
    assert process.stdout is not None
    async with asyncio.timeout(seconds):
        while words not in (line := (await process.stdout.readline()).decode()):
            assert line, f"the process ended before it said {words!r}"
    return line
