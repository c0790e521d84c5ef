"""What a store promises of deleted answers, messages that were summarised, places, and of what is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.context.transcript import REMOVED_ANSWER
from bot.types import (
    THREAD_EXPORT,
    ConversationKey,
    Covered,
    NewEntry,
    Point,
    Section,
    SummaryPart,
    Task,
    TurnState,
    Usage,
    Within,
)
from tests.contract.stores.conftest import AnyStore, claim
from tests.contract.stores.deleting import CHANNEL, SECRET, answer_of, answered, asked, now, texts, under_way
from tests.contract.stores.samples import (
    ADA,
    CHANNELS,
    KEY,
    OTHER,
    WORKSPACE,
    at,
    entry,
    message,
    pay,
    remembered,
    settlement,
)
from tests.fakes import ManualClock, settle

# ---------------------------------------------------------------- the bot's own answers


@pytest.mark.parametrize("message", ["r-a", "r-a-2"])
async def test_an_answer_that_a_moderator_deleted_leaves_transcript_and_draft(store: AnyStore, message: str) -> None:
    turn = await answered(store, "a")
    outcome = await store.delete_messages(CHANNEL, [message])
    assert (outcome.questions, outcome.entries) == (0, 1)
    found = await now(store, turn)
    assert (found.draft, found.state) == (None, TurnState.DONE)
    assert await texts(store) == [SECRET, REMOVED_ANSWER]  # the question, which is not to be answered again


async def test_an_answer_deleted_while_it_grows_ends_its_turn(store: AnyStore) -> None:
    turn = await under_way(store, "a")
    await store.set_reply_ref(turn, "ref", ["r-1", "r-2"])
    await store.delete_messages(CHANNEL, ["r-2"])  # the bot itself takes further messages away
    assert not await store.check_claim(turn)
    await store.delete_messages(CHANNEL, ["r-1"])
    assert await store.check_claim(turn)
    assert (await store.record(turn, settlement(entry("a"), answer_of(turn)))).withdrawn
    assert await texts(store) == []


async def test_the_answer_to_a_command_takes_its_question_along(store: AnyStore) -> None:
    await store.enqueue(asked("a", message_id=""))
    turn = await claim(store)
    await store.set_reply_ref(turn, "ref", ["r-1"])
    question = replace(entry("a", text=SECRET), id="m:a", message_id="")
    await settle(store, turn, settlement(question, answer_of(turn)))
    await store.delete_messages(CHANNEL, ["r-1"])
    assert await texts(store) == []
    assert (await now(store, turn)).incoming.text == ""


# ---------------------------------------------------------------- summaries


async def test_parts_and_summaries_told_of_a_message_go_with_it(store: AnyStore) -> None:
    point = Point(text=SECRET, rests_on=("s-x",))
    covers = (Covered(id="s-x", version="1", at=at(0), author="U2"),)
    part = SummaryPart(id="p", headline=SECRET, points={Section.MAIN: (point,)}, covers=covers)
    await store.put_part(CHANNEL, part)
    turn = await answered(store, "sum", task=Task.SUMMARY, message_id="")
    await store.delete_messages(CHANNEL, ["s-x"])
    assert await store.get_parts(CHANNEL) == []
    assert (await now(store, turn)).draft is None
    await store.put_part(CHANNEL, part)
    assert await store.get_parts(CHANNEL) == []


async def test_a_summary_under_way_begins_anew_when_a_message_of_its_channel_is_deleted(store: AnyStore) -> None:
    await store.enqueue(asked("sum", task=Task.SUMMARY, message_id=""))
    turn = await claim(store)
    outcome = await store.delete_messages(CHANNEL, ["s-x"])
    assert outcome.interrupted[KEY] == (turn.id,)
    assert (await store.record(turn, settlement(answer_of(turn)))).stale
    assert not (await store.record(turn, settlement(answer_of(turn)))).stale


async def test_a_summary_that_is_being_shown_is_made_anew_without_a_message_that_is_deleted(store: AnyStore) -> None:
    covers = (Covered(id="s-x", version="1", at=at(0), author="U2"),)
    await store.put_part(CHANNEL, SummaryPart(id="p", headline=SECRET, points={}, covers=covers))
    await store.enqueue(asked("sum", task=Task.SUMMARY, message_id="", text="/summarise"))
    turn = await claim(store)
    await store.record(turn, settlement(answer_of(turn)))
    await store.delete_messages(CHANNEL, ["s-x"])
    assert await texts(store) == []
    assert not await store.close(turn)
    await store.release(turn)
    again = await claim(store)
    assert (again.id, again.outcome, again.draft, again.incoming.text) == (turn.id, None, None, "/summarise")
    assert not (await store.record(again, settlement(answer_of(again)))).stale
    assert await store.close(again)


async def test_a_thread_that_was_given_as_a_file_goes_with_any_message_of_its_channel(store: AnyStore) -> None:
    turn = await answered(store, "file", task=Task.SUMMARY, message_id="", text=THREAD_EXPORT)
    await store.delete_messages(CHANNEL, ["s-x"])
    assert (await now(store, turn)).draft is None


# ---------------------------------------------------------------- places


@pytest.mark.parametrize(
    "place",
    [
        Within(platform="slack", workspace="T1", channel="C1", thread=KEY.thread),
        Within(platform="slack", workspace="T1", channel="C1"),
        Within(platform="slack", workspace="T1"),
    ],
    ids=["thread", "channel", "workspace"],
)
async def test_a_place_that_is_gone_takes_all_that_was_said_there(
    store: AnyStore, clock: ManualClock, place: Within
) -> None:
    turn = await answered(store, "a")
    far = replace(KEY, workspace="T2")
    await answered(store, "far", key=far)
    await store.enqueue(asked("queued", seconds=2))
    running = await claim(store)
    await store.enqueue(asked("waiting", seconds=3))
    clock.advance(60)
    outcome = await store.delete_place(place)
    assert running.id in outcome.interrupted[KEY]
    assert (await store.record(running, settlement(entry("q", text=SECRET)))).withdrawn
    await store.close(running, retracted=True)
    assert await texts(store) == []
    assert (await now(store, turn)).incoming.text == ""
    assert not await store.open_conversations()
    assert len(await texts(store, far)) == 2
    assert await store.enqueue(asked("late", seconds=4)) is None
    assert await store.enqueue(asked("new", sent_at=clock() + timedelta(seconds=1))) is not None


@pytest.mark.parametrize(("channel", "left"), [("C1", ["place/T1/C11", "place/T2/C1"]), ("", ["place/T2/C1"])])
async def test_what_a_place_was_called_goes_with_it(store: AnyStore, channel: str, left: list[str]) -> None:
    for name in ("place/T1/C1", "place/T1/C11", "place/T2/C1"):
        await store.put_state("slack", name, "{}")
    await store.put_state("discord", "place/T1/C1", "{}")
    await store.delete_place(Within(platform="slack", workspace="T1", channel=channel))
    assert list(await store.list_state("slack", prefix="place/")) == left
    assert list(await store.list_state("discord")) == ["place/T1/C1"]


# ---------------------------------------------------------------- forgetting


async def test_what_was_forgotten_in_mid_answer_does_not_come_back(store: AnyStore, clock: ManualClock) -> None:
    begin = clock()
    turn = await under_way(store, "a")
    await store.enqueue(asked("later", seconds=5))
    outcome = await store.forget_conversation(KEY)
    assert set(outcome.interrupted[KEY]) == {turn.id, turn.id + 1}
    await pay(store, turn, Usage(input=2))
    assert (await store.record(turn, settlement(entry("a", text=SECRET)))).withdrawn
    await store.close(turn, retracted=True)
    assert await texts(store) == []
    assert not await store.open_conversations()
    clock.advance(1)
    assert (await store.usage_totals(since=begin, until=clock())).input == 2


async def test_what_was_told_elsewhere_of_a_forgotten_conversation_goes_with_it(store: AnyStore) -> None:
    """A summary of the channel covers what begins a thread; so does another conversation that read it."""
    await answered(store, "a")
    covers = (Covered(id="s-a", version="1", at=at(0), author="U1"),)
    point = Point(text=SECRET, rests_on=("s-a",))
    channel = replace(KEY, thread="")
    await store.put_part(channel, SummaryPart(id="p", headline=SECRET, points={Section.MAIN: (point,)}, covers=covers))
    turn = await answered(store, "sum", key=OTHER, task=Task.SUMMARY, text="/summarise")
    await store.append_entries(OTHER, [replace(entry("quoted", text=SECRET), message_id="s-a"), entry("kept")])
    await store.forget_conversation(KEY)
    assert await store.get_parts(channel) == []
    assert (await now(store, turn)).draft is None
    assert [item.entry.text for item in await store.get_entries(OTHER, start=0) if item.message_id == "s-a"] == []
    assert "text kept" in await texts(store, OTHER)


async def test_somebody_forgotten_in_mid_answer_is_not_named_by_it(store: AnyStore, clock: ManualClock) -> None:
    begin = clock()
    turn = await under_way(store, "a")
    await store.forget_person("slack", "U1")
    await pay(store, turn, Usage(input=2))
    await store.record(turn, settlement(entry("a", text=SECRET)))
    await store.close(turn, retracted=True)
    clock.advance(1)
    theirs = await store.usage_totals(since=begin, until=clock(), within=Within(author_id="U1"))
    assert theirs.requests == 0
    assert (await now(store, turn)).incoming.author.id != "U1"


async def test_a_conversation_that_did_not_rest_is_not_forgotten_for_having_rested(store: AnyStore) -> None:
    await answered(store, "a")
    await store.enqueue(asked("b", seconds=2))
    assert (await store.forget_conversation(KEY, rested=True)).entries == 0
    assert len(await texts(store)) == 2


async def test_notes_are_forgotten_in_one_step(store: AnyStore) -> None:
    assert not await store.forget_memory(KEY)
    await store.append_entries(KEY, [entry("a"), entry("b")])
    await store.save_conversation(KEY, remembered(memory="notes", window_start=1))
    assert await store.forget_memory(KEY)
    conversation = await store.get_conversation(KEY)
    assert conversation is not None
    assert (conversation.memory, conversation.condensed_until) == ("", 1)
    assert await texts(store) == ["text a", "text b"]


async def test_a_message_of_the_playground_is_emptied_and_its_thread_stays(store: AnyStore) -> None:
    await store.put_workspace(WORKSPACE, CHANNELS, [ADA])
    await store.put_messages([message("root", text=SECRET), message("reply", thread="root", seconds=1)])
    await store.delete_messages(ConversationKey(platform="local", workspace="W", channel="C1", thread=""), ["root"])
    root = await store.get_message("W", "C1", "root")
    assert root is not None
    assert (root.is_deleted, root.replies) == (True, 1)


# ---------------------------------------------------------------- replies to what is deleted

REPLY = f"[in reply to Ben: {SECRET}]\nwhy?"
LEFT = "[in reply to a message that is gone]\nwhy?"


def reply(name: str = "q") -> Any:
    return asked(name, text=REPLY, replies_to="s-said")


def reply_entry(name: str) -> NewEntry:
    return replace(entry(name, text=f"[Mon 2026-01-05 09:00 CET] Ada: {REPLY}"), replies_to="s-said")


async def test_the_words_of_a_deleted_message_leave_the_replies_to_it(store: AnyStore) -> None:
    await store.enqueue(reply())
    turn = await claim(store)
    await settle(store, turn, settlement(reply_entry("q"), entry("answer"), conversation=remembered()))
    await store.append_entries(OTHER, [reply_entry("read")])
    revision = (await store.get_conversation(KEY) or remembered()).revision
    assert (await store.delete_messages(CHANNEL, ["s-said"])).questions == 0
    for key in (KEY, OTHER):
        assert (await texts(store, key))[0] == f"[Mon 2026-01-05 09:00 CET] Ada: {LEFT}"
    assert (await now(store, turn)).incoming.text == LEFT
    assert (await store.get_conversation(KEY) or remembered()).revision > revision
    assert await texts(store) == [f"[Mon 2026-01-05 09:00 CET] Ada: {LEFT}", "text answer"]


async def test_a_reply_that_waits_or_is_being_answered_is_asked_without_them(store: AnyStore) -> None:
    await store.enqueue(reply("a"))
    turn = await claim(store)
    await store.enqueue(reply("b"))
    await store.delete_messages(CHANNEL, ["s-said"])
    assert (await store.record(turn, settlement(reply_entry("a"), entry("answer")))).stale
    assert await texts(store) == []
    again = await store.coalesce(await claim(store))
    assert [item.text for item in (again.incoming, *again.coalesced)] == [LEFT, LEFT]


async def test_a_reply_that_comes_after_the_deletion_has_no_words_of_it(store: AnyStore) -> None:
    await store.delete_messages(CHANNEL, ["s-said"])
    await store.enqueue(reply())
    await store.append_entries(KEY, [reply_entry("read")])
    assert (await claim(store)).incoming.text == LEFT
    assert await texts(store) == [f"[Mon 2026-01-05 09:00 CET] Ada: {LEFT}"]
