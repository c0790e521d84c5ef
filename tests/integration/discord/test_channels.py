"""Channels that are read for summaries, and by whom they may be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from adapters.discord.platform import DiscordPlatform
from bot.errors import InvalidInput, PlatformError
from bot.types import ConversationKey, Person, Place
from tests.fakes import words
from tests.integration.discord.scene import Scene, labels
from tests.integration.discord.test_lasting import platform_on


@pytest.fixture
async def platform(scene: Scene) -> AsyncIterator[DiscordPlatform]:
    opened = platform_on(scene.discord)
    yield opened
    await opened.aclose()


def key_of(scene: Scene, thread: str = "") -> ConversationKey:
    return ConversationKey(
        platform="discord", workspace=str(scene.guild.id), channel=str(scene.general.id), thread=thread
    )


async def test_a_channel_is_read_page_by_page_in_order(scene: Scene, platform: DiscordPlatform) -> None:
    said = [scene.discord.say(scene.ada, scene.general, f"message {number}") for number in range(250)]
    scene.discord.edit(scene.ada, said[-1], "changed")
    scene.discord.delete(scene.ada, said[-2])

    found = await platform.read_channel(key_of(scene), limit=230)

    assert len(found) == 230
    assert [item.text for item in found[-3:]] == ["message 246", "message 247", "changed"]
    assert found[-1].edited_at is not None
    assert found[0].text == "message 19"


async def test_only_messages_of_the_time_that_was_asked_for_are_read(scene: Scene, platform: DiscordPlatform) -> None:
    for number in range(5):
        scene.discord.say(scene.ada, scene.general, f"message {number}")
        scene.discord.clock.advance(60)
    first = scene.general.shown()[0].at

    found = await platform.read_channel(
        key_of(scene), since=first + timedelta(seconds=30), before=first + timedelta(seconds=200), limit=50
    )

    assert [item.text for item in found] == ["message 1", "message 2", "message 3"]


@pytest.mark.parametrize("millisecond", [0, 486, 999])
async def test_messages_of_one_millisecond_keep_their_order_and_none_is_dropped(
    scene: Scene, platform: DiscordPlatform, monkeypatch: pytest.MonkeyPatch, millisecond: int
) -> None:
    later = scene.discord.clock.now() + timedelta(days=1)  # ids never go back
    at = later.astimezone(UTC).replace(microsecond=millisecond * 1000)
    monkeypatch.setattr(scene.discord.clock, "time", at.timestamp)
    monkeypatch.setattr(scene.discord.clock, "now", lambda: at)
    for number in range(60):
        scene.discord.say(scene.ada, scene.general, f"message {number}")

    found = await platform.read_channel(key_of(scene), since=at, before=at + timedelta(milliseconds=1), limit=100)
    last = await platform.read_channel(key_of(scene), since=at, before=at, limit=100)

    assert [item.text for item in found] == [f"message {number}" for number in range(60)]
    assert last == []


async def test_what_was_said_in_the_moment_of_a_question_and_above_it_is_sent(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene.bot():
        at = (scene.discord.clock.now() + timedelta(days=1)).astimezone(UTC)
        monkeypatch.setattr(scene.discord.clock, "time", at.timestamp)
        scene.discord.say(scene.bob, scene.general, "The pump is red.")
        question = scene.mention("what colour?")
        scene.discord.say(scene.bob, scene.general, "No, green!")
        await scene.done(await scene.thread_of(question))
    sent = [entry.text.rpartition(": ")[2] for entry in scene.model.asked[0].entries]
    assert sent == ["The pump is red.", "what colour?"]


async def test_pins_joins_and_polls_that_have_closed_are_a_line_each(scene: Scene, platform: DiscordPlatform) -> None:
    result = {"type": "poll_result", "fields": [
        {"name": "poll_question_text", "value": "Which day?", "inline": False},
        {"name": "victor_answer_text", "value": "Friday", "inline": False},
        {"name": "victor_answer_votes", "value": "5", "inline": False},
        {"name": "total_votes", "value": "6", "inline": False},
    ]}  # fmt: skip
    scene.discord.send(scene.bob, scene.general, {"type": 7})
    scene.discord.send(scene.ada, scene.general, {"type": 6})
    scene.discord.send(scene.ada, scene.general, {"type": 46, "embeds": [result]})
    scene.discord.send(scene.ada, scene.general, {"type": 21})

    found = await platform.read_channel(key_of(scene), limit=10)

    assert [item.text for item in found] == [
        "[system message] Bob joined the server",
        "[system message] Ada pinned a message to this channel",
        "[system message] The poll 'Which day?' has closed: 'Friday' won with 5 of 6 votes",
    ]


async def test_threads_are_counted_and_read_by_themselves(scene: Scene, platform: DiscordPlatform) -> None:
    root = scene.discord.say(scene.ada, scene.general, "root")
    thread = scene.discord.thread(scene.bob, root, "about it")
    scene.discord.say(scene.bob, thread, "one")
    scene.discord.say(scene.ada, thread, "two")

    (found,) = await platform.read_channel(key_of(scene), limit=10)
    replies = await platform.read_replies(key_of(scene), found.message_id, limit=10)

    assert found.replies >= 2
    assert [reply.text for reply in replies] == ["one", "two"]
    assert await platform.link(key_of(scene), replies[0]) == (
        f"https://discord.com/channels/{scene.guild.id}/{thread.id}/{replies[0].message_id}"
    )
    assert not await platform.read_replies(key_of(scene), "4", limit=10)


async def test_a_channel_is_described_as_people_know_it(scene: Scene, platform: DiscordPlatform) -> None:
    greenhouse = scene.discord.channel(scene.guild, "greenhouse", topic=f"Ask <@{scene.ada.id}> about peas")
    forum = scene.discord.forum(scene.guild, "help", tags=("peas",))
    place = scene.discord.dm(scene.ada)
    direct = ConversationKey(platform="discord", workspace=f"@{place.id}", channel=str(place.id), thread="")

    described = await platform.describe(replace(key_of(scene), channel=str(greenhouse.id), thread="7"))
    known = Place(platform="Discord", workspace=scene.guild.name)
    assert described == replace(known, channel="#greenhouse", topic="Ask @someone about peas")
    assert await platform.describe(replace(key_of(scene), channel=str(forum.id))) == replace(known, channel="#help")
    assert await platform.describe(direct) == Place(platform="Discord", is_direct=True)
    with pytest.raises(PlatformError):
        await platform.describe(replace(key_of(scene), channel="4"))


async def test_who_may_read_follows_the_permissions_of_the_channel(scene: Scene, platform: DiscordPlatform) -> None:
    ada, stranger = Person(id=str(scene.ada.id), name="Ada"), Person(id="4", name="nobody")
    secret = scene.discord.channel(scene.guild, "secret")
    scene.discord.deny(secret, "view_channel", who=scene.ada)
    hidden = replace(key_of(scene), channel=str(secret.id))

    assert await platform.may_read(key_of(scene), ada)
    assert not await platform.may_read(key_of(scene), stranger)
    assert not await platform.may_read(hidden, ada)
    assert await platform.is_public(key_of(scene))


async def test_a_direct_conversation_is_for_those_in_it(scene: Scene, platform: DiscordPlatform) -> None:
    place = scene.discord.dm(scene.ada)
    key = ConversationKey(platform="discord", workspace=f"@{place.id}", channel=str(place.id), thread="")

    assert await platform.may_read(key, Person(id=str(scene.ada.id), name="Ada"))
    assert not await platform.may_read(key, Person(id=str(scene.bob.id), name="Bob"))
    assert not await platform.is_public(key)


async def test_without_the_message_content_intent_a_summary_is_refused_with_the_reason(
    scene: Scene, platform: DiscordPlatform
) -> None:
    scene.discord.options = replace(scene.discord.options, message_content=False)
    with pytest.raises(InvalidInput, match="message content intent"):
        await platform.read_channel(key_of(scene), limit=10)


async def test_a_thread_is_read_with_the_message_that_it_hangs_on(scene: Scene, platform: DiscordPlatform) -> None:
    root = scene.discord.say(scene.ada, scene.general, "the root")
    thread = scene.discord.thread(scene.ada, root, "about it")
    scene.discord.say(scene.bob, thread, "a reply")

    found = await platform.read_thread(key_of(scene, str(thread.id)), limit=10)

    assert [item.text for item in found] == ["the root", "a reply"]
    assert not await platform.read_thread(key_of(scene, "4"), limit=10)


async def test_a_summary_from_a_message_on_comes_from_its_menu(scene: Scene) -> None:
    scene.model.scripts.append(words("- They planted peas. [1]"))
    async with scene.bot():
        await scene.until(lambda: scene.discord.commands[None])
        scene.discord.say(scene.bob, scene.general, "Before.")
        first = scene.discord.say(scene.ada, scene.general, "Let us plant peas.")
        scene.discord.say(scene.bob, scene.general, "Done.")
        asked = scene.discord.context_menu(scene.ada, "Summarise from here", first)
        await scene.until(lambda: asked.original and "Regenerate" in labels(asked.original))

    assert asked.original is not None
    assert asked.original.ephemeral
    assert "peas" in asked.original.content
    prompts = str([entry.text for entry in scene.model.asked[0].entries])
    assert "Let us plant peas." in prompts
    assert "Before." not in prompts
