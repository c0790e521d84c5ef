"""What there is of chat platforms is said once: everything else follows from the registry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.app.registry import PLATFORMS, load_specs

ROOT = Path(__file__).parents[2]
SDKS = ("slack_sdk", "slack_bolt", "discord")
NOT_OF_A_PLATFORM = {"release": "migrate", "web": "web", "worker": "worker"}

ASKED = """
import sys
from bot.__main__ import main
try:
    main(sys.argv[1:])
finally:
    loaded = {name.partition(".")[0] for name in sys.modules}
    sys.stderr.write(f"SDKS {sorted(loaded.intersection(%r))}")
"""


def test_the_procfile_starts_every_platform() -> None:
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    entries = dict(line.split(": ", 1) for line in lines)
    commands = NOT_OF_A_PLATFORM | {each.name: each.name for each in load_specs()}
    assert entries == {name: f"seedling {command}" for name, command in commands.items()}


def test_every_platform_has_its_guide_and_a_line_in_the_docs() -> None:
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for each in load_specs():
        assert (ROOT / each.guide).is_file()
        assert f"    {each.name}: seedling {each.name} " in operations


def test_names_are_told_apart() -> None:
    specs = load_specs()
    assert len({each.name for each in specs}) == len({each.title for each in specs}) == len(PLATFORMS)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--help"], id="help"),
        pytest.param(["params"], id="a-command-without-platforms"),
        pytest.param(["slack"], id="a-platform-that-is-not-joined"),
        pytest.param(["doctor", "--seconds", "5"], id="doctor"),
    ],
)
def test_no_sdk_is_loaded_before_its_platform_is_joined(arguments: list[str], tmp_path: Path) -> None:
    program = [sys.executable, "-c", ASKED % (SDKS,), *arguments]
    surroundings = {"PYTHONPATH": str(ROOT), "PATH": "", "SEED_BASE_URL": "http://127.0.0.1:9/v1"}
    done = subprocess.run(program, cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False)
    assert done.stderr.endswith("SDKS []"), done.stderr
    if arguments[0] == "doctor":
        assert "not joined; docs/slack.md tells how" in done.stdout
        assert "not joined; docs/discord.md tells how" in done.stdout


def test_only_the_registry_names_a_platform() -> None:
    """Comments give platforms' limits as reasons; no code of the core asks which platform it is."""
    names = [each.name for each in load_specs()]
    named = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "bot").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if any(f"{sign}{name}{sign}" in line or f"adapters.{name}" in line for name in names for sign in "\"'")
    }
    assert named == {"bot/app/registry.py"}
