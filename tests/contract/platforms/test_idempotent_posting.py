"""However often, and by however many processes, a turn is answered: people see one answer, and the whole of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.types import Draft, TurnState
from tests.contract.platforms.stage import Stage

WHOLE = Draft(status="done", text="The whole answer.")


async def seen(stage: Stage) -> list[str]:
    async with stage.seen() as texts:
        return texts


def writing(text: str) -> Draft:
    return Draft(status="writing", text=text)


async def test_a_reply_shows_what_it_was_told_last(stage: Stage) -> None:
    async with stage.platform() as platform:
        reply = await platform.open_reply(stage.turn())
        await reply.show(writing("The "))
        await reply.show(writing("The whole "))
        ref = await reply.finish(WHOLE)
    (text,) = await seen(stage)
    assert "The whole answer." in text
    assert ref


async def test_the_reference_stays_the_same_while_one_message_is_enough(stage: Stage) -> None:
    async with stage.platform() as platform:
        reply = await platform.open_reply(stage.turn())
        await reply.show(writing("The "))
        finished = await reply.finish(WHOLE)
        assert await reply.finish(WHOLE) == finished
    assert len(await seen(stage)) == 1


async def test_another_process_goes_on_with_the_message_that_was_noted(stage: Stage) -> None:
    async with stage.platform() as platform:
        ref = await (await platform.open_reply(stage.turn())).show(writing("The first runner wrote "))
    async with stage.platform() as platform:
        reply = await platform.open_reply(stage.turn(epoch=2, attempt=2, reply_ref=ref))
        await reply.show(writing("The "))
        await reply.finish(WHOLE)
    (text,) = await seen(stage)
    assert "The whole answer." in text
    assert "first runner" not in text


async def test_another_process_finds_the_message_that_could_not_be_noted(stage: Stage) -> None:
    async with stage.platform() as platform:
        await (await platform.open_reply(stage.turn())).show(writing("The first runner wrote "))
    async with stage.platform() as platform:
        await (await platform.open_reply(stage.turn(epoch=2, attempt=2))).finish(WHOLE)
    (text,) = await seen(stage)
    assert "The whole answer." in text


async def test_an_answer_that_stands_is_shown_again_without_a_second_one(stage: Stage) -> None:
    async with stage.platform() as platform:
        await (await platform.open_reply(stage.turn())).finish(WHOLE)
    for epoch in (2, 3):
        async with stage.platform() as platform:
            await (await platform.open_reply(stage.turn(epoch=epoch, attempt=epoch))).finish(WHOLE)
    assert len(await seen(stage)) == 1


@pytest.mark.parametrize("outcome", [TurnState.DONE, None], ids=["recorded", "being-written"])
async def test_further_messages_that_could_not_be_noted_are_not_posted_again(
    stage: Stage, outcome: TurnState | None
) -> None:
    long = Draft(status="done", text="\n\n".join(f"Paragraph {number} of many." for number in range(1_000)))
    async with stage.platform() as platform:
        reply = await platform.open_reply(stage.turn())
        ref = await reply.show(writing("Paragraph 0 of many."))
        await reply.finish(long)
    before = await seen(stage)
    known = replace(long, status="done" if outcome else "writing")
    async with stage.platform() as platform:
        turn = stage.turn(epoch=2, attempt=2, reply_ref=ref, draft=known, outcome=outcome)
        await (await platform.open_reply(turn)).finish(long)
    assert await seen(stage) == before


async def test_another_answer_takes_the_place_of_the_first(stage: Stage) -> None:
    async with stage.platform() as platform:
        ref = await (await platform.open_reply(stage.turn())).finish(WHOLE)
        again = await platform.open_reply(stage.turn(id=8, reply_ref=ref))
        await again.show(writing("Another "))
        await again.finish(Draft(status="done", text="Another answer."))
    (text,) = await seen(stage)
    assert "Another answer." in text
    assert "whole" not in text


async def test_what_a_runner_posts_after_it_was_taken_over_is_taken_back(stage: Stage) -> None:
    async with stage.platform() as platform:
        held_up = await platform.open_reply(stage.turn())
        async with stage.platform() as other:
            ref = await (await other.open_reply(stage.turn(epoch=2, attempt=2))).finish(WHOLE)
        await held_up.show(writing("The first runner wrote "))
        await held_up.retract(ref)
        await (await platform.open_reply(stage.turn(epoch=2, attempt=2, reply_ref=ref))).finish(WHOLE)
    (text,) = await seen(stage)
    assert "The whole answer." in text


async def test_what_another_runner_goes_on_with_is_not_taken_back(stage: Stage) -> None:
    async with stage.platform() as platform:
        reply = await platform.open_reply(stage.turn())
        ref = await reply.show(writing("The whole "))
        await reply.retract(ref)
        assert len(await seen(stage)) == 1
        await (await platform.open_reply(stage.turn(epoch=2, attempt=2, reply_ref=ref))).finish(WHOLE)
        await reply.retract(ref)
    (text,) = await seen(stage)
    assert "The whole answer." in text
