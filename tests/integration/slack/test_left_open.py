"""What waits when a process stops is answered as it reads at the next start, if it still stands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.errors import PlatformError
from bot.types import OPEN_STATES
from storage.in_memory.store import MemoryStore
from tests.emulators.slack import Message, Options, RunningSlack, running_slack
from tests.fakes import words
from tests.integration.slack.scene import now, scene

SECRET = "hunter2"
Change = Callable[[RunningSlack, Message], Awaitable[None]]


async def in_a_thread(slack: RunningSlack, root: Message) -> Message:
    return await slack.say(slack.ada, slack.general, f"{slack.mention()} {SECRET}?", thread_ts=root.ts)


async def outside_threads(slack: RunningSlack, root: Message) -> Message:
    return await slack.say(slack.ada, slack.general, f"{slack.mention()} {SECRET}?")


async def directly(slack: RunningSlack, root: Message) -> Message:
    return await slack.say(slack.ada, slack.direct(slack.ada), f"{SECRET}?")


async def by_command(slack: RunningSlack, root: Message) -> Message:
    """Ask by a command, which a message of the bot shows; it goes with that."""
    await slack.slash(slack.ada, slack.general, "/seed", f"ask {SECRET}?")
    while not (shown := [item for item in slack.messages(slack.general) if "asks:" in slack.shown(item)]):
        await asyncio.sleep(0.01)
    return shown[0]


ASKED = [in_a_thread, outside_threads, directly]


async def left_open(
    store: MemoryStore, slack: RunningSlack, ask: Callable[..., Awaitable[Message]], *, killed: bool = False
) -> Message:
    """Stop or kill a process while it answers; nobody listens from then on."""
    async with scene(words("One."), [asyncio.Event()], slack=slack, store=store) as play:
        root = await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
        await play.settled()
        asked = await ask(slack, root)
        await play.until(lambda: len(play.model.asked) == 2)
        await play.dispatcher.aclose(grace=0)
        if killed:
            (key,) = await store.open_conversations()
            await store.claim(key, worker="killed")
    slack.deliveries.hold()
    return asked


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("ask", [*ASKED, by_command])
async def test_a_question_that_was_deleted_meanwhile_is_not_answered(
    ask: Callable[..., Awaitable[Message]], killed: bool
) -> None:
    store = MemoryStore(clock=now)
    async with running_slack(Options(limits=False)) as slack:
        asked = await left_open(store, slack, ask, killed=killed)
        await slack.delete(asked)
        slack.deliveries.give_up()
        async with scene(words("Never."), slack=slack, store=store) as again:
            await again.settled()
            assert not again.model.asked
            assert [text.split("\n")[0] for text in again.answers(asked)] in ([], ["One."])
        assert SECRET not in str(vars(store))


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("ask", ASKED)
async def test_a_question_that_was_edited_meanwhile_is_answered_as_it_reads(
    ask: Callable[..., Awaitable[Message]], killed: bool
) -> None:
    store = MemoryStore(clock=now)
    async with running_slack(Options(limits=False)) as slack:
        asked = await left_open(store, slack, ask, killed=killed)
        await slack.edit(asked, f"{slack.mention()} who is there?")
        slack.deliveries.give_up()
        async with scene(words("Me."), slack=slack, store=store) as again:
            await again.settled()
            (request,) = again.model.asked
            assert request.entries[-1].text.endswith("who is there?")
            assert SECRET not in str(request.entries)


async def test_a_question_that_the_history_does_not_show_yet_is_answered() -> None:
    store = MemoryStore(clock=now)
    async with running_slack(Options(limits=False, history_lag_s=0.5)) as slack:
        asked = await left_open(store, slack, outside_threads, killed=True)
        slack.deliveries.give_up()
        async with scene(words("Here."), slack=slack, store=store) as again:
            await again.settled()
            assert [text.split("\n")[0] for text in again.answers(asked)] == ["Here."]


async def test_all_that_waits_with_a_question_is_looked_at_by_who_only_answers() -> None:
    store = MemoryStore(clock=now)
    async with running_slack(Options(limits=False)) as slack:
        async with scene(words("One."), [asyncio.Event()], [asyncio.Event()], slack=slack, store=store) as play:
            root = await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
            await play.settled()
            said = [
                await slack.say(who, slack.general, text, thread_ts=root.ts)
                for who, text in (
                    (slack.ben, f"<@{slack.ada.id}> {SECRET} is mine"),
                    (slack.ada, f"{slack.mention()} is {SECRET} his?"),
                    (slack.ada, f"{slack.mention()} and {SECRET}?"),
                )
            ]
            await play.until(lambda: len(play.model.asked) == 3)
            await play.dispatcher.aclose(grace=0)
        assert str(play.model.asked[-1].entries).count(SECRET) == 3
        slack.deliveries.hold()
        await slack.delete(said[0])
        await slack.edit(said[1], f"{slack.mention()} is it his?")
        await slack.delete(said[2])
        slack.deliveries.give_up()
        async with scene(words("No."), slack=slack, store=store, listens=False) as worker:
            await worker.until(lambda: not any(turn.state in OPEN_STATES for turn in store._turns.values()))
            (request,) = worker.model.asked
        assert request.entries[-1].text.endswith("is it his?")
        assert SECRET not in str(request.entries)
        assert SECRET not in str(vars(store))


async def test_what_a_failed_look_has_missed_is_followed_when_the_gap_is_read() -> None:
    store = MemoryStore(clock=now)
    async with running_slack(Options(limits=False)) as slack:
        asked = await left_open(store, slack, outside_threads)
        await slack.delete(asked)
        slack.deliveries.give_up()
        slack.fault("conversations.replies", error="channel_not_found")
        async with scene([asyncio.Event()], slack=slack, store=store) as again:
            await again.until(lambda: SECRET not in str(vars(store)))
            await again.settled()
            assert not again.answers(asked)


async def test_a_look_that_fails_keeps_no_answer_away() -> None:
    store = MemoryStore(clock=now)
    async with running_slack(Options(limits=False)) as slack:
        await left_open(store, slack, outside_threads)
        slack.deliveries.give_up()
        slack.fault("conversations.replies", error="channel_not_found")
        async with scene(words("Yes."), slack=slack, store=store, listens=False) as worker:
            await worker.until(lambda: not any(turn.state in OPEN_STATES for turn in store._turns.values()))
            assert len(worker.model.asked) == 1


async def test_where_slack_makes_us_wait_nothing_is_looked_at() -> None:
    store = MemoryStore(clock=now)
    async with running_slack(Options(limits=False)) as slack:
        asked = await left_open(store, slack, outside_threads)
        (key,) = await store.open_conversations()
        async with scene(words("Yes."), slack=slack, store=store, listens=False) as worker:
            await worker.platform.describe(key)
            slack.fault("conversations.replies", http_status=429, retry_after=60, times=1_000)
            for _ in range(2):
                async with asyncio.timeout(10):
                    with pytest.raises(PlatformError):
                        await worker.platform.follow_changes(worker.inbox, key, [asked.ts])
