"""People ask the bot on Discord, and see its answer come."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.errors import ModelRejected
from bot.types import Finish, Finished, Source, SourceFound, TextDelta, Usage, UsageReported
from tests.emulators.discord import permissions
from tests.emulators.discord.world import SUPPRESS_EMBEDS
from tests.fakes import words
from tests.integration.discord.scene import Scene, labels

FENCED = "Here it is:\n\n```python\n" + "\n".join(f"print({number})" for number in range(400)) + "\n```\n\nThat is all."


async def test_a_mention_is_answered_in_a_thread_of_its_own(scene: Scene) -> None:
    scene.model.scripts.append(words("Peas like to climb."))
    async with scene.bot():
        question = scene.mention("what do peas like?")
        thread = await scene.thread_of(question)
        answers = await scene.done(thread)

    assert thread.name == "what do peas like?"
    assert answers[0].content.startswith("Peas like to climb.")
    assert "scripted" in answers[0].content
    assert "what do peas like?" in str(scene.model.asked[0].entries[-1].text)


async def test_inside_the_thread_no_mention_is_needed(scene: Scene) -> None:
    scene.model.scripts += [words("One."), words("Two.")]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("first?"))
        await scene.done(thread)
        scene.discord.say(scene.bob, thread, "and second?")
        answers = await scene.done(thread, 2)

    assert [answer.content.split()[0] for answer in answers] == ["One.", "Two."]


async def test_people_talk_elsewhere_without_the_bot(scene: Scene) -> None:
    async with scene.bot():
        thread = scene.discord.open_thread(scene.ada, scene.general, "ours")
        scene.discord.say(scene.ada, scene.general, "hello Bob")
        scene.discord.say(scene.bob, thread, "hello Ada")
        await scene.done(await scene.thread_of(scene.mention("and you?")))

    assert len(scene.model.asked) == 1
    assert not scene.answers(thread)


async def test_a_direct_message_is_answered_in_place(scene: Scene) -> None:
    scene.model.scripts.append(words("Hello Ada."))
    async with scene.bot():
        place = scene.discord.dm(scene.ada)
        scene.discord.say(scene.ada, place, "hello")
        answers = await scene.done(place)

    assert answers[0].content.startswith("Hello Ada.")
    assert answers[0].replied_to is None


async def test_a_forum_post_that_mentions_the_bot_is_answered_in_the_post(scene: Scene) -> None:
    scene.model.scripts.append(words("Water it."))
    async with scene.bot():
        forum = scene.discord.forum(scene.guild, "help")
        post = scene.discord.post(scene.ada, forum, "My fern", f"{scene.discord.mention()} it is dry")
        answers = await scene.done(post)

    assert answers[0].content.startswith("Water it.")


@pytest.mark.parametrize("place", ["reply", "channel"])
async def test_a_setting_keeps_answers_out_of_threads(scene: Scene, place: str) -> None:
    scene.model.scripts += [words("First."), words("Second.")]
    async with scene.bot():
        scene.mention(f"!set channel answer_in {place}")
        await scene.until(lambda: "answer_in" in "".join(answer.content for answer in scene.answers(scene.general)))
        question = scene.mention("where?")
        first = (await scene.done(scene.general))[-1]
        scene.discord.say(scene.bob, scene.general, "go on", reply_to=first)
        await scene.done(scene.general, 2)

    assert question.thread is None
    assert first.replied_to is question
    assert "where?" in str([entry.text for entry in scene.model.asked[1].entries])


async def test_without_the_permission_for_threads_the_answer_is_a_reply(scene: Scene) -> None:
    scene.discord.deny(scene.general, "create_public_threads")
    async with scene.bot():
        question = scene.mention("where?")
        answers = await scene.done(scene.general)

    assert answers[0].replied_to is question
    assert not [request for request in scene.discord.requests if request.status == 403]


async def test_names_stand_in_place_of_ids(scene: Scene) -> None:
    async with scene.bot():
        text = f"is {scene.discord.mention(scene.bob)} in <#{scene.general.id}> since <t:0:R> <:pea:12345678901234567>"
        await scene.done(await scene.thread_of(scene.mention(text)))

    asked = scene.model.asked[0].entries[-1].text
    assert "is @Bob in #general since 1970-01-01 00:00 UTC :pea:" in asked


async def test_a_question_in_reply_to_somebody_is_about_their_message(scene: Scene) -> None:
    async with scene.bot():
        said = scene.discord.say(scene.bob, scene.general, "The pump makes a rattling noise.")
        await scene.done(await scene.thread_of(scene.mention("why?", reply_to=said)))

    above, asked = scene.model.asked[0].entries
    assert above.text.endswith("Bob: The pump makes a rattling noise.")
    assert asked.text.endswith("Ada: [in reply to Bob: The pump makes a rattling noise.]\nwhy?")


async def test_the_answer_is_seen_while_it_grows_and_can_be_stopped(scene: Scene) -> None:
    hold = asyncio.Event()
    scene.model.scripts.append([TextDelta("It begins well "), TextDelta("and "), hold, TextDelta("never ends")])
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("tell me a story"))
        message = await scene.until(lambda: next((m for m in scene.answers(thread) if "begins" in m.content), None))
        assert labels(message) == ["Stop"]
        pressed = scene.discord.press(scene.ada, message, "Stop")
        await scene.done(thread)

    assert pressed.is_acknowledged
    assert "It begins well" in message.content
    assert "Stopped." in message.content
    assert scene.discord.typed_at(thread)


async def test_what_somebody_else_asked_is_neither_stopped_nor_repeated(scene: Scene) -> None:
    hold = asyncio.Event()
    scene.model.scripts.append([TextDelta("It begins "), hold, TextDelta("and ends")])
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("tell me a story"))
        message = await scene.until(lambda: next((m for m in scene.answers(thread) if "begins" in m.content), None))
        stop = scene.discord.press(scene.bob, message, "Stop")
        await stop.shown()
        hold.set()
        await scene.done(thread)
        again = scene.discord.press(scene.bob, scene.answers(thread)[0], "Regenerate")
        await again.shown()

    assert stop.original is not None
    assert again.original is not None
    assert "can stop this answer" in stop.original.content
    assert "can do that with this answer" in again.original.content
    assert stop.original.seen_by is again.original.seen_by is scene.bob
    assert "and ends" in scene.answers(thread)[0].content
    assert len(scene.model.asked) == 1


async def test_a_long_answer_goes_on_in_further_messages_with_its_code_block_whole(scene: Scene) -> None:
    scene.model.scripts.append([TextDelta(FENCED), UsageReported(Usage(input=1, output=1)), Finished(Finish.STOP)])
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("print numbers"))
        answers = await scene.done(thread)

    assert len(answers) > 2
    assert all(len(answer.content) <= 2_000 for answer in answers)
    assert all(answer.content.count("```") == 2 for answer in answers[:-1])
    assert all(f"print({number})" in "".join(answer.content for answer in answers) for number in range(400))
    assert [bool(answer.components) for answer in answers] == [False] * (len(answers) - 1) + [True]


async def test_nobody_is_pinged_and_nothing_previewed_by_what_the_model_writes(scene: Scene) -> None:
    scene.model.scripts.append(words(f"Ask {scene.discord.mention(scene.bob)} or @everyone at https://evil.example/x"))
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("whom?"))
        answers = await scene.done(thread)

    assert not scene.discord.pinged_by_bot()
    assert not scene.discord.fetched_links()
    assert all(answer.flags & SUPPRESS_EMBEDS for answer in answers)
    assert len(scene.discord.edits_of(answers[0])) > 1  # suppressed after edits, too


async def test_tables_become_text_and_sources_are_numbered_links(scene: Scene) -> None:
    table = "| plant | water |\n|---|---|\n| pea | much |\n"
    source = SourceFound(Source(url="https://peas.example/all", title="All [about] peas"))
    scene.model.scripts.append(
        [source, TextDelta(table), UsageReported(Usage(input=1, output=1)), Finished(Finish.STOP)]
    )
    async with scene.bot():
        await scene.until(lambda: scene.discord.commands[None])
        asked = scene.discord.slash(scene.ada, scene.general, "search", {"query": "peas", "depth": "deep"})
        await scene.done(scene.general)

    assert asked.original is not None
    assert "|---|" not in asked.original.content
    assert "pea    much" in asked.original.content
    assert "1. [All \\[about\\] peas](<https://peas.example/all>)" in asked.original.content
    assert labels(asked.original) == ["Regenerate", "Helpful", "Not helpful", "Search deeper"]
    assert scene.model.asked[0].parameters["reasoning_effort"] == "high"
    assert scene.model.asked[0].parameters["enable_web_search"] is True


async def test_a_search_without_sources_says_so(scene: Scene) -> None:
    async with scene.bot():
        await scene.until(lambda: scene.discord.commands[None])
        asked = scene.discord.slash(scene.ada, scene.general, "search", {"query": "peas"})
        await scene.done(scene.general)

    assert asked.original is not None
    assert "I found no sources" in asked.original.content


async def test_a_failed_answer_can_be_tried_again_in_the_same_message(scene: Scene) -> None:
    scene.model.scripts += [[ModelRejected("no")], words("Now it works.")]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("try"))
        failed = await scene.until(lambda: next((m for m in scene.answers(thread) if "Try again" in labels(m)), None))
        await scene.closed()
        scene.discord.press(scene.ada, failed, "Try again")
        answers = await scene.done(thread)

    assert answers == [failed]
    assert failed.content.startswith("Now it works.")


async def test_regenerate_writes_another_answer_into_the_same_messages(scene: Scene) -> None:
    scene.model.scripts += [
        [TextDelta(FENCED), UsageReported(Usage(input=1, output=1)), Finished(Finish.STOP)],
        words("Shorter."),
    ]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("print"))
        first = await scene.done(thread)
        scene.discord.press(scene.ada, first[-1], "Regenerate")
        await scene.until(lambda: scene.answers(thread)[0].content.startswith("Shorter."))
        answers = await scene.done(thread)

    assert answers == [first[0]]


async def test_continue_goes_on_with_a_cut_answer_in_a_new_message(scene: Scene) -> None:
    cut: list[Any] = [TextDelta("Half of"), UsageReported(Usage(input=1, output=1)), Finished(Finish.LENGTH)]
    scene.model.scripts += [cut, words("the rest.")]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("all"))
        first = (await scene.done(thread))[0]
        scene.discord.press(scene.ada, first, "Continue")
        answers = await scene.done(thread, 2)

    assert [answer.content.split("\n")[0] for answer in answers] == ["Half of", "the rest."]


async def test_feedback_is_thanked_for_in_private(scene: Scene) -> None:
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("all"))
        first = (await scene.done(thread))[0]
        pressed = scene.discord.press(scene.bob, first, "Helpful")
        await pressed.shown()

    assert pressed.original is not None
    assert pressed.original.seen_by is scene.bob


async def test_other_bots_are_not_answered(scene: Scene) -> None:
    other = scene.discord.person("beep")
    other.bot = True
    scene.discord.join(scene.guild, other)
    async with scene.bot():
        scene.mention("hello fellow bot", by=other)
        await scene.done(await scene.thread_of(scene.mention("hello")))

    assert len(scene.model.asked) == 1


async def test_a_picture_reaches_the_model(scene: Scene) -> None:
    async with scene.bot():
        files = [("notes.txt", b"the pump rattles at night")]
        await scene.done(await scene.thread_of(scene.mention("what is in it?", attachments=files)))

    assert "the pump rattles at night" in scene.model.asked[0].entries[-1].text


async def test_the_permissions_of_the_invitation_suffice(scene: Scene) -> None:
    from adapters.discord.invitation import PERMISSIONS

    role = next(item for item in scene.guild.roles.values() if item.managed)
    role.permissions = PERMISSIONS.value & permissions.ALL
    everyone = scene.guild.roles[scene.guild.id]
    everyone.permissions = 0
    person = scene.discord.developer
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("what now?", by=person))
        await scene.done(thread)
        scene.discord.say(person, thread, "and then?")
        await scene.done(thread, 2)
