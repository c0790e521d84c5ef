"""An emulated Discord for every test, held against Discord's own specifications."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.emulators.discord import running_discord
from tests.fakes import ScriptedModel
from tests.integration.discord.scene import DATABASE, QUICK, Scene, scene_on


@pytest.fixture(autouse=True)
def _library_points_back() -> Iterator[None]:
    """discord.py's addresses are class attributes: give them back."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    yield
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@pytest.fixture
async def scene(tmp_path: Path, empty_database: Path) -> AsyncIterator[Scene]:
    """The server of most tests; at the end nothing was refused by Discord's own specifications."""
    shutil.copy(empty_database, tmp_path / DATABASE)
    async with (
        running_discord(QUICK) as emulator,
        scene_on(emulator, tmp_path, ScriptedModel()) as found,
    ):
        yield found
        report = emulator.report()
        assert report.clean, str(report)
