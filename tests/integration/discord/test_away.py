"""What people do while nobody listens is found at the next start."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.emulators.discord.world import Channel, Message
from tests.fakes import words
from tests.integration.discord.scene import Scene
from tests.integration.discord.test_deletions import SECRET, copies, gone


def the_question(scene: Scene, asked: Message, _: Channel) -> None:
    scene.discord.delete(scene.ada, asked)


def the_follow_up(scene: Scene, _: Message, thread: Channel) -> None:
    (said,) = [message for message in thread.messages.values() if message.author is scene.ada]
    scene.discord.delete(scene.ada, said)


def the_thread(scene: Scene, asked: Message, thread: Channel) -> None:
    scene.discord.delete_channel(scene.discord.developer, thread)
    scene.discord.delete(scene.ada, asked)


@pytest.mark.parametrize(("first", "second", "delete"), [
    (SECRET, "and now?", the_question),
    ("one?", f"it is {SECRET}", the_follow_up),
    (SECRET, SECRET, the_thread),
])  # fmt: skip
async def test_what_is_deleted_meanwhile_is_forgotten(
    scene: Scene, first: str, second: str, delete: Callable[[Scene, Message, Channel], None]
) -> None:
    scene.model.scripts += [words("Well."), words("Yes.")]
    async with scene.bot():
        asked = scene.mention(first)
        thread = await scene.thread_of(asked)
        await scene.done(thread)
        scene.mention(second, where=thread)
        await scene.done(thread, 2)
    assert copies(scene)
    delete(scene, asked, thread)
    async with scene.bot():
        await gone(scene)
        await scene.until(lambda: SECRET not in thread.name or thread.id not in scene.discord.channels)


async def test_what_still_stands_is_kept(scene: Scene) -> None:
    scene.model.scripts += [words("Well."), words("Later.")]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention(SECRET))
        await scene.done(thread)
    async with scene.bot():
        scene.mention("and now?", where=thread)
        await scene.done(thread, 2)
    assert SECRET in str(scene.model.asked[-1].entries)


async def test_a_channel_that_cannot_be_read_is_no_deletion(scene: Scene) -> None:
    scene.model.scripts += [words("Well."), words("Later.")]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention(SECRET))
        await scene.done(thread)
    scene.discord.deny(scene.general, "view_channel")
    async with scene.bot():
        place = scene.discord.dm(scene.ada)
        scene.discord.say(scene.ada, place, "hello")
        await scene.done(place)
    assert copies(scene)
