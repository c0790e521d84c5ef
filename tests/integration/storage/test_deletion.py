"""Deletions beside other processes: whoever writes at the same moment, nothing of a message is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from bot.errors import ClaimLost
from bot.turns.effects import TELLING, ForgetConversation, ForgetPerson, Nothing
from bot.types import Draft, Turn, Within
from storage import open_store
from storage.sql import SqlStore
from tests.contract.stores.conftest import claim
from tests.contract.stores.samples import KEY, entry, incoming, remembered, settlement
from tests.fakes import START, ManualClock
from tests.integration.storage.test_queue import Process, url

__all__ = ["url"]  # fixtures

CHANNEL = replace(KEY, thread="")
ROUNDS = 20
SECRET = "hunter2"


@pytest.fixture
async def stores(url: str, clock: ManualClock) -> AsyncIterator[tuple[SqlStore, SqlStore]]:
    """The stores of two processes."""
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(open_store(url, clock=clock)) for _ in range(2)]
        yield one, other


async def test_the_process_that_answers_hears_of_a_deletion_in_another(
    url: str, stores: tuple[SqlStore, SqlStore]
) -> None:
    one, other = stores
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work(_turn: Turn) -> None:
        begun.set()
        await ended.wait()

    process = Process(url, one, work, "w1")
    async with process.queue.serve(concurrency=5):
        id = await one.enqueue(incoming("a", message_id="s-a"))
        await asyncio.wait_for(begun.wait(), 20)
        await other.delete_messages(CHANNEL, ["s-a"])
        await asyncio.wait_for(process.told.wait(), 20)
        assert process.stops == [(KEY, [id])]
        ended.set()
        process.queue.close_entrance()
        await process.dispatcher.aclose(grace=10)


@pytest.mark.parametrize("delay", [0.0, 0.002, 0.004])
async def test_a_question_and_its_deletion_at_the_same_moment_leave_nothing(
    stores: tuple[SqlStore, SqlStore], delay: float
) -> None:
    one, other = stores

    async def delete(name: str) -> None:
        await asyncio.sleep(delay)
        await other.delete_messages(CHANNEL, [name])

    for number in range(ROUNDS):
        asked = incoming(f"{number}", text=SECRET, message_id=f"s-{number}")
        await asyncio.gather(one.enqueue(asked), delete(f"s-{number}"))
    assert await one.claim(KEY, worker="w") is None
    assert not await one.open_conversations()


@pytest.mark.parametrize("delay", [0.0, 0.002, 0.004, 0.008])
async def test_an_answer_recorded_while_its_question_is_deleted_leaves_nothing(
    stores: tuple[SqlStore, SqlStore], delay: float
) -> None:
    one, other = stores
    for number in range(ROUNDS):
        await one.enqueue(incoming(f"{number}", text=SECRET, message_id=f"s-{number}", seconds=number))
        turn = await claim(one)
        ended = settlement(entry(f"{number}", text=SECRET), conversation=remembered(), draft=Draft(status="done"))

        async def delete(name: str = f"s-{number}") -> None:
            await asyncio.sleep(delay)
            await other.delete_messages(CHANNEL, [name])

        await asyncio.gather(one.record(turn, ended), delete())
        if not await one.close(turn):
            await one.close(turn, retracted=True)
    assert await one.get_entries(KEY, start=0) == []


async def test_a_claim_and_a_deletion_at_the_same_moment_do_not_bring_a_question_back(
    stores: tuple[SqlStore, SqlStore],
) -> None:
    one, other = stores
    for number in range(ROUNDS):
        await one.enqueue(incoming(f"{number}", text=SECRET, message_id=f"s-{number}", seconds=number))
        turn, _ = await asyncio.gather(one.claim(KEY, worker="w"), other.delete_messages(CHANNEL, [f"s-{number}"]))
        if turn is not None:
            try:
                assert await one.check_claim(turn)
            except ClaimLost:
                continue
            await one.record(turn, settlement())
            await one.close(turn, retracted=True)
    assert not await one.open_conversations()


async def test_deletions_of_several_processes_lose_nothing_of_each_other(stores: tuple[SqlStore, SqlStore]) -> None:
    one, other = stores
    names = [str(number) for number in range(ROUNDS)]
    await one.append_entries(KEY, [entry(name) for name in names])
    await one.save_conversation(KEY, remembered(window_start=0, memory=""))
    await asyncio.gather(
        *(store.delete_messages(CHANNEL, [f"s-{name}"]) for name in names for store in (one, other)),
        *(store.forget_memory(KEY) for store in (one, other)),
    )
    conversation = await one.get_conversation(KEY)
    assert conversation is not None
    assert await one.get_entries(KEY, start=0) == []
    assert (conversation.prompt_digest, conversation.revision) == ("deleted", ROUNDS + 2)


async def test_commands_that_forget_and_places_that_go_at_the_same_moment_wait_for_each_other(
    stores: tuple[SqlStore, SqlStore], clock: ManualClock
) -> None:
    one, other = stores
    gone = Within(platform=KEY.platform, workspace=KEY.workspace, channel=KEY.channel)
    for number in range(ROUNDS):
        clock.advance(1)
        asked = [incoming(f"{name} {number}", seconds=number + 1, sent_at=clock()) for name in "abc"]
        await one.begin(asked[0])
        await asyncio.gather(
            one.carry_out(asked[0], ForgetConversation(key=KEY), lambda _: SECRET),
            one.carry_out(asked[1], ForgetPerson(platform=KEY.platform, id="U1"), lambda _: SECRET),
            one.carry_out(asked[2], Nothing(), lambda _: SECRET),
            other.delete_place(gone),
            other.delete_place(replace(gone, thread=KEY.thread)),
        )
    clock.advance(TELLING.total_seconds())
    await other.delete_place(gone)
    assert await one.take_pending_answers(KEY.platform, since=START) == []
