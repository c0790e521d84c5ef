"""Who adds the bot to a server is told how to ask it, where it may know who that was; nothing is posted in channels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from bot.parameters import Scope
from tests.emulators.discord.permissions import bits
from tests.emulators.discord.scene import BOT_PERMISSIONS
from tests.emulators.discord.world import Guild, User
from tests.integration.discord.scene import Scene
from tests.integration.discord.test_policy import asked_elsewhere, said_to

AUDIT_LOG = "/guilds/{guild_id}/audit-logs"


def added(scene: Scene, by: User, *, may: bool = True) -> Guild:
    """A server that somebody adds the bot to; whether it may read the audit log there."""
    guild = scene.discord.guild("Birds", scene.ada, scene.bob, bot=False)
    held = BOT_PERMISSIONS | (bits("view_audit_log") if may else 0)
    scene.discord.invite(guild, by=by, bot_permissions=held)
    return guild


def asked_who(scene: Scene) -> int:
    """How often the audit log was read."""
    return len(scene.discord.requests_to("GET", AUDIT_LOG))


@asynccontextmanager
async def listening(scene: Scene) -> AsyncIterator[None]:
    """The bot, once it knows the servers that it was in before."""
    async with scene.bot():
        assert scene.platform is not None
        await scene.platform.wait_ready()
        yield


@pytest.mark.parametrize("by", ["ada", "bob"])
async def test_who_adds_the_bot_is_told_how_to_ask_and_where_help_is(scene: Scene, by: str) -> None:
    async with listening(scene):
        who: User = getattr(scene, by)
        guild = added(scene, who)
        await scene.until(lambda: said_to(scene, who))
    (hello,) = said_to(scene, who)
    how, help = hello.content.splitlines()
    assert "Mention me" in how
    assert "/help" in help
    assert [scene.answers(channel) for channel in guild.channels.values()] == [[]]


async def test_where_it_may_not_know_who_that_was_nobody_is_told(scene: Scene) -> None:
    async with listening(scene):
        guild = added(scene, scene.ada, may=False)
        await scene.until(lambda: asked_who(scene))
        await asked_elsewhere(scene)
    assert said_to(scene, scene.ada) == []
    assert [scene.answers(channel) for channel in guild.channels.values()] == [[]]


async def test_it_is_said_once_for_each_server(scene: Scene) -> None:
    async with listening(scene):
        guild = added(scene, scene.ada)
        await scene.until(lambda: said_to(scene, scene.ada))
        scene.discord.kick(guild)
        scene.discord.invite(guild, by=scene.ada, bot_permissions=BOT_PERMISSIONS | bits("view_audit_log"))
        added(scene, scene.bob)
        await scene.until(lambda: said_to(scene, scene.bob))
        await scene.until(lambda: asked_who(scene) > 2)
        assert scene.core is not None
        place = f"discord/{guild.id}"
        trail = await scene.core.store.audit_trail(since=datetime.min.replace(tzinfo=UTC), within=place, limit=9)
    assert len(said_to(scene, scene.ada)) == 1
    came = ("install", f"discord/{scene.ada.id}")
    assert sorted((item.action, item.who) for item in trail) == [came, came, ("uninstall", "discord")]


async def test_servers_that_it_is_in_at_its_start_or_that_come_back_are_not_greeted(scene: Scene) -> None:
    added(scene, scene.ada)
    async with listening(scene):
        await asked_elsewhere(scene)
        scene.discord.outage(scene.guild)
        await asked_elsewhere(scene)
    assert (asked_who(scene), said_to(scene, scene.ada)) == (0, [])


async def test_it_is_not_said_where_it_is_switched_off(scene: Scene) -> None:
    async with listening(scene):
        guild = scene.discord.guild("Birds", scene.ada, bot=False)
        assert scene.core is not None
        await scene.core.store.put_setting(Scope(kind="workspace", key=f"discord/{guild.id}"), "hello", "no")
        scene.discord.invite(guild, by=scene.ada, bot_permissions=BOT_PERMISSIONS | bits("view_audit_log"))
        await scene.until(lambda: asked_who(scene))
        await asked_elsewhere(scene)
    assert said_to(scene, scene.ada) == []
