"""What waits when a process stops is answered as it reads at the next start, if it still stands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.emulators.discord.world import Channel, Message
from tests.fakes import words
from tests.integration.discord.scene import Scene
from tests.integration.discord.test_deletions import SECRET, copies, gone


def in_a_thread(scene: Scene, thread: Channel) -> Message:
    return scene.mention(f"{SECRET}?", where=thread)


def outside_threads(scene: Scene, _: Channel) -> Message:
    return scene.mention(f"{SECRET}?")


def by_its_role(scene: Scene, _: Channel) -> Message:
    role = next(item for item in scene.guild.roles.values() if item.bot_id)
    return scene.discord.say(scene.ada, scene.general, f"<@&{role.id}> {SECRET}?")


def directly(scene: Scene, _: Channel) -> Message:
    return scene.discord.say(scene.ada, scene.discord.dm(scene.ada), f"{SECRET}?")


ASKED = [in_a_thread, outside_threads, by_its_role, directly]
Ask = Callable[[Scene, Channel], Message]


async def left_open(scene: Scene, ask: Ask) -> Message:
    """Stop a process while it answers; nobody listens from then on."""
    scene.model.scripts += [words("One."), [asyncio.Event()]]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("one?"))
        await scene.done(thread)
        asked = ask(scene, thread)
        await scene.until(lambda: len(scene.model.asked) == 2)
        assert scene.core is not None
        await scene.core.dispatcher.aclose(grace=0)
    return asked


@pytest.mark.parametrize("ask", ASKED)
async def test_a_question_that_was_deleted_meanwhile_is_not_answered(scene: Scene, ask: Ask) -> None:
    asked = await left_open(scene, ask)
    scene.discord.delete(scene.ada, asked)
    async with scene.bot():
        await scene.closed()
        await gone(scene)
    assert len(scene.model.asked) == 2
    assert not copies(scene)


@pytest.mark.parametrize("ask", ASKED)
async def test_a_question_that_was_edited_meanwhile_is_answered_as_it_reads(scene: Scene, ask: Ask) -> None:
    asked = await left_open(scene, ask)
    scene.discord.edit(scene.ada, asked, asked.content.replace(SECRET, "who is there"))
    scene.model.scripts = [words("Me.")]
    async with scene.bot():
        await scene.closed()
    assert [request.entries[-1].text.rpartition(": ")[2] for request in scene.model.asked[2:]] == ["who is there?"]
    assert SECRET not in str(scene.model.asked[2:])
