"""Questions and answers over Socket Mode, as people see them."""

from __future__ import annotations

import asyncio

from tests.fakes import words
from tests.integration.slack.scene import held, scene
from tests.integration.slack.test_message_content import sent


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


async def test_a_direct_message_is_one_talk_and_a_thread_below_an_answer_one_of_its_own() -> None:
    async with scene(words("Hello, Ada."), words("Miso."), words("A soup.")) as play:
        slack = play.slack
        direct = slack.direct(slack.ada)
        for text in ("hi, my cat is called Miso", "what is my cat called?"):
            await slack.say(slack.ada, direct, text)
            await play.settled()
        said = [slack.shown(message).split("\n")[0] for message in slack.messages(direct) if not message.is_reply]
        assert said == ["hi, my cat is called Miso", "Hello, Ada.", "what is my cat called?", "Miso."]
        assert "hi, my cat is called Miso" in sent(play)
        await slack.say(slack.ada, direct, "what else is that?", thread_ts=slack.answers(direct)[-1].ts)
        await play.settled()
        assert "A soup." in slack.shown(slack.messages(direct, slack.answers(direct)[1].ts)[-1])
        assert "Miso." in sent(play)
        assert "my cat is called" not in sent(play)
        assert slack.violations == []


async def test_a_question_by_command_in_a_direct_message_belongs_to_its_talk() -> None:
    async with scene(words("Hello."), words("Miso.")) as play:
        slack = play.slack
        direct = slack.direct(slack.ada)
        await slack.say(slack.ada, direct, "hi, my cat is called Miso")
        await play.settled()
        await slack.slash(slack.ada, direct, "/seed", "ask what is my cat called?")
        await play.settled()
        assert "hi, my cat is called Miso" in sent(play)
        assert [message.is_reply for message in slack.messages(direct)] == [False] * 4
