"""Answers as messages: whole whatever happens, safe whatever is written, within every limit."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import PlatformError
from bot.types import ANSWER_MESSAGES, Draft, Footer, Source, Turn, TurnState, Usage
from tests.emulators.slack import Message, Options
from tests.fakes import incoming, words
from tests.integration.slack.scene import Scene, held, scene

FOOTER = Footer(model="seed", usage=Usage(input=100, cached=50, output=10), cost=None, seconds=1.2)
FORGED = "<!channel> <!here> <@U0000000003> <!subteam^S1> <https://evil.example/?q=secret|click> hi & bye"


async def turn_in(play: Scene, question: Message, **changes: Any) -> Turn:
    """A turn for a question in the emulator, whose answer may have many messages."""
    asked = incoming("q", platform_data={"user_team": play.slack.team.id, ANSWER_MESSAGES: "50"}, is_top_level=True)
    key = replace(
        asked.key, platform="slack", workspace=play.slack.team.id, channel=question.channel.id, thread=question.root_ts
    )
    author = replace(asked.author, id=play.slack.ada.id)
    asked = replace(asked, key=key, author=author, sent_at=play.slack.clock.now())
    turn = Turn(id=7, incoming=asked, state=TurnState.RUNNING, epoch=1, attempt=1)
    return replace(turn, **changes)


async def asked(play: Scene) -> Message:
    return await play.slack.say(play.slack.ada, play.slack.general, "a question for nobody")


def done(text: str, **changes: Any) -> Draft:
    return replace(Draft(status="done", text=text, footer=FOOTER), **changes)


def pieces(play: Scene, question: Message) -> list[Message]:
    return play.slack.answers(question.channel, question.root_ts)


@pytest.mark.parametrize(
    ("forged", "method"),
    [
        (FORGED.replace("https", "mailto"), "chat.startStream"),
        (FORGED, "chat.postMessage"),
    ],  # a stream may be previewed
)
async def test_nothing_that_is_written_can_ping_or_be_previewed(forged: str, method: str) -> None:
    gate = asyncio.Event()
    async with scene(held(gate, forged + " ", forged)) as play:
        slack = play.slack
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} say something")
        await play.until(lambda: slack.calls(method))
        gate.set()
        await play.settled()
        posted = await asked(play)
        reply = await play.platform.open_reply(await turn_in(play, posted))
        await reply.finish(
            done(FORGED, notices=(FORGED,), sources=(Source(url="https://a.example/<!here>", title=FORGED),))
        )
        assert slack.pings == []
        assert slack.unfurled == []
        assert "<!channel>" in play.answers(question)[0]  # people read what was written


async def test_a_long_answer_goes_on_in_more_messages_and_loses_nothing() -> None:
    text = "\n\n".join(
        f"## Part {n}\n\n" + "Some words about it. " * 40 + f"\n\n```py\nprint({n})\n```" for n in range(40)
    )
    async with scene() as play:
        question = await asked(play)
        reply = await play.platform.open_reply(await turn_in(play, question))
        for end in range(0, len(text), 3_000):
            await reply.show(Draft(status="writing", text=text[:end]))
        await reply.finish(done(text))
        shown = [play.slack.shown(piece) for piece in pieces(play, question)]
        assert len(shown) > 2
        assert all(shown_once(shown, f"Part {n}\n") and shown_once(shown, f"print({n})") for n in range(40))
        assert all(item.count("```") % 2 == 0 for item in shown)
        assert play.slack.violations == []


def shown_once(shown: list[str], words_shown: str) -> bool:
    return sum(item.count(words_shown) for item in shown) == 1


@pytest.mark.parametrize("code", ["feature_not_enabled", "unknown_method", "method_deprecated"])
async def test_where_there_are_no_streams_answers_are_posted_and_edited(code: str) -> None:
    async with scene() as play:
        play.slack.fault("chat.startStream", error=code, times=9)
        for _ in range(2):
            question = await asked(play)
            reply = await play.platform.open_reply(await turn_in(play, question))
            await reply.show(Draft(status="writing", text="Some words "))
            await reply.finish(done("Some words and more."))
            (answer,) = pieces(play, question)
            assert "Some words and more." in play.slack.shown(answer)
        assert len(play.slack.calls("chat.startStream")) == 1  # asked once, then known


async def test_a_stream_is_ended_before_slack_ends_it_and_the_message_edited_from_then_on() -> None:
    async with scene(stream_seconds=0.0) as play:
        question = await asked(play)
        reply = await play.platform.open_reply(await turn_in(play, question))
        await reply.show(Draft(status="writing", text="One "))
        await reply.show(Draft(status="writing", text="One two "))
        assert len(play.slack.calls("chat.stopStream")) == 1
        await reply.show(Draft(status="writing", text="One two three "))
        await reply.finish(done("One two three four."))
        (answer,) = pieces(play, question)
        assert "One two three four." in play.slack.shown(answer)
        assert play.slack.violations == []


async def test_a_stream_that_slack_has_ended_is_completed_by_an_edit() -> None:
    async with scene() as play:
        question = await asked(play)
        reply = await play.platform.open_reply(await turn_in(play, question))
        await reply.show(Draft(status="writing", text="One "))
        play.slack.clock.advance(play.slack.options.stream_limit_s + 1)
        await reply.show(Draft(status="writing", text="One two "))
        await reply.finish(done("One two three."))
        (answer,) = pieces(play, question)
        assert "One two three." in play.slack.shown(answer)


async def test_an_append_without_an_answer_doubles_no_text() -> None:
    async with scene() as play:
        question = await asked(play)
        reply = await play.platform.open_reply(await turn_in(play, question))
        await reply.show(Draft(status="writing", text="One "))
        play.slack.fault("chat.appendStream", drop=True, when="after")
        await reply.show(Draft(status="writing", text="One two "))
        await reply.show(Draft(status="writing", text="One two three "))
        await reply.finish(done("One two three four."))
        (answer,) = pieces(play, question)
        assert play.slack.shown(answer).startswith("One two three four.")


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.startStream"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_post_without_an_answer_is_one_message(method: str, when: Any) -> None:
    async with scene(http_seconds=0.5) as play:
        if method == "chat.postMessage":
            play.slack.fault("chat.startStream", error="feature_not_enabled")
        play.slack.fault(method, drop=True, when=when)
        question = await asked(play)
        reply = await play.platform.open_reply(await turn_in(play, question))
        await reply.show(Draft(status="writing", text="Some words "))
        await reply.finish(done("Some words and more."))
        (answer,) = pieces(play, question)
        assert "Some words and more." in play.slack.shown(answer)


@pytest.mark.parametrize("noted", [True, False], ids=["noted", "not-noted"])
@pytest.mark.parametrize("streams", [True, False], ids=["stream", "post"])
async def test_another_process_goes_on_with_the_same_message(noted: bool, streams: bool) -> None:
    async with scene(http_seconds=0.3) as play:
        if not streams:
            play.slack.fault("chat.startStream", error="feature_not_enabled")
        question = await asked(play)
        turn = await turn_in(play, question)
        first = await play.platform.open_reply(turn)
        ref = await first.show(Draft(status="writing", text="Some words "))
        async with scene(slack=play.slack, http_seconds=0.3, listens=False) as other:
            begun = None if noted else turn.incoming.sent_at
            taken_over = replace(turn, epoch=2, attempt=2, reply_ref=ref if noted else None, post_begun_at=begun)
            second = await other.platform.open_reply(taken_over)
            await second.show(Draft(status="writing", text="Other words "))
            await second.finish(done("Other words, whole."))
        (answer,) = pieces(play, question)
        assert "Other words, whole." in play.slack.shown(answer)
        assert "Some words" not in play.slack.shown(answer)
        assert play.slack.violations == []


async def test_a_notice_that_came_meanwhile_is_not_taken_for_an_answer_that_broke_off() -> None:
    """Only a stream that has not ended has no mark: it is all that can be told of one whose process ended."""
    async with scene(http_seconds=0.3) as play:
        question = await asked(play)
        turn = await turn_in(play, question)
        await play.platform.notify(turn, "The answer is complete.")
        left = replace(turn, epoch=2, attempt=2, post_begun_at=turn.incoming.sent_at)
        await (await play.platform.open_reply(left)).finish(done("Some words."))
        notice, answer = pieces(play, question)
        assert "The answer is complete." in play.slack.shown(notice)
        assert "Some words." in play.slack.shown(answer)


async def test_what_slack_refused_in_the_middle_is_finished_without_a_message_twice() -> None:
    async with scene(http_seconds=0.3) as play:
        question = await asked(play)
        turn = await turn_in(play, question)
        whole = done("long words " * 3_000)
        reply = await play.platform.open_reply(turn)
        ref = await reply.show(Draft(status="writing", text="long words "))
        play.slack.fault("chat.postMessage", error="restricted_action", skip=1)
        with pytest.raises(PlatformError):
            await reply.finish(whole)
        assert len(pieces(play, question)) == 2
        again = replace(turn, epoch=2, attempt=2, retries=1, reply_ref=ref, draft=whole, outcome=TurnState.DONE)
        put_off = replace(again, post_begun_at=turn.incoming.sent_at)
        await (await play.platform.open_reply(put_off)).finish(whole)
        shown = [play.slack.shown(piece) for piece in pieces(play, question)]
        assert sum(item.count("long") for item in shown) == 3_000


async def test_nobody_works_any_more_below_a_question_that_is_gone_with_its_thread() -> None:
    """Slack knows no thread whose one message was deleted; what was begun there ends all the same."""
    async with scene(http_seconds=0.3) as play:
        question = await asked(play)
        turn = await turn_in(play, question)
        await (await play.platform.open_reply(turn)).show(Draft(status="thinking"))
        place = (question.channel.id, question.root_ts)
        assert play.slack.surfaces.sessions[place].status == "processing"
        await play.slack.delete(question)
        left = replace(turn, epoch=2, attempt=2, post_begun_at=turn.incoming.sent_at)
        await (await play.platform.open_reply(left)).retract("")
        assert play.slack.surfaces.sessions[place].status == "active"


async def test_nothing_is_looked_for_once_a_reply_is_open() -> None:
    async with scene(http_seconds=0.3) as play:
        question = await asked(play)
        taken_over = await turn_in(play, question, epoch=2, attempt=2)
        taken_over = replace(taken_over, post_begun_at=taken_over.incoming.sent_at)
        reply = await play.platform.open_reply(taken_over)
        looked = len(play.slack.calls("conversations.replies"))
        await reply.finish(done("Whole."))
        assert looked > 0
        assert len(play.slack.calls("conversations.replies")) == looked


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "post"])
async def test_what_a_runner_that_gives_way_has_begun_is_deleted(streams: bool) -> None:
    async with scene() as play:
        if not streams:
            play.slack.fault("chat.startStream", error="feature_not_enabled")
        question = await asked(play)
        reply = await play.platform.open_reply(await turn_in(play, question))
        first = await reply.finish(done("One. " * 100))
        late = await play.platform.open_reply(await turn_in(play, question))
        await late.show(Draft(status="writing", text="Two "))
        await late.retract(first)
        (answer,) = pieces(play, question)
        assert "One." in play.slack.shown(answer)
        assert play.slack.violations == []


async def test_of_an_answer_in_more_messages_those_stay_that_are_kept() -> None:
    async with scene() as play:
        question = await asked(play)
        reply = await play.platform.open_reply(await turn_in(play, question))
        first = await reply.show(Draft(status="writing", text="short "))
        await reply.finish(done("long words " * 3_000))
        assert len(pieces(play, question)) > 2
        await reply.retract(first)
        assert [piece.ts for piece in pieces(play, question)] == [first.partition(":")[2].rstrip("s")]


async def test_a_finished_answer_is_finished_again_without_a_second_one() -> None:
    async with scene(http_seconds=0.3) as play:
        question = await asked(play)
        turn = await turn_in(play, question)
        await (await play.platform.open_reply(turn)).finish(done("Whole."))
        begun = turn.incoming.sent_at
        again = await play.platform.open_reply(replace(turn, epoch=2, attempt=2, post_begun_at=begun))
        await again.finish(done("Whole."))
        assert len(pieces(play, question)) == 1


async def test_another_shorter_answer_leaves_nothing_of_the_longer_one() -> None:
    async with scene() as play:
        question = await asked(play)
        turn = await turn_in(play, question)
        ref = await (await play.platform.open_reply(turn)).finish(done("long words " * 3_000))
        assert len(pieces(play, question)) > 2
        again = await play.platform.open_reply(replace(turn, id=8, reply_ref=ref))
        await again.finish(done("short"))
        (answer,) = pieces(play, question)
        assert play.slack.shown(answer).startswith("short")


async def test_a_failure_is_told_to_the_asker_alone() -> None:
    async with scene() as play:
        question = await asked(play)
        reply = await play.platform.open_reply(await turn_in(play, question))
        await reply.show(Draft(status="thinking"))
        await reply.finish(Draft(status="failed", notices=("The model is away.",)))
        assert pieces(play, question) == []
        (told,) = play.slack.whispers
        assert told.only_for is play.slack.ada
        assert "The model is away." in play.slack.shown(told)
        assert "Try again" in play.slack.shown(told)


async def test_a_private_answer_is_seen_by_its_author_alone() -> None:
    async with scene() as play:
        question = await asked(play)
        turn = await turn_in(play, question)
        turn = replace(turn, incoming=replace(turn.incoming, private=True))
        reply = await play.platform.open_reply(turn)
        await reply.show(Draft(status="writing", text="For you "))
        ref = await reply.finish(done("For you alone."))
        again = await play.platform.open_reply(replace(turn, reply_ref=ref, epoch=2, attempt=2))
        await again.finish(done("For you alone."))
        assert pieces(play, question) == []
        assert ["For you alone." in play.slack.shown(whisper) for whisper in play.slack.whispers] == [True]


async def test_a_private_answer_that_may_stand_there_already_says_so() -> None:
    """Slack lists no message that one person alone sees, so the next process cannot know."""
    async with scene() as play:
        question = await asked(play)
        turn = await turn_in(play, question)
        turn = replace(turn, incoming=replace(turn.incoming, private=True), epoch=2, attempt=2)
        left = replace(turn, post_begun_at=turn.incoming.sent_at)
        await (await play.platform.open_reply(left)).finish(done("For you alone."))
        (whisper,) = play.slack.whispers
        assert "you may have it already" in play.slack.shown(whisper)


async def test_slack_is_asked_to_show_that_the_bot_is_at_work_and_that_it_is_done() -> None:
    async with scene() as play:
        question = await asked(play)
        reply = await play.platform.open_reply(await turn_in(play, question))
        await reply.show(Draft(status="thinking"))
        await reply.show(Draft(status="searching"))
        await reply.finish(done("Done."))
        place = (question.channel.id, question.ts)
        texts = [text for where, text in play.slack.surfaces.status_history if where == place]
        assert texts[:2] == ["is thinking…", "is searching the web…"]
        assert play.slack.surfaces.sessions[place].status == "active"
        assert play.slack.surfaces.status(place) is None


async def test_a_status_that_an_ended_process_left_goes_with_the_answer_that_is_written_into_its_message() -> None:
    async with scene() as play:
        question = await asked(play)
        turn = await turn_in(play, question)
        ref = await (await play.platform.open_reply(turn)).show(Draft(status="writing", text="Some words "))
        await (await play.platform.open_reply(turn)).show(Draft(status="thinking"))  # it began anew, and ended
        place = (question.channel.id, question.ts)
        assert play.slack.surfaces.status(place) is not None
        whole = done("Some words more.")
        recorded = replace(turn, epoch=2, attempt=2, reply_ref=ref, draft=whole, outcome=TurnState.DONE)
        await (await play.platform.open_reply(recorded)).finish(whole)
        assert play.slack.surfaces.status(place) is None


async def test_rate_limits_that_slack_states_are_kept_and_cost_no_answer() -> None:
    async with scene(words("Whole."), minute=1.0, emulator=Options(limits=False)) as play:
        play.slack.fault("chat.postMessage", http_status=429, retry_after=1, times=2)
        question = await play.slack.say(play.slack.ada, play.slack.general, f"{play.slack.mention()} hi")
        await play.settled()
        assert "Whole." in play.answers(question)[0]


@pytest.mark.parametrize("trouble", [{"http_status": 503}, {"error": "internal_error"}, {"drop": True}])
async def test_an_end_is_tried_again_while_slack_has_trouble(trouble: Any) -> None:
    async with scene() as play:
        play.slack.fault("chat.startStream", error="feature_not_enabled")
        question = await asked(play)
        reply = await play.platform.open_reply(await turn_in(play, question))
        await reply.show(Draft(status="writing", text="Some words "))
        play.slack.fault("chat.update", times=2, **trouble)
        await reply.finish(done("Some words and more."))
        (answer,) = pieces(play, question)
        assert "Some words and more." in play.slack.shown(answer)


async def test_a_refusal_is_told_to_the_core_by_its_code() -> None:
    async with scene() as play:
        question = await asked(play)
        play.slack.general.is_archived = True
        reply = await play.platform.open_reply(await turn_in(play, question))
        with pytest.raises(PlatformError, match="is_archived"):
            await reply.finish(done("Whole."))
