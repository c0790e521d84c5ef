"""What is delivered twice is done once and told once: commands, refusals, forms and buttons."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import ChangedSince
from bot.parameters import Scope
from bot.types import ConversationKey
from storage import migrate, open_store
from storage.sql import SqlStore
from tests.emulators.slack import RunningSlack
from tests.emulators.slack.deliveries import Delivery
from tests.emulators.slack.options import Options
from tests.emulators.slack.server import running_slack
from tests.fakes import incoming, words
from tests.integration.slack.scene import Scene, held, now, scene
from tests.loose_store import LooseStore


def told(slack: RunningSlack) -> list[str]:
    """What people were told alone, and what stands in threads as answers of commands."""
    return [slack.shown(whisper) for whisper in slack.whispers]


async def deliver_again(play: Scene, *, times: int = 1) -> None:
    """Everything that has come is delivered once more, as Slack does when acknowledgements get lost."""
    for delivery in [*play.slack.deliveries.log] * times:
        await play.slack.deliveries.again(delivery)
    await play.settled()
    await until_quiet(play)


async def until_quiet(play: Scene) -> None:
    """Wait until nothing is being told any more."""
    while any(task.get_name() == "message for one person" for task in asyncio.all_tasks()):
        await asyncio.sleep(0.01)


async def digests(play: Scene) -> int:
    slack = play.slack
    key = ConversationKey(platform="slack", workspace=slack.team.id, channel=slack.general.id, thread="")
    return len(await play.store.get_schedules(key))


async def value(play: Scene, name: str) -> str | None:
    slack = play.slack
    scope = Scope(kind="channel", key=f"slack/{slack.team.id}/{slack.general.id}")
    found: str | None = (await play.store.get_settings([scope]))[scope].get(name)
    return found


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param("digest add daily at 9:00", "Digest 1 is set", id="a-digest"),
        pytest.param("set channel max_tokens 40", "is now `40`", id="a-setting"),
        pytest.param("unset channel max_tokens", "was not set", id="taking-back"),
        pytest.param("forget here", "Deleted: this conversation", id="forgetting"),
        pytest.param("help", "Mention me in a channel", id="help"),
        pytest.param("usage", "the last 30 days", id="usage"),
        pytest.param("show", "parameter", id="show"),
        pytest.param("stop", "Nothing is being answered here.", id="stop"),
        pytest.param("!set channel max_tokens enormous", "max_tokens cannot be", id="a-bad-value"),
        pytest.param("!digest add daily", "Add a time", id="a-bad-time"),
        pytest.param("digest remove 9", "no such digest", id="a-missing-digest"),
        pytest.param("/frobnicate", "There is no command", id="an-unknown-command"),
        pytest.param("", "Ask me something", id="a-bare-mention"),
    ],
)
async def test_a_command_by_mention_is_carried_out_and_told_once(text: str, answer: str) -> None:
    async with scene() as play:
        slack = play.slack
        await slack.say(slack.ada, slack.general, f"{slack.mention()} {text}".strip())
        await play.until(lambda: told(slack))
        await play.settled()
        await deliver_again(play, times=2)
        assert len(told(slack)) == 1
        assert answer in told(slack)[0]
        assert await digests(play) == ("digest add daily at" in text)
        assert play.model.asked == []


async def test_a_command_that_is_told_late_leaves_what_was_set_since() -> None:
    store = LooseStore(clock=lambda: now() + timedelta(seconds=20))
    async with scene(store=store) as play:
        slack = play.slack
        slack.deliveries.hold()
        await slack.say(slack.ada, slack.general, f"{slack.mention()} set channel max_tokens 40")
        channel = Scope(kind="channel", key=f"slack/{slack.team.id}/{slack.general.id}")
        await play.inbox.set_parameters(channel, {"max_tokens": "50"}, asked=incoming("", is_admin=True, sent_at=now()))
        slack.deliveries.release()
        await play.until(lambda: told(slack))
        await deliver_again(play)
        assert told(slack) == [str(ChangedSince()).replace("/show", "/seed show")]
        assert await store.get_everywhere("max_tokens") == {channel: "50"}


@pytest.mark.parametrize("place", ["direct", "thread"])
async def test_a_command_in_a_direct_message_or_by_its_mark_is_redelivered_in_vain(place: str) -> None:
    async with scene(words("One.")) as play:
        slack = play.slack
        where = slack.direct(slack.ada) if place == "direct" else slack.general
        question = await slack.say(slack.ada, where, f"{slack.mention()} one?")
        await play.settled()
        thread = "" if place == "direct" else question.ts
        await slack.say(slack.ada, where, "!digest add daily at 9:00", thread_ts=thread)
        await slack.say(slack.ada, where, "!set channel max_tokens enormous", thread_ts=thread)
        await play.until(lambda: len(told(slack)) == 2)
        await deliver_again(play)
        assert len(told(slack)) == 2
        assert len(play.store._schedules) == 1
        assert len(play.model.asked) == 1


async def test_where_one_question_is_answered_the_refusal_of_a_second_is_told_once() -> None:
    async with scene(words("One.")) as play:
        slack = play.slack
        await slack.slash(slack.ada, slack.general, "/seed", "set channel follow_ups off")
        await play.until(lambda: told(slack))
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
        await play.settled()
        await slack.say(slack.ada, slack.general, f"{slack.mention()} two?", thread_ts=question.ts)
        await play.until(lambda: len(told(slack)) == 2)
        await deliver_again(play)
        assert len([item for item in told(slack) if "only the first question in a thread" in item]) == 1


async def test_a_slash_command_is_redelivered_in_vain() -> None:
    async with scene(words("Because.")) as play:
        slack = play.slack
        for text in ("digest add weekly friday at 16:00", "frobnicate", "", "ask", "ask max_tokens=0 why?", "ask why?"):
            await slack.slash(slack.ada, slack.general, "/seed", text)
        await play.until(lambda: len(told(slack)) == 5)
        await play.settled()
        await deliver_again(play, times=2)
        assert len(told(slack)) == 5
        assert await digests(play) == 1
        shown = [slack.shown(message) for message in slack.messages(slack.general) if not message.is_reply]
        assert len(shown) == 1
        assert "asks: why?" in shown[0]
        assert len(play.model.asked) == 1


async def test_a_form_that_comes_again_late_does_not_undo_what_was_set_since() -> None:
    async with scene() as play:
        slack = play.slack
        await slack.slash(slack.ada, slack.general, "/seed", "settings")
        await play.until(lambda: slack.open_view(slack.ada))
        submitted = await slack.submit_view(slack.ada, {"max_tokens": "900"})
        await play.until(lambda: told(slack))
        await slack.slash(slack.ada, slack.general, "/seed", "set max_tokens 800")
        await play.until(lambda: len(told(slack)) == 2)
        again = await slack.deliveries.again(submitted)
        await until_quiet(play)
        assert again.acknowledged
        assert not again.answer
        assert await value(play, "max_tokens") == "800"
        assert len(told(slack)) == 2


async def test_a_press_that_comes_again_late_stops_and_judges_and_repeats_nothing() -> None:
    gate = asyncio.Event()
    async with scene(words("One."), words("Another."), held(gate, "Two ", "whole.")) as play:
        slack = play.slack
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
        await play.settled()
        (answer,) = slack.answers(slack.general, question.ts)
        regenerated = await slack.press(slack.ada, answer, "seedling_regenerate")
        await play.settled()
        good = await slack.press(slack.ada, answer, "seedling_feedback", True)
        await slack.press(slack.ada, answer, "seedling_feedback", False)
        for item in (regenerated, good):
            await slack.deliveries.again(item)
        await play.settled()
        gate.set()
        assert len(play.model.asked) == 2
        assert list(play.store.feedback.values()) == [False]
        assert told(slack) == []


async def test_stop_comes_again_when_the_next_question_is_being_answered() -> None:
    first, second = asyncio.Event(), asyncio.Event()
    async with scene(held(first, "One ", "tail"), held(second, "Two ", "whole.")) as play:
        slack = play.slack
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
        await play.until(lambda: slack.calls("chat.startStream"))
        await slack.press_stop(slack.ada, slack.answers(slack.general, question.ts)[0])
        await play.settled()
        (stop,) = [item for item in slack.deliveries.log if _type(item) == "agent_session_stopped"]
        await slack.say(slack.ada, slack.general, "and two?", thread_ts=question.ts)
        await play.until(lambda: len(play.model.asked) == 2)
        await slack.deliveries.again(stop)
        second.set()
        await play.settled()
        assert "Two whole." in play.answers(question)[1]


def _type(delivery: Delivery) -> str:
    return str(delivery.payload.get("event", {}).get("type", ""))


async def test_pressing_twice_is_done_once_and_said_so() -> None:
    gate = asyncio.Event()
    async with scene(words("One."), held(gate, "Another ", "one.")) as play:
        slack = play.slack
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
        await play.settled()
        (answer,) = slack.answers(slack.general, question.ts)
        pressed = [await slack.press(slack.ada, answer, "seedling_regenerate") for _ in range(2)]
        await play.until(lambda: told(slack))
        for item in pressed:
            await slack.deliveries.again(item)
        await until_quiet(play)
        gate.set()
        await play.settled()
        assert told(slack) == ["I am already on it."]
        assert len(play.model.asked) == 2


# ---------------------------------------------------------------- a crash between the effect and the telling


@pytest.fixture
async def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/seedling.db"
    await migrate(url)
    return url


@pytest.fixture
async def slack() -> AsyncIterator[RunningSlack]:
    async with running_slack(Options(limits=False)) as slack:
        yield slack


def opened(url: str) -> AbstractAsyncContextManager[SqlStore]:
    """The store of another start, over the same file."""
    return open_store(url, clock=now)


@pytest.mark.parametrize("way", ["mention", "slash", "form"])
async def test_what_was_carried_out_before_a_crash_is_told_after_it_and_not_done_again(
    slack: RunningSlack, url: str, way: str
) -> None:
    async with opened(url) as store, scene(slack=slack, store=store) as play:
        slack.fault("chat.postEphemeral", error="fatal_error", times=99)
        slack.fault("response_url", http_status=500, times=99)
        if way == "mention":
            await slack.say(slack.ada, slack.general, f"{slack.mention()} digest add daily at 9:00")
        elif way == "slash":
            await slack.slash(slack.ada, slack.general, "/seed", "digest add daily at 9:00")
        else:
            await slack.slash(slack.ada, slack.general, "/seed", "settings")
            await play.until(lambda: slack.open_view(slack.ada))
            await slack.submit_view(slack.ada, {"max_tokens": "900"})
        await play.until(lambda: slack.calls("chat.postEphemeral"))
        before = [*slack.deliveries.log]
    assert told(slack) == []
    slack.faults.clear()
    async with opened(url) as store, scene(slack=slack, store=store) as play:
        await play.until(lambda: told(slack))
        for item in before:
            await slack.deliveries.again(item)
        await until_quiet(play)
        assert len(told(slack)) == 1
        assert await digests(play) == (way != "form")
        assert await value(play, "max_tokens") == ("900" if way == "form" else None)
    async with opened(url) as store, scene(slack=slack, store=store) as play:
        await until_quiet(play)
        assert len(told(slack)) == 1


async def test_a_question_that_was_about_to_be_shown_is_not_asked_twice(slack: RunningSlack, url: str) -> None:
    """Between the question being shown and being stored, nobody knows whether it stands there."""
    async with opened(url) as store, scene(slack=slack, store=store) as play:
        slack.fault("chat.postMessage", error="fatal_error", times=99)
        asked = await slack.slash(slack.ada, slack.general, "/seed", "ask why?")
        await play.until(lambda: slack.calls("chat.postMessage"))
    slack.faults.clear()
    async with opened(url) as store, scene(slack=slack, store=store) as play:
        await play.until(lambda: told(slack))
        await slack.deliveries.again(asked)
        await until_quiet(play)
        assert told(slack) == ["Slack is not answering me right now. Please try again in a moment."]
        assert slack.messages(slack.general) == []
