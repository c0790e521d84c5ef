"""What operators take out of the stores."""

from __future__ import annotations

from decimal import Decimal

from bot.types import Entry, NewEntry, Purpose, RatedAnswer, Task, Usage
from tests.contract.stores.conftest import AnyStore, claim
from tests.contract.stores.samples import KEY, OTHER, at, entry, incoming, pay, sent, settlement
from tests.fakes import ManualClock, settle


def reply(turn: int) -> NewEntry:
    return NewEntry(id=f"a:{turn}", entry=Entry(role="assistant", text="leaf"), tokens=1, at=at(0), author="")


async def answered_burst(store: AnyStore) -> int:
    """Two questions that are answered together, in a thread in which something was said before."""
    await store.append_entries(KEY, [entry("old")])
    await store.enqueue(incoming("a", seconds=1))
    await store.enqueue(incoming("said", seconds=2, task=Task.CONTEXT))
    await store.enqueue(incoming("b", seconds=3))
    turn = await store.coalesce(await claim(store))
    await pay(store, turn, Usage(input=3), Decimal("0.1"))
    await pay(store, turn, Usage(input=4), Decimal("0.02"))
    await store.open_request(sent(turn, purpose=Purpose.NOTES))
    entries = entry("m:a"), entry("m:b"), reply(turn.id)
    await settle(store, turn, settlement(*entries, parameters={"temperature": "0.5"}))
    return turn.id


async def test_a_rated_answer_comes_with_all_that_evaluation_needs(store: AnyStore, clock: ManualClock) -> None:
    id = await answered_burst(store)
    await store.note_feedback(id, "U2", good=False)
    (rated,) = await store.rated_answers(since=clock(), limit=5)
    assert rated == RatedAnswer(
        turn=id,
        key=KEY,
        person="U2",
        good=False,
        at=clock(),
        question="question a\n\nquestion b",
        answer="answer",
        model="seed-2-0-lite",
        parameters={"temperature": "0.5"},
        cost=Decimal("0.12"),
        thread=(Entry(role="user", text="text old"),),
    )


async def test_the_newest_ratings_come_in_order_and_the_last_word_counts(store: AnyStore, clock: ManualClock) -> None:
    id, begin = await answered_burst(store), clock()
    for person, good in (("U1", True), ("U3", True), ("U2", True), ("U1", False)):
        clock.advance(1)
        await store.note_feedback(id, person, good=good)
    told = [(item.person, item.good) for item in await store.rated_answers(since=begin, limit=9)]
    assert told == [("U3", True), ("U2", True), ("U1", False)]
    assert [item.person for item in await store.rated_answers(since=begin, limit=2)] == ["U2", "U1"]
    assert [item.person for item in await store.rated_answers(since=clock(), limit=2)] == ["U1"]
    assert await store.rated_answers(since=begin, limit=0) == []


async def test_what_was_forgotten_is_counted_without_a_word(store: AnyStore, clock: ManualClock) -> None:
    id = await answered_burst(store)
    await store.note_feedback(id, "U2", good=False)
    await store.forget_conversation(KEY)
    await store.append_entries(OTHER, [entry("elsewhere")])
    (rated,) = await store.rated_answers(since=clock(), limit=5)
    assert (rated.question, rated.answer, rated.parameters, rated.thread) == ("", "", {}, ())
    assert (rated.good, rated.key, rated.cost) == (False, KEY, Decimal("0.12"))
