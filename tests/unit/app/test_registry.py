"""What there is of chat platforms is said once: everything else follows from the registry."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.__main__ import main
from bot.app.platform_registry import PLATFORMS, ConfiguredPlatform, configure, load_specs, open_platforms
from bot.checks import Check
from bot.errors import ConfigError
from bot.settings import Settings
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock

ROOT = Path(__file__).parents[3]
SDKS = ("slack_sdk", "slack_bolt", "discord")
WEB = ("starlette", "jinja2", "authlib", "uvicorn", "rich")
LARGE = (*SDKS, *WEB, "sqlalchemy", "alembic", "httpx", "markdown_it", "cryptography")
NOT_OF_A_PLATFORM = {"release": "migrate", "web": "web", "worker": "worker"}

ASKED = """
import sys
from bot.__main__ import main
try:
    main(sys.argv[1:])
finally:
    loaded = {name.partition(".")[0] for name in sys.modules}
    sys.stderr.write(f"LOADED {sorted(loaded.intersection(%r))}")
"""


def test_the_procfile_starts_every_platform() -> None:
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    entries = dict(line.split(": ", 1) for line in lines)
    commands = NOT_OF_A_PLATFORM | {spec.name: spec.name for spec in load_specs()}
    assert entries == {name: f"seedling {command}" for name, command in commands.items()}


def test_every_platform_has_its_guide_and_a_line_in_the_docs() -> None:
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for spec in load_specs():
        assert (ROOT / spec.guide).is_file()
        assert f"    {spec.name}: seedling {spec.name} " in operations


def test_names_are_told_apart() -> None:
    specs = load_specs()
    assert len({spec.name for spec in specs}) == len({spec.title for spec in specs}) == len(PLATFORMS)


def ask_what_is_loaded(
    arguments: list[str], unneeded: tuple[str, ...], folder: Path, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command that is to load none of these packages."""
    program = [sys.executable, "-c", ASKED % (unneeded,), *arguments]
    surroundings = {"PYTHONPATH": str(ROOT), "PATH": "", "SEED_BASE_URL": "http://127.0.0.1:9/v1", **settings}
    done = subprocess.run(program, cwd=folder, env=surroundings, capture_output=True, text=True, check=False)
    assert done.stderr.endswith("LOADED []"), done.stderr
    return done


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        pytest.param(["--help"], LARGE, id="help"),
        pytest.param(["usage"], (*SDKS, *WEB), id="a-command-without-platforms"),
        pytest.param(["slack"], SDKS, id="a-platform-that-is-not-joined"),
        pytest.param(["doctor", "--seconds", "5"], (*SDKS, *WEB), id="doctor"),
    ],
)
def test_a_start_loads_no_package_that_its_command_does_not_need(
    arguments: list[str], unneeded: tuple[str, ...], tmp_path: Path
) -> None:
    done = ask_what_is_loaded(arguments, unneeded, tmp_path)
    if arguments[0] == "doctor":
        assert "not set up; docs/slack.md says how" in done.stdout
        assert "not set up; docs/discord.md says how" in done.stdout


def test_a_database_at_the_newest_schema_is_opened_without_what_migrates(empty_database: Path, tmp_path: Path) -> None:
    ask_what_is_loaded(["usage"], ("alembic", "mako"), tmp_path, DATABASE_URL=f"sqlite:///{empty_database}")


def test_only_the_registry_names_a_platform() -> None:
    """Comments give platforms' limits as reasons; no code of the core asks which platform it is."""
    names = [spec.name for spec in load_specs()]
    named = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "bot").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if any(word in line for name in names for word in (f'"{name}"', f"adapters.{name}", f"adapters import {name}"))
    }
    assert named == {"bot/app/platform_registry.py"}


@pytest.mark.parametrize("name", [spec.name for spec in load_specs()])
@pytest.mark.parametrize(
    ("url", "variable"),
    [("sqlite:///seedling.db", "DATABASE_URL"), ("postgresql://nobody@127.0.0.1:1/none", "")],
    ids=["on-a-file", "not-joined"],
)
def test_what_a_platforms_process_lacks_is_one_line(
    name: str, url: str, variable: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    [platform] = configure(spec for spec in load_specs() if spec.name == name)
    assert main([name]) == 78
    told = capsys.readouterr().err
    assert told.startswith(f"seedling: {variable or platform.settings.joined_by[0].upper()}: must ")
    assert f"'seedling {name}'" in told
    assert told.count("\n") == 1


def test_without_any_platform_the_command_line_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"], platforms=())
    assert "check the model: what works" in " ".join(capsys.readouterr().out.split())


# ---------------------------------------------------------------- opening


class Opened:
    """Record of what was opened, checked and closed, in order."""

    def __init__(self, configured: ConfiguredPlatform) -> None:
        self.configured = configured
        self.seen: list[str] = []

    def platform(self, name: str, *, error: Exception | None = None) -> ConfiguredPlatform:
        @asynccontextmanager
        async def opening(_: Any) -> AsyncIterator[Any]:
            if error is not None:
                raise error
            self.seen.append(f"{name} opened")
            try:
                yield name
            finally:
                self.seen.append(f"{name} closed")

        async def check(*_: Any) -> AsyncIterator[Check]:
            self.seen.append(f"{name} checked")
            yield Check(name=name, ok=True, detail="fine")

        spec = replace(self.configured.spec, name=name, title=name.upper(), open=opening, check=check)
        return replace(self.configured, spec=spec)


@pytest.fixture
def opened() -> Opened:
    return Opened(configure(load_specs())[0])


@pytest.fixture
def settings() -> Settings:
    return Settings()


async def test_platforms_are_opened_in_order_and_closed_in_reverse(opened: Opened, settings: Settings) -> None:
    store = MemoryStore(clock=ManualClock())
    platforms = [opened.platform("a"), opened.platform("b")]
    async with open_platforms(platforms, settings, store, clock=ManualClock()) as found:
        assert list(found) == ["a", "b"]
    assert opened.seen == ["a opened", "b opened", "b closed", "a closed"]


async def test_what_was_opened_is_closed_when_the_next_one_is_refused(opened: Opened, settings: Settings) -> None:
    store = MemoryStore(clock=ManualClock())
    platforms = [opened.platform("a"), opened.platform("b", error=ConfigError("B_TOKEN", "is refused"))]
    with pytest.raises(ConfigError, match="B_TOKEN"):
        async with open_platforms(platforms, settings, store, clock=ManualClock()):
            pass
    assert opened.seen == ["a opened", "a closed"]


async def test_a_platform_that_is_not_joined_is_not_asked(opened: Opened, settings: Settings) -> None:
    platform = opened.platform("a")
    [row] = [item async for item in platform.check(settings, seconds=1)]
    assert (row.name, row.ok, row.fix) == ("A", None, "")
    assert row.detail.startswith("not set up; ")
    begun = platform.settings.model_copy(update={"slack_app_token": SecretStr("xapp-1")})
    [row] = [item async for item in replace(platform, settings=begun).check(settings, seconds=1)]
    assert row.ok
    assert opened.seen == ["a checked"]
