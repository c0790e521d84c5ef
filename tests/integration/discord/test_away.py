"""What people do while nobody listens is found at the next start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.discord.api.snowflakes import at_time
from adapters.discord.events import backfill
from bot.app.clock import utc_now
from bot.backoff import BackoffTimes
from bot.errors import ChangedSince
from bot.parameters import Scope
from storage.database import name_of, parse_url
from tests.emulators.discord.world import Channel, Message
from tests.fakes import incoming, words
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


@pytest.mark.parametrize(("first", "second", "delete", "left"), [
    (SECRET, "and now?", the_question, ["Yes."]),
    ("one?", f"it is {SECRET}", the_follow_up, ["Well."]),
    (SECRET, SECRET, the_thread, None),
])  # fmt: skip
async def test_what_is_deleted_meanwhile_is_forgotten(
    scene: Scene, first: str, second: str, delete: Callable[[Scene, Message, Channel], None], left: list[str] | None
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
        if left is not None:
            await scene.until(lambda: [item.content.split("\n")[0] for item in scene.answers(thread)] == left)


async def test_a_question_that_is_told_after_a_later_one_was_answered_is_answered_with_that(scene: Scene) -> None:
    thread = scene.discord.open_thread(scene.ada, scene.general, "the pump")
    late = scene.mention("what is broken?", where=thread)  # nobody listens, and a first start reads nothing back
    scene.model.scripts += [words("The pump, and yes."), words("The pump.")]
    async with scene.bot():
        scene.mention("and is it loud?", by=scene.bob, where=thread)
        await scene.done(thread)
        assert any("what is broken?" in entry.text for entry in scene.model.asked[-1].entries)
        scene.discord.tell_again(late)
        scene.mention("thank you, what else?", by=scene.bob, where=thread)  # once this is answered the other was heard
        await scene.done(thread, 2)
    assert len(scene.answers(thread)) == len(scene.model.asked) == 2


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


def in_an_unknown_channel(scene: Scene) -> Message:
    return scene.mention("are you there?", where=scene.discord.channel(scene.guild, "never-asked-here"))


def in_a_thread_of_people(scene: Scene) -> Message:
    return scene.mention("are you there?", where=scene.discord.open_thread(scene.bob, scene.general, "Tea"))


def by_its_role(scene: Scene) -> Message:
    role = next(item for item in scene.guild.roles.values() if item.bot_id)
    return scene.discord.say(scene.ada, scene.general, f"<@&{role.id}> are you there?")


def directly(scene: Scene) -> Message:
    return scene.discord.say(scene.ada, scene.discord.dm(scene.ada), "are you there?")


@pytest.mark.parametrize("ask", [in_an_unknown_channel, in_a_thread_of_people, by_its_role, directly])
async def test_what_is_asked_anywhere_while_nobody_listens_is_answered(
    scene: Scene, ask: Callable[[Scene], Message]
) -> None:
    async with scene.bot():
        scene.discord.say(
            scene.ada, scene.discord.dm(scene.ada), "!stop"
        )  # no conversation, but a message that was heard
        await scene.until(lambda: scene.answers(scene.discord.dm(scene.ada)))
    scene.mention("not mine to read", where=hidden(scene))
    asked = ask(scene)
    async with scene.bot():
        await scene.until(lambda: scene.model.asked)
        await scene.closed()
    assert len(scene.model.asked) == 1
    assert scene.model.asked[0].entries[-1].text.endswith("are you there?")
    assert scene.answers(asked.thread or asked.channel)


async def test_a_channel_that_is_one_conversation_keeps_nothing_from_the_others(scene: Scene) -> None:
    async with scene.bot():
        scene.mention("!set channel answer_in channel")
        await scene.until(lambda: scene.answers(scene.general))
        scene.mention("one?")
        await scene.until(lambda: scene.model.asked)
        await scene.closed()
    scene.mention("two?")
    in_an_unknown_channel(scene)
    async with scene.bot():
        await scene.until(lambda: len(scene.model.asked) == 3)
        await scene.closed()
    asked = sorted(request.entries[-1].text.rpartition(" ")[2] for request in scene.model.asked)
    assert asked == ["one?", "there?", "two?"]


async def test_a_command_that_is_told_late_leaves_what_was_set_since(scene: Scene) -> None:
    said = scene.mention("!set channel max_tokens 40", by=scene.discord.developer)  # a first start reads nothing back
    age(said, hours=1)
    said.at = utc_now() - timedelta(hours=1)
    channel = Scope(kind="channel", key=f"discord/{scene.guild.id}/{scene.general.id}")
    async with scene.bot():
        assert scene.core is not None
        asked = incoming("", is_admin=True, sent_at=utc_now() - timedelta(minutes=1))
        await scene.core.inbox.set_parameters(channel, {"max_tokens": "50"}, asked=asked)
        scene.discord.tell_again(said)
        (told,) = await scene.until(lambda: scene.answers(scene.general))
        assert str(ChangedSince()) in told.content
        assert await scene.core.store.get_everywhere("max_tokens") == {channel: "50"}


def hidden(scene: Scene) -> Channel:
    channel = scene.discord.channel(scene.guild, "hidden")
    scene.discord.deny(channel, "view_channel")
    return channel


def age(message: Message, *, hours: int) -> None:
    """Let a message be the oldest of its channel."""
    del message.channel.messages[message.id]
    message.id = int(at_time(utc_now() - timedelta(hours=hours)))
    message.channel.messages = {message.id: message} | message.channel.messages


async def test_only_channels_with_something_newer_are_read_and_nothing_twice(scene: Scene) -> None:
    quiet = scene.discord.channel(scene.guild, "quiet")
    age(scene.discord.say(scene.bob, quiet, "long ago"), hours=1)
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("one?"))
        await scene.done(thread)
    scene.mention("two?", where=thread)
    read = "/channels/{channel_id}/messages"
    before = len(scene.discord.requests_to("GET", read))
    async with scene.bot():
        await scene.done(thread, 2)
    later = scene.discord.requests_to("GET", read)[before:]
    assert later
    assert not any(str(quiet.id) in request.path for request in later)
    async with scene.bot():
        scene.mention("three?", where=thread)
        await scene.done(thread, 3)
    assert len(scene.model.asked) == 3


async def test_what_nobody_waits_for_any_more_is_not_answered(scene: Scene) -> None:
    async with scene.bot():
        await scene.done(await scene.thread_of(scene.mention("one?")))
    age(scene.mention("old?"), hours=13)
    newer = scene.mention("new?")
    async with scene.bot():
        await scene.done(await scene.thread_of(newer))
    assert [request.entries[-1].text[-4:] for request in scene.model.asked] == ["one?", "new?"]


@pytest.mark.parametrize("fault", [
    {"kind": "429", "seconds": 0.01, "times": 27},
    {"kind": "refuse", "status": 401, "times": 5},
])  # fmt: skip
async def test_what_discord_does_not_give_at_once_is_read_later_and_answered_once(
    scene: Scene, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "RESTS", BackoffTimes(first=0.05, longest=0.05, healthy=0))
    async with scene.bot():
        await scene.done(await scene.thread_of(scene.mention("one?")))
    asked = [scene.mention("two?", by=scene.bob), in_an_unknown_channel(scene)]
    scene.discord.fault(method="GET", template="/channels/{channel_id}/messages", **fault)
    async with scene.bot():
        for question in asked:
            await scene.done(await scene.thread_of(question))
    async with scene.bot():
        await scene.done(await scene.thread_of(scene.mention("three?")))
    assert len(scene.model.asked) == 4


@pytest.mark.parametrize(("before", "after"), [
    (timedelta(hours=1), timedelta()),
    (timedelta(minutes=3), timedelta(minutes=3)),
    (timedelta(hours=13), timedelta(hours=13)),
    (timedelta(hours=-1), timedelta(hours=-1)),
])  # fmt: skip
async def test_a_clock_that_is_wrong_hides_nothing_of_a_gap(scene: Scene, before: timedelta, after: timedelta) -> None:
    scene.clock = lambda: utc_now() + before
    async with scene.bot():
        await scene.done(await scene.thread_of(scene.mention("one?")))
    scene.clock = lambda: utc_now() + after
    asked = in_an_unknown_channel(scene)
    async with scene.bot():
        await scene.done(await scene.thread_of(asked))


async def test_what_is_edited_meanwhile_is_corrected(scene: Scene) -> None:
    scene.model.scripts += [words("Well."), words("Later.")]
    async with scene.bot():
        asked = scene.mention("is it blue?")
        thread = await scene.thread_of(asked)
        await scene.done(thread)
    scene.discord.edit(scene.ada, asked, f"{scene.discord.mention()} is it green?")
    async with scene.bot():
        await scene.until(lambda: "green" in str(stored_entries(scene)))
        scene.mention("and now?", where=thread)
        await scene.done(thread, 2)
    assert "is it green?" in str(scene.model.asked[-1].entries)


def stored_entries(scene: Scene) -> bytes:
    return Path(name_of(parse_url(scene.settings.database_url)) + "-wal").read_bytes()
