"""Summaries on the emulated Discord: with links that are its own, private where wanted, refused where it must be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.app.clock import utc_now
from bot.summary.digests import Digests
from bot.summary.service import NO_ACCESS
from bot.types import Finish, Finished, ModelEvent, TextDelta, Usage, UsageReported
from tests.emulators.discord import running_discord
from tests.emulators.discord.world import Message
from tests.fakes import ScriptedModel
from tests.integration.discord.scene import QUICK, Scene, scene_on
from tests.integration.discord.test_commands import commands_there, text_of


@pytest.fixture(autouse=True)
def _library_points_back() -> Iterator[None]:
    """discord.py's addresses are class attributes: give them back."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    yield
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


def summary(text: str) -> list[ModelEvent]:
    return [TextDelta(text), UsageReported(Usage(input=500, output=60)), Finished(Finish.STOP)]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    script = summary(
        "Headline: Tides\n- High water is at nine [1]\n- They sail [2] [77]\n- [Win](https://evil.example)"
    )
    async with running_discord(QUICK) as emulator, scene_on(emulator, tmp_path, ScriptedModel(script)) as found:
        yield found
        report = emulator.report()
        assert report.clean, str(report)


def link(message: Message) -> str:
    assert message.channel.guild is not None
    return f"https://discord.com/channels/{message.channel.guild.id}/{message.channel.id}/{message.id}"


async def test_a_channel_is_summarised_with_links_that_open_its_messages(scene: Scene) -> None:
    async with scene.bot():
        await commands_there(scene)
        messages = [
            scene.discord.say(scene.ada, scene.general, "High water is at nine"),
            scene.discord.say(scene.bob, scene.general, "Then we sail @everyone"),
        ]
        asked = scene.discord.slash(scene.ada, scene.general, "summarise", {"what": "last 10"})
        await asked.shown()
        await scene.closed()
        shown = await scene.until(lambda: [item for item in _everything(scene) if link(messages[0]) in item])
    assert link(messages[1]) in shown[-1]
    assert "Left out: 1 link to messages that were not read" in shown[-1]
    assert "evil.example" not in shown[-1]


async def test_who_may_not_read_a_channel_is_told_so_alone(scene: Scene) -> None:
    async with scene.bot():
        await commands_there(scene)
        scene.discord.say(scene.ada, scene.general, "The boat is sold")
        scene.discord.deny(scene.general, "read_message_history", who=scene.bob)
        asked = scene.discord.slash(scene.bob, scene.general, "summarise")
        await asked.shown()
        await scene.closed()
    assert NO_ACCESS[:30] in text_of(asked)
    assert asked.original is not None
    assert asked.original.seen_by is scene.bob
    assert scene.model.asked == []


async def test_a_digest_is_set_by_a_command_and_posted_into_the_channel(scene: Scene) -> None:
    async with scene.bot():
        await commands_there(scene)
        asked = scene.discord.slash(scene.ada, scene.general, "digest", {"words": "add daily at 9:00"})
        await asked.shown()
        assert "every day at 09:00" in text_of(asked)
        message = scene.discord.say(scene.ada, scene.general, "High water is at nine")
        assert scene.core is not None
        assert scene.platform is not None
        later = Digests(
            scene.core.store,
            {"discord": scene.platform},
            scene.core.dispatcher.wake,
            admits=scene.core.inbox.admits,
            clock=lambda: utc_now() + timedelta(days=2),
        )
        await later.tick()
        await later.tick()
        await scene.until(lambda: any(link(message) in answer.content for answer in scene.answers(scene.general)))
        await scene.closed()
    assert len([answer for answer in scene.answers(scene.general) if answer.seen_by is None]) == 1


def _everything(scene: Scene) -> list[str]:
    places = [scene.general, *(channel for channel in scene.guild.channels.values() if channel is not scene.general)]
    return [message.content for place in places for message in scene.answers(place)]


async def test_a_summary_is_exported_as_a_file(scene: Scene) -> None:
    async with scene.bot():
        await commands_there(scene)
        scene.discord.say(scene.ada, scene.general, "High water is at nine")
        asked = scene.discord.slash(scene.ada, scene.general, "export", {"what": "summary", "range": "last 10"})
        await asked.shown()
        answer = await scene.until(lambda: next((item for item in scene.answers(scene.general) if item.attachments), 0))
        assert "From 1 message" in answer.content
        assert "High water is at nine" not in answer.content
        (file,) = answer.attachments
        assert file.filename.startswith("summary-")
        assert b"- High water is at nine [1](https://discord.com/" in file.data
