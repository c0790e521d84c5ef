"""What a platform refuses for good: the plainest form, else the asker alone; nothing half-written stays anywhere."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from bot.errors import PlatformError, PlatformRefused, ReplyRemoved
from bot.types import Draft, Source
from tests.contract.platforms.stage import Stage

ANSWER = Draft(
    status="done",
    text="The **whole** answer.",
    notices=("Something to know.",),
    sources=(Source(url="https://a.example/", title="A"),),
)


def writing(text: str) -> Draft:
    return Draft(status="writing", text=text)


async def seen(stage: Stage) -> list[str]:
    async with stage.seen() as texts:
        return texts


async def test_the_plainest_form_is_a_whole_answer_too(stage: Stage) -> None:
    async with stage.platform() as platform:
        reply = await platform.open_reply(stage.turn())
        await reply.show(writing("The "))
        assert await reply.finish(ANSWER, plain=True)
    (text,) = await seen(stage)
    assert "whole" in text
    assert "Stop" not in text


async def test_a_plain_answer_that_is_long_loses_nothing(stage: Stage) -> None:
    long = "\n\n".join(f"Paragraph {number} of many." for number in range(1_000))
    async with stage.platform() as platform:
        reply = await platform.open_reply(stage.turn())
        await reply.show(writing("Paragraph 0 of many."))
        await reply.finish(Draft(status="done", text=long), plain=True)
    whole = "\n".join(await seen(stage))
    assert [whole.count(f"Paragraph {number} of many.") for number in range(1_000)] == [1] * 1_000


async def test_what_is_refused_as_a_new_message_is_told_to_the_core(stage: Stage) -> None:
    if not stage.refuses:
        pytest.skip("nothing is refused there")
    stage.refuse_posts()
    async with stage.platform() as platform:
        reply = await platform.open_reply(stage.turn())
        for plain in (False, True):
            with pytest.raises(PlatformRefused) as raised:
                await reply.finish(ANSWER, plain=plain)
            assert raised.value.reason
    assert await seen(stage) == []


@pytest.mark.parametrize("deletes", [True, False], ids=["deleted", "not-deleted"])
async def test_a_message_that_cannot_be_changed_is_written_anew(stage: Stage, deletes: bool) -> None:
    if not stage.refuses:
        pytest.skip("nothing is refused there")
    async with stage.platform() as platform:
        reply = await platform.open_reply(stage.turn())
        before = await reply.show(writing("The stub "))
        stage.refuse_edits()
        if not deletes:
            stage.refuse_deletions()
        with pytest.raises(PlatformRefused):
            await reply.finish(ANSWER)
        after = await reply.finish(ANSWER, plain=True)
        with nullcontext() if deletes else pytest.raises(PlatformError):
            await reply.retract(after)
    texts = await seen(stage)
    assert after != before
    assert "whole" in texts[-1]
    assert len(texts) == (1 if deletes else 2)


async def test_nothing_is_left_of_an_answer_that_is_taken_back(stage: Stage) -> None:
    if not stage.refuses:
        pytest.skip("nothing is refused there")
    async with stage.platform() as platform:
        reply = await platform.open_reply(stage.turn())
        await reply.show(writing("The stub "))
        await reply.retract("")
    assert await seen(stage) == []


async def test_a_stub_that_can_be_emptied_only_keeps_neither_words_nor_buttons(stage: Stage) -> None:
    if not stage.refuses:
        pytest.skip("nothing is refused there")
    async with stage.platform() as platform:
        reply = await platform.open_reply(stage.turn())
        await reply.show(writing("The stub "))
        stage.refuse_deletions()
        await reply.retract("")
    (text,) = await seen(stage)
    assert "stub" not in text
    assert "removed" in text
    assert "Stop" not in text


async def test_an_answer_that_people_delete_while_it_grows_is_not_posted_again(stage: Stage) -> None:
    if not stage.refuses:
        pytest.skip("nobody deletes there")
    async with stage.platform() as platform:
        reply = await platform.open_reply(stage.turn())
        await reply.show(writing("The "))
        stage.delete_answers()
        with pytest.raises(ReplyRemoved):
            for text in ("The whole ", "The whole answer. "):
                await reply.show(writing(text))
            await reply.finish(ANSWER)
    assert await seen(stage) == []


async def test_a_place_that_takes_answers_is_not_doubted(stage: Stage) -> None:
    async with stage.platform() as platform:
        assert await platform.known_refusal(stage.turn()) is None


async def test_a_place_that_takes_none_is_known_beforehand_and_not_for_longer_than_it_is_so(stage: Stage) -> None:
    if not stage.refuses:
        pytest.skip("the bot may write everywhere there")
    async with stage.platform() as platform:
        open_again = stage.close()
        refusal = await platform.known_refusal(stage.turn())
        assert refusal is not None
        assert refusal.reason
        open_again()
        assert await platform.known_refusal(stage.turn()) is None


async def test_the_asker_alone_is_told(stage: Stage) -> None:
    async with stage.platform() as platform:
        with stage.told() as told:
            await platform.tell(stage.question, Draft(status="failed", text="I could not post it.\n\nThe answer."))
            (text,) = told()
    assert "I could not post it." in text
    assert "The answer." in text
    assert await seen(stage) == []


async def test_the_asker_is_told_where_the_channel_takes_nothing(stage: Stage) -> None:
    if not stage.refuses:
        pytest.skip("the bot may write everywhere there")
    async with stage.platform() as platform:
        stage.close()
        with stage.told() as told:
            await platform.tell(stage.question, Draft(status="failed", text="I could not post it."))
            assert ["I could not post it." in text for text in told()] == [True]
    assert await seen(stage) == []
