"""Events that discord.py cannot read: each is told once by its kind and skipped, and the next good one is heard."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from discord.state import ConnectionState

from tests.emulators.discord import payloads, running_discord
from tests.emulators.discord.world import Payload
from tests.fakes import ScriptedModel
from tests.integration.discord.scene import QUICK, Scene, scene_on

SECRET = "what somebody wrote"


@pytest.fixture
async def impatient(tmp_path: Path) -> AsyncIterator[Scene]:
    """A Discord that lets in who comes again at once."""
    async with (
        running_discord(QUICK) as emulator,
        scene_on(emulator, tmp_path, ScriptedModel()) as found,
    ):
        yield found


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """What the log says of events that could not be handled."""
    return [vars(record) for record in caplog.records if "could not be handled" in record.getMessage()]


def kinds(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [item["event"] for item in told(caplog)]


def guild_with(scene: Scene, **changes: Any) -> Payload:
    return payloads.guild_create(scene.guild, scene.discord.bot) | changes


def voice_channel(scene: Scene) -> Payload:
    return {"id": "77", "type": 2, "name": "talk", "position": 0, "guild_id": str(scene.guild.id)}


def message(scene: Scene, **changes: Any) -> Payload:
    return {
        "id": "78", "type": 0, "channel_id": str(scene.general.id), "guild_id": str(scene.guild.id),
        "content": SECRET, "timestamp": "2026-11-27T10:00:00+00:00", "edited_timestamp": None, "tts": False,
        "mention_everyone": False, "mentions": [], "mention_roles": [], "attachments": [], "embeds": [],
        "pinned": False, **changes,
    }  # fmt: skip


def interaction(scene: Scene, kind: int, **changes: Any) -> Payload:
    return {
        "id": "79", "type": kind, "application_id": "1", "token": "t", "version": 1, "guild_id": str(scene.guild.id),
        "channel_id": str(scene.general.id), "locale": "en-US", "attachment_size_limit": 1, "entitlements": [],
        "authorizing_integration_owners": {}, "user": {"id": "3", "username": "ada", "discriminator": "0"}, **changes,
    }  # fmt: skip


ADA = {"id": "3", "username": "ada", "discriminator": "0", "avatar": None}

Unreadable = Callable[[Scene], tuple[str, Any]]
UNREADABLE: dict[str, Unreadable] = {
    "voice-without-bitrate": lambda scene: ("GUILD_CREATE", guild_with(scene, channels=[voice_channel(scene)])),
    "roles-are-null": lambda scene: ("GUILD_CREATE", guild_with(scene, roles=None)),
    "role-without-id": lambda scene: ("GUILD_CREATE", guild_with(scene, roles=[{"name": "x"}])),
    "guild-without-id": lambda _: ("GUILD_CREATE", {"name": "x"}),
    "voice-channel-made": lambda scene: ("CHANNEL_CREATE", voice_channel(scene)),
    "channel-without-type": lambda scene: ("CHANNEL_CREATE", {"id": "5", "guild_id": str(scene.guild.id)}),
    "channel-of-a-word": lambda scene: ("CHANNEL_UPDATE", {"id": "five", "guild_id": str(scene.guild.id)}),
    "message-without-author": lambda scene: ("MESSAGE_CREATE", message(scene)),
    "time-of-a-word": lambda scene: ("MESSAGE_CREATE", message(scene, author=ADA, timestamp="noon")),
    "edit-without-id": lambda scene: (
        "MESSAGE_UPDATE",
        {"channel_id": str(scene.general.id), "content": SECRET, "edited_timestamp": "2026-11-27T10:00:00+00:00"},
    ),
    "deletions-are-null": lambda scene: ("MESSAGE_DELETE_BULK", {"ids": None, "channel_id": str(scene.general.id)}),
    "no-event": lambda _: ("MESSAGE_DELETE", None),
    "a-list": lambda _: ("THREAD_CREATE", [SECRET]),
    "press-without-data": lambda scene: ("INTERACTION_CREATE", interaction(scene, 3)),
    "form-without-fields": lambda scene: ("INTERACTION_CREATE", interaction(scene, 5, data={"custom_id": "x"})),
    "interaction-without-type": lambda _: ("INTERACTION_CREATE", {"id": "1", "application_id": "1", "token": "t"}),
}


HEARD_AS = {
    "message-without-author": "on_sent_message",
    "time-of-a-word": "on_sent_message",
    "edit-without-id": "on_sent_message_update",
}
"""Messages are handed on as they were sent, and their listener fails."""


@pytest.mark.parametrize("which", UNREADABLE)
async def test_an_unreadable_event_is_skipped_and_the_next_one_is_heard(
    scene: Scene, which: str, caplog: pytest.LogCaptureFixture
) -> None:
    name, body = UNREADABLE[which](scene)
    async with scene.bot():
        scene.discord.garble(name, body)
        thread = await scene.thread_of(scene.mention("still there?"))
        await scene.done(thread)

    assert kinds(caplog) == [HEARD_AS.get(which, name)]
    assert SECRET not in caplog.text
    assert len(scene.discord.identifies) == 1  # the connection was kept


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        pytest.param(2, None, id="command-without-data"),
        pytest.param(2, {"id": "1", "type": 1}, id="command-without-name"),
        pytest.param(2, {"id": "1", "type": 3, "target_id": "9"}, id="menu-without-name"),
        pytest.param(4, {"id": "1", "type": 1, "name": "ask", "options": [{"type": 3}]}, id="completion-without-name"),
    ],
)
async def test_an_unreadable_command_is_skipped_and_the_next_one_is_heard(
    scene: Scene, kind: int, data: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with scene.bot():
        scene.discord.garble("INTERACTION_CREATE", interaction(scene, kind, data=data))
        await scene.until(lambda: kinds(caplog))
        thread = await scene.thread_of(scene.mention("still there?"))
        await scene.done(thread)

    assert kinds(caplog) == ["INTERACTION_CREATE"]
    assert "never retrieved" not in caplog.text


async def test_the_same_kind_is_told_once_and_then_counted(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    async with scene.bot():
        for _ in range(25):
            scene.discord.garble("MESSAGE_CREATE", message(scene))
        await scene.done(await scene.thread_of(scene.mention("still there?")))

    assert [item.get("count", 1) for item in told(caplog)] == [1, 10]
    assert {item["error"] for item in told(caplog)} == {"KeyError"}


async def test_no_event_with_nothing_that_belongs_there_ends_anything(scene: Scene) -> None:
    names = [item.removeprefix("parse_").upper() for item in dir(ConnectionState) if item.startswith("parse_")]
    where = {"guild_id": str(scene.guild.id), "channel_id": str(scene.general.id), "id": str(scene.general.id)}
    bodies: list[Any] = [None, [], "", 7, {}, {"id": None}, where, where | {"user": None, "data": None, "type": 2}]
    async with scene.bot():
        for name in names:
            for body in bodies if name not in {"READY", "RESUMED", "CHANNEL_DELETE", "GUILD_DELETE"} else ():
                scene.discord.garble(name, body)
        await scene.done(await scene.thread_of(scene.mention("still there?")))

    assert len(names) > 60
    assert len(scene.discord.identifies) == 1


async def test_in_a_server_that_could_not_be_read_nobody_counts_as_administrator(scene: Scene) -> None:
    """A message of an unknown server is not a direct one, whose author may change everything."""
    elsewhere = scene.discord.guild("Elsewhere", scene.ada, bot=False)
    channel = next(iter(elsewhere.channels.values()))
    async with scene.bot():
        scene.discord.join(elsewhere, scene.discord.bot)
        spoilt = payloads.guild_create(elsewhere, scene.discord.bot) | {"channels": [voice_channel(scene)]}
        scene.discord.garble("GUILD_CREATE", spoilt)
        scene.mention("!set workspace max_tokens 17", where=channel)
        await scene.until(lambda: scene.answers(channel))

    assert "administrators" in scene.answers(channel)[0].content


@pytest.mark.parametrize(
    ("missing", "changed"),
    [
        pytest.param(["user"], {}, id="no-user"),
        pytest.param(["session_id"], {}, id="no-session"),
        pytest.param(["shard"], {}, id="no-shard"),
        pytest.param(["resume_gateway_url"], {}, id="no-address"),
        pytest.param([], {"guilds": None}, id="guilds-are-null"),
        pytest.param([], {"user": {"id": "x"}}, id="user-of-a-word"),
    ],
)
async def test_an_unreadable_ready_makes_the_connection_anew(
    impatient: Scene, missing: list[str], changed: Payload, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        impatient.discord.spoil_ready(*missing, **changed)
    async with impatient.bot():
        await impatient.until(lambda: len(impatient.discord.identifies) == 3)
        await impatient.done(await impatient.thread_of(impatient.mention("there you are")))

    assert kinds(caplog) == ["READY"]
    assert len(impatient.discord.identifies) == 3
    assert [
        vars(record)["reason"] for record in caplog.records if record.getMessage() == "disconnected from the gateway"
    ]


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "null", '"word"', '{"op": 10, "d": null}', '{"op": 0, "t": [], "d": {}}', "[" * 100_000],
    ids=["half", "list", "null", "word", "hello-without-interval", "kind-is-a-list", "deep"],
)
async def test_a_frame_that_is_no_event_makes_the_connection_anew(
    impatient: Scene, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with impatient.bot():
        impatient.discord.gateway.say(text)
        await impatient.until(lambda: len(impatient.discord.identifies) == 2)
        await impatient.done(await impatient.thread_of(impatient.mention("there you are")))

    assert kinds(caplog) == ["connection"]


async def test_a_listener_with_a_bug_skips_its_event_alone(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with scene.bot():
        assert scene.core is not None
        handle, faulty = scene.core.inbox.handle, [True, True]

        async def breaking(incoming: Any) -> Any:
            if faulty and faulty.pop():
                raise ValueError(incoming.text)
            return await handle(incoming)

        scene.core.inbox.handle = breaking  # type: ignore[method-assign]  # the bug
        for _ in range(2):
            scene.mention(SECRET)
        await scene.until(lambda: not faulty)
        await scene.done(await scene.thread_of(scene.mention("still there?")))

    assert kinds(caplog) == ["on_sent_message"]
    assert SECRET not in caplog.text
