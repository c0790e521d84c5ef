"""Questions and answers over Socket Mode, as people see them."""

from __future__ import annotations

import asyncio

from tests.fakes import words
from tests.integration.slack.scene import held, scene


async def test_a_mention_is_answered_in_its_thread_by_a_stream() -> None:
    gate = asyncio.Event()
    async with scene(held(gate, "A river is ", "**water** that moves.")) as play:
        slack = play.slack
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} what is a river?")
        await play.until(lambda: slack.calls("chat.startStream"))
        assert "A river is" in play.answers(question)[0]
        gate.set()
        await play.settled()
        (answer,) = slack.answers(slack.general, question.ts)
        assert "A river is **water** that moves." in slack.shown(answer)
        assert slack.calls("chat.stopStream")
        assert slack.violations == []
        assert slack.deliveries.lost == []
        request = play.model.asked[0]
        assert "what is a river?" in request.entries[-1].text


async def test_a_direct_message_is_answered_without_a_mention_and_follow_ups_in_its_thread_go_on() -> None:
    async with scene(words("Hello."), words("Still here.")) as play:
        slack = play.slack
        direct = slack.direct(slack.ada)
        question = await slack.say(slack.ada, direct, "hi")
        await play.settled()
        await slack.say(slack.ada, direct, "and now?", thread_ts=question.ts)
        await play.settled()
        assert ["Hello." in answer or "Still here." in answer for answer in play.answers(question)] == [True, True]
        assert slack.violations == []
