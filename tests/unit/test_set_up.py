"""What `make` says while it sets up: each step with what it does and about how long, and that it goes on."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from tests.processes import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")


async def said(*command: str, folder: Path, **variables: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **variables},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


async def test_a_long_step_says_that_it_goes_on(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    waiting = f'while [ "$(grep -c "still at it" "{heard}")" -lt 2 ]; do sleep 0.1; done'
    step = f'sh "{ROOT}/scripts/step.sh" Waiting "two moments" sh -c \'{waiting}\' >"{heard}"'
    code, _, err = await said("sh", "-c", step, folder=tmp_path, STEP_SECONDS="1")
    lines = (await asyncio.to_thread(heard.read_text)).splitlines()
    assert (code, err) == (0, "")
    assert lines[:2] == ["Waiting; this takes two moments ...", "  still at it after 1 seconds ..."]


async def test_a_step_that_fails_shows_why(tmp_path: Path) -> None:
    failing = ("sh", "-c", "echo told; echo why >&2; exit 3")
    code, out, err = await said("sh", f"{ROOT}/scripts/step.sh", "Trying", "no time", *failing, folder=tmp_path)
    assert (code, out, err) == (3, "Trying; this takes no time ...\n", "told\nwhy\n")


async def test_a_step_that_works_shows_nothing_else(tmp_path: Path) -> None:
    code, out, err = await said(
        "sh", f"{ROOT}/scripts/step.sh", "Trying", "no time", "sh", "-c", "echo noise; echo noise >&2", folder=tmp_path
    )
    assert (code, out, err) == (0, "Trying; this takes no time ...\n", "")


async def test_every_step_of_the_first_run_says_how_long_it_takes(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        await asyncio.to_thread(shutil.copy, ROOT / name, tmp_path)
    code, out, err = await said("make", "--dry-run", "run", folder=tmp_path)
    assert (code, err) == (0, "")
    assert out.count("scripts/step.sh") == out.count("pip install") == 2
    for told in ("libraries into .venv", "the small local model into .venv", "Starting Seedling"):
        assert told in out


@pytest.mark.parametrize(
    ("versions", "made_with", "told"),
    [
        pytest.param({"python3": "3.12", "python3.13": "3.13"}, "python3", False, id="the-usual-one"),
        pytest.param({"python3": "3.14", "python3.11": "3.11"}, "python3.11", False, id="one-that-is-tested"),
        pytest.param({"python3": "3.14"}, "python3", True, id="only-a-newer-one"),
        pytest.param({"python3": "3.10", "python": "3.9"}, None, True, id="none"),
    ],
)
async def test_an_environment_is_made_with_a_python_that_this_is_tested_with(
    tmp_path: Path, versions: dict[str, str], made_with: str | None, told: bool
) -> None:
    for name, version in versions.items():
        major, minor = version.split(".")
        # Answers the question for its version with a real Python, and makes nothing.
        words = f"""#!/bin/sh
case "$1$2" in
--version*) echo "Python {version}" ;;
-c*version_info*) "{sys.executable}" -c "$(echo "$2" | sed 's/sys.version_info\\[:2\\]/({major}, {minor})/')" ;;
-mvenv) echo "{name}" >"$4" ;;
esac
"""
        (tmp_path / name).write_text(words)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "sed").symlink_to(shutil.which("sed") or "sed")
    made = tmp_path / "made"
    script = f"{ROOT}/scripts/make_venv.sh"
    code, _, err = await said("/bin/sh", script, str(made), folder=tmp_path, PATH=str(tmp_path))
    assert (code == 0, bool(err)) == (made_with is not None, told), err
    assert made_with is None or made.read_text().strip() == made_with


def test_every_file_of_the_packages_is_in_the_wheel() -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["*"]
    files = [
        path
        for package in ("bot", "adapters", "storage")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"} and not path.name.startswith(".")
    ]
    assert len(files) > 10
    assert [str(path) for path in files if not any(path.match(pattern) for pattern in patterns)] == []
