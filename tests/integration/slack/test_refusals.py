"""What Slack refuses, from the question to the end of its turn: nothing vanishes, nothing stays, nobody is held up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.types import TurnState
from tests.emulators.slack import Message
from tests.fakes import words
from tests.integration.slack.scene import Scene, held, scene

FINAL = (
    "invalid_blocks",
    "msg_blocks_too_long",
    "no_text",
    "restricted_action",
    "restricted_action_thread_locked",
    "cannot_reply_to_message",
    "message_not_found",
    "thread_not_found",
    "ekm_access_denied",
    "missing_scope",
    "team_access_not_granted",
    "user_is_restricted",
    "access_denied",
    "a_code_that_nobody_knows",
)


async def ask(play: Scene, text: str, **more: Any) -> Message:
    return await play.slack.say(play.slack.ada, play.slack.general, f"{play.slack.mention()} {text}", **more)


def refuse(play: Scene, *methods: str, error: str, times: int = 100) -> None:
    for method in methods:
        play.slack.fault(method, error=error, times=times)


def told(play: Scene) -> list[str]:
    """What Ada alone was told, in the channel or directly."""
    direct = play.slack.messages(play.slack.direct(play.slack.ada))
    return [play.slack.shown(whisper) for whisper in (*play.slack.whispers, *direct)]


async def state_of(play: Scene, id: int) -> tuple[TurnState, int]:
    turn = await play.store.get_turn(id)
    assert turn is not None
    return turn.state, turn.put_off


@pytest.mark.parametrize("code", FINAL)
async def test_what_is_refused_for_good_is_told_to_the_asker_alone_and_the_thread_goes_on(code: str) -> None:
    async with scene(words("Paid for."), words("The next.")) as play:
        refuse(play, "chat.startStream", "chat.postMessage", error=code)
        question = await ask(play, "first")
        await play.settled()
        (text,) = told(play)
        posts = play.slack.calls("chat.postMessage")
        play.slack.faults.clear()
        await ask(play, "second", thread_ts=question.ts)
        await play.settled()
        assert text.startswith("I could not post my answer: ")
        assert "Paid for." in text
        assert len(posts) == 2  # as it should be, and as text alone
        assert "blocks" not in posts[-1].arguments or posts[-1].arguments["blocks"] == []
        assert await state_of(play, 1) == (TurnState.FAILED, 0)
        assert ["The next." in answer for answer in play.answers(question)] == [True]
        assert len(play.model.asked) == 2


async def test_an_answer_to_a_message_that_is_gone_does_not_stand_in_the_channel() -> None:
    gate = asyncio.Event()
    async with scene(held(gate, "", "Paid for.")) as play:
        question = await ask(play, "first")
        await play.until(lambda: play.model.asked)
        question.deleted = True  # and nobody has told so far
        gate.set()
        await play.settled()
        (text,) = told(play)
        assert text.startswith("I could not post my answer: ")
        assert "Paid for." in text
        assert play.slack.messages(play.slack.general) == []
        assert await state_of(play, 1) == (TurnState.FAILED, 0)


async def test_an_answer_goes_on_in_the_thread_of_a_message_that_is_gone() -> None:
    gate = asyncio.Event()
    async with scene(held(gate, "", "Paid for.")) as play:
        root = await play.slack.say(play.slack.ada, play.slack.general, "It leaks.")
        await ask(play, "first", thread_ts=root.ts)
        await play.until(lambda: play.model.asked)
        play.slack.remove(root)
        gate.set()
        await play.settled()
        assert ["Paid for." in text for text in play.answers(root)] == [True]
        assert told(play) == []


async def test_an_answer_whose_blocks_are_refused_stands_as_text_alone() -> None:
    async with scene(words("**Paid** for <!channel>.")) as play:
        refuse(play, "chat.startStream", error="feature_not_enabled")
        refuse(play, "chat.postMessage", error="invalid_blocks", times=1)
        question = await ask(play, "first")
        await play.settled()
        (answer,) = play.slack.answers(play.slack.general, question.ts)
        assert answer.blocks == []
        assert "Paid" in answer.text
        assert play.slack.pings == []
        assert told(play) == []
        assert await state_of(play, 1) == (TurnState.DONE, 0)


@pytest.mark.parametrize(
    "code", ["cant_update_message", "edit_window_closed", "streaming_state_conflict", "msg_too_long"]
)
async def test_no_stub_with_a_stop_button_stays_where_edits_are_refused(code: str) -> None:
    gate = asyncio.Event()
    async with scene(held(gate, "Half ", "and whole.")) as play:
        refuse(play, "chat.startStream", error="feature_not_enabled")
        refuse(play, "chat.update", error=code)
        question = await ask(play, "first")
        await play.until(lambda: play.answers(question))
        gate.set()
        await play.settled()
        (text,) = play.answers(question)
        assert "Half and whole." in text
        assert "Stop" not in text
        assert await state_of(play, 1) == (TurnState.DONE, 0)


async def test_where_nothing_can_be_written_any_more_the_stub_is_deleted_and_the_asker_told() -> None:
    gate = asyncio.Event()
    async with scene(held(gate, "Half ", "and whole.")) as play:
        refuse(play, "chat.startStream", error="feature_not_enabled")
        question = await ask(play, "first")
        await play.until(lambda: play.answers(question))
        refuse(play, "chat.update", "chat.postMessage", error="restricted_action")
        gate.set()
        await play.settled()
        (text,) = told(play)
        assert "Half and whole." in text
        assert play.answers(question) == []


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "post"])
async def test_a_growing_answer_that_a_moderator_deletes_holds_nobody_up(streams: bool) -> None:
    never = asyncio.Event()
    async with scene(held(never, "Half ", "never."), words("The next.")) as play:
        if not streams:
            refuse(play, "chat.startStream", error="feature_not_enabled")
        question = await ask(play, "first")
        await play.until(lambda: play.answers(question))
        (answer,) = play.slack.answers(play.slack.general, question.ts)
        play.slack.remove(answer)
        await ask(play, "second", thread_ts=question.ts)
        never.set()
        await play.settled()
        assert ["The next." in item for item in play.answers(question)] == [True]
        assert await state_of(play, 1) == (TurnState.CANCELLED, 0)
        assert told(play) == []


@pytest.mark.parametrize(
    "code", ["ratelimited", "internal_error", "service_unavailable", "request_timeout", "fatal_error"]
)
async def test_what_passes_is_not_told_and_costs_no_answer(code: str) -> None:
    async with scene(words("Paid for."), http_seconds=0.3) as play:
        refuse(play, "chat.startStream", "chat.postMessage", error=code, times=1)
        question = await ask(play, "first")
        await play.settled()
        assert ["Paid for." in answer for answer in play.answers(question)] == [True]
        assert told(play) == []


async def test_in_a_channel_that_is_read_only_the_model_is_not_asked() -> None:
    async with scene(words("Never.")) as play:
        play.slack.general.is_read_only = True
        await ask(play, "first")
        await play.settled()
        assert told(play) == ["I could not post my answer: only some people may post in this channel."]
        assert play.model.asked == []
        assert play.slack.calls("chat.startStream") == []


async def test_a_channel_that_was_opened_again_is_asked_for_anew() -> None:
    async with scene(words("One."), words("Two.")) as play:
        play.slack.general.is_read_only = True
        await ask(play, "first")
        await play.settled()
        play.slack.general.is_read_only = False
        question = await ask(play, "second")
        await play.settled()
        assert ["One." in answer for answer in play.answers(question)] == [True]


# ---------------------------------------------------------------- commands


@pytest.mark.parametrize(
    ("code", "words_told"),
    [
        ("ekm_access_denied", "an administrator has switched messages off in this channel"),
        ("missing_scope", "lacks a permission (scope)"),
        ("msg_too_long", "too long for Slack"),
        ("is_archived", "not in this channel"),
        ("a_code_that_nobody_knows", "Slack did not accept it"),
    ],
)
async def test_a_question_by_command_that_cannot_be_shown_is_told_to_who_typed_it(code: str, words_told: str) -> None:
    async with scene(words("Never.")) as play:
        refuse(play, "chat.postMessage", error=code)
        await play.slack.slash(play.slack.ada, play.slack.general, "/seed", "ask why?")
        await play.until(lambda: told(play))
        (text,) = told(play)
        assert words_told in text
        assert play.model.asked == []


async def test_who_is_to_wait_with_a_command_is_told_how_long() -> None:
    async with scene(words("Never.")) as play:
        play.slack.fault("chat.postMessage", http_status=429, retry_after=30)
        for _ in range(2):  # also while the pause lasts that Slack has asked for
            delivery = await play.slack.slash(play.slack.ada, play.slack.general, "/seed", "ask why?")
            assert delivery.acknowledged
        await play.until(lambda: len(told(play)) == 2)
        assert ["Slack asks me to wait. Please try again in" in text for text in told(play)] == [True, True]


@pytest.mark.parametrize("command", ["show", "help", "usage"])
async def test_what_a_command_says_is_told_where_ephemeral_messages_are_refused(command: str) -> None:
    async with scene() as play:
        refuse(play, "chat.postEphemeral", error="ekm_access_denied")
        await play.slack.slash(play.slack.ada, play.slack.general, "/seed", command)
        await play.until(lambda: told(play))


async def test_a_form_that_does_not_open_is_told() -> None:
    async with scene() as play:
        refuse(play, "views.open", error="expired_trigger_id")
        await play.slack.slash(play.slack.ada, play.slack.general, "/seed", "settings")
        await play.until(lambda: told(play))
        assert told(play) == ["That did not work: it took too long; please try again."]


async def test_a_very_long_question_by_command_is_shown_by_its_beginning_and_asked_whole() -> None:
    long = "why is the sky blue? " * 1_000
    async with scene(words("Because.")) as play:
        await play.slack.slash(play.slack.ada, play.slack.general, "/seed", f"ask {long}")
        await play.settled()
        (question,) = [message for message in play.slack.messages(play.slack.general) if not message.is_reply]
        assert play.slack.shown(question).startswith("**ada** asks: why is the sky blue?")
        assert long.strip() in str(play.model.asked[0])
        assert "Because." in play.answers(question)[-1]
        assert play.slack.violations == []
