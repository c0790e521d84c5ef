"""What is said and not answered: remembered until the next question takes it along, and nothing that was asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.types import BOT, Edit, Incoming, Person, Task, Turn, TurnState
from storage.turn_rules import CONTEXT_KEPT
from tests.contract.stores.conftest import AnyStore, claim
from tests.contract.stores.samples import ADA, KEY, OTHER, at, entry, incoming, settlement
from tests.fakes import START, settle

BEN = Person(id="U2", name="Ben")
LATER = START + timedelta(days=99)


async def say(store: AnyStore, name: str, *, seconds: float = 0, **changes: Any) -> None:
    said = incoming(name, seconds=seconds, message_id=f"s-{name}", task=Task.CONTEXT, is_directed=False, **changes)
    await store.enqueue(replace(said, text=f"said {name}"))


async def ask(store: AnyStore, name: str, *, seconds: float = 0, **changes: Any) -> None:
    await store.enqueue(incoming(name, seconds=seconds, message_id=f"s-{name}", **changes))


async def gathered(store: AnyStore) -> Turn:
    """The oldest question that is open, with all that goes with it."""
    return await store.coalesce(await claim(store))


def texts(said: tuple[Incoming, ...]) -> list[str]:
    return [item.text for item in said]


def edit(name: str, text: str, *, seconds: float = 50) -> Edit:
    correction = replace(entry(f"e:{name}", seconds=seconds), message_id=f"s-{name}")
    return Edit(message_id=f"s-{name}", text=text, at=at(seconds), correction=correction)


async def test_the_next_question_takes_it_along_in_order_and_once(store: AnyStore) -> None:
    await ask(store, "q1")
    await settle(store, await gathered(store), settlement(entry("q1")))
    for name, seconds in (("b", 3), ("a", 2), ("late", 9)):
        await say(store, name, seconds=seconds)
    await say(store, "elsewhere", seconds=2, key=OTHER)
    await ask(store, "q2", seconds=5)
    turn = await gathered(store)
    assert (texts(turn.context), turn.coalesced) == (["said a", "said b"], ())
    assert {item.task for item in turn.context} == {Task.CONTEXT}
    assert await store.get_turn(turn.id) == turn
    assert await store.coalesce(turn) == turn
    await settle(store, turn, settlement(entry("q2")))
    await ask(store, "q3", seconds=10)
    assert texts((await gathered(store)).context) == ["said late"]


async def test_what_was_said_between_questions_answered_together_goes_with_them(store: AnyStore) -> None:
    await ask(store, "q1", seconds=1)
    await say(store, "a", seconds=2)
    await ask(store, "q2", seconds=3)
    await say(store, "b", seconds=4)
    turn = await gathered(store)
    assert (texts(turn.coalesced), texts(turn.context)) == (["question q2"], ["said a"])


async def test_a_private_question_takes_it_along_and_no_other_question(store: AnyStore) -> None:
    await say(store, "a")
    await ask(store, "q1", seconds=1, private=True)
    await ask(store, "q2", seconds=2)
    turn = await gathered(store)
    assert (turn.coalesced, texts(turn.context)) == ((), ["said a"])


async def test_it_goes_with_the_turn_from_runner_to_runner(store: AnyStore) -> None:
    await say(store, "a")
    await ask(store, "q1", seconds=1)
    await gathered(store)
    assert texts((await claim(store)).context) == ["said a"]


async def test_the_same_delivery_is_remembered_once(store: AnyStore) -> None:
    for _ in range(2):
        await say(store, "a")
    await ask(store, "q1", seconds=1)
    assert texts((await gathered(store)).context) == ["said a"]
    await say(store, "a")
    await ask(store, "q2", seconds=2)
    assert texts((await gathered(store)).context) == ["said a"]  # of the turn that is taken over


@pytest.mark.parametrize("state", [TurnState.FAILED, TurnState.CANCELLED])
async def test_without_an_answer_it_waits_for_the_next_question(store: AnyStore, state: TurnState) -> None:
    await say(store, "a")
    await ask(store, "q1", seconds=1)
    await settle(store, await gathered(store), settlement(state=state))
    await ask(store, "q2", seconds=2)
    assert texts((await gathered(store)).context) == ["said a"]


async def test_when_the_question_is_deleted_it_waits_for_the_next_one(store: AnyStore) -> None:
    await say(store, "a")
    await ask(store, "q1", seconds=1)
    turn = await gathered(store)
    await store.delete_messages(KEY, ["s-q1"])
    assert (await store.record(turn, settlement(entry("q1")))).withdrawn
    await store.close(turn, retracted=True)
    await ask(store, "q2", seconds=2)
    assert texts((await gathered(store)).context) == ["said a"]


async def test_nothing_was_asked_by_it(store: AnyStore) -> None:
    await say(store, "a", author=Person(id="B", name="Bot", is_bot=True))
    await say(store, "b", author=BEN)
    assert not await store.has_participated(KEY)
    assert await store.open_conversations() == []
    assert await store.waiting(KEY) is None
    assert await store.claim(KEY, worker="w1") is None
    assert await store.stoppable_by(KEY) == set()
    assert await store.request_stop(KEY) == []
    assert await store.asked_by_bots(KEY, limit=3) == 0
    assert await store.active_conversations(KEY.platform, since=at(-9)) == {}
    figures = await store.queue_figures()
    assert (figures.queued, figures.done, figures.cancelled, figures.oldest_accepted_at) == (0, 0, 0, None)
    await store.delete_messages(KEY, ["s-a"])
    assert (await store.queue_figures()).cancelled == 0
    assert await store.authors(KEY) >= {"U2"}


async def test_between_the_questions_of_bots_it_is_not_counted(store: AnyStore) -> None:
    bot = Person(id="B", name="Bot", is_bot=True)
    await ask(store, "q1", author=bot)
    await say(store, "a", seconds=1, author=BEN)
    assert await store.asked_by_bots(KEY, limit=1) == 1


async def test_it_was_said(store: AnyStore) -> None:
    await ask(store, "q1")
    await settle(store, await gathered(store), settlement(entry("m:s-q1")))
    await say(store, "a", seconds=1, author=BEN)
    await ask(store, "q2", seconds=2)
    for _ in range(2):  # before and after it is taken along
        newest = (await store.recent_talk(KEY, limit=9))[-2:]
        assert [(said.speaker, said.text, said.addressees) for said in newest] == [
            ("U2", "said a", frozenset()),
            ("U1", "question q2", frozenset({BOT})),
        ]
        turn = await gathered(store)
    taken = replace(entry("m:s-a", text="[2026-01-05 09:00 UTC] Ben: said a"), author="U2")
    await store.record(turn, settlement(taken))
    assert [said.addressees for said in await store.recent_talk(KEY, limit=9) if said.text == "said a"] == [frozenset()]


async def test_of_more_than_are_kept_the_words_are_dropped(store: AnyStore) -> None:
    for number in range(CONTEXT_KEPT + 2):
        await say(store, f"{number}", seconds=number)
    await ask(store, "q1", seconds=99)
    context = (await gathered(store)).context
    assert texts(context) == ["", "", *(f"said {number}" for number in range(2, CONTEXT_KEPT + 2))]


# ---------------------------------------------------------------- deletions and edits


async def test_what_is_deleted_before_the_next_question_is_never_sent(store: AnyStore) -> None:
    await say(store, "a")
    await say(store, "b", seconds=1)
    outcome = await store.delete_messages(KEY, ["s-a"])
    assert (outcome.questions, dict(outcome.interrupted)) == (0, {})
    await ask(store, "q1", seconds=2)
    assert texts((await gathered(store)).context) == ["said b"]
    await say(store, "a")
    assert texts((await gathered(store)).context) == ["said b"]


async def test_what_is_deleted_while_it_is_answered_begins_the_answer_anew(store: AnyStore) -> None:
    await say(store, "a")
    await ask(store, "q1", seconds=1)
    turn = await gathered(store)
    outcome = await store.delete_messages(KEY, ["s-a"])
    assert dict(outcome.interrupted) == {KEY: (turn.id,)}
    assert (await store.record(turn, settlement(entry("q1")))).stale
    turn = await store.coalesce(turn)
    assert turn.context == ()
    await settle(store, turn, settlement(entry("q1")))


async def test_what_is_deleted_after_the_answer_leaves_the_answer(store: AnyStore) -> None:
    await say(store, "a")
    await ask(store, "q1", seconds=1)
    turn = await gathered(store)
    taken = replace(entry("m:s-a"), message_id="s-a")
    await settle(store, turn, settlement(taken, entry("m:s-q1"), entry(f"a:{turn.id}")))
    outcome = await store.delete_messages(KEY, ["s-a"])
    assert (outcome.questions, outcome.entries) == (0, 1)
    assert [item.id for item in await store.get_entries(KEY, start=0)] == ["m:s-q1", f"a:{turn.id}"]
    again = await store.get_turn(turn.id)
    assert again is not None
    assert (again.context, again.state) == ((), TurnState.DONE)


async def test_what_is_edited_is_sent_as_it_reads_then(store: AnyStore) -> None:
    await say(store, "a")
    await say(store, "b", seconds=1)
    await store.edit_message(KEY, edit("a", "better a"))
    await store.edit_waiting(KEY, edit("b", "better b"))
    await store.edit_waiting(KEY, edit("b", "older b", seconds=40))
    await ask(store, "q1", seconds=2)
    turn = await gathered(store)
    assert texts(turn.context) == ["better a", "better b"]
    assert await store.get_entries(KEY, start=0) == []


async def test_what_waits_for_its_answer_takes_in_what_its_platform_adds(store: AnyStore) -> None:
    await ask(store, "q1")
    turn = await gathered(store)
    await ask(store, "q2", seconds=1)
    await ask(store, "summary", seconds=2, task=Task.SUMMARY)
    for name in ("q1", "q2", "summary"):
        await store.edit_waiting(KEY, edit(name, f"{name} and its preview"), asked=True)
    await settle(store, turn, settlement(replace(entry("m:s-q1"), message_id="s-q1")))
    assert [item.id for item in await store.get_entries(KEY, start=0)] == ["m:s-q1", "e:q1"]
    assert (await claim(store)).incoming.text == "q2 and its preview"


@pytest.mark.parametrize(("text", "seconds"), [("question q1", 100), ("an older preview", 80)])
async def test_what_tells_nothing_new_corrects_nothing(store: AnyStore, text: str, seconds: int) -> None:
    await ask(store, "q1")
    turn = await gathered(store)
    if seconds < 90:
        await store.edit_message(KEY, edit("q1", "better q1", seconds=90))
    await store.edit_waiting(KEY, edit("q1", text, seconds=seconds), asked=True)
    await settle(store, turn, settlement(replace(entry("m:s-q1"), message_id="s-q1")))
    at_last = [item.at for item in await store.get_entries(KEY, start=0)][1:]
    assert at_last == ([at(90)] if seconds < 90 else [])


async def test_a_question_that_waits_can_be_set_aside_for_the_next_one(store: AnyStore) -> None:
    await ask(store, "q1")
    running = await gathered(store)
    await ask(store, "q2", seconds=1)
    await ask(store, "summary", seconds=2, task=Task.SUMMARY)
    for name, is_possible in (("q1", False), ("summary", False), ("unknown", False), ("q2", True), ("q2", False)):
        assert await store.set_aside(incoming(name, message_id=f"s-{name}")) is is_possible
    assert not await store.is_known(incoming("q2", message_id="s-q2"))
    await settle(store, running, settlement(entry("m:s-q1")))
    await settle(store, await claim(store), settlement(entry("m:s-summary")))
    await ask(store, "q3", seconds=3)
    turn = await gathered(store)
    assert (turn.incoming.text, texts(turn.context)) == ("question q3", ["question q2"])


async def test_a_question_whose_answer_stands_there_already_is_not_set_aside(store: AnyStore) -> None:
    await ask(store, "q1")
    turn = await claim(store)
    await store.set_reply_ref(turn, "r")
    await store.release(turn)
    assert not await store.set_aside(incoming("q1", message_id="s-q1"))


async def test_what_is_still_to_be_sent_is_known_until_it_was(store: AnyStore) -> None:
    await say(store, "a")
    await ask(store, "q1", seconds=1)
    turn = await claim(store)
    await ask(store, "q2", seconds=2)
    await store.coalesce(turn)
    await say(store, "b", seconds=3)
    await ask(store, "", seconds=4, text="elsewhere", key=OTHER)
    await store.enqueue(incoming("by a command", seconds=5))
    assert await store.unsent_messages(KEY, limit=9) == ["s-a", "s-q1", "s-q2", "s-b"]
    assert await store.unsent_messages(KEY, limit=2) == ["s-q2", "s-b"]
    await store.release(turn)
    await store.delete_messages(KEY, ["s-b", "s-q2"])
    assert await store.unsent_messages(KEY, limit=9) == ["s-a", "s-q1"]
    while await store.waiting(KEY):
        await settle(store, await gathered(store), settlement(entry("m:s-q1")))
    assert not await store.unsent_messages(KEY, limit=9)


async def test_what_is_edited_while_it_is_answered_is_corrected_behind_the_answer(store: AnyStore) -> None:
    await say(store, "a")
    await ask(store, "q1", seconds=1)
    turn = await gathered(store)
    await store.edit_message(KEY, edit("a", "better a"))
    await store.edit_waiting(KEY, edit("a", "a bot's", seconds=60))  # too late for that
    await settle(store, turn, settlement(replace(entry("m:s-a"), message_id="s-a"), entry("m:s-q1")))
    assert [item.id for item in await store.get_entries(KEY, start=0)] == ["m:s-a", "m:s-q1", "e:a"]


async def test_what_is_edited_while_a_turn_fails_is_sent_later_as_it_reads_then(store: AnyStore) -> None:
    await say(store, "a")
    await ask(store, "q1", seconds=1)
    turn = await gathered(store)
    await store.edit_message(KEY, edit("a", "better a"))
    await settle(store, turn, settlement(state=TurnState.FAILED))
    await ask(store, "q2", seconds=2)
    assert texts((await gathered(store)).context) == ["better a"]


# ---------------------------------------------------------------- forgetting


async def test_with_its_conversation_it_is_forgotten(store: AnyStore) -> None:
    await ask(store, "q1")
    await settle(store, await gathered(store), settlement(entry("q1")))
    await say(store, "a", seconds=1)
    await store.forget_conversation(KEY)
    await ask(store, "q2", seconds=2)
    assert (await gathered(store)).context == ()


async def test_with_its_author_it_is_forgotten_and_the_conversation_of_others_stays(store: AnyStore) -> None:
    await ask(store, "q1", author=ADA)
    await settle(store, await gathered(store), settlement(entry("q1")))
    await say(store, "a", seconds=1, author=BEN)
    await say(store, "b", seconds=2, author=ADA)
    await store.forget_person(KEY.platform, BEN.id)
    assert len(await store.get_entries(KEY, start=0)) == 1
    assert await store.authors(KEY) == {ADA.id}
    await ask(store, "q2", seconds=3)
    assert texts((await gathered(store)).context) == ["said b"]


async def test_a_conversation_rests_though_people_talk(store: AnyStore, clock: Any) -> None:
    await ask(store, "q1")
    await settle(store, await gathered(store), settlement(entry("q1")))
    asked_at = clock.now
    clock.advance(100)
    await say(store, "a", seconds=100)
    before = asked_at + timedelta(seconds=50)
    assert dict(await store.inactive_since(before)) == {KEY: asked_at}
    assert dict(await store.inactive_since(LATER)) == {KEY: asked_at}
    await store.forget_conversation(KEY)
    await say(store, "b", seconds=101)
    assert set(await store.inactive_since(LATER)) == {KEY}


async def test_a_message_that_is_remembered_can_be_asked_once_it_is_dropped(store: AnyStore) -> None:
    await ask(store, "q1")
    await settle(store, await gathered(store), settlement(entry("q1")))
    await say(store, "a", seconds=2)
    said = incoming("a", seconds=2, message_id="s-a")
    assert not await store.is_known(said)
    assert await store.enqueue(said) is None
    assert await store.drop_context(said)
    assert not await store.drop_context(said)
    assert await store.enqueue(said) is not None
    assert await store.is_known(said)
    assert (await gathered(store)).context == ()


async def test_what_was_sent_with_a_question_can_be_asked_too(store: AnyStore) -> None:
    await say(store, "a", seconds=1)
    await ask(store, "q1", seconds=2)
    await settle(store, await gathered(store), settlement(entry("q1")))
    said = incoming("a", seconds=1, message_id="s-a")
    assert await store.drop_context(said)
    assert await store.enqueue(said) is not None


async def test_a_question_is_not_dropped(store: AnyStore) -> None:
    await ask(store, "q1")
    assert not await store.drop_context(incoming("q1", message_id="s-q1"))
    assert await store.is_known(incoming("q1", message_id="s-q1"))
