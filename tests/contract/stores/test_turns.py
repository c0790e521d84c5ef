"""What a store of turns promises."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from bot.errors import ClaimLost
from bot.types import (
    Attachment,
    ConversationKey,
    Draft,
    Person,
    Settlement,
    Turn,
    TurnState,
)
from tests.contract.stores.conftest import AnyStore, claim
from tests.contract.stores.samples import (
    ADA,
    EVERYTHING,
    KEY,
    OTHER,
    WORDS,
    at,
    entry,
    incoming,
    remembered,
    settlement,
)
from tests.fakes import ManualClock, settle

NAIVE = datetime(2026, 1, 5, 9)  # noqa: DTZ001 - a time that no store may take


async def test_an_incoming_comes_back_as_it_went_in(store: AnyStore) -> None:
    sent = incoming(
        "m1",
        text=WORDS,
        author=Person(id="U2", name=WORDS, is_bot=True),
        message_id="171.0003",
        attachments=(Attachment(id="F1", name="a.png", media_type="image/png", size=3_000_000_000, url="u"),),
        overrides={"stop": "a,b", "enable_web_search": "yes"},
        is_directed=False,
        is_top_level=True,
    )
    id = await store.enqueue(sent)
    turn = await claim(store)
    assert (turn.id, turn.incoming) == (id, sent)
    assert turn.incoming.overrides["stop"] == "a,b"
    assert turn.incoming.sent_at.utcoffset() == timedelta(0)


async def test_the_same_delivery_is_stored_once(store: AnyStore) -> None:
    assert await store.enqueue(incoming("m1")) is not None
    assert await store.enqueue(incoming("m1", text="again")) is None
    assert (await claim(store)).incoming.text == "question m1"


async def test_a_delivery_stays_known_when_its_turn_is_over(store: AnyStore) -> None:
    await store.enqueue(incoming("m1"))
    await settle(store, await claim(store), settlement())
    assert await store.enqueue(incoming("m1")) is None
    assert await store.claim(KEY, worker="w1") is None


async def test_platforms_name_their_deliveries_apart(store: AnyStore) -> None:
    assert await store.enqueue(incoming("1")) is not None
    assert await store.enqueue(incoming("1", key=replace(KEY, platform="discord"))) is not None


async def test_of_many_equal_deliveries_at_once_one_is_stored(store: AnyStore) -> None:
    ids = await asyncio.gather(*(store.enqueue(incoming("m1")) for _ in range(20)))
    assert len([id for id in ids if id is not None]) == 1


async def test_a_naive_time_is_no_time(store: AnyStore) -> None:
    with pytest.raises(ValueError, match="aware"):
        await store.enqueue(incoming("m1", sent_at=NAIVE))
    assert await store.open_conversations() == []


async def test_times_come_back_in_utc(store: AnyStore) -> None:
    tokyo = timezone(timedelta(hours=9))
    await store.enqueue(incoming("m1", sent_at=at(0.123456).astimezone(tokyo)))
    turn = await claim(store)
    assert turn.incoming.sent_at == at(0.123456)
    assert turn.incoming.sent_at.utcoffset() == timedelta(0)


async def test_nothing_is_claimed_where_nothing_is_open(store: AnyStore) -> None:
    assert await store.claim(KEY, worker="w1") is None


async def test_the_oldest_question_is_claimed_first_however_they_arrived(store: AnyStore) -> None:
    await store.enqueue(incoming("late", seconds=2))
    await store.enqueue(incoming("early", seconds=1))
    await store.enqueue(incoming("other", seconds=0, key=OTHER))
    order = []
    for _ in range(2):
        turn = await claim(store)
        order.append(turn.incoming.dedupe_key)
        await settle(store, turn, settlement())
    assert order == ["early", "late"]
    assert await store.claim(KEY, worker="w1") is None


async def test_questions_of_the_same_time_are_claimed_as_they_were_accepted(store: AnyStore) -> None:
    for name in ("b", "a", "c"):
        await store.enqueue(incoming(name))
    order = []
    for _ in range(3):
        turn = await claim(store)
        order.append(turn.incoming.dedupe_key)
        await settle(store, turn, settlement())
    assert order == ["b", "a", "c"]


async def test_a_claim_makes_the_turn_running_and_raises_its_epoch(store: AnyStore) -> None:
    await store.enqueue(incoming("m1"))
    turn = await claim(store)
    assert (turn.state, turn.epoch, turn.attempt) == (TurnState.RUNNING, 1, 1)
    assert (turn.reply_ref, turn.draft, turn.stop) == (None, None, False)


async def test_a_turn_is_found_by_the_name_of_what_it_answers(store: AnyStore) -> None:
    first, second, later = incoming("a"), incoming("b"), incoming("c")
    ids = [await store.enqueue(item) for item in (first, second)]
    assert [await store.turn_of(item) for item in (first, second, later)] == [*ids, None]
    await store.coalesce(await claim(store))
    assert [await store.turn_of(item) for item in (first, second)] == [ids[0], ids[0]]
    assert await store.turn_of(replace(first, key=replace(first.key, platform="elsewhere"))) is None


async def test_a_running_turn_is_taken_over_with_all_that_is_known_of_it(store: AnyStore) -> None:
    await store.enqueue(incoming("m1"))
    first = await claim(store)
    await store.set_reply_ref(first, "171.0009")
    await store.save_draft(first, EVERYTHING)
    second = await claim(store)
    assert (second.id, second.epoch, second.attempt) == (first.id, 2, 2)
    assert (second.reply_ref, second.draft) == ("171.0009", EVERYTHING)
    assert second.draft is not None
    assert second.draft.footer is not None
    assert str(second.draft.footer.cost) == "0.10"


async def test_a_post_that_was_never_noted_is_left_once_however_many_runners_end(store: AnyStore) -> None:
    await store.enqueue(incoming("m1"))
    first = await claim(store)
    await store.begin_post(first)
    second = await claim(store)
    assert first.post_begun_at is None
    assert second.post_begun_at is not None
    assert second.post_left_at is not None
    third = await claim(store)
    assert (third.post_begun_at, third.post_left_at) == (second.post_begun_at, second.post_left_at)
    await store.begin_post(third)
    await store.set_reply_ref(third, "171.0009")
    fourth = await claim(store)
    assert (fourth.post_begun_at, fourth.post_left_at) == (None, None)


async def test_whoever_lost_the_claim_writes_nothing_more(store: AnyStore) -> None:
    await store.enqueue(incoming("m1"))
    old = await claim(store)
    new = await claim(store)
    with pytest.raises(ClaimLost):
        await store.check_claim(old)
    with pytest.raises(ClaimLost):
        await store.begin_post(old)
    with pytest.raises(ClaimLost):
        await store.set_reply_ref(old, "old")
    with pytest.raises(ClaimLost):
        await store.save_draft(old, Draft(status="writing", text="old"))
    with pytest.raises(ClaimLost):
        await store.reschedule(old, at(5))
    with pytest.raises(ClaimLost):
        await settle(store, old, settlement(entry("old"), conversation=remembered()))
    assert await store.get_entries(KEY, start=0) == []
    assert await store.get_conversation(KEY) is None
    await store.set_reply_ref(new, "new")
    again = await claim(store)
    assert (again.reply_ref, again.draft) == ("new", None)


async def test_a_turn_is_settled_once(store: AnyStore) -> None:
    await store.enqueue(incoming("m1"))
    turn = await claim(store)
    await settle(store, turn, settlement(entry("a")))
    with pytest.raises(ClaimLost):
        await settle(store, turn, settlement(entry("b")))
    assert [item.id for item in await store.get_entries(KEY, start=0)] == ["a"]


async def test_a_turn_that_was_never_claimed_cannot_be_written(store: AnyStore) -> None:
    id = await store.enqueue(incoming("m1"))
    assert id is not None
    unclaimed = Turn(id=id, incoming=incoming("m1"), state=TurnState.QUEUED, epoch=0, attempt=0)
    with pytest.raises(ClaimLost):
        await settle(store, unclaimed, settlement())


@pytest.mark.parametrize("state", [TurnState.DONE, TurnState.FAILED, TurnState.CANCELLED], ids=str)
async def test_a_settled_turn_is_over(store: AnyStore, state: TurnState) -> None:
    await store.enqueue(incoming("m1"))
    await settle(store, await claim(store), settlement(state=state, error="why", parameters={"stop": "x"}))
    assert await store.claim(KEY, worker="w1") is None
    assert await store.open_conversations() == []
    assert await store.request_stop(KEY) == []


async def test_settling_writes_transcript_and_memory_together(store: AnyStore) -> None:
    await store.append_entries(KEY, [entry("question")])
    await store.enqueue(incoming("m1"))
    known = remembered(memory="")  # notes have a writer of their own
    await settle(store, await claim(store), settlement(entry("question"), entry("answer"), conversation=known))
    entries = await store.get_entries(KEY, start=0)
    assert [(item.position, item.id) for item in entries] == [(0, "question"), (1, "answer")]
    assert await store.get_conversation(KEY) == known


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(settlement(entry("a"), replace(entry("b"), at=NAIVE)), id="entry"),
        pytest.param(settlement(entry("a"), conversation=remembered(last_request_at=NAIVE)), id="conversation"),
    ],
)
async def test_a_settlement_that_fails_in_part_fails_as_a_whole(store: AnyStore, broken: Settlement) -> None:
    await store.enqueue(incoming("m1"))
    turn = await claim(store)
    with pytest.raises(ValueError, match="aware"):
        await settle(store, turn, broken)
    assert await store.get_entries(KEY, start=0) == []
    assert await store.get_conversation(KEY) is None
    await settle(store, turn, settlement(entry("a")))


async def test_a_refused_turn_leaves_no_trace_in_the_transcript(store: AnyStore) -> None:
    await store.enqueue(incoming("m1"))
    await settle(store, await claim(store), settlement(state=TurnState.FAILED))
    assert await store.get_conversation(KEY) is None
    assert await store.get_entries(KEY, start=0) == []


async def test_a_postponed_turn_waits_and_holds_up_those_behind_it(store: AnyStore, clock: ManualClock) -> None:
    await store.enqueue(incoming("first"))
    await store.enqueue(incoming("second", seconds=1))
    await store.reschedule(await claim(store), at(30))
    clock.advance(29)
    assert await store.claim(KEY, worker="w1") is None
    clock.advance(1)
    turn = await claim(store)
    assert (turn.incoming.dedupe_key, turn.epoch, turn.attempt) == ("first", 2, 2)


async def test_a_stop_marks_every_open_turn_of_its_conversation(store: AnyStore) -> None:
    late = await store.enqueue(incoming("late", seconds=2))
    early = await store.enqueue(incoming("early", seconds=1))
    await store.enqueue(incoming("other", key=OTHER))
    await store.enqueue(incoming("over", seconds=0))
    await settle(store, await claim(store), settlement())
    assert await store.request_stop(KEY) == [early, late]
    assert (await claim(store)).stop
    assert not (await claim(store, OTHER)).stop


async def test_a_stop_reaches_a_running_turn(store: AnyStore) -> None:
    await store.enqueue(incoming("m1"))
    turn = await claim(store)
    assert await store.request_stop(KEY) == [turn.id]
    assert (await claim(store)).stop


async def test_a_stop_of_somebody_marks_their_own_turns_alone(store: AnyStore) -> None:
    eve = Person(id="eve", name="Eve")
    ours = await store.enqueue(incoming("ours", seconds=1))
    theirs = await store.enqueue(incoming("theirs", seconds=2, author=eve))
    assert await store.stoppable_by(KEY) == {ADA.id, eve.id}
    assert await store.request_stop(KEY, author="nobody") == []
    assert await store.request_stop(KEY, author=eve.id) == [theirs]
    turn = await claim(store)
    assert (turn.id, turn.stop) == (ours, False)
    await store.record(turn, settlement())
    assert await store.stoppable_by(KEY) == {eve.id}
    assert await store.request_stop(KEY, author=ADA.id) == []


async def test_bots_are_counted_back_to_the_newest_question_of_a_person(store: AnyStore) -> None:
    bot = Person(id="b", name="Deploys", is_bot=True)
    counted = [await store.asked_by_bots(KEY, limit=3)]
    for number, author in enumerate((bot, ADA, bot, bot, bot, bot)):
        await store.enqueue(incoming(f"m{number}", author=author))
        counted.append(await store.asked_by_bots(KEY, limit=3))
    assert counted == [0, 1, 0, 1, 2, 3, 3]
    assert await store.asked_by_bots(OTHER, limit=3) == 0


async def test_a_stop_that_comes_late_leaves_alone_what_was_asked_since_it_was_pressed(store: AnyStore) -> None:
    before = await store.enqueue(incoming("before", seconds=1))
    await store.enqueue(incoming("since", seconds=3))
    assert await store.request_stop(KEY, until=at(2)) == [before]
    assert await store.request_stop(KEY, until=at(0)) == []
    assert (await claim(store)).stop


async def test_a_stop_finds_nothing_where_nothing_is_open(store: AnyStore) -> None:
    assert await store.request_stop(KEY) == []
    assert await store.stoppable_by(KEY) == set()


async def test_open_conversations_come_the_longest_waiting_first(store: AnyStore) -> None:
    third = replace(KEY, thread="171.0003")
    await store.enqueue(incoming("a", seconds=3, key=KEY))
    await store.enqueue(incoming("b", seconds=1, key=third))
    await store.enqueue(incoming("c", seconds=2, key=OTHER))
    await store.enqueue(incoming("d", seconds=0, key=KEY))
    assert await store.open_conversations() == [KEY, third, OTHER]
    await settle(store, await claim(store, third), settlement())
    await settle(store, await claim(store), settlement())
    assert await store.open_conversations() == [OTHER, KEY]


async def test_many_conversations_are_served_at_once(store: AnyStore) -> None:
    keys = [replace(KEY, thread=str(number)) for number in range(10)]

    async def serve(key: ConversationKey) -> list[str]:
        for number in range(3):
            await store.enqueue(incoming(f"{key.thread}-{number}", seconds=number, key=key))
        served = []
        while (turn := await store.claim(key, worker="w1")) is not None:
            served.append(turn.incoming.dedupe_key)
            await settle(store, turn, settlement(entry(turn.incoming.dedupe_key)))
        return served

    served = await asyncio.gather(*map(serve, keys))
    assert served == [[f"{key.thread}-{number}" for number in range(3)] for key in keys]
    for key, names in zip(keys, served, strict=True):
        assert [item.id for item in await store.get_entries(key, start=0)] == names


async def test_what_was_put_off_is_due_when_the_clock_is_set_back(store: AnyStore, clock: ManualClock) -> None:
    await store.enqueue(incoming("m1"))
    turn = await claim(store)
    await store.reschedule(turn, clock() + timedelta(minutes=5))
    assert await store.claim(KEY, worker="w") is None
    clock.advance(-3_600)
    again = await store.claim(KEY, worker="w")
    assert again is not None
    assert again.id == turn.id
