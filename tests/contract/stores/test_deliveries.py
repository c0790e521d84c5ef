"""What a store of deliveries promises: carried out once, told once, taken over after a crash, and then forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import time, timedelta

import pytest

from bot.parameter_resolver import scopes_of
from bot.turns.effects import (
    TELLING,
    AcceptTurns,
    AddDigest,
    ForgetConversation,
    ForgetNotes,
    ForgetPerson,
    NoteFeedback,
    Nothing,
    PauseDigest,
    RemoveDigest,
    SetParameters,
    StopTurns,
)
from bot.types import Attachment, NewSchedule, PendingAnswer, Within
from tests.contract.stores.conftest import AnyStore, claim
from tests.contract.stores.samples import ADA, KEY, OTHER, WORDS, at, entry, incoming, remembered
from tests.fakes import START, ManualClock

CHANNEL = scopes_of(KEY)[1]
PLACE = Within(platform=KEY.platform, workspace=KEY.workspace, channel=KEY.channel)
LONG_AGO = START - timedelta(days=1)
ASKED = incoming(
    "k",
    text=f"/set persona {WORDS}",
    attachments=(Attachment(id="f", name="a.txt", size=3),),
    overrides={"max_tokens": "9"},
    platform_data={"channel": "C1"},
    reply_ref="i/1/token",
    private=True,
    is_top_level=True,
    time_zone="Europe/Berlin",
)


async def tell(store: AnyStore, name: str = "k", text: str = "told") -> str | None:
    """What a delivery that only tells something is told now."""
    done = await store.carry_out(incoming(name), Nothing(), lambda _: text)
    return None if done is None else done.answer


async def test_a_delivery_is_carried_out_once(store: AnyStore) -> None:
    change = SetParameters(scope=CHANNEL, values={"persona": WORDS, "stop": None})
    done = await store.carry_out(ASKED, change, lambda changed: f"{changed} changed")
    assert done is not None
    assert (done.result, done.answer) == (1, "1 changed")
    await store.put_setting(CHANNEL, "persona", "another")
    assert await store.carry_out(ASKED, change, str) is None
    assert await store.get_settings([CHANNEL]) == {CHANNEL: {"persona": "another"}}


async def test_another_platform_may_name_a_delivery_alike(store: AnyStore) -> None:
    assert await tell(store) == "told"
    elsewhere = incoming("k", key=type(KEY)(platform="discord", workspace="T1", channel="C1", thread=""))
    assert await store.carry_out(elsewhere, Nothing(), lambda _: "told") is not None


async def test_nothing_is_done_and_nothing_remembered_when_a_change_fails(store: AnyStore) -> None:
    def broken(_: int) -> str:
        raise RuntimeError("a bug")

    change = SetParameters(scope=CHANNEL, values={"persona": WORDS})
    with pytest.raises(RuntimeError):
        await store.carry_out(ASKED, change, broken)
    assert await store.carry_out(ASKED, change, str) is not None


async def test_digests_are_changed(store: AnyStore) -> None:
    wanted = NewSchedule(key=KEY, author=ADA, at=time(9), weekday=None, time_zone="UTC", next_at=at(60), since=at(0))
    done = await store.carry_out(incoming("add"), AddDigest(schedule=wanted), lambda added: f"digest {added.id}")
    assert done is not None
    id = done.result.id
    assert done.answer == f"digest {id}"
    await store.carry_out(incoming("pause"), PauseDigest(id=id, paused=True, next_at=at(90)), str)
    assert [(schedule.paused, schedule.next_at) for schedule in await store.get_schedules(KEY)] == [(True, at(90))]
    await store.carry_out(incoming("remove"), RemoveDigest(id=id), str)
    assert await store.get_schedules(KEY) == []


async def test_turns_are_accepted_together_stopped_and_judged(store: AnyStore) -> None:
    questions = (incoming("q1", seconds=1), incoming("q2", seconds=2))
    first = await store.carry_out(incoming("again"), AcceptTurns(questions=questions), lambda _: "")
    assert first is not None
    assert None not in first.result
    second = await store.carry_out(incoming("once more"), AcceptTurns(questions=questions), lambda _: "known")
    assert second is not None
    assert second.result == (None, None)
    stopped = await store.carry_out(incoming("stop"), StopTurns(key=KEY), lambda ids: f"{len(ids)} stopped")
    assert stopped is not None
    assert stopped.result == first.result
    id = first.result[0] or 0
    assert await store.carry_out(incoming("good"), NoteFeedback(turn=id, person="U1", good=True), str) is not None


async def test_notes_are_dropped(store: AnyStore) -> None:
    done = await store.carry_out(incoming("none"), ForgetNotes(key=KEY), str)
    assert done is not None
    assert done.result is False
    await store.append_entries(KEY, [entry("a")])
    await store.save_conversation(KEY, remembered(window_start=0, memory="notes"))
    done = await store.carry_out(incoming("some"), ForgetNotes(key=KEY), str)
    assert done is not None
    assert done.result is True
    assert [item.id for item in await store.get_entries(KEY, start=0)] == ["a"]
    conversation = await store.get_conversation(KEY)
    assert conversation is not None
    assert conversation.memory == ""


async def test_forgetting_counts_and_its_own_answer_stays_owed(store: AnyStore, clock: ManualClock) -> None:
    for number, change in enumerate((ForgetConversation(key=KEY), ForgetPerson(platform="slack", id="U1"))):
        await store.append_entries(KEY, [entry(f"e{number}")])
        await store.carry_out(incoming(f"before {number}"), Nothing(), lambda _: "my secret is 1234")
        done = await store.carry_out(incoming(f"forget {number}"), change, lambda gone: f"{gone.entries} gone")
        assert done is not None
        assert done.answer == "1 gone"
    clock.advance(TELLING.total_seconds())
    assert [answer.answer for answer in await store.take_pending_answers("slack", since=LONG_AGO)] == ["1 gone"]


# ---------------------------------------------------------------- what is owed


async def test_what_is_told_is_not_told_again(store: AnyStore, clock: ManualClock) -> None:
    await tell(store)
    await store.mark_answered("slack", "k")
    clock.advance(3_600)
    assert await tell(store) is None
    assert await store.take_answer(incoming("k")) is None
    assert await store.take_pending_answers("slack", since=LONG_AGO) == []


async def test_nothing_is_owed_where_nothing_is_to_be_told(store: AnyStore, clock: ManualClock) -> None:
    await tell(store, text="")
    clock.advance(3_600)
    assert await store.take_answer(incoming("k")) is None
    assert await store.take_pending_answers("slack", since=LONG_AGO) == []


async def test_an_answer_belongs_to_who_carried_it_out_for_a_while(store: AnyStore, clock: ManualClock) -> None:
    await tell(store)
    clock.advance(TELLING.total_seconds() - 1)
    assert await store.take_answer(incoming("k")) is None
    assert await store.take_pending_answers("slack", since=LONG_AGO) == []
    clock.advance(1)
    assert await store.take_answer(incoming("k")) == "told"
    assert await store.take_answer(incoming("k")) is None


async def test_a_page_that_asks_again_is_told_at_once(store: AnyStore) -> None:
    """Whoever carried it out has nobody to tell any more: the page's connection broke."""
    asked = replace(incoming("k"), key=replace(KEY, platform="local"))
    await store.carry_out(asked, Nothing(), lambda _: "told")
    assert await store.take_answer(asked) == "told"
    await store.mark_answered("local", "k")
    assert await store.take_answer(asked) is None


