"""What waits when a process stops is answered as it reads at the next start, if it still stands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

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


ASKED = [in_a_thread, outside_threads, directly]


async def left_open(store: MemoryStore, slack: RunningSlack, ask: Callable[..., Awaitable[Message]]) -> Message:
    """Stop a process while it answers; nobody listens from then on."""
    async with scene(words("One."), [asyncio.Event()], slack=slack, store=store) as play:
        root = await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
        await play.settled()
        asked = await ask(slack, root)
        await play.until(lambda: len(play.model.asked) == 2)
        await play.dispatcher.aclose(grace=0)
    slack.deliveries.hold()
    return asked


@pytest.mark.parametrize("ask", ASKED)
async def test_a_question_that_was_deleted_meanwhile_is_not_answered(ask: Callable[..., Awaitable[Message]]) -> None:
    store = MemoryStore(clock=now)
    async with running_slack(Options(limits=False)) as slack:
        asked = await left_open(store, slack, ask)
        await slack.delete(asked)
        slack.deliveries.give_up()
        async with scene(words("Never."), slack=slack, store=store) as again:
            await again.settled()
            assert not again.model.asked
            assert [text.split("\n")[0] for text in again.answers(asked)] in ([], ["One."])
        assert SECRET not in str(vars(store))


@pytest.mark.parametrize("ask", ASKED)
async def test_a_question_that_was_edited_meanwhile_is_answered_as_it_reads(
    ask: Callable[..., Awaitable[Message]],
) -> None:
    store = MemoryStore(clock=now)
    async with running_slack(Options(limits=False)) as slack:
        asked = await left_open(store, slack, ask)
        await slack.edit(asked, f"{slack.mention()} who is there?")
        slack.deliveries.give_up()
        async with scene(words("Me."), slack=slack, store=store) as again:
            await again.settled()
            (request,) = again.model.asked
            assert request.entries[-1].text.endswith("who is there?")
            assert SECRET not in str(request.entries)
