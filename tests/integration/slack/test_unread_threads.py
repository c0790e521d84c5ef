"""Questions are answered with what can be read, and people are told what is missing and how that is mended."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.emulators.slack import Message, Options, RunningSlack
from tests.emulators.slack.options import EVERY_SCOPE
from tests.fakes import words
from tests.integration.slack.scene import Scene, scene
from tests.integration.slack.test_message_content import sent


def without(*scopes: str) -> Options:
    return Options(limits=False, scopes=tuple(scope for scope in EVERY_SCOPE if scope not in scopes))


async def asked_in_a_thread(play: Scene, replies: int) -> Message:
    """Somebody asks in a thread without the bot that has so many replies already."""
    slack = play.slack
    root = await slack.say(slack.ada, slack.general, "The pump is broken.")
    for number in range(replies):
        await slack.say(slack.ben, slack.general, f"reply {number}.", thread_ts=root.ts)
    await play.settled()  # or the bot hears some of them after the question
    await slack.say(slack.ada, slack.general, f"{slack.mention()} what is broken?", thread_ts=root.ts)
    await play.settled()
    return root


def wait_a_minute(slack: RunningSlack) -> None:
    slack.fault("conversations.replies", http_status=429, retry_after=60, skip=1)


def be_away(slack: RunningSlack) -> None:
    slack.fault("conversations.replies", error="channel_not_found")


@pytest.mark.parametrize(
    ("options", "trouble", "seen", "unseen", "notice"),
    [
        pytest.param(
            without("channels:history"),
            lambda _: None,
            "what is broken?",
            "reply 0.",
            "I could not read this thread: the app lacks the permission channels:history. Add it to the app",
            id="a-missing-scope",
        ),
        pytest.param(
            Options(limits=False, history_page=15),
            wait_a_minute,
            "reply 14.",
            "reply 15.",
            "I could read only the first 16 messages of this thread: Slack makes me wait.",
            id="15-messages-a-minute",
        ),
        pytest.param(
            Options(limits=False),
            be_away,
            "what is broken?",
            "reply 0.",
            "I could not read this thread: I do not see this channel; invite me with",
            id="a-channel-out-of-sight",
        ),
    ],
)
async def test_what_can_be_read_is_answered_and_the_rest_named(
    options: Options, trouble: Callable[[RunningSlack], None], seen: str, unseen: str, notice: str
) -> None:
    async with scene(words("The pump."), emulator=options) as play:
        trouble(play.slack)
        root = await asked_in_a_thread(play, 20)
        (answer,) = play.answers(root)
        assert "The pump." in answer
        assert notice in answer
        assert seen in sent(play)
        assert unseen not in sent(play)


async def test_the_scope_without_which_the_channel_above_is_not_read_is_named() -> None:
    async with scene(words("The pump."), emulator=without("channels:history")) as play:
        slack = play.slack
        asked = await slack.say(slack.ada, slack.general, f"{slack.mention()} what is broken?")
        await play.settled()
        (answer,) = play.answers(asked)
        assert "The pump." in answer
        assert "in this channel: the app lacks the permission channels:history. Add it to the app" in answer


async def test_small_pages_are_all_read() -> None:
    async with scene(words("The pump."), emulator=Options(limits=False, history_page=15)) as play:
        root = await asked_in_a_thread(play, 20)
        assert "reply 19." in sent(play)
        assert "could" not in play.answers(root)[0]


async def test_names_that_cannot_be_had_keep_no_question() -> None:
    async with scene(words("The pump."), emulator=without("users:read", "channels:read")) as play:
        slack = play.slack
        asked = await slack.say(slack.ada, slack.general, f"{slack.mention()} ask <@{slack.ben.id}>, is it broken?")
        await play.settled()
        assert len(play.answers(asked)) == 1
        assert f"{slack.ada.id}: ask @{slack.ben.id}, is it broken?" in sent(play)