async def test_what_is_owed_comes_with_all_that_telling_takes_and_no_words(store: AnyStore, clock: ManualClock) -> None:
    await store.carry_out(ASKED, Nothing(), lambda _: WORDS)
    await tell(store, "later")
    clock.advance(TELLING.total_seconds())
    first, second = await store.take_pending_answers("slack", since=LONG_AGO)
    assert first.answer == WORDS
    kept = first.incoming
    assert (kept.key, kept.author, kept.sent_at, kept.platform_data) == (
        ASKED.key,
        ADA,
        ASKED.sent_at,
        ASKED.platform_data,
    )
    assert (kept.reply_ref, kept.private, kept.is_top_level) == (ASKED.reply_ref, True, True)
    assert (kept.text, kept.attachments, dict(kept.overrides)) == ("", (), {})
    assert second.incoming.dedupe_key == "later"
    assert await store.take_pending_answers("slack", since=LONG_AGO) == []


async def test_other_platforms_and_what_is_too_old_are_not_owed(store: AnyStore, clock: ManualClock) -> None:
    await tell(store)
    clock.advance(TELLING.total_seconds())
    assert await store.take_pending_answers("discord", since=LONG_AGO) == []
    assert await store.take_pending_answers("slack", since=clock()) == []
    assert await store.take_pending_answers("slack", since=LONG_AGO) == []
    assert await tell(store) is None


# ---------------------------------------------------------------- what was begun


async def test_what_was_begun_is_carried_out_once(store: AnyStore) -> None:
    assert await store.begin(ASKED)
    assert not await store.begin(ASKED)
    assert await store.carry_out(ASKED, Nothing(), lambda _: "told") is not None
    assert await store.carry_out(ASKED, Nothing(), lambda _: "told") is None
    assert not await store.begin(ASKED)


async def test_what_was_begun_and_never_carried_out_comes_back_whole(store: AnyStore, clock: ManualClock) -> None:
    await store.begin(ASKED)
    assert await store.take_answer(ASKED) is None
    clock.advance(TELLING.total_seconds())
    assert await store.take_pending_answers("slack", since=LONG_AGO) == [PendingAnswer(incoming=ASKED, answer=None)]
    assert not await store.begin(ASKED)
    clock.advance(TELLING.total_seconds())
    assert await store.begin(ASKED)


