"""What a store promises of forgetting, of active conversations and of opinions."""

from __future__ import annotations

from dataclasses import replace

from bot.types import ConversationKey, Person, Task, Usage, Within
from tests.contract.stores.conftest import AnyStore
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
    remembered,
    settlement,
)
from tests.fakes import ManualClock, settle

GRACE = Person(id="U2", name="Grace")


async def answered(store: AnyStore, name: str, **changes: object) -> int:
    """A question and its answer, settled; the turn's id."""
    asked = incoming(name, **changes)  # type: ignore[arg-type]
    id = await store.enqueue(asked)
    turn = await store.claim(asked.key, worker="w")
    assert id is not None
    assert turn is not None
    entries = (entry(f"q-{name}", text="a secret"), entry(f"a-{name}", text="a secret"))
    await pay(store, turn, Usage(input=5))
    await settle(store, turn, settlement(*entries, conversation=remembered(memory="a secret")))
    return id


async def test_a_forgotten_conversation_has_no_words_and_goes_on(store: AnyStore, clock: ManualClock) -> None:
    begin = clock()
    id = await answered(store, "a", platform_data={"token": "t"})
    assert (await store.forget_conversation(KEY)).entries == 2
    assert await store.get_entries(KEY, start=0) == []
    conversation = await store.get_conversation(KEY)
    assert conversation is not None
    assert conversation.memory == ""
    turn = await store.get_turn(id)
    assert turn is not None
    assert (turn.incoming.text, turn.draft, dict(turn.incoming.platform_data)) == ("", None, {})
    clock.advance(1)
    assert (await store.usage_totals(since=begin, until=clock())).input == 5
    appended = await store.append_entries(KEY, [entry("later")])
    assert [item.position for item in appended] >= [conversation.window_start]


async def test_a_forgotten_delivery_is_still_known(store: AnyStore) -> None:
    await answered(store, "a")
    await store.forget_conversation(KEY)
    assert await store.enqueue(incoming("a")) is None


async def test_forgetting_somebody_takes_the_conversations_in_which_they_asked(store: AnyStore) -> None:
    await answered(store, "a")
    await answered(store, "b", key=OTHER, author=GRACE)
    assert (await store.forget_person("slack", "U2")).entries == 2
    assert await store.get_entries(OTHER, start=0) == []
    assert len(await store.get_entries(KEY, start=0)) == 2
    assert (await store.forget_person("discord", "U1")).entries == 0


async def test_the_authors_are_all_whose_words_would_be_lost(store: AnyStore) -> None:
    assert await store.authors(KEY) == set()
    await answered(store, "a", author=GRACE)
    assert await store.authors(KEY) == {GRACE.id, ADA.id}, "one asked, the other's message was read"
    assert await store.authors(OTHER) == set()
    await store.forget_conversation(KEY)
    assert await store.authors(KEY) == set()


async def test_bots_are_no_authors_whose_words_anybody_would_miss(store: AnyStore) -> None:
    alerts = Person(id="B1", name="Alerts", is_bot=True)
    await store.enqueue(incoming("alert", author=alerts, task=Task.CONTEXT))
    await answered(store, "a", author=GRACE)
    await store.append_entries(KEY, [replace(entry("read"), author="B2", author_is_bot=True)])
    assert await store.authors(KEY) == {GRACE.id, ADA.id}


async def test_the_authors_of_a_playground_s_thread_are_all_who_wrote_in_it(store: AnyStore) -> None:
    bot = Person(id="bot", name="Bot", is_bot=True)
    await store.put_workspace(WORKSPACE, CHANNELS, [])
    await store.put_messages([message("root", author=GRACE), message("elsewhere", author=Person(id="U3", name="Bo"))])
    await store.put_messages([message("reply", thread="root"), message("answer", thread="root", author=bot)])
    thread = ConversationKey(platform="local", workspace="W", channel="C1", thread="root")
    await store.enqueue(incoming("a", key=thread))
    turn = await store.claim(thread, worker="w")
    assert turn is not None
    await settle(store, turn, settlement(replace(entry("answer"), author=bot.id)))
    assert await store.authors(thread) == {GRACE.id, ADA.id}
    assert await store.authors(replace(thread, thread="")) == {GRACE.id, "U3"}
    assert await store.authors(replace(thread, platform="slack")) == set()


async def test_active_conversations_tell_when_the_newest_question_was_asked(store: AnyStore) -> None:
    await store.enqueue(incoming("a", seconds=10))
    await store.enqueue(incoming("b", seconds=20))
    await store.enqueue(incoming("c", seconds=5, key=OTHER))
    assert await store.active_conversations("slack", since=at(0)) == {KEY: at(20), OTHER: at(5)}
    assert await store.active_conversations("slack", since=at(10)) == {KEY: at(20)}
    assert await store.active_conversations("discord", since=at(0)) == {}


async def test_spending_is_told_apart_by_place_and_person(store: AnyStore, clock: ManualClock) -> None:
    begin = clock()
    await answered(store, "a")
    await answered(store, "b", key=OTHER, author=GRACE)
    clock.advance(1)

    async def requests(**names: str) -> int:
        return (await store.usage_totals(since=begin, until=clock(), within=Within(**names))).requests

    assert await requests(platform="slack", workspace="T1", channel="C1") == 2
    assert await requests(platform="slack", workspace="T1", channel="C1", thread=KEY.thread) == 1
    assert await requests(author_id=ADA.id) == 1
    assert await requests(author_id=ADA.id, thread=OTHER.thread) == 0
    assert await requests(workspace="T2") == 0


async def test_an_opinion_is_the_last_word(store: AnyStore) -> None:
    id = await answered(store, "a")
    await store.note_feedback(id, "U1", good=True)
    await store.note_feedback(id, "U1", good=False)
    await store.note_feedback(id, "U2", good=True)
