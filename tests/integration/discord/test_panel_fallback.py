"""The panel where Discord refuses components v2."""

from __future__ import annotations

import discord
import pytest

from adapters.discord.events import settings_panel
from tests.emulators.discord.world import COMPONENTS_V2
from tests.integration.discord.scene import Scene


def too_much(_: settings_panel.PanelState) -> discord.ui.LayoutView:
    """A layout that Discord refuses: more than 4,000 characters in all."""
    view = discord.ui.LayoutView(timeout=None)
    for _number in range(3):
        view.add_item(discord.ui.TextDisplay("x" * 2_000))
    return view


async def test_a_panel_of_plain_components_does_the_same(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_panel, "layout", too_much)
    async with scene.bot():
        await scene.until(lambda: scene.discord.commands[None])
        opened = scene.discord.slash(scene.ada, scene.general, "settings")
        message = await scene.until(lambda: opened.original if opened.original and opened.original.content else None)
        lists = [component["components"][0]["custom_id"] for component in message.components]
        scene.discord.select(scene.ada, message, next(item for item in lists if ":parameter:" in item), ["memory"])
        await scene.until(lambda: len(message.components) == 3)
        scene.discord.select(scene.ada, message, message.components[2]["components"][0]["custom_id"], ["no"])
        await scene.until(lambda: "**memory**: `no` · this channel" in message.content)

    report = scene.discord.report()
    assert [problem.partition(":")[0].split("/")[-1] for problem in report.problems] == ["@original"]
    report.problems.clear()  # the one refusal was wanted
    assert not message.flags & COMPONENTS_V2
    assert len(message.content) <= 2_000
