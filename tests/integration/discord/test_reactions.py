"""A message that the bot left alone is answered when somebody puts its emoji on it: once, and for nobody else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat.message_policy import EMOJI
from bot.parameters import Scope
from tests.emulators.discord import running_discord
from tests.emulators.discord.world import Message, User
from tests.fakes import ScriptedModel
from tests.integration.discord.scene import QUICK, Scene, scene_on
from tests.integration.discord.test_policy import asked_elsewhere

MESSAGE = "/channels/{channel_id}/messages/{message_id}"


def left_alone(scene: Scene, text: str = "why do herons stand on one leg?") -> Message:
    """A message of Bob's that is not meant for the bot."""
    return scene.discord.say(scene.bob, scene.general, text)


def asked(scene: Scene) -> list[str]:
    """The questions of all requests."""
    return [request.entries[-1].text.rpartition(": ")[2] for request in scene.model.asked]


def read(scene: Scene) -> int:
    """How often single messages were fetched."""
    return len(scene.discord.requests_to("GET", MESSAGE))


async def test_what_somebody_reacts_to_is_answered_in_its_thread_as_if_it_had_been_asked(scene: Scene) -> None:
    async with scene.bot():
        message = left_alone(scene)
        scene.discord.react(scene.ada, message, EMOJI)
        thread = await scene.thread_of(message)
        await scene.done(thread)
    assert asked(scene) == ["why do herons stand on one leg?"]
    assert thread.id == message.id


async def test_it_is_answered_once_whoever_reacts_and_however_often_that_is_told(scene: Scene) -> None:
    async with scene.bot():
        message = left_alone(scene)
        scene.discord.react(scene.ada, message, EMOJI)
        scene.discord.react_again(scene.ada, message, EMOJI)
        scene.discord.react(scene.bob, message, EMOJI)
        await scene.done(await scene.thread_of(message))
        await scene.until(lambda: read(scene) >= 3)
        await asked_elsewhere(scene)
    assert asked(scene) == ["why do herons stand on one leg?", "one?"]


async def test_what_was_asked_already_is_not_asked_again(scene: Scene) -> None:
    async with scene.bot():
        question = scene.mention("one?")
        await scene.done(await scene.thread_of(question))
        scene.discord.react(scene.bob, question, EMOJI)
        await scene.until(lambda: read(scene))
        await asked_elsewhere(scene)
    assert len(scene.model.asked) == 2


async def test_a_reply_among_others_in_a_thread_is_answered_there(scene: Scene) -> None:
    async with scene.bot():
        thread = scene.discord.open_thread(scene.bob, scene.general, "Pump")
        scene.discord.say(scene.bob, thread, "The pump is broken.")
        message = scene.discord.say(scene.bob, thread, "What can we do?")
        scene.discord.react(scene.ada, message, EMOJI)
        await scene.done(thread)
    assert [entry.text.rpartition(": ")[2] for entry in scene.model.asked[0].entries] == [
        "The pump is broken.",
        "What can we do?",
    ]


@pytest.mark.parametrize("emoji", ["👀", "🌿", "🌱🌱", "seedling"])
async def test_another_emoji_does_nothing_and_costs_no_request(scene: Scene, emoji: str) -> None:
    async with scene.bot():
        scene.discord.react(scene.ada, left_alone(scene), emoji)
        await asked_elsewhere(scene)
    assert (asked(scene), read(scene)) == (["one?"], 0)


async def test_an_emoji_of_the_server_with_that_name_is_another_one(scene: Scene) -> None:
    async with scene.bot():
        scene.discord.react(scene.ada, left_alone(scene), EMOJI, id=scene.discord.ids.old())
        await asked_elsewhere(scene)
    assert (asked(scene), read(scene)) == (["one?"], 0)


async def test_neither_the_bot_itself_nor_its_own_messages_ask_anything(scene: Scene) -> None:
    async with scene.bot():
        thread = await asked_elsewhere(scene)
        (answer,) = scene.answers(thread)
        scene.discord.react(scene.ada, answer, EMOJI)
        scene.discord.react(scene.discord.bot, left_alone(scene), EMOJI)
        await asked_elsewhere(scene)
    assert (asked(scene), read(scene)) == (["one?", "one?"], 0)


@pytest.mark.parametrize("named", [True, False], ids=["named", "unnamed"])
async def test_reactions_of_other_bots_are_passed_over_also_where_they_may_ask(scene: Scene, named: bool) -> None:
    other = User(id=scene.discord.ids.old(), name="Other", bot=True)
    scene.discord.users[other.id] = other
    scene.discord.join(scene.guild, other)
    async with scene.bot():
        if named:
            assert scene.core is not None
            everywhere = Scope(kind="workspace", key=f"discord/{scene.guild.id}")
            await scene.core.store.put_setting(everywhere, "bots", str(other.id))
        scene.discord.react(other, left_alone(scene), EMOJI)
        await scene.until(lambda: read(scene))
        await asked_elsewhere(scene)
    assert asked(scene) == ["one?"]


@pytest.mark.parametrize("said", ["!set max_tokens 40", "/forget here", "/nonsense"])
async def test_a_reaction_carries_out_no_command(scene: Scene, said: str) -> None:
    async with scene.bot():
        scene.discord.react(scene.ada, left_alone(scene, said), EMOJI)
        await scene.until(lambda: read(scene))
        await asked_elsewhere(scene)
        assert scene.core is not None
        assert await scene.core.store.get_everywhere("max_tokens") == {}
    assert asked(scene) == ["one?"]


async def test_a_message_that_the_bot_may_not_read_is_not_answered(scene: Scene) -> None:
    async with scene.bot():
        message = left_alone(scene)
        scene.discord.deny(scene.general, "read_message_history")
        scene.discord.react(scene.ada, message, EMOJI)
        await scene.until(lambda: read(scene))
        scene.discord.allow(scene.general, "read_message_history")
        await asked_elsewhere(scene)
    assert asked(scene) == ["one?"]


async def test_without_the_message_content_intent_no_reaction_is_heard(tmp_path: Path) -> None:
    options = replace(QUICK, message_content=False)
    async with running_discord(options) as emulator, scene_on(emulator, tmp_path, ScriptedModel()) as scene:
        async with scene.bot():
            scene.discord.react(scene.ada, left_alone(scene), EMOJI)
            await asked_elsewhere(scene)
        assert (asked(scene), read(scene)) == (["one?"], 0)
        assert emulator.report().clean