async def test_what_was_begun_and_answered_otherwise_is_over(store: AnyStore, clock: ManualClock) -> None:
    await store.begin(ASKED)
    await store.mark_answered("slack", "k")
    clock.advance(3_600)
    assert not await store.begin(ASKED)
    assert await store.carry_out(ASKED, Nothing(), lambda _: "told") is None
    assert await store.take_pending_answers("slack", since=LONG_AGO) == []


async def test_what_was_begun_elsewhere_is_forgotten_with_its_author_and_place(store: AnyStore) -> None:
    await store.begin(ASKED)
    await store.begin(incoming("other", key=OTHER, author=type(ADA)(id="U2", name="Ben")))
    await store.forget_person("slack", "U1")
    await store.forget_conversation(OTHER)
    assert await store.take_pending_answers("slack", since=LONG_AGO) == []
    assert not await store.begin(ASKED)


async def test_old_deliveries_are_pruned(store: AnyStore, clock: ManualClock) -> None:
    await tell(store, "old")
    clock.advance(10)
    await tell(store, "new")
    assert await store.prune_deliveries(clock(), untold=clock()) == 1
    assert await store.prune_deliveries(clock(), untold=clock()) == 0
    assert await tell(store, "new") is None
    assert await tell(store, "old") == "told"


async def test_what_nobody_came_to_tell_is_dropped_and_its_name_stays(store: AnyStore, clock: ManualClock) -> None:
    await tell(store)
    await store.begin(incoming("begun"))
    clock.advance(3_600)
    assert await store.prune_deliveries(LONG_AGO, untold=clock()) == 0
    assert await store.take_pending_answers("slack", since=LONG_AGO) == []
    assert await tell(store) is None
    assert not await store.begin(incoming("begun"))


async def test_of_two_at_once_one_carries_it_out(store: AnyStore) -> None:
    change = AcceptTurns(questions=(incoming("q"),))
    done = await asyncio.gather(*(store.carry_out(ASKED, change, str) for _ in range(8)))
    assert sum(item is not None for item in done) == 1


# ---------------------------------------------------------------- deletions


async def delete_message(store: AnyStore) -> None:
    await store.delete_messages(KEY, ["s-k"])


async def delete_thread(store: AnyStore) -> None:
    await store.delete_place(replace(PLACE, thread=KEY.thread))


async def delete_channel(store: AnyStore) -> None:
    await store.delete_place(PLACE)


async def delete_workspace(store: AnyStore) -> None:
    await store.delete_place(replace(PLACE, channel=""))


@pytest.mark.parametrize("delete", [delete_message, delete_thread, delete_channel, delete_workspace])
async def test_of_what_is_deleted_nothing_is_owed_any_more(
    store: AnyStore, clock: ManualClock, delete: Callable[[AnyStore], Awaitable[None]]
) -> None:
    begun, carried_out = incoming("begun", message_id="s-k", text=WORDS), incoming("done", message_id="s-k")
    elsewhere = incoming("elsewhere", key=replace(KEY, workspace="T2"), message_id="s-k")
    assert await store.begin(begun)
    assert await store.carry_out(carried_out, Nothing(), lambda _: f"{WORDS} is set") is not None
    assert await store.carry_out(elsewhere, Nothing(), lambda _: "set") is not None
    await delete(store)
    clock.advance(TELLING.total_seconds())
    assert [answer.incoming.key for answer in await store.take_pending_answers("slack", since=LONG_AGO)] == [
        elsewhere.key
    ]
    assert await store.carry_out(carried_out, Nothing(), lambda _: "again") is None


@pytest.mark.parametrize("delete", [delete_message, delete_thread, delete_channel, delete_workspace])
async def test_a_command_that_is_deleted_before_it_comes_is_never_carried_out(
    store: AnyStore, delete: Callable[[AnyStore], Awaitable[None]]
) -> None:
    await delete(store)
    late = incoming("late", message_id="s-k")
    assert not await store.begin(late)
    assert await store.carry_out(late, SetParameters(scope=CHANNEL, values={"persona": WORDS}), str) is None
    assert await store.get_settings([CHANNEL]) == {CHANNEL: {}}
    assert await store.begin(incoming("other", message_id="s-other", seconds=1))


async def test_what_is_answered_of_what_a_command_forgets_is_told_with_its_result(store: AnyStore) -> None:
    await store.enqueue(incoming("a"))
    turn = await claim(store)
    change = ForgetConversation(key=KEY)
    done = await store.carry_out(incoming("forget"), change, lambda gone: f"{gone.entries} gone")
    assert done is not None
    assert change.interrupted(done.result) == {KEY: (turn.id,)}
    assert await store.check_claim(turn)
