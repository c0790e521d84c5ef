"""Who is answered on Discord, and what is a command there: the same as everywhere (data/cases/policy.json)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from bot.types import TextDelta
from tests.emulators.discord.world import Channel, Message, User
from tests.fakes import words
from tests.integration.discord.scene import Scene
from tests.query_plans import statements

OFF = "I answer only the first question in a thread"


def said_to(scene: Scene, person: User) -> list[Message]:
    """What the bot wrote to somebody directly."""
    return scene.answers(scene.discord.direct(person))


async def test_a_thread_that_a_bot_began_is_forgotten_for_the_only_one_who_wrote_in_it(scene: Scene) -> None:
    other = User(id=scene.discord.ids.old(), name="Watchman", bot=True)
    scene.discord.join(scene.guild, other)
    alert = scene.discord.say(other, scene.general, "The pump is broken.")
    thread = scene.discord.thread(scene.bob, alert, "pump")
    async with scene.bot():
        scene.mention("is it?", by=scene.bob, where=thread)
        await scene.done(thread)
        assert any("The pump is broken." in entry.text for entry in scene.model.asked[-1].entries)
        scene.mention("/forget here", by=scene.bob, where=thread)
        await scene.until(lambda: any("Deleted: this conversation" in item.content for item in scene.answers(thread)))


@pytest.mark.parametrize(
    "said",
    [
        "Summarise the attached PDF please",
        "summarise this text: the pump is broken",
        "digest this for me",
        "ask Ben what he thinks",
        "search my notes for heron",
        "set the table for six",
    ],
)
async def test_a_word_that_a_command_begins_with_is_not_yet_the_command(scene: Scene, said: str) -> None:
    async with scene.bot():
        question = scene.mention(said)
        await scene.done(await scene.thread_of(question))

    assert [item.entries[-1].text.endswith(said) for item in scene.model.asked] == [True]


@pytest.mark.parametrize("said", ["help", "show max_tokens", "usage me 7", "digest list"])
async def test_whole_commands_need_no_mark_where_the_bot_is_meant(scene: Scene, said: str) -> None:
    async with scene.bot():
        scene.discord.say(scene.ada, direct := scene.discord.direct(scene.ada), said)
        await scene.until(lambda: scene.answers(direct))

    assert scene.model.asked == []


async def test_a_mark_where_the_bot_takes_no_part_is_for_somebody_else(scene: Scene) -> None:
    async with scene.bot():
        scene.discord.say(scene.bob, scene.general, "!help")
        thread = scene.discord.open_thread(scene.bob, scene.general, "Elsewhere")
        scene.discord.say(scene.bob, thread, "!set reasoning_effort low")
        await asked_elsewhere(scene)

    assert scene.answers(thread) == said_to(scene, scene.bob) == []
    assert len(scene.model.asked) == 1


async def test_talk_of_others_costs_one_look_into_the_store_and_no_request(scene: Scene) -> None:
    async with scene.bot():
        thread = await asked_elsewhere(scene)
        requests = scene.discord.recorder.count
        with statements() as seen:
            said: list[Message] = []
            for _ in range(5):
                said.append(scene.discord.say(scene.bob, scene.general, "Lunch?"))
                said.append(scene.discord.say(scene.ada, scene.general, "Yes.", reply_to=said[-1]))

            def looks() -> list[str]:
                """The statements that ask for turns of the channel as one conversation."""
                channel = {str(scene.general.id), ""}
                return [
                    text for text, given in seen if "FROM turn" in text and channel <= set(map(str, _values(given)))
                ]

            await scene.until(lambda: len(looks()) >= len(said))
            assert scene.discord.recorder.count == requests
            scene.mention("two?", where=thread)
            await scene.done(thread, 2)
    assert len(looks()) == len(said)
    assert not [text for text, given in seen for item in said if str(item.id) in map(str, _values(given))]


def _values(given: Any) -> Iterable[Any]:
    return given.values() if isinstance(given, Mapping) else given


async def asked_elsewhere(scene: Scene) -> Channel:
    """A question that is answered after all that was said before it was heard."""
    thread = await scene.thread_of(scene.mention("one?"))
    await scene.done(thread)
    return thread


async def test_where_follow_ups_are_off_a_second_question_is_told_so(scene: Scene) -> None:
    async with scene.bot():
        scene.discord.say(scene.ada, direct := scene.discord.direct(scene.ada), "help")
        await scene.until(lambda: scene.answers(direct))
        thread = await asked_elsewhere(scene)
        scene.mention("set channel follow_ups off", where=thread)
        await scene.until(lambda: "is now `off`" in "".join(answer.content for answer in scene.answers(thread)))
        scene.mention("and another one", where=thread)
        told = await scene.until(lambda: [answer for answer in scene.answers(thread) if OFF in answer.content])

    assert len(told) == len(scene.model.asked) == 1


async def test_in_its_thread_thanks_and_what_is_said_to_somebody_else_are_left_alone(scene: Scene) -> None:
    async with scene.bot():
        thread = await asked_elsewhere(scene)
        for said in ("thanks! \N{PARTY POPPER}", f"<@{scene.bob.id}> lunch at twelve?", "<:leaf:123456789012345678>"):
            scene.discord.say(scene.ada, thread, said)
        scene.discord.say(scene.ada, thread, "thanks! and on Sundays?")
        await scene.until(lambda: len(scene.model.asked) == 2)
        await scene.done(thread)

    assert scene.model.asked[1].entries[-1].text.endswith("and on Sundays?")
    assert len(scene.model.asked) == 2


async def test_a_preview_that_comes_late_is_read_with_what_waits_and_behind_what_is_being_answered(
    scene: Scene,
) -> None:
    gate = asyncio.Event()
    scene.model.scripts += [[TextDelta("One"), gate, *words(".")], words("Two.")]
    async with scene.bot():
        assert scene.core is not None
        store = scene.core.store
        question = scene.mention("one?")
        thread = await scene.thread_of(question)
        await scene.until(lambda: scene.model.asked)
        waiting = scene.mention("and this?", by=scene.bob, where=thread)
        async with asyncio.timeout(20):
            while (await store.queue_figures()).queued < 1:
                await asyncio.sleep(0.01)
            for message in (question, waiting):
                scene.discord.unfurl(message, url="https://example.org/p", title="Why queues grow")
            while (turn := await store.get_turn(2)) is None or "queues" not in turn.incoming.text:
                await asyncio.sleep(0.01)
        gate.set()
        await scene.done(thread, 2)
    entries = [entry.text for entry in scene.model.asked[-1].entries]
    assert len(scene.model.asked) == 2
    seen = [("queues" in text, "corrected" in text) for text in entries]
    assert seen == [(False, False), (False, False), (True, True), (True, False)]


async def test_what_is_added_in_the_channel_before_the_first_word_is_answered_with_the_question(scene: Scene) -> None:
    scene.model.scripts += [[asyncio.Event(), *words("Too early.")], words("Both.")]
    async with scene.bot():
        asked = scene.mention("why?")
        await scene.until(lambda: scene.model.asked)
        scene.discord.say(scene.ada, scene.general, "I mean on Linux")
        (answer,) = await scene.done(await scene.thread_of(asked))
    assert "Both." in answer.content
    assert "I mean on Linux" in scene.model.asked[-1].entries[-1].text
