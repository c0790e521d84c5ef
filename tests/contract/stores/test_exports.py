"""What operators take out of the stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from decimal import Decimal
from typing import Any

from bot.types import (
    Attachment,
    ConversationKey,
    Entry,
    KeptMessage,
    NewEntry,
    NewSchedule,
    Person,
    PersonData,
    PlaygroundFile,
    Purpose,
    RatedAnswer,
    Rating,
    Task,
    Usage,
)
from tests.contract.stores.conftest import AnyStore, claim
from tests.contract.stores.samples import (
    ADA,
    CHANNELS,
    KEY,
    OTHER,
    WORKSPACE,
    at,
    entry,
    incoming,
    message,
    pay,
    picture,
    sent,
    settlement,
)
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


GRACE = Person(id="U2", name="Grace")
SECRET = {"response_url": "https://hooks.example/secret"}


async def test_all_that_is_kept_of_somebody_is_found_and_nothing_of_others(store: AnyStore, clock: ManualClock) -> None:
    file = Attachment(id="F1", name="leaf.png", url="https://files.example/secret")
    await store.append_entries(OTHER, [entry("seen", seconds=2, media=(picture(b"x"),))])
    await store.enqueue(incoming("g", seconds=3, author=GRACE))
    given: dict[str, Any] = {"attachments": (file,), "platform_data": SECRET, "message_id": "s1"}
    await store.enqueue(incoming("said", seconds=3.5, task=Task.CONTEXT))
    await store.enqueue(incoming("a", seconds=4, **given))
    turn = await store.coalesce(await claim(store))
    entries = entry("m:a"), replace(entry("m:g"), author=GRACE.id), reply(turn.id)
    await settle(store, turn, settlement(*entries))
    await store.enqueue(incoming("own", seconds=5, overrides={"context": "long"}, key=replace(KEY, platform="discord")))
    await store.note_feedback(turn.id, ADA.id, good=False)
    await store.note_feedback(turn.id, GRACE.id, good=True)
    channel = replace(KEY, thread="")
    wanted = NewSchedule(key=channel, author=ADA, at=time(9), weekday=0, time_zone="UTC", next_at=at(9), since=at(0))
    digest = await store.add_schedule(wanted)
    await store.put_mark(channel, ADA.id, at(1))
    await store.put_mark(channel, "", at(2))

    assert await store.person_data("slack", ADA.id) == PersonData(
        names=("Ada",),
        messages=(
            KeptMessage(
                key=OTHER, message_id="s-seen", sent_at=at(2), kind="read", text="text seen", files=("leaf.png",)
            ),
            KeptMessage(key=KEY, message_id="", sent_at=at(3.5), kind="context", text="question said"),
            KeptMessage(
                key=KEY,
                message_id="s1",
                sent_at=at(4),
                kind="answer",
                text="question a",
                files=("leaf.png",),
                answer="answer",
            ),
        ),
        ratings=(Rating(turn=turn.id, key=KEY, good=False, at=clock()),),
        digests=(digest,),
        summaries_until={channel: at(1)},
    )
    (elsewhere,) = (await store.person_data("discord", ADA.id)).messages
    assert (elsewhere.parameters, elsewhere.answer) == ({"context": "long"}, "")
    assert await store.person_data("slack", "U9") == PersonData(summaries_until={})


async def test_files_of_the_playground_are_told_of_who_put_them_there(store: AnyStore) -> None:
    await store.put_workspace(WORKSPACE, CHANNELS, [])
    file = PlaygroundFile(
        id="f1", workspace="W", channel="C1", author=ADA.id, name="a.png", media_type="image/png", data=b"123", at=at(1)
    )
    await store.put_playground_file(file)
    await store.put_playground_file(replace(file, id="f2", author=GRACE.id))
    [kept] = (await store.person_data("local", ADA.id)).files
    assert (kept.id, kept.name, kept.size, kept.at, kept.channel.channel) == ("f1", "a.png", 3, at(1), "C1")
    assert not (await store.person_data("slack", ADA.id)).files


async def test_posts_of_the_playground_are_kept_of_their_author_once(store: AnyStore) -> None:
    await store.put_workspace(WORKSPACE, CHANNELS, [Person(id=ADA.id, name="Ada L.")])
    await store.put_messages([message("1", seconds=1), message("2", seconds=2, thread="1")])
    await store.put_messages([message("3", seconds=3, author=GRACE)])
    key = ConversationKey(platform="local", workspace="W", channel="C1", thread="1")
    await store.enqueue(incoming("local", seconds=2, key=key, message_id="2"))
    found = await store.person_data("local", ADA.id)
    assert found.names == ("Ada", "Ada L.")
    assert [(item.message_id, item.kind) for item in found.messages] == [("1", "post"), ("2", "answer")]
    assert (await store.person_data("slack", ADA.id)).messages == ()
