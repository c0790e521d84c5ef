"""What a store promises of edits: the newest one counts, wherever its message is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.context.transcript import correction_entry
from bot.types import Edit, Task, ThreadMessage
from tests.contract.stores.conftest import AnyStore, claim
from tests.contract.stores.samples import ADA, KEY, OTHER, at, entry, incoming, remembered, settlement
from tests.fakes import ManualClock

CHANNEL = replace(KEY, thread="")


def asked(name: str = "a", **changes: Any) -> Any:
    return incoming(name, text="cats", message_id=f"s-{name}", **changes)


def edit(text: str, *, seconds: float, message_id: str = "s-a") -> Edit:
    when: datetime = at(seconds)
    message = ThreadMessage(message_id=message_id, author=ADA, text=text, sent_at=at(0))
    return Edit(message_id=message_id, text=text, at=when, correction=correction_entry(message, when))


async def texts(store: AnyStore) -> list[str]:
    return [item.entry.text.rpartition(": ")[2] for item in await store.get_entries(KEY, start=0)]


async def test_a_question_that_waits_is_asked_as_it_reads_now(store: AnyStore) -> None:
    await store.enqueue(asked())
    await store.edit_message(CHANNEL, edit("dogs", seconds=20))
    await store.edit_message(CHANNEL, edit("birds", seconds=10))
    assert (await claim(store)).incoming.text == "dogs"


async def test_the_correction_of_a_question_in_mid_answer_follows_its_answer(store: AnyStore) -> None:
    await store.enqueue(asked())
    turn = await claim(store)
    await store.edit_message(CHANNEL, edit("dogs", seconds=10))
    await store.edit_message(CHANNEL, edit("birds", seconds=20))
    assert not await store.check_claim(turn)
    question = replace(entry("a"), message_id="s-a")
    await store.record(turn, settlement(question, entry("answer"), conversation=remembered(window_start=0)))
    assert await texts(store) == ["text a", "text answer", "birds"]
    await store.close(turn)
    found = await store.get_turn(turn.id)
    assert found is not None
    assert found.incoming.text == "birds"


async def test_one_of_several_that_are_answered_together_is_corrected(store: AnyStore) -> None:
    await store.enqueue(asked("a", seconds=1))
    turn = await claim(store)
    await store.enqueue(asked("b", seconds=2))
    turn = await store.coalesce(turn)
    await store.edit_message(CHANNEL, edit("dogs", seconds=30, message_id="s-b"))
    await store.edit_message(CHANNEL, edit("mice", seconds=20, message_id="s-a"))
    await store.record(turn, settlement(entry("a"), entry("b")))
    assert await texts(store) == ["text a", "text b", "mice", "dogs"]


async def test_a_question_put_off_after_an_edit_is_asked_as_it_reads_now(store: AnyStore, clock: ManualClock) -> None:
    await store.enqueue(asked())
    turn = await claim(store)
    await store.edit_message(CHANNEL, edit("dogs", seconds=10))
    await store.reschedule(turn, at(30))
    clock.advance(60)
    again = await claim(store)
    assert again.incoming.text == "dogs"
    await store.record(again, settlement(entry("a")))
    assert await texts(store) == ["text a"]


async def test_a_question_edited_in_mid_answer_is_taken_over_as_it_reads_now(store: AnyStore) -> None:
    await store.enqueue(asked("a", seconds=1))
    turn = await claim(store)
    await store.enqueue(asked("b", seconds=2))
    await store.coalesce(turn)
    for name, text in (("s-a", "dogs"), ("s-b", "birds")):
        await store.edit_message(CHANNEL, edit(text, seconds=10, message_id=name))
    again = await claim(store)
    assert [again.incoming.text, *(item.text for item in again.coalesced)] == ["dogs", "birds"]
    await store.record(again, settlement(entry("a"), entry("b")))
    assert await texts(store) == ["text a", "text b"]


async def test_what_is_recorded_is_corrected_where_it_is_in_view_and_only_forwards(store: AnyStore) -> None:
    await store.append_entries(KEY, [entry("a")])
    await store.append_entries(OTHER, [entry("b")])
    await store.edit_message(CHANNEL, edit("dogs", seconds=20))
    await store.edit_message(CHANNEL, edit("birds", seconds=10))
    await store.edit_message(CHANNEL, edit("dogs", seconds=20))
    assert await texts(store) == ["text a", "dogs"]
    await store.save_conversation(KEY, remembered(window_start=9))
    await store.edit_message(CHANNEL, edit("mice", seconds=30))
    assert len(await texts(store)) == 2


async def test_an_edit_after_which_a_message_reads_as_it_was_sent_corrects_nothing(store: AnyStore) -> None:
    await store.append_entries(KEY, [entry("a", text="[Mon 2026-01-05 09:00 CET] Ada: what is bark")])
    await store.edit_message(CHANNEL, edit("what is bark", seconds=20))  # its mention was added
    assert await texts(store) == ["what is bark"]
    for seconds, text in ((30, "what is lark"), (40, "what is lark"), (50, "what is bark")):
        await store.edit_message(CHANNEL, edit(text, seconds=seconds))
    assert await texts(store) == ["what is bark", "what is lark", "what is bark"]


async def test_an_edit_that_overtakes_its_message_is_kept_for_it_if_that_is_awaited(store: AnyStore) -> None:
    await store.edit_message(CHANNEL, edit("dogs", seconds=10), is_awaited=True)
    await store.edit_message(CHANNEL, edit("birds", seconds=5), is_awaited=True)
    await store.edit_message(CHANNEL, edit("mice", seconds=10, message_id="s-b"))
    await store.enqueue(asked("a"))
    await store.enqueue(asked("b", seconds=1))
    turn = await store.coalesce(await claim(store))
    assert [item.text for item in (turn.incoming, *turn.coalesced)] == ["dogs", "cats"]


async def test_what_is_remembered_for_the_next_question_takes_over_the_edit_that_overtook_it(store: AnyStore) -> None:
    await store.edit_message(CHANNEL, edit("dogs", seconds=10), is_awaited=True)
    await store.enqueue(asked("a", task=Task.CONTEXT))
    await store.enqueue(asked("b", seconds=20))
    assert [item.text for item in (await store.coalesce(await claim(store))).context] == ["dogs"]


async def test_a_message_that_comes_twice_drops_no_edit_of_it(store: AnyStore) -> None:
    await store.enqueue(asked())
    turn = await claim(store)
    await store.edit_message(CHANNEL, edit("dogs", seconds=10))
    assert await store.enqueue(asked()) is None
    await store.record(turn, settlement(replace(entry("a"), message_id="s-a")))
    assert await texts(store) == ["text a", "dogs"]


async def test_an_edit_that_comes_twice_says_nothing_of_a_question_that_is_asked_as_it_reads_now(
    store: AnyStore,
) -> None:
    await store.enqueue(asked())
    await store.edit_message(CHANNEL, edit("dogs", seconds=10))
    turn = await claim(store)
    await store.edit_message(CHANNEL, edit("dogs", seconds=10))
    await store.record(turn, settlement(replace(entry("a"), message_id="s-a")))
    assert await texts(store) == ["text a"]


async def test_an_edit_whose_message_never_comes_is_forgotten_after_some_days(
    store: AnyStore, clock: ManualClock
) -> None:
    await store.edit_message(CHANNEL, edit("dogs", seconds=10), is_awaited=True)
    clock.advance(10)
    await store.prune_deliveries(clock(), untold=clock())
    await store.enqueue(asked())
    assert (await claim(store)).incoming.text == "cats"


async def test_an_edit_of_a_deleted_message_says_nothing(store: AnyStore) -> None:
    await store.enqueue(asked())
    turn = await claim(store)
    await store.edit_message(CHANNEL, edit("dogs", seconds=10))
    await store.delete_messages(CHANNEL, ["s-a"])
    await store.edit_message(CHANNEL, edit("birds", seconds=20), is_awaited=True)
    assert (await store.record(turn, settlement(entry("a")))).withdrawn
    await store.close(turn, retracted=True)
    assert await texts(store) == []
    assert await store.enqueue(asked()) is None


async def test_the_words_of_a_summary_command_stay(store: AnyStore) -> None:
    await store.enqueue(asked(task=Task.SUMMARY))
    await store.edit_message(CHANNEL, edit("dogs", seconds=10))
    assert (await claim(store)).incoming.text == "cats"
