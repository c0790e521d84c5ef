"""What people delete on Discord is gone everywhere: from the answers, the database and every later request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app.clock import utc_now
from bot.types import ConversationKey, TextDelta
from storage import open_store
from storage.database import name_of, parse_url
from tests.copies import copies_of
from tests.emulators.discord.world import Channel, Message
from tests.fakes import words
from tests.integration.discord.scene import Scene

SECRET = "hunter2"


def held(gate: asyncio.Event) -> list[Any]:
    return [TextDelta(f"You said {SECRET} "), gate, *words(f"and {SECRET} again")]


def copies(scene: Scene) -> list[str]:
    return copies_of(SECRET, Path(name_of(parse_url(scene.settings.database_url))))


def sent(scene: Scene, *, since: int) -> str:
    return "\n".join(entry.text for request in scene.model.asked[since:] for entry in request.entries)


async def gone(scene: Scene) -> None:
    """Wait until nothing of the secret is in the database, and every turn has ended."""
    async with asyncio.timeout(20):
        await scene.closed()
        while copies(scene):
            await asyncio.sleep(0.02)


async def test_a_question_deleted_in_mid_answer_is_taken_back(scene: Scene) -> None:
    gate = asyncio.Event()
    scene.model.scripts += [held(gate), words("Later.")]
    async with scene.bot():
        question = scene.mention(f"my password is {SECRET}")
        thread = await scene.thread_of(question)
        await scene.until(lambda: any(SECRET in answer.content for answer in scene.answers(thread)))
        scene.discord.delete(scene.ada, question)
        await scene.until(lambda: not scene.answers(thread))
        await gone(scene)
        await scene.until(lambda: SECRET not in thread.name)
        scene.discord.say(scene.ada, thread, f"{scene.discord.mention()} what did I say?")
        await scene.done(thread)
    assert SECRET not in sent(scene, since=1)


async def test_a_question_deleted_while_it_waits_is_never_asked(scene: Scene) -> None:
    gate = asyncio.Event()
    scene.model.scripts += [[TextDelta("One "), gate, *words("whole")], words("Later.")]
    async with scene.bot():
        place = scene.discord.dm(scene.ada)
        scene.discord.say(scene.ada, place, "first")
        await scene.until(lambda: scene.answers(place))
        waiting = scene.discord.say(scene.ada, place, f"my password is {SECRET}")
        await scene.until(lambda: "turn.text" in copies(scene))
        scene.discord.delete(scene.ada, waiting)
        await scene.until(lambda: not copies(scene))
        gate.set()
        await scene.done(place)
    assert SECRET not in sent(scene, since=0)


def delete_question(scene: Scene, thread: Channel) -> None:
    (question,) = [message for message in scene.general.messages.values() if SECRET in message.content]
    scene.discord.delete(scene.ada, question)


def delete_at_once(scene: Scene, _thread: Channel) -> None:
    theirs = [message for message in scene.general.messages.values() if message.author is scene.ada]
    scene.discord.delete_all(scene.discord.developer, theirs)


def delete_thread(scene: Scene, thread: Channel) -> None:
    scene.discord.delete_channel(scene.discord.developer, thread)


def delete_channel(scene: Scene, _thread: Channel) -> None:
    scene.discord.delete_channel(scene.discord.developer, scene.general)


def kick(scene: Scene, _thread: Channel) -> None:
    scene.discord.kick(scene.guild)


@pytest.mark.parametrize("how", [delete_question, delete_at_once, delete_thread, delete_channel, kick])
async def test_what_was_answered_leaves_every_table(scene: Scene, how: Callable[[Scene, Channel], None]) -> None:
    scene.model.scripts.append(words(f"You said {SECRET}."))
    async with scene.bot():
        thread = await scene.thread_of(scene.mention(f"my password is {SECRET}"))
        await scene.done(thread)
        assert {"entry.text", "turn.text", "turn.draft"} <= set(copies(scene))
        how(scene, thread)
        await gone(scene)


@pytest.mark.parametrize("how", [delete_question, delete_at_once])
@pytest.mark.parametrize("is_killed", [False, True])
async def test_the_answer_that_stands_goes_with_its_question(
    scene: Scene, how: Callable[[Scene, Channel], None], *, is_killed: bool
) -> None:
    """All that a process may have come to is the deletion in the database: the next one takes the answer back."""
    scene.model.scripts += [words(f"You said {SECRET}. " * 300), words("Other.")]
    async with scene.bot():
        question = scene.mention(f"my password is {SECRET}")
        thread = await scene.thread_of(question)
        assert len(await scene.done(thread)) > 1
        scene.discord.say(scene.ada, thread, f"{scene.discord.mention()} and mice?")
        await scene.done(thread, 2)
        if not is_killed:
            how(scene, thread)
            await scene.until(lambda: [item.content[:6] for item in scene.answers(thread)] == ["Other."])
    if is_killed:
        how(scene, thread)
        key = ConversationKey(
            platform="discord", workspace=str(scene.guild.id), channel=str(scene.general.id), thread=""
        )
        async with open_store(scene.settings.database_url, clock=utc_now) as store:
            await store.delete_messages(key, [str(question.id)])
        assert len(scene.answers(thread)) > 2
    async with scene.bot():
        await scene.until(lambda: [item.content[:6] for item in scene.answers(thread)] == ["Other."])
        await gone(scene)


async def test_a_server_that_is_only_away_loses_nothing(scene: Scene) -> None:
    scene.model.scripts += [words(f"You said {SECRET}."), words("Later.")]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention(f"my password is {SECRET}"))
        await scene.done(thread)
        scene.discord.outage(scene.guild)
        place = scene.discord.dm(scene.ada)
        scene.discord.say(scene.ada, place, "are you there?")
        await scene.done(place)
        assert "entry.text" in copies(scene)


async def test_an_answer_that_a_moderator_deletes_is_not_remembered(scene: Scene) -> None:
    scene.model.scripts += [words(f"The word is {SECRET}."), words("Later.")]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("which word?"))
        (answer,) = await scene.done(thread)
        scene.discord.delete(scene.discord.developer, answer)
        await gone(scene)
        scene.discord.say(scene.ada, thread, "and now?")
        await scene.done(thread)
    assert "which word?" in sent(scene, since=1)
    assert SECRET not in sent(scene, since=1)


async def test_a_message_deleted_while_nobody_knew_its_channel_is_gone_as_well(scene: Scene) -> None:
    """The process that hears of it has never seen the thread: its deletion alone tells where it was."""
    scene.model.scripts.append(words(f"You said {SECRET}."))
    async with scene.bot():
        thread = await scene.thread_of(scene.mention(f"my password is {SECRET}"))
        await scene.done(thread)
    async with scene.bot():
        scene.discord.delete_channel(scene.discord.developer, thread)
        await gone(scene)


async def test_an_edit_in_mid_answer_is_known_to_the_next_request(scene: Scene) -> None:
    gate = asyncio.Event()
    scene.model.scripts += [[TextDelta("One "), gate, *words("whole")], words("Later.")]
    async with scene.bot():
        place = scene.discord.dm(scene.ada)
        question = scene.discord.say(scene.ada, place, "cats?")
        await scene.until(lambda: scene.answers(place))
        scene.discord.edit(scene.ada, question, "dogs?")
        assert scene.core is not None
        store = scene.core.store
        await scene.until(lambda: bool(copies_of("dogs?", Path(name_of(parse_url(scene.settings.database_url))))))
        assert await store.open_conversations()
        gate.set()
        await scene.done(place)
        scene.discord.say(scene.ada, place, "and now?")
        await scene.done(place, 2)
    assert [entry.text.rpartition(": ")[2] for entry in scene.model.asked[1].entries][2:] == ["dogs?", "and now?"]


@pytest.mark.parametrize(
    ("before", "after"),
    [(f"the pw is {SECRET}?", "which is the best dog?"), (f"{{bob}} the pw is {SECRET}", "{bob} never mind")],
)
async def test_an_edit_while_its_message_waits_for_those_before_it_leaves_nothing_of_it(
    scene: Scene, before: str, after: str
) -> None:
    discord = scene.discord
    before, after = (text.format(bob=f"<@{scene.bob.id}>") for text in (before, after))
    scene.model.scripts += [words("One."), words("Two."), words("Three."), words("Four.")]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("first?"))
        await scene.done(thread)
        root = discord.say(scene.bob, thread, "The pump")
        reply = discord.say(scene.bob, thread, "rattles", reply_to=root)
        await scene.closed()
        path = "/channels/{channel_id}/messages/{message_id}"
        discord.fault("delay", method="GET", template=path, seconds=1.0)
        scene.mention("why?", where=thread, reply_to=reply)
        said = discord.say(scene.ada, thread, before)
        discord.edit(scene.ada, said, after)
        await scene.until(lambda: len(scene.model.asked) > 1)
        await scene.closed()
        scene.mention("and now?", where=thread)
        await scene.until(lambda: any("and now?" in entry.text for entry in scene.model.asked[-1].entries))
        await scene.closed()
        assert discord.faults.happened == ["delay"]
    assert copies(scene) == []
    assert SECRET not in sent(scene, since=0)
    assert sum(after.rpartition("> ")[2] in entry.text for entry in scene.model.asked[-1].entries) == 1


async def by_its_menu(scene: Scene, said: Message) -> None:
    await scene.until(lambda: scene.discord.commands[None])
    form = await scene.discord.context_menu(scene.ada, "Ask about this", said).shown()
    scene.discord.submit_modal(scene.ada, form, {})
    await scene.done(scene.general)


async def by_reply(scene: Scene, said: Message) -> None:
    await scene.done(await scene.thread_of(scene.mention("what is it?", reply_to=said)))


async def below_a_reply(scene: Scene, said: Message) -> None:
    """A reply of somebody else, which is read in the channel above the question."""
    scene.discord.say(scene.bob, scene.general, "or was it?", reply_to=said)
    await scene.done(await scene.thread_of(scene.mention("what is it?")))


@pytest.mark.parametrize("ask", [by_its_menu, by_reply, below_a_reply])
async def test_a_message_that_a_question_is_about_goes_alone(
    scene: Scene, ask: Callable[[Scene, Message], Awaitable[None]]
) -> None:
    scene.model.scripts += [words("Hm."), words("Later.")]
    async with scene.bot():
        said = scene.discord.say(scene.bob, scene.general, f"my password is {SECRET}")
        await ask(scene, said)
        assert SECRET in sent(scene, since=0)
        scene.discord.delete(scene.bob, said)
        await gone(scene)
        assert scene.core is not None
        (key,) = await scene.core.store.active_conversations("discord", since=utc_now() - timedelta(days=1))
        kept = [item.entry.text for item in await scene.core.store.get_entries(key, start=0)]
    assert any("Ada: " in text for text in kept)
