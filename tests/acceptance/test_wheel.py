"""The wheel, away from the checkout, on every Python of this machine that it is for: minutes for each."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.seed import API_KEY, running_seed
from tests.processes import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

VERSIONS = ("3.11", "3.12", "3.13")


def pythons() -> Iterator[Any]:
    """Every Python that this is tested with: on the PATH, or beside this one as version managers install them."""
    for version in VERSIONS:
        near = [*Path(sys.base_prefix).parent.glob(f"{version}*/bin/python")]
        found = next(map(str, near), None) or shutil.which(f"python{version}")
        missing = pytest.mark.skipif(found is None, reason=f"there is no Python {version}")
        yield pytest.param(found or "", id=version, marks=missing)


async def done(*command: str | Path, folder: Path, **settings: str) -> str:
    """What a command prints; it has to work."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), **settings},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made of a copy so that nothing is left in the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    kept = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "var", "*.db")
    for name in ("bot", "adapters", "storage"):
        shutil.copytree(ROOT / name, folder / name, ignore=kept)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    command = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder / "dist", folder)
    asyncio.run(done(*command, folder=folder, **os.environ))
    return next((folder / "dist").glob("*.whl"))


@pytest.mark.parametrize("python", list(pythons()))
async def test_it_answers_and_serves_with_all_its_files(tmp_path: Path, wheel: Path, python: str) -> None:
    await done(python, "-m", "venv", tmp_path / "env", folder=tmp_path)
    constraints = ("--constraint", ROOT / "constraints.txt")
    await done(tmp_path / "env/bin/pip", "install", "--quiet", *constraints, wheel, folder=tmp_path, **os.environ)
    program, away = tmp_path / "env/bin/seedling", tmp_path / "away"
    away.mkdir()
    assert (await done(program, "--version", folder=away)).startswith("seedling ")
    await done(program, "migrate", folder=away)
    async with running_seed() as seed:
        settings = {"SEED_API_KEY": API_KEY, "SEED_BASE_URL": seed.url, "PORT": "0"}
        told = json.loads(await done(program, "ask", "--json", "Echo: away", folder=away, **settings))
        assert told["text"] == "away"
        await served(program, away, settings)
    listing = await done(
        *(tmp_path / "env/bin/python", "-c", "import adapters; print(adapters.__path__[0])"), folder=away
    )
    installed = Path(listing.strip()).parent
    for package in ("bot", "adapters", "storage"):
        here = {path.relative_to(ROOT) for path in (ROOT / package).rglob("*") if _is_ours(path)}
        assert {path for path in here if not (installed / path).is_file()} == set()


def _is_ours(path: Path) -> bool:
    return path.is_file() and path.suffix != ".pyc" and not path.name.startswith(".")


async def served(program: Path, folder: Path, settings: dict[str, str]) -> None:
    """The playground comes up and gives its page with styles."""
    process = await asyncio.create_subprocess_exec(
        *(str(program), "run"),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **settings},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(120):
            while "ready: " not in (line := (await process.stdout.readline()).decode()):
                assert line, "it ended before it was ready"
        address = line.split("ready: ")[1].split()[0]
        assert "<html" in await done("curl", "--silent", "--fail", "--location", address, folder=folder)
    finally:
        process.terminate()
        await process.communicate()


async def test_pipx_runs_it(tmp_path: Path, wheel: Path) -> None:
    await done(sys.executable, "-m", "venv", tmp_path / "env", folder=tmp_path)
    await done(tmp_path / "env/bin/pip", "install", "--quiet", "pipx", folder=tmp_path, **os.environ)
    homes = {"PIPX_HOME": str(tmp_path / "pipx"), "PIP_CONSTRAINT": str(ROOT / "constraints.txt")}
    command = (tmp_path / "env/bin/pipx", "run", "--spec", wheel, "seedling", "completion", "fish")
    assert "complete -c seedling" in await done(*command, folder=tmp_path, **{**os.environ, **homes})
