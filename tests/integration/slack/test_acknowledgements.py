"""People see at once that their question has come in: before its pause is over, and without a message."""

from __future__ import annotations

import pytest

from adapters.slack.replies.message_stream import READ_ALONG_SECONDS
from adapters.slack.replies.reply import SlackReply
from bot.types import Draft
from tests.emulators.slack import Options
from tests.integration.slack.scene import scene
from tests.integration.slack.test_replies import asked, pieces, turn_in


async def test_a_status_stands_below_a_question_before_anybody_runs_it() -> None:
    async with scene() as play:
        slack = play.slack
        await play.dispatcher.aclose(grace=0)  # nobody ever claims it, as during a pause
        await slack.say(slack.ada, slack.general, f"{slack.mention()} hello?")
        await play.until(lambda: slack.calls("assistant.threads.setStatus"))
        assert slack.calls("chat.postMessage") == []
        assert slack.violations == []


async def test_no_status_is_left_below_a_question_that_is_deleted_before_anybody_runs_it() -> None:
    async with scene() as play:
        slack = play.slack
        await play.dispatcher.aclose(grace=0)
        root = await slack.say(slack.ben, slack.general, "The harbour opens at nine.")
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} hello?", thread_ts=root.ts)
        place = (root.channel.id, root.ts)
        await play.until(lambda: slack.surfaces.status(place))
        await slack.delete(question)
        await play.until(lambda: not slack.surfaces.status(place))


@pytest.mark.parametrize("progress", ["Searching: spring tides", "Reading file 2 of 3: report.pdf…"])
async def test_what_is_being_done_stands_in_the_status_and_costs_no_message(progress: str) -> None:
    async with scene(emulator=Options(limits=False)) as play:
        question = await asked(play)
        reply = await play.platform.open_reply(await turn_in(play, question))
        await reply.show(Draft(status="searching", progress=progress))
        (call,) = play.slack.calls("assistant.threads.setStatus")
        assert call.arguments["loading_messages"] == [progress]
        assert pieces(play, question) == []
        await reply.show(Draft(status="writing", text="At nine "))
        await reply.finish(Draft(status="done", text="At nine."))
        assert len(play.slack.calls("chat.startStream")) == 1


async def test_a_long_answer_is_edited_where_others_read_and_its_asker_is_pinged_once() -> None:
    async with scene() as play:
        question = await asked(play)
        turn = await turn_in(play, question)
        reply = await play.platform.open_reply(turn)
        assert isinstance(reply, SlackReply)
        await reply.show(Draft(status="writing", text="One "))
        reply._parts[0].since -= READ_ALONG_SECONDS + 1
        await reply.show(Draft(status="writing", text="One two "))
        await reply.show(Draft(status="writing", text="One two three "))
        assert len(play.slack.calls("chat.appendStream")) == 0
        assert play.slack.shown(pieces(play, question)[0]).startswith("One two three")
        await reply.finish(Draft(status="done", text="One two three."))
        await play.platform.notify(turn, "The answer is complete.")
        assert [ping for _, ping in play.slack.pings] == [play.slack.ada.id]
