"""What Discord refuses, from the question to the end of its turn: nothing vanishes, nothing stays, nobody waits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.types import TextDelta, TurnState
from tests.emulators.discord.limits import MESSAGES
from tests.emulators.discord.permissions import bits
from tests.emulators.discord.world import Overwrite
from tests.fakes import words
from tests.integration.discord.scene import Scene, labels

FORMS = 3
"""How often an answer is refused before its asker is told: as a draft, whole, and in the plainest form."""


def refuse(scene: Scene, method: str, code: int, *, template: str = MESSAGES, times: int = FORMS, **more: Any) -> None:
    scene.discord.fault("refuse", method=method, template=template, code=code, times=times, **{"status": 403, **more})


def deny(scene: Scene, *names: str) -> None:
    """Take rights in #general away from the bot."""
    scene.general.overwrites.append(Overwrite(target=scene.discord.bot.id, is_member=True, deny=bits(*names)))


def told(scene: Scene) -> list[str]:
    """What the bot wrote to Ada directly."""
    return [item.content for item in scene.discord.direct(scene.ada).shown() if item.author is scene.discord.bot]


async def turn_state(scene: Scene, id: int) -> tuple[TurnState, int]:
    assert scene.core is not None
    turn = await scene.core.store.get_turn(id)
    assert turn is not None
    return turn.state, turn.put_off


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (50013, 403),
        (50001, 403),
        (200000, 400),
        (200001, 400),
        (240000, 400),
        (160005, 403),
        (10008, 404),
        (10003, 404),
        (50083, 400),
        (50035, 400),
        (40005, 413),
        (99999, 400),
    ],
)
async def test_what_is_refused_for_good_is_told_to_the_asker_alone_and_the_thread_goes_on(
    scene: Scene, code: int, status: int
) -> None:
    scene.model.scripts += [words("Paid for."), words("The next.")]
    async with scene.bot():
        refuse(scene, "POST", code, status=status, skip=1)  # after the thread is opened
        thread = await scene.thread_of(scene.mention("first"))
        (text,) = await scene.until(lambda: told(scene))
        await scene.closed()
        assert await turn_state(scene, 1) == (TurnState.FAILED, 0)
        assert scene.answers(thread) == []
        scene.discord.say(scene.ada, thread, "second")
        (answer,) = await scene.done(thread)

    assert text.startswith("I could not post my answer: ")
    assert "Paid for." in text
    assert "The next." in answer.content
    assert len(scene.model.asked) == 2


async def test_without_the_right_to_the_history_an_answer_replies_to_nothing(scene: Scene) -> None:
    scene.model.scripts.append(words("Paid for."))
    deny(scene, "read_message_history", "create_public_threads")
    async with scene.bot():
        scene.mention("first")
        (answer,) = await scene.done(scene.general)

    assert "Paid for." in answer.content
    assert answer.replied_to is None
    assert told(scene) == []


async def test_the_right_without_which_what_stands_above_is_not_read_is_named(scene: Scene) -> None:
    scene.model.scripts += [words("One."), words("Two.")]
    thread = scene.discord.open_thread(scene.bob, scene.general, "The pump")
    scene.discord.say(scene.bob, thread, "It leaks.")
    scene.discord.say(scene.bob, scene.general, "It is Monday.")
    deny(scene, "read_message_history")
    async with scene.bot():
        scene.mention("what leaks?", where=thread)
        (in_thread,) = await scene.done(thread)
        (in_channel,) = await scene.done(await scene.thread_of(scene.mention("what day is it?")))
    lacking = (
        "I lack the permission “Read Message History” in this channel; an administrator of the server can grant it."
    )
    assert f"I could not read this thread: {lacking}" in in_thread.content
    assert f"I could not read the messages above in this channel: {lacking}" in in_channel.content


async def test_what_its_buttons_keep_away_stands_without_them(scene: Scene) -> None:
    scene.model.scripts.append(words("Paid for."))
    async with scene.bot():
        refuse(scene, "POST", 50035, times=2, status=400, skip=1)
        thread = await scene.thread_of(scene.mention("first"))
        (answer,) = await scene.until(lambda: scene.answers(thread))
        await scene.closed()
        assert await turn_state(scene, 1) == (TurnState.DONE, 0)

    assert "Paid for." in answer.content
    assert labels(answer) == []


