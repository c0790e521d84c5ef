"""What a store of turns promises of those that are under way: shown, gathered, put off, stopped, and counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.context.transcript import answer_entry
from bot.errors import ClaimLost, StorageError
from bot.types import (
    Draft,
    Incoming,
    NewEntry,
    Person,
    RequestFigures,
    Task,
    TurnState,
    Usage,
    Waiting,
)
from tests.contract.stores.conftest import AnyStore, claim
from tests.contract.stores.samples import EVERYTHING, KEY, OTHER, at, entry, incoming, pay, settlement
from tests.fakes import ManualClock, settle

# ---------------------------------------------------------------- recorded, then shown, then closed


async def test_a_recorded_turn_comes_back_with_its_outcome_and_draft_to_be_shown_again(store: AnyStore) -> None:
    await store.enqueue(incoming("a"))
    turn = await claim(store)
    ended = settlement(entry("q"))
    await store.record(turn, ended)
    again = await claim(store)
    assert (again.id, again.epoch, again.outcome, again.draft) == (turn.id, turn.epoch + 1, ended.state, ended.draft)
    with pytest.raises(ClaimLost):
        await store.close(turn)
    await store.close(again)
    assert await store.claim(KEY, worker="w") is None


async def test_recording_twice_writes_once(store: AnyStore) -> None:
    await store.enqueue(incoming("a"))
    turn = await claim(store)
    for _ in range(2):
        await store.record(turn, settlement(entry("q")))
    assert [item.id for item in await store.get_entries(KEY, start=0)] == [entry("q").id]


async def test_what_was_never_recorded_cannot_be_closed_but_as_failed(store: AnyStore) -> None:
    await store.enqueue(incoming("a"))
    turn = await claim(store)
    with pytest.raises(StorageError, match="no recorded outcome"):
        await store.close(turn)
    await store.close(turn, error="PlatformError: channel archived")
    assert not await store.open_conversations()


# ---------------------------------------------------------------- told late


def said(name: str, **changes: Any) -> Incoming:
    return incoming(name, message_id=name, **changes)


def read(name: str) -> NewEntry:
    return replace(entry(name), id=f"m:{name}", message_id=name)


async def test_a_question_that_an_answered_request_carried_is_one_of_those_that_were_answered(store: AnyStore) -> None:
    await store.append_entries(KEY, [read("late"), read("older")])
    await store.enqueue(said("next", seconds=9))
    turn = await claim(store)
    answered = settlement(entry("next"), answer_entry(turn.id, "Both.", at(10)))
    await settle(store, turn, answered)
    assert await store.enqueue(said("late")) is None
    assert await store.claim(KEY, worker="w") is None
    carrier = await store.get_turn(turn.id)
    assert carrier is not None
    assert [item.dedupe_key for item in carrier.coalesced] == ["late"]
    assert await store.is_known(said("late"))
    assert await store.turn_of(said("late")) == turn.id


async def test_a_question_that_is_being_answered_already_is_asked_with_what_asked_it(store: AnyStore) -> None:
    await store.append_entries(KEY, [read("late")])
    await store.enqueue(said("next", seconds=9))
    await claim(store)
    assert await store.enqueue(said("late")) is None
    again = await claim(store)  # whoever takes over asks it too
    assert [item.dedupe_key for item in again.coalesced] == ["late"]


@pytest.mark.parametrize(
    ("changes", "again"),
    [
        pytest.param({}, True, id="asked again on purpose"),
        pytest.param({"overrides": {"max_tokens": "5"}}, False, id="parameters of its own"),
        pytest.param({"private": True}, False, id="for its author alone"),
        pytest.param({"key": OTHER}, False, id="elsewhere"),
    ],
)
async def test_what_is_asked_for_itself_is_a_turn_though_a_request_carried_its_message(
    store: AnyStore, changes: dict[str, Any], again: bool
) -> None:
    await store.append_entries(KEY, [read("late")])
    await store.enqueue(said("next", seconds=9))
    turn = await claim(store)
    await settle(store, turn, settlement(entry("next"), answer_entry(turn.id, "Both.", at(10))))
    assert await store.enqueue(said("late", **changes), again=again) is not None


async def test_a_message_that_stands_in_no_answered_request_is_asked(store: AnyStore) -> None:
    await store.append_entries(KEY, [read("late")])
    await store.enqueue(said("next", seconds=9))
    turn = await claim(store)
    await settle(store, turn, settlement(state=TurnState.FAILED))
    assert await store.enqueue(said("late")) is not None


async def test_of_what_is_read_a_message_that_waits_as_a_question_is_left_out(store: AnyStore) -> None:
    await store.enqueue(said("asked"))
    kept = await store.append_entries(KEY, [read("asked"), read("talk")])
    assert [item.id for item in kept] == [read("talk").id]


# ---------------------------------------------------------------- bursts


async def test_queued_questions_are_gathered_in_order_and_never_claimed(store: AnyStore) -> None:
    await store.enqueue(incoming("first", seconds=1))
    turn = await claim(store)
    await store.enqueue(incoming("third", seconds=3))
    await store.enqueue(incoming("second", seconds=2))
    await store.enqueue(incoming("elsewhere", key=OTHER))
    gathered = await store.coalesce(turn)
    assert [item.dedupe_key for item in gathered.coalesced] == ["second", "third"]
    assert gathered.incoming == turn.incoming
    assert await store.open_conversations() == [OTHER, KEY] or await store.open_conversations() == [KEY, OTHER]
    await settle(store, turn, settlement())
    assert await store.claim(KEY, worker="w") is None
    assert await store.enqueue(incoming("second", seconds=2)) is None


async def test_a_burst_grows_and_survives_a_new_claim(store: AnyStore) -> None:
    await store.enqueue(incoming("a", seconds=1))
    turn = await claim(store)
    await store.enqueue(incoming("b", seconds=2))
    await store.coalesce(turn)
    again = await claim(store)
    assert [item.dedupe_key for item in again.coalesced] == ["b"]
    await store.enqueue(incoming("c", seconds=3))
    assert [item.dedupe_key for item in (await store.coalesce(again)).coalesced] == ["b", "c"]
    with pytest.raises(ClaimLost):
        await store.coalesce(turn)


async def test_questions_with_parameters_of_their_own_stay_turns(store: AnyStore) -> None:
    await store.enqueue(incoming("a", seconds=1))
    turn = await claim(store)
    await store.enqueue(incoming("special", seconds=2, overrides={"max_tokens": "5"}))
    assert (await store.coalesce(turn)).coalesced == ()
    await settle(store, turn, settlement())
    assert (await claim(store)).incoming.dedupe_key == "special"


@pytest.mark.parametrize(
    ("changes", "adds"),
    [
        ({}, True),
        ({"author": Person(id="U2", name="Bob")}, False),
        ({"overrides": {"max_tokens": "5"}}, False),
        ({"private": True}, False),
        ({"reply_ref": "m1"}, False),
        ({"task": Task.SUMMARY}, False),
        ({"key": OTHER}, False),
        ({"dedupe_key": "continue:7"}, False),
        ({"dedupe_key": "retry:7:1"}, True),
    ],
)
async def test_what_the_same_person_asks_next_adds_to_a_turn(
    store: AnyStore, changes: dict[str, Any], adds: bool
) -> None:
    await store.enqueue(incoming("a", seconds=1))
    turn = await claim(store)
    assert not await store.was_added_to(turn)
    await store.enqueue(replace(incoming("b", seconds=2), **changes))
    assert await store.was_added_to(turn) is adds
    assert not await store.was_added_to(await store.coalesce(turn))


@pytest.mark.parametrize("how", ["regenerate", "correct", "continue"])
async def test_another_answer_or_the_rest_of_one_takes_no_question_in(store: AnyStore, how: str) -> None:
    """It would be answered in a message that people have read, above theirs."""
    await store.enqueue(replace(incoming("a"), dedupe_key=f"{how}:7", reply_ref="m1"))
    await store.enqueue(incoming("b", seconds=2))
    turn = await store.coalesce(await claim(store))
    assert turn.coalesced == ()
    await store.enqueue(incoming("c", seconds=3))
    assert len((await store.coalesce(turn)).coalesced) == 0


async def test_what_others_of_a_burst_ask_next_adds_to_it_too(store: AnyStore) -> None:
    bob = Person(id="U2", name="Bob")
    await store.enqueue(incoming("a", seconds=1))
    turn = await claim(store)
    await store.enqueue(incoming("b", seconds=2, author=bob))
    turn = await store.coalesce(turn)
    await store.enqueue(incoming("c", seconds=3, author=bob))
    assert await store.was_added_to(turn)


# ---------------------------------------------------------------- requests in figures


async def test_the_newest_requests_are_told_oldest_first(store: AnyStore) -> None:
    figures = [
        RequestFigures(
            broken="" if n else "first",
            entries=n,
            removed=0,
            system_prompt=100,
            question=5,
            total=200 + n,
            cached=0,
            until_trim=9,
        )
        for n in range(3)
    ]
    for n, item in enumerate(figures):
        await store.enqueue(incoming(str(n), seconds=n))
        turn = await claim(store)
        for cached in (0, 1):  # the first one was empty, so that it was asked again
            await pay(store, turn, Usage(input=n, cached=cached))
        await settle(store, turn, settlement(request=item))
    await store.enqueue(incoming("nothing sent", seconds=9))
    await settle(store, await claim(store), settlement(state=TurnState.FAILED))
    records = await store.recent_requests(KEY, limit=2)
    assert [record.figures for record in records] == figures[1:]
    assert [record.usage for record in records] == [Usage(input=1, cached=1), Usage(input=2, cached=1)]
    assert await store.recent_requests(OTHER, limit=2) == []


# ---------------------------------------------------------------- putting off and handing back


async def test_a_turn_that_is_put_off_counts_as_retried(store: AnyStore, clock: ManualClock) -> None:
    await store.enqueue(incoming("a"))
    await store.reschedule(await claim(store), at(5))
    clock.advance(5)
    turn = await claim(store)
    assert (turn.retries, turn.attempt) == (1, 2)


async def test_an_answer_that_is_shown_later_is_counted_apart_from_the_retries(
    store: AnyStore, clock: ManualClock
) -> None:
    await store.enqueue(incoming("a"))
    for _ in range(3):
        await store.reschedule(await claim(store), clock())
    turn = await claim(store)
    await store.record(turn, settlement(entry("q")))
    await store.reschedule(turn, at(5))
    waiting = await store.waiting(KEY)
    assert waiting is not None
    assert waiting.not_before == at(5)
    clock.advance(5)
    turn = await claim(store)
    assert (turn.retries, turn.showings, turn.put_off, turn.attempt) == (3, 1, 4, 5)
    assert (await store.queue_figures()).recovered == 0


async def test_a_turn_whose_answer_was_taken_away_ends_as_cancelled_whatever_was_recorded(store: AnyStore) -> None:
    await store.enqueue(incoming("a"))
    turn = await claim(store)
    await store.record(turn, settlement(entry("q"), entry(f"a:{turn.id}")))
    assert (await store.delete_answer(turn.id)).interrupted == {KEY: (turn.id,)}
    assert not await store.close(turn)
    assert await store.close(turn, retracted=True)
    found = await store.get_turn(turn.id)
    assert found is not None
    assert (found.state, found.draft) == (TurnState.CANCELLED, None)
    assert await store.waiting(KEY) is None
    assert [item.id for item in await store.get_entries(KEY, start=0)] == ["q"]


async def test_a_turn_that_is_handed_back_is_as_if_it_had_not_been_claimed(store: AnyStore) -> None:
    await store.enqueue(incoming("a"))
    first = await claim(store)
    await store.set_reply_ref(first, "171.0009")
    await store.release(first)
    with pytest.raises(ClaimLost):
        await store.release(first)
    again = await claim(store)
    assert (again.attempt, again.epoch, again.retries, again.reply_ref) == (1, 2, 0, "171.0009")


async def test_a_stop_lets_no_turn_wait(store: AnyStore) -> None:
    await store.enqueue(incoming("a"))
    await store.reschedule(await claim(store), at(500))
    await store.request_stop(KEY)
    assert (await claim(store)).stop


async def test_whoever_shows_progress_learns_of_a_stop(store: AnyStore) -> None:
    await store.enqueue(incoming("a"))
    turn = await claim(store)
    assert not await store.check_claim(turn)
    assert not await store.set_reply_ref(turn, "171.0009")
    assert not await store.save_draft(turn, EVERYTHING)
    await store.request_stop(KEY)
    assert await store.check_claim(turn)
    assert await store.save_draft(turn, EVERYTHING)
    assert await store.set_reply_ref(turn, "171.0010")


async def test_a_recorded_answer_is_too_late_to_stop(store: AnyStore) -> None:
    await store.enqueue(incoming("a"))
    turn = await claim(store)
    await store.record(turn, settlement(entry("q")))
    assert await store.request_stop(KEY) == []
    await store.close(turn)


async def test_a_draft_that_comes_after_the_record_does_not_take_its_place(store: AnyStore) -> None:
    await store.enqueue(incoming("a"))
    turn = await claim(store)
    recorded = settlement(entry("q"))
    await store.record(turn, recorded)
    await store.save_draft(turn, Draft(status="writing", text="half"))
    assert (await claim(store)).draft == recorded.draft


async def test_what_waits_is_told_with_its_times(store: AnyStore, clock: ManualClock) -> None:
    assert await store.waiting(KEY) is None
    await store.enqueue(incoming("late", seconds=2))
    clock.advance(1)
    await store.enqueue(incoming("early", seconds=1))
    assert await store.waiting(KEY) == Waiting(first_accepted_at=at(0), last_accepted_at=at(1))
    await store.reschedule(await claim(store), at(30))
    waiting = await store.waiting(KEY)
    assert waiting is not None
    assert waiting.not_before == at(30)


async def test_a_turn_is_found_as_it_stands(store: AnyStore) -> None:
    assert await store.get_turn(1) is None
    id = await store.enqueue(incoming("a"))
    assert id is not None
    turn = await claim(store)
    await store.record(turn, settlement())
    await store.close(turn)
    found = await store.get_turn(id)
    assert found is not None
    assert (found.state, found.draft) == (TurnState.DONE, settlement().draft)


async def test_the_queue_in_figures(store: AnyStore, clock: ManualClock) -> None:
    empty = await store.queue_figures()
    assert (empty.queued, empty.running, empty.oldest_accepted_at) == (0, 0, None)
    await store.enqueue(incoming("a"))
    clock.advance(1)
    await store.enqueue(incoming("b", seconds=1))
    await store.enqueue(incoming("c", key=OTHER))
    await claim(store)
    await settle(store, await claim(store), settlement())
    await store.reschedule(await claim(store), at(5))
    await claim(store, OTHER)
    figures = await store.queue_figures()
    assert (figures.queued, figures.running, figures.done, figures.failed) == (1, 1, 1, 0)
    assert figures.oldest_accepted_at == at(1)
    assert (figures.retried, figures.recovered) == (1, 1)
