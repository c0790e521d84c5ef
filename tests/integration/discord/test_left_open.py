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


def in_a_post(scene: Scene, _: Channel) -> Message:
    forum = scene.discord.forum(scene.guild, "help")
    post = scene.discord.post(scene.ada, forum, "Doors", f"{scene.discord.mention()} {SECRET}?")
    return next(iter(post.messages.values()))


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


def the_message(scene: Scene, asked: Message) -> None:
    scene.discord.delete(scene.ada, asked)


def its_channel(scene: Scene, asked: Message) -> None:
    scene.discord.delete_channel(scene.discord.developer, asked.channel)


DELETED = [(ask, the_message) for ask in (in_a_thread, outside_threads, directly, in_a_post)]


@pytest.mark.parametrize(("ask", "delete"), [*DELETED, (in_a_thread, its_channel)])
async def test_a_question_that_was_deleted_meanwhile_is_not_answered(
    scene: Scene, ask: Ask, delete: Callable[[Scene, Message], None]
) -> None:
    asked = await left_open(scene, ask)
    delete(scene, asked)
    async with scene.bot():
        await scene.closed()
        await gone(scene)
    assert len(scene.model.asked) == 2
    assert not copies(scene)


@pytest.mark.parametrize("ask", [outside_threads, by_its_role, in_a_post])
async def test_a_question_that_was_edited_meanwhile_is_answered_as_it_reads(scene: Scene, ask: Ask) -> None:
    asked = await left_open(scene, ask)
    scene.discord.edit(scene.ada, asked, asked.content.replace(SECRET, "who is there"))
    scene.model.scripts = [words("Me.")]
    async with scene.bot():
        await scene.closed()
    (request,) = scene.model.asked[2:]
    assert request.entries[-1].text.endswith("who is there?")
    assert SECRET not in str(request.entries)


async def test_all_that_waits_with_a_question_is_looked_at(scene: Scene) -> None:
    scene.model.scripts += [words("One."), [asyncio.Event()], [asyncio.Event()]]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("one?"))
        await scene.done(thread)
        told = scene.discord.say(scene.bob, thread, f"<@{scene.ada.id}> {SECRET} is mine")
        first, second = (scene.mention(f"{text} {SECRET}?", where=thread) for text in ("is it", "and"))
        await scene.until(lambda: str(scene.model.asked[-1].entries).count(SECRET) == 3)
        assert scene.core is not None
        await scene.core.dispatcher.aclose(grace=0)
    before = len(scene.model.asked)
    scene.discord.delete(scene.bob, told)
    scene.discord.edit(scene.ada, first, f"{scene.discord.mention()} is it his?")
    scene.discord.delete(scene.ada, second)
    scene.model.scripts = [words("No.")]
    async with scene.bot():
        await scene.closed()
        (request,) = scene.model.asked[before:]
    assert request.entries[-1].text.endswith("is it his?")
    assert SECRET not in str(request.entries)