@pytest.mark.parametrize(("code", "status"), [(30046, 429), (50005, 403), (50035, 400)])
async def test_no_stub_with_a_stop_button_stays_where_edits_are_refused(scene: Scene, code: int, status: int) -> None:
    gate = asyncio.Event()
    scene.model.scripts.append([TextDelta("Half "), gate, *words("and whole.")])
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("first"))
        await scene.until(lambda: scene.answers(thread))
        refuse(scene, "PATCH", code, status=status, times=100)
        gate.set()
        (answer,) = await scene.until(lambda: [item for item in scene.answers(thread) if "whole" in item.content])
        await scene.closed()

    assert "Half and whole." in answer.content
    assert scene.answers(thread) == [answer]
    assert labels(answer) == []


async def test_a_growing_answer_that_a_moderator_deletes_holds_nobody_up(scene: Scene) -> None:
    never = asyncio.Event()
    scene.model.scripts += [[TextDelta("Half "), never, *words("never.")], words("The next.")]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("first"))
        (growing,) = await scene.until(lambda: [item for item in scene.answers(thread) if "Half" in item.content])
        scene.discord.delete(scene.discord.developer, growing)
        never.set()
        scene.discord.say(scene.ada, thread, "second")
        (answer,) = await scene.done(thread)
        assert await turn_state(scene, 1) == (TurnState.CANCELLED, 0)

    assert "The next." in answer.content
    assert told(scene) == []


@pytest.mark.parametrize("code", [20028, 130000, 40004])
async def test_what_passes_is_shown_later_and_not_told(scene: Scene, code: int) -> None:
    scene.model.scripts.append(words("Paid for."))
    async with scene.bot():
        refuse(scene, "POST", code, status=400, times=2, skip=1)
        thread = await scene.thread_of(scene.mention("first"))
        (answer,) = await scene.done(thread)
        assert (await turn_state(scene, 1))[0] is TurnState.DONE

    assert "Paid for." in answer.content
    assert told(scene) == []


@pytest.mark.parametrize("missing", ["send_messages", "send_messages_in_threads"])
async def test_where_a_right_is_missing_the_model_is_not_asked(scene: Scene, missing: str) -> None:
    where = scene.general
    async with scene.bot():
        if missing == "send_messages_in_threads":
            where = await scene.thread_of(scene.mention("first"))
            await scene.done(where)
        deny(scene, missing, "create_public_threads")
        asked = len(scene.model.asked)
        assert scene.platform is not None
        scene.platform.context.directory.forget_channel(str(scene.general.id))
        scene.mention("second", where=where)
        (text,) = await scene.until(lambda: told(scene))
        await scene.closed()

    right = missing.replace("_", " ").title().replace(" In ", " in ")
    assert text.startswith(f"I could not post my answer: I lack the permission “{right}” in this channel")
    assert len(scene.model.asked) == asked


async def test_in_a_locked_thread_the_model_is_not_asked(scene: Scene) -> None:
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("first"))
        await scene.done(thread)
        assert thread.thread is not None
        thread.thread.locked = True
        scene.discord.tell_channel("UPDATE", thread)
        scene.mention("second", where=thread)
        (text,) = await scene.until(lambda: told(scene))
        await scene.closed()

    assert text == "I could not post my answer: this thread is locked."
    assert len(scene.model.asked) == 1


# ---------------------------------------------------------------- commands


async def test_an_answer_to_a_command_that_is_refused_is_told_below_it_to_who_asked(scene: Scene) -> None:
    scene.model.scripts.append(words("Paid for."))
    async with scene.bot():
        await scene.until(lambda: scene.discord.commands[None])
        refuse(scene, "PATCH", 200000, template="/webhooks/", times=100, status=400)
        refuse(scene, "POST", 200000, template="/webhooks/", times=2, status=400)  # plain, and with the answer's text
        asked = scene.discord.slash(scene.ada, scene.general, "ask", {"question": "why?"})
        (text,) = await scene.until(lambda: [followup for followup in asked.followups if followup.ephemeral])
        await scene.closed()

    assert "I could not post my answer: the server's AutoMod blocked its text." in text.content
    assert asked.original is not None
    assert asked.original.deleted


@pytest.mark.parametrize("name", ["help", "usage"])
async def test_what_a_command_cannot_show_is_told_to_who_typed_it(scene: Scene, name: str) -> None:
    async with scene.bot():
        await scene.until(lambda: scene.discord.commands[None])
        refuse(scene, "PATCH", 40005, template="/webhooks/", times=100, status=413)
        asked = scene.discord.slash(scene.ada, scene.general, name, {})
        (text,) = await scene.until(lambda: [followup for followup in asked.followups if not followup.deleted])

    assert text.content == "That did not work: it is too large for Discord."
    assert text.ephemeral
