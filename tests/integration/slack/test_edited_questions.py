"""Who edits a question that was answered is offered an answer to it as it reads now: they alone, once for each edit."""

from __future__ import annotations

import asyncio

import pytest

from adapters.slack.replies.rendering import action_id
from bot.chat.reply_actions import ReplyAction
from tests.fakes import words
from tests.integration.slack.scene import Scene, held, scene
from tests.integration.slack.test_commands import whispered
from tests.integration.slack.test_messages import ask

OFFER = "You edited a question"


async def offered(play: Scene, number: int = 1) -> None:
    """Wait until so many offers were made."""
    await play.until(lambda: whispered(play.slack).count(OFFER) >= number)
    await play.settled()


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "channel"])
async def test_the_author_is_offered_another_answer_which_is_to_the_new_words(direct: bool) -> None:
    async with scene(words("It is grey."), words("It is white.")) as play:
        slack = play.slack
        where = slack.direct(slack.ada) if direct else slack.general
        call = "" if direct else f"{slack.mention()} "
        question = await slack.say(slack.ada, where, f"{call}what is a heron?")
        await play.settled()
        await slack.edit(question, f"{call}what is an egret?")
        await offered(play)
        (offer,) = slack.whispers
        assert (offer.channel, offer.only_for) == (where, slack.ada)
        await slack.press(slack.ada, offer, action_id(ReplyAction.CORRECT))
        await play.settled()
        (answer,) = slack.answers(where)
        assert "It is white." in slack.shown(answer)
        assert play.model.asked[-1].entries[-1].text.endswith("as it reads now: what is an egret?")
        assert slack.violations == []


async def test_it_is_offered_once_for_each_edit_and_answered_once() -> None:
    async with scene(words("One."), words("Two."), words("Three.")) as play:
        slack = play.slack
        slack.deliveries.copies = 2
        question = await ask(play, f"{slack.mention()} one?")
        await slack.edit(question, f"{slack.mention()} two?")
        await offered(play)
        await slack.press(slack.ada, slack.whispers[0], action_id(ReplyAction.CORRECT))
        await play.settled()
        await slack.press(slack.ada, slack.whispers[0], action_id(ReplyAction.CORRECT))
        await play.settled()
        assert len(play.model.asked) == 2
        await slack.edit(question, f"{slack.mention()} three?")
        await offered(play, 2)
        await slack.press(slack.ada, slack.whispers[-1], action_id(ReplyAction.CORRECT))
        await play.settled()
        assert whispered(slack).count(OFFER) == 2
        assert [item.entries[-1].text.rpartition(": ")[2] for item in play.model.asked] == ["one?", "two?", "three?"]


async def test_a_preview_that_comes_late_is_read_with_what_waits_and_behind_what_is_being_answered() -> None:
    gate = asyncio.Event()
    async with scene(held(gate, "One", "."), words("Two.")) as play:
        slack = play.slack
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
        await play.until(lambda: play.model.asked)
        waiting = await slack.say(slack.ben, slack.general, f"{slack.mention()} this?", thread_ts=question.ts)
        await play.until(lambda: len(play.store._turns) == 2)
        for message in (question, waiting):
            await slack.unfurl(message, {"title": "Why queues grow", "from_url": "https://example.org", "id": 1})
        await play.until(lambda: "queues" in play.store._turns[max(play.store._turns)].incoming.text)
        gate.set()
        await play.settled()
        entries = [entry.text for entry in play.model.asked[-1].entries]
    assert len(play.model.asked) == 2
    seen = [("queues" in text, "corrected" in text) for text in entries]
    assert seen == [(False, False), (False, False), (True, True), (True, False)]


async def test_nothing_is_offered_for_previews_other_messages_and_the_buttons_of_others() -> None:
    async with scene(words("One."), words("Two.")) as play:
        slack = play.slack
        question = await ask(play, f"{slack.mention()} one?")
        other = await slack.say(slack.ben, slack.general, "The pump is broken.")
        await slack.unfurl(question, {"title": "A page", "from_url": "https://example.org", "id": 1})
        await slack.edit(other, "The pump is fine.")
        await play.settled()
        assert slack.whispers == []
        await slack.edit(question, f"{slack.mention()} two?")
        await offered(play)
        await slack.press(slack.ben, slack.whispers[0], action_id(ReplyAction.CORRECT))
        await play.until(lambda: len(slack.whispers) > 1)
        await play.settled()
        assert len(play.model.asked) == 1
