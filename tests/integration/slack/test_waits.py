"""What Slack asks for holds up its own lane alone, and a token that it no longer takes is told once."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.types import Draft
from tests.fakes import words
from tests.integration.slack.scene import scene
from tests.integration.slack.test_replies import turn_in


async def test_a_wait_in_one_channel_holds_up_no_other() -> None:
    async with scene() as play:
        slack = play.slack
        slack.fault("chat.startStream", error="feature_not_enabled", times=9)
        elsewhere = slack.channel("elsewhere")
        first = await slack.say(slack.ada, slack.general, "a question for nobody")
        second = await slack.say(slack.ada, elsewhere, "another")
        held, free = await turn_in(play, first), await turn_in(play, second, id=8)
        slack.fault("chat.postMessage", http_status=429, retry_after=500)
        waiting = asyncio.create_task((await play.platform.open_reply(held)).finish(Draft(status="done", text="One.")))
        await play.until(lambda: [call for call in slack.calls("chat.postMessage") if not call.ok])
        await (await play.platform.open_reply(free)).finish(Draft(status="done", text="Two."))
        assert play.answers(second)
        assert not play.answers(first)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_a_revoked_token_is_one_error_and_the_question_waits(caplog: pytest.LogCaptureFixture) -> None:
    async with scene(words("Fine.")) as play:
        slack = play.slack
        slack.fault("*", error="token_revoked", times=10_000)
        await slack.say(slack.ada, slack.general, f"{slack.mention()} still there?")
        await play.until(lambda: any(turn.put_off for turn in play.store._turns.values()))
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.name for record in errors] == ["adapters.slack.api.client"]
    assert play.store.errors == {}
