"""What people do while nobody listens, and Slack no longer delivers, is found at the next start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from adapters.slack.api.history import Urgency
from adapters.slack.events import backfill
from bot.backoff import BackoffTimes
from bot.chat.rate_limit import Priority
from storage.in_memory.store import MemoryStore
from tests.emulators.slack import Message, Options, RunningSlack, running_slack
from tests.fakes import words
from tests.integration.slack.scene import now, scene

Ask = Callable[[RunningSlack], Awaitable[Message]]


async def in_an_unknown_channel(slack: RunningSlack) -> Message:
    place = slack.channel("never-asked-here")
    return await slack.say(slack.ada, place, f"{slack.mention()} are you there?")


async def in_a_thread_of_people(slack: RunningSlack) -> Message:
    root = await slack.say(slack.ben, slack.general, "tea?")
    return await slack.say(slack.ada, slack.general, f"{slack.mention()} are you there?", thread_ts=root.ts)


async def directly(slack: RunningSlack) -> Message:
    return await slack.say(slack.ben, slack.direct(slack.ben), "are you there?")


@pytest.mark.parametrize("ask", [in_an_unknown_channel, in_a_thread_of_people, directly])
async def test_what_is_asked_anywhere_while_nobody_listens_is_answered_once(ask: Ask) -> None:
    store = MemoryStore(clock=now)
    async with running_slack(Options(limits=False)) as slack:
        async with scene(words("One."), slack=slack, store=store) as play:
            await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
            await play.settled()
        slack.deliveries.hold()
        await ask(slack)
        slack.deliveries.give_up()
        for _ in range(2):
            async with scene(words("Yes."), slack=slack, store=store) as again:
                await again.until(lambda: len(store._turns) == 2)
                await again.settled()
        assert [turn.incoming.text for turn in store._turns.values()] == ["one?", "are you there?"]


async def test_a_first_start_answers_nothing_of_before() -> None:
    async with running_slack(Options(limits=False)) as slack:
        slack.deliveries.hold()
        await slack.say(slack.ada, slack.general, f"{slack.mention()} before?")
        slack.deliveries.give_up()
        async with scene(words("One."), slack=slack) as play:
            await slack.say(slack.ada, slack.general, f"{slack.mention()} now?")
            await play.settled()
        assert [turn.incoming.text for turn in play.store._turns.values()] == ["now?"]


async def test_what_is_edited_or_deleted_meanwhile_is_followed() -> None:
    store = MemoryStore(clock=now)
    async with running_slack(Options(limits=False)) as slack:
        async with scene(words("One."), words("Two."), slack=slack, store=store) as play:
            root = await slack.say(slack.ada, slack.general, f"{slack.mention()} is it blue?")
            await play.settled()
            secret = await slack.say(slack.ada, slack.general, f"{slack.mention()} hunter2?", thread_ts=root.ts)
            await play.settled()
        slack.deliveries.hold()
        await slack.edit(root, f"{slack.mention()} is it green?")
        await slack.delete(secret)
        slack.deliveries.give_up()
        async with scene(words("Three."), slack=slack, store=store) as again:
            await again.until(lambda: "hunter2" not in str(store._turns))
            await again.until(lambda: "is it green?" in str(store._entries))
            await slack.say(slack.ada, slack.general, f"{slack.mention()} and now?", thread_ts=root.ts)
            await again.settled()
            sent = str(again.model.asked[-1].entries)
            assert [text.split("\n")[0] for text in again.answers(root)] == ["One.", "Three."]
        assert "hunter2" not in sent
        assert "is it green?" in sent


async def test_a_connection_that_was_away_for_longer_than_slack_waits_is_a_gap() -> None:
    store = MemoryStore(clock=now)
    async with running_slack(Options(limits=False)) as slack, scene(words("One."), slack=slack, store=store) as play:
        await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
        await play.settled()
        read = len(slack.calls("conversations.history"))
        slack.deliveries.hold()
        asked = await in_an_unknown_channel(slack)
        slack.deliveries.give_up()
        play.platform.was_away(seconds=301)
        await play.until(lambda: slack.answers(asked.channel, asked.ts))
        assert len(slack.calls("conversations.history")) > read


@pytest.mark.parametrize("fault", [
    {"method": "conversations.history", "http_status": 429, "retry_after": 1},
    {"method": "conversations.history", "error": "token_revoked", "times": 2},
    {"method": "users.conversations", "error": "missing_scope"},
])  # fmt: skip
async def test_what_slack_does_not_give_at_once_is_read_later_and_answered_once(
    fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "RESTS", BackoffTimes(first=0.05, longest=0.05, healthy=0))
    monkeypatch.setattr(backfill, "BESIDE_OTHERS", Urgency(priority=Priority.BACKGROUND, patience=0.5))
    store = MemoryStore(clock=now)
    async with running_slack(Options(limits=False)) as slack:
        async with scene(words("One."), slack=slack, store=store) as play:
            await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
            await play.settled()
        slack.deliveries.hold()
        await slack.say(slack.ben, slack.general, f"{slack.mention()} are you there?")
        await in_an_unknown_channel(slack)
        slack.deliveries.give_up()
        slack.fault(**fault)
        async with scene(words("Yes."), words("Yes, here."), slack=slack, store=store) as again:
            await again.until(lambda: len(store._turns) == 3)
            await again.settled()
            assert len(again.model.asked) == 2


@pytest.mark.parametrize(("before", "after"), [
    (timedelta(hours=1), timedelta()),
    (timedelta(minutes=3), timedelta(minutes=3)),
    (timedelta(hours=13), timedelta(hours=13)),
    (timedelta(hours=-1), timedelta(hours=-1)),
])  # fmt: skip
async def test_a_clock_that_is_wrong_hides_nothing_of_a_gap(before: timedelta, after: timedelta) -> None:
    store = MemoryStore(clock=now)
    async with running_slack(Options(limits=False)) as slack:
        async with scene(words("One."), slack=slack, store=store, clock=lambda: now() + before) as play:
            await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
            await play.settled()
        slack.deliveries.hold()
        await in_an_unknown_channel(slack)
        slack.deliveries.give_up()
        async with scene(words("Yes."), slack=slack, store=store, clock=lambda: now() + after) as again:
            await again.until(lambda: len(store._turns) == 2)
            await again.settled()
