"""What a store promises of answers that stand when their questions are deleted: they are taken back, once."""

from __future__ import annotations

import pytest

from bot.types import FollowUp, Usage, Within
from tests.contract.stores.conftest import AnyStore, claim
from tests.contract.stores.deleting import CHANNEL, answer_of, answered, asked, taken_back, under_way
from tests.contract.stores.samples import KEY, entry, pay, settlement
from tests.fakes import ManualClock, settle


async def test_an_answer_that_stands_is_taken_back_once_when_its_question_is_deleted(
    store: AnyStore, clock: ManualClock
) -> None:
    begin = clock()
    turn = await under_way(store, "a")
    await pay(store, turn, Usage(input=7))
    await store.set_reply_ref(turn, "ref", ["r-1"])
    await settle(store, turn, settlement(entry("a"), answer_of(turn)))
    outcome = await store.delete_messages(CHANNEL, ["s-a"])
    assert dict(outcome.interrupted) == {KEY: (turn.id,)}
    assert (await store.queue_figures()).oldest_accepted_at is None
    assert await taken_back(store) == [turn.id]
    await store.delete_messages(CHANNEL, ["s-a", "r-1"])
    figures = await store.queue_figures()
    assert (figures.queued, figures.recovered, figures.cancelled) == (0, 0, 1)
    clock.advance(1)
    assert (await store.usage_totals(since=begin, until=clock())).input == 7


async def test_what_was_asked_meanwhile_waits_for_nothing_but_the_taking_back(store: AnyStore) -> None:
    turn = await answered(store, "a")
    await store.enqueue(asked("b", seconds=2))
    await store.delete_messages(CHANNEL, ["s-a"])
    again = await claim(store)
    assert again.id == turn.id
    await store.close(again, retracted=True)
    assert (await claim(store)).incoming.dedupe_key == "b"


@pytest.mark.parametrize("order", ["ab", "ba"])
@pytest.mark.parametrize("at_once", [False, True])
async def test_an_answer_to_several_stands_until_all_of_them_are_deleted(
    store: AnyStore, order: str, *, at_once: bool
) -> None:
    turn = await under_way(store, *"ab")
    await store.set_reply_ref(turn, "ref", ["r-1"])
    await settle(store, turn, settlement(entry("a"), entry("b"), answer_of(turn)))
    if not at_once:
        await store.delete_messages(CHANNEL, [f"s-{order[0]}"])
        assert not await store.open_conversations()
    await store.delete_messages(CHANNEL, [f"s-{name}" for name in order])
    assert await taken_back(store) == [turn.id]


async def test_other_answers_to_a_deleted_question_are_taken_back_too(store: AnyStore) -> None:
    turn = await answered(store, "a")
    second = await answered(store, f"{FollowUp.REGENERATE.value}:{turn.id}", message_id="", seconds=2)
    await answered(store, "b", seconds=3)
    await store.delete_messages(CHANNEL, ["s-a"])
    assert await taken_back(store) == [turn.id, second.id]


async def test_nothing_is_taken_back_of_what_was_forgotten_or_removed_by_others(store: AnyStore) -> None:
    await answered(store, "a")
    await store.delete_messages(CHANNEL, ["r-a"])
    await store.forget_conversation(KEY)
    await store.delete_place(Within(platform=KEY.platform, workspace=KEY.workspace, channel=KEY.channel))
    assert not await store.open_conversations()
