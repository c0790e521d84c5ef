"""Discord refuses, breaks off, is slow, or goes away: people see each answer once and whole."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from bot.types import Finish, Finished, TextDelta, Usage, UsageReported
from tests.emulators.discord import TOKEN
from tests.emulators.discord.faults import Kind
from tests.fakes import words
from tests.integration.discord.scene import Scene, labels

LONG = "\n\n".join(f"Paragraph {number} tells a little more than nothing at all." for number in range(150))
MESSAGES = "/channels/{channel_id}/messages"


def long_answer(text: str = LONG) -> list[Any]:
    return [TextDelta(text), UsageReported(Usage(input=1, output=1)), Finished(Finish.STOP)]


def whole(scene: Scene, thread: Any) -> str:
    """What the bot's messages say together, without the small print."""
    return "\n\n".join(answer.content for answer in scene.answers(thread)).split("\n\n-# ")[0]


@pytest.mark.parametrize("kind", ["429", "429_global", "429_shared", "5xx", "drop_before", "drop_after"])
async def test_an_answer_survives_what_can_happen_to_its_messages(scene: Scene, kind: Kind) -> None:
    scene.model.scripts.append(long_answer())
    async with scene.bot():
        for method, skip in (("POST", 0), ("POST", 3), ("PATCH", 0)):
            scene.discord.fault(kind, method=method, template=MESSAGES, skip=skip)
        thread = await scene.thread_of(scene.mention("tell"))
        await scene.done(thread)

    assert whole(scene, thread) == LONG
    assert scene.discord.faults.happened


async def test_a_thread_is_opened_once_although_the_answer_to_it_got_lost(scene: Scene) -> None:
    async with scene.bot():
        scene.discord.fault("drop_after", method="POST", template="/threads")
        thread = await scene.thread_of(scene.mention("tell"))
        await scene.done(thread)

    assert len(scene.answers(thread)) == 1
    assert not scene.answers(scene.general)


async def test_nothing_is_missed_while_the_gateway_is_cut_at_random_moments(scene: Scene) -> None:
    scene.model.scripts += [words(f"Answer {number} comes.") for number in range(6)]
    async with scene.bot():
        async with scene.discord.cutting(7, between=(0.1, 1.5), times=3):
            questions = [scene.mention(f"question {number}") for number in range(6)]
            threads = [await scene.thread_of(question) for question in questions]
            for thread in threads:
                await scene.done(thread)
        await scene.until(lambda: scene.discord.gateway.resumes == 3, 60)

    assert [len(scene.answers(thread)) for thread in threads] == [1] * 6
    assert len(scene.discord.identifies) == 1
    assert not scene.discord.storms


async def test_what_falls_into_the_gap_of_a_lost_session_is_caught_up(scene: Scene) -> None:
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("first"))
        await scene.done(thread)
        scene.discord.invalidate()
        scene.discord.say(scene.ada, thread, "into the gap")
        await scene.done(thread, 2)

    assert len(scene.model.asked) == 2
    assert len(scene.answers(thread)) == 2


async def test_an_answer_that_somebody_deletes_is_not_written_again(scene: Scene) -> None:
    scene.model.scripts.append(words("It goes on."))
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("tell"))
        answer = (await scene.done(thread))[0]
        scene.discord.delete(scene.discord.developer, answer)
        scene.discord.say(scene.ada, thread, "and?")
        await scene.done(thread)

    assert len(scene.answers(thread)) == 1


async def test_no_edit_pings_anybody(scene: Scene) -> None:
    """`allowed_mentions` go with edits, too (platform reference, 2.5)."""
    scene.model.scripts.append(words(f"Ask @everyone and {scene.discord.mention(scene.bob)} twice"))
    async with scene.bot():
        await scene.done(await scene.thread_of(scene.mention("whom?")))

    written = [request for request in scene.discord.requests if request.body and "content" in request.body]
    assert {item.method for item in written} == {"POST", "PATCH"}
    assert all(item.body["allowed_mentions"] == {"parse": []} for item in written)


async def test_where_further_messages_are_not_allowed_the_answer_is_a_file(scene: Scene) -> None:
    scene.model.scripts.append(long_answer(2 * LONG))
    elsewhere = scene.discord.guild("Elsewhere", scene.ada, bot=False)
    place = next(iter(elsewhere.channels.values()))
    async with scene.bot():
        await scene.until(lambda: scene.discord.commands[None])
        asked = scene.discord.slash(scene.ada, place, "ask", {"question": "tell"})
        await scene.until(lambda: asked.original and asked.original.attachments and labels(asked.original))

    assert asked.original is not None
    assert asked.original.content.startswith(LONG[:1_000])
    assert 2 * LONG in asked.original.attachments[0].data.decode()
    assert "Regenerate" in labels(asked.original)
    assert all(message.deleted for message in asked.followups), "what grew meanwhile is gone"


async def test_neither_token_nor_text_is_in_the_log(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    scene.model.scripts.append(words("A secret answer."))
    async with scene.bot():
        await scene.until(lambda: scene.discord.commands[None])
        scene.discord.fault("429", method="PATCH", template="/webhooks/")
        asked = scene.discord.slash(scene.ada, scene.general, "ask", {"question": "a secret question"})
        await scene.done(scene.general)

    assert "rate limited" in caplog.text
    for secret in (TOKEN, asked.token, "secret question", "secret answer"):
        assert secret not in caplog.text


async def test_a_discord_that_is_away_at_the_start_is_joined_once_it_is_back(scene: Scene) -> None:
    scene.discord.fault("drop_before", method="GET", template="/users/@me")
    async with scene.bot():
        await scene.done(await scene.thread_of(scene.mention("there you are")))

    assert len(scene.model.asked) == 1


async def test_a_command_is_stored_then_acknowledged_then_carried_out(scene: Scene) -> None:
    async with scene.bot():
        await scene.until(lambda: scene.discord.commands[None])
        assert scene.core is not None
        order: list[str] = []
        inbox, handle, begin = scene.core.inbox, scene.core.inbox.handle, scene.core.inbox.begin

        def state(doing: str) -> str:
            return f"{doing}, {'acknowledged' if asked.is_acknowledged else 'not acknowledged'}"

        async def begun(incoming: Any) -> Any:
            order.append(state("begun"))
            return await begin(incoming)

        async def handled(incoming: Any) -> Any:
            order.append(state("handled"))
            return await handle(incoming)

        inbox.begin, inbox.handle = begun, handled  # type: ignore[assignment, method-assign]  # to see when they are called
        asked = scene.discord.slash(scene.ada, scene.general, "ask", {"question": "now?"})
        await scene.done(scene.general)

    assert order == ["begun, not acknowledged", "handled, acknowledged"]
