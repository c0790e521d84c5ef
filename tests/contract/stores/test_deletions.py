"""What a store promises of deleted questions: no copy is left, whether they wait, are answered or were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.context.transcript import REMOVED_ANSWER
from bot.types import (
    SOURCES_ID,
    Attachment,
    Condensation,
    Draft,
    FollowUp,
    Turn,
    TurnState,
    Usage,
)
from storage.deletion import KEPT
from tests.contract.stores.conftest import AnyStore, claim
from tests.contract.stores.deleting import (
    CHANNEL,
    SECRET,
    answer_of,
    answered,
    asked,
    now,
    taken_back,
    texts,
    under_way,
)
from tests.contract.stores.samples import (
    KEY,
    OTHER,
    at,
    entry,
    pay,
    remembered,
    settlement,
)
from tests.fakes import ManualClock, settle

# ---------------------------------------------------------------- a question that waits


async def test_a_queued_question_goes_and_its_delivery_stays_known(store: AnyStore) -> None:
    id = await store.enqueue(asked("a", attachments=(Attachment(id="f", name=SECRET),), overrides={"stop": SECRET}))
    outcome = await store.delete_messages(CHANNEL, ["s-a"])
    assert (outcome.questions, dict(outcome.interrupted)) == (1, {KEY: (id,)})
    assert await store.claim(KEY, worker="w") is None
    assert not await store.open_conversations()
    assert await store.enqueue(asked("a")) is None
    found = await store.get_turn(id or 0)
    assert found is not None
    assert (found.state, found.incoming.text, found.incoming.attachments) == (TurnState.CANCELLED, "", ())
    assert not found.incoming.overrides


async def test_a_question_that_was_put_off_is_withdrawn_so_that_its_runner_takes_back_what_is_shown(
    store: AnyStore,
) -> None:
    turn = await under_way(store, "a")
    await store.set_reply_ref(turn, "ref")
    await store.reschedule(turn, at(500))
    await store.delete_messages(CHANNEL, ["s-a"])
    again = await claim(store)
    assert (again.withdrawn, again.stop, again.incoming.text, again.reply_ref) == (True, True, "", "ref")


async def test_a_deletion_that_comes_before_its_message_keeps_it_from_being_taken(
    store: AnyStore, clock: ManualClock
) -> None:
    await store.delete_messages(CHANNEL, ["s-a"])
    assert await store.enqueue(asked("a")) is None
    assert not await store.open_conversations()
    assert await store.enqueue(asked("a2", message_id="s-a", key=replace(KEY, channel="C9"))) is not None
    clock.advance(KEPT.total_seconds() + 1)
    await store.delete_messages(CHANNEL, ["s-other"])
    assert await store.enqueue(asked("a")) is not None


# ---------------------------------------------------------------- one that is being answered


async def test_nothing_of_a_question_deleted_in_mid_answer_is_recorded_but_what_it_cost(
    store: AnyStore, clock: ManualClock
) -> None:
    begin = clock()
    turn = await under_way(store, "a")
    assert not await store.save_draft(turn, Draft(status="writing", text=SECRET))
    outcome = await store.delete_messages(CHANNEL, ["s-a"])
    assert outcome.interrupted[KEY] == (turn.id,)
    assert await store.check_claim(turn)
    assert await store.save_draft(turn, Draft(status="writing", text=SECRET))
    await pay(store, turn, Usage(input=7))
    ended = settlement(entry("a", text=SECRET), answer_of(turn), error=SECRET)
    recorded = await store.record(turn, ended)
    assert recorded.withdrawn
    assert await texts(store) == []
    assert not await store.close(turn)
    assert await store.close(turn, retracted=True)
    found = await now(store, turn)
    assert (found.state, found.draft, found.incoming.text) == (TurnState.CANCELLED, None, "")
    clock.advance(1)
    assert (await store.usage_totals(since=begin, until=clock())).input == 7


async def test_a_turn_withdrawn_after_its_record_is_taken_back_by_whoever_takes_it_over(store: AnyStore) -> None:
    turn = await under_way(store, "a")
    await store.record(turn, settlement(entry("a", text=SECRET), answer_of(turn)))
    await store.delete_messages(CHANNEL, ["s-a"])
    assert await texts(store) == []
    assert not await store.close(turn)
    again = await claim(store)
    assert (again.withdrawn, again.outcome, again.draft) == (True, TurnState.DONE, None)
    assert await store.close(again, retracted=True)


async def test_of_a_burst_the_deleted_question_leaves_and_the_others_are_asked_anew(
    store: AnyStore, clock: ManualClock
) -> None:
    begin = clock()
    turn = await under_way(store, "a", "b", "c")
    await store.delete_messages(CHANNEL, ["s-b"])
    assert await store.check_claim(turn)
    await pay(store, turn, Usage(input=3))
    first = settlement(entry("a"), entry("b", text=SECRET), answer_of(turn))
    assert (await store.record(turn, first)).stale
    assert await texts(store) == []
    turn = await store.coalesce(turn)
    assert [item.dedupe_key for item in turn.coalesced] == ["c"]
    assert not await store.check_claim(turn)
    await pay(store, turn, Usage(input=4))
    again = settlement(entry("a"), entry("c"))
    assert not (await store.record(turn, again)).stale
    assert await store.close(turn)
    clock.advance(1)
    assert (await store.usage_totals(since=begin, until=clock())).input == 7


async def test_of_a_burst_whose_first_question_is_deleted_the_others_wait_again(store: AnyStore) -> None:
    turn = await under_way(store, "a", "b", "c")
    await store.delete_messages(CHANNEL, ["s-a"])
    assert (await store.record(turn, settlement(entry("a")))).withdrawn
    await store.close(turn, retracted=True)
    left = await store.coalesce(await claim(store))
    assert (left.incoming.dedupe_key, [item.dedupe_key for item in left.coalesced]) == ("b", ["c"])


async def test_a_whole_burst_can_be_deleted_at_once(store: AnyStore) -> None:
    turn = await under_way(store, "a", "b")
    await store.delete_messages(CHANNEL, ["s-b", "s-a"])
    assert (await store.record(turn, settlement())).withdrawn
    await store.close(turn, retracted=True)
    assert not await store.open_conversations()


# ---------------------------------------------------------------- one whose answer is recorded and not shown yet


async def recorded(store: AnyStore, *names: str, **changes: Any) -> Turn:
    """A turn of these questions together, whose recorded answer is being shown; the questions tell the secret."""
    turn = await under_way(store, *names)
    await store.set_reply_ref(turn, "ref", ["r-1"])
    draft = Draft(status="done", text=SECRET)
    sources = replace(answer_of(turn), id=f"{SOURCES_ID}{turn.id}")
    entries = [entry(name, text=f"{SECRET} {name}") for name in names]
    ended = settlement(*entries, answer_of(turn), sources, draft=draft, parameters={"stop": SECRET}, **changes)
    await store.record(turn, ended)
    return turn


async def test_the_others_of_a_burst_are_asked_anew_when_one_is_deleted_while_the_answer_is_shown(
    store: AnyStore,
) -> None:
    await store.append_entries(KEY, [entry("before")])
    turn = await recorded(store, "a", "b", "c")
    outcome = await store.delete_messages(CHANNEL, ["s-b"])
    assert (outcome.questions, dict(outcome.interrupted)) == (1, {KEY: ()})
    assert await texts(store) == ["text before"]
    assert await store.save_draft(turn, Draft(status="done", text=SECRET))  # the last showing, on its way
    assert not await store.close(turn)
    await store.release(turn)
    again = await store.coalesce(await claim(store))
    assert (again.id, again.outcome, again.draft, again.reply_ref) == (turn.id, None, None, "ref")
    assert (again.attempt, again.incoming.dedupe_key) == (turn.attempt, "a")
    assert [item.dedupe_key for item in again.coalesced] == ["c"]
    assert not await store.check_claim(again)
    assert not (await store.record(again, settlement(entry("a"), entry("c"), answer_of(again)))).stale
    assert await store.close(again)
    assert await texts(store) == ["text before", "text a", "text c", SECRET]
    assert not await store.open_conversations()


@pytest.mark.parametrize("is_put_off", [False, True])
async def test_who_takes_over_a_burst_of_which_one_was_deleted_asks_the_others_anew(
    store: AnyStore, is_put_off: bool
) -> None:
    turn = await recorded(store, "a", "b", state=TurnState.FAILED)
    if is_put_off:
        await store.reschedule(turn, at(500))
    await store.delete_messages(CHANNEL, ["s-b"])
    again = await store.coalesce(await claim(store))
    assert (again.id, again.outcome, again.draft, again.coalesced) == (turn.id, None, None, ())
    assert not await store.check_claim(again)


async def test_the_others_wait_again_when_the_first_is_deleted_while_the_answer_is_shown(store: AnyStore) -> None:
    turn = await recorded(store, "a", "b", "c")
    await store.delete_messages(CHANNEL, ["s-a"])
    assert await texts(store) == []
    assert not await store.close(turn)
    assert await store.close(turn, retracted=True)
    left = await store.coalesce(await claim(store))
    assert (left.incoming.dedupe_key, [item.dedupe_key for item in left.coalesced]) == ("b", ["c"])
    assert (await now(store, turn)).draft is None


async def test_nothing_is_asked_anew_when_all_are_deleted_while_the_answer_is_shown(store: AnyStore) -> None:
    turn = await recorded(store, "a", "b")
    await store.delete_messages(CHANNEL, ["s-b"])
    await store.delete_messages(CHANNEL, ["s-a"])
    assert not await store.close(turn)
    assert await store.close(turn, retracted=True)
    assert await texts(store) == []
    assert not await store.open_conversations()


async def test_an_answer_that_somebody_stopped_is_not_begun_anew(store: AnyStore) -> None:
    turn = await under_way(store, "a", "b")
    await store.request_stop(KEY)
    await store.record(turn, settlement(entry("a"), entry("b"), answer_of(turn), state=TurnState.CANCELLED))
    await store.delete_messages(CHANNEL, ["s-b"])
    assert (await now(store, turn)).withdrawn
    assert await store.close(turn, retracted=True)
    assert not await store.open_conversations()


# ---------------------------------------------------------------- one that was answered


async def test_question_and_answer_leave_every_conversation_of_the_channel(store: AnyStore) -> None:
    turn = await answered(store, "a")
    elsewhere = replace(entry("copy", text=SECRET), message_id="s-a")
    await store.append_entries(OTHER, [elsewhere, entry("kept")])
    outcome = await store.delete_messages(CHANNEL, ["s-a"])
    assert (outcome.questions, outcome.entries) == (1, 3)
    assert (await texts(store), await texts(store, OTHER)) == ([], ["text kept"])
    found = await now(store, turn)
    assert (found.incoming.text, found.draft) == ("", None)
    conversation = await store.get_conversation(KEY)
    assert conversation is not None
    assert conversation.prompt_digest == "deleted"
    assert await store.enqueue(asked("a")) is None


@pytest.mark.parametrize(
    ("deleted", "gone", "left"), [("s-a", 3, []), ("r-a", 2, [SECRET, REMOVED_ANSWER])], ids=["question", "answer"]
)
async def test_the_sources_of_an_answer_go_with_it(
    store: AnyStore, deleted: str, gone: int, left: Sequence[str]
) -> None:
    turn = await answered(store, "a")
    sources = replace(entry("x", text=SECRET), id=f"{SOURCES_ID}{turn.id}", message_id="")
    await store.append_entries(KEY, [sources])
    assert (await store.delete_messages(CHANNEL, [deleted])).entries == gone
    assert await texts(store) == left


@pytest.mark.parametrize("order", ["abc", "bca", "cab"])
async def test_questions_that_were_answered_with_a_deleted_one_still_read_as_answered(
    store: AnyStore, order: str
) -> None:
    turn = await under_way(store, *"abc")
    await settle(store, turn, settlement(entry("a"), entry("b"), entry("c"), answer_of(turn)))
    left = set(order)
    for name in order:
        left.remove(name)
        await store.delete_messages(CHANNEL, [f"s-{name}"])
        mark = [REMOVED_ANSWER] if left else []
        assert await texts(store) == [*(f"text {other}" for other in sorted(left)), *mark]
    assert not await store.open_conversations()


async def test_what_was_asked_again_goes_with_the_question(store: AnyStore) -> None:
    turn = await answered(store, "a")
    again = asked(f"{FollowUp.REGENERATE.value}:{turn.id}", message_id="", seconds=2)
    await store.enqueue(again)
    second = await claim(store)
    repeated = replace(entry("q", text=SECRET), id=f"m:{second.incoming.dedupe_key}", message_id="")
    await settle(store, second, settlement(repeated, answer_of(second)))
    third = replace(again, dedupe_key=f"{FollowUp.CONTINUE.value}:{second.id}")
    await store.enqueue(third)
    await store.delete_messages(CHANNEL, ["s-a"])
    assert await texts(store) == []
    assert (await now(store, second)).incoming.text == ""
    assert await taken_back(store) == [turn.id]  # of the others nothing was shown


def noted(revision: int, begin: int, until: int) -> Condensation:
    return Condensation(revision=revision, begin=begin, until=until, notes=f"notes {SECRET}")


async def test_notes_that_rest_on_a_message_go_with_it_and_others_stay(store: AnyStore) -> None:
    await store.append_entries(KEY, [entry("old", text=SECRET)])
    turn = await under_way(store, "a")
    recorded = await store.record(turn, settlement(entry("a"), conversation=remembered(window_start=1, memory="")))
    assert recorded.conversation is not None
    await store.record_memory(turn, noted(recorded.conversation.revision, 0, 1))
    await store.close(turn)
    await store.append_entries(KEY, [entry("new")])
    await store.delete_messages(CHANNEL, ["s-new"])
    kept = await store.get_conversation(KEY)
    assert kept is not None
    assert (kept.memory, kept.condensed_until) == (f"notes {SECRET}", 1)
    await store.delete_messages(CHANNEL, ["s-old"])
    gone = await store.get_conversation(KEY)
    assert gone is not None
    assert (gone.memory, gone.condensed_until) == ("", 0)  # to be made anew of what is left


async def test_what_was_in_forgotten_notes_is_not_condensed_again(store: AnyStore) -> None:
    await store.append_entries(KEY, [entry("old", text=SECRET), entry("next")])
    turn = await under_way(store, "a")
    recorded = await store.record(turn, settlement(entry("a"), conversation=remembered(window_start=1, memory="")))
    assert recorded.conversation is not None
    await store.record_memory(turn, noted(recorded.conversation.revision, 0, 1))
    assert await store.forget_memory(KEY)
    await store.record_memory(turn, noted(recorded.conversation.revision + 1, 1, 2))
    await store.delete_messages(CHANNEL, ["s-next"])
    conversation = await store.get_conversation(KEY)
    assert conversation is not None
    assert (conversation.memory, conversation.condensed_until) == ("", 1)


async def test_notes_of_what_was_deleted_while_they_were_made_are_not_kept(store: AnyStore) -> None:
    await store.append_entries(KEY, [entry("old", text=SECRET)])
    turn = await under_way(store, "a")
    recorded = await store.record(turn, settlement(entry("a"), conversation=remembered(window_start=1, memory="")))
    assert recorded.conversation is not None
    await store.delete_messages(CHANNEL, ["s-old"])
    await store.record_memory(turn, noted(recorded.conversation.revision, 0, 1))
    conversation = await store.get_conversation(KEY)
    assert conversation is not None
    assert conversation.memory == ""


async def test_a_deletion_while_an_answer_is_written_is_kept_when_it_is_recorded(store: AnyStore) -> None:
    await store.append_entries(KEY, [entry("old", text=SECRET)])
    turn = await under_way(store, "a")
    read = await store.get_conversation(KEY)
    assert read is not None
    await store.delete_messages(CHANNEL, ["s-old"])
    after = replace(remembered(memory="", window_start=0), revision=read.revision)
    recorded = await store.record(
        turn, settlement(entry("a"), replace(entry("late"), message_id="s-old"), conversation=after)
    )
    assert recorded.conversation is not None
    assert recorded.conversation.prompt_digest == "deleted"
    assert recorded.conversation == await store.get_conversation(KEY)
    assert await texts(store) == ["text a"]
