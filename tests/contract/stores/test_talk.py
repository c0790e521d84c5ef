"""What a store knows of who said what lately in a conversation."""

from __future__ import annotations

from bot.context.transcript import answer_entry, correction_entry, user_entry
from bot.types import BOT, Person, ThreadMessage, Utterance
from tests.contract.stores.conftest import AnyStore, claim
from tests.contract.stores.samples import KEY, OTHER, at, incoming, settlement
from tests.fakes import settle

BEN = Person(id="U2", name="Ben: the [second]")
TO_BOT = frozenset({BOT})


def by_ada(text: str, *, to_bot: bool = True) -> Utterance:
    return Utterance(speaker="U1", name="Ada", text=text, addressees=TO_BOT if to_bot else frozenset())


def by_ben(text: str, *, to_bot: bool = False) -> Utterance:
    return Utterance(speaker="U2", name="Ben the (second)", text=text, addressees=TO_BOT if to_bot else frozenset())


def by_bot(text: str, *to: str) -> Utterance:
    return Utterance(speaker=BOT, text=text, addressees=frozenset(to or {"U1"}))


async def answer(store: AnyStore, *read: ThreadMessage, text: str) -> None:
    """Answer the oldest question after what was read in its thread."""
    turn = await claim(store)
    asked = turn.incoming
    entries = (
        *map(user_entry, read),
        user_entry(asked),
        *map(user_entry, turn.coalesced),
        answer_entry(turn.id, text, asked.sent_at),
    )
    await settle(store, turn, settlement(*entries))


async def test_nothing_was_said_where_nothing_is_known(store: AnyStore) -> None:
    assert await store.recent_talk(KEY, limit=9) == []


async def test_questions_answers_and_what_was_read_come_in_order(store: AnyStore) -> None:
    await store.enqueue(incoming("m1", text="Why: [x]?\nAnd how?", message_id="1.1"))
    read = ThreadMessage(message_id="1.0", author=BEN, text="Hello all", sent_at=at(0))
    await answer(store, read, text="Because.")
    await store.enqueue(incoming("m2", text="by command", seconds=2))
    await answer(store, text="Yes.")
    await store.enqueue(incoming("elsewhere", key=OTHER))
    assert await store.recent_talk(KEY, limit=9) == [
        by_ben("Hello all", to_bot=False),
        by_ada("Why: [x]?\nAnd how?"),
        by_bot("Because."),
        by_ada("by command"),
        by_bot("Yes."),
    ]
    assert await store.recent_talk(KEY, limit=2) == [by_ada("by command"), by_bot("Yes.")]


async def test_only_what_was_typed_was_said(store: AnyStore) -> None:
    reply = "[in reply to Cem: thanks, Ben?]\nIt blinks.\n\n[card] CI\n  Ada: the build is red"
    await store.enqueue(incoming("m1", text=reply, message_id="1.1"))
    await answer(
        store, ThreadMessage(message_id="1.0", author=BEN, text="[sticker] wave", sent_at=at(0)), text="[x]: 1"
    )
    await store.enqueue(incoming("m2", text=reply, seconds=2))
    assert await store.recent_talk(KEY, limit=9) == [
        by_ben("", to_bot=False),
        by_ada("It blinks."),
        by_bot("[x]: 1"),
        by_ada("It blinks."),
    ]


async def test_a_question_that_is_not_answered_yet_was_said_once(store: AnyStore) -> None:
    await store.enqueue(incoming("m1", text="first", message_id="1.1"))
    turn = await claim(store)
    await store.enqueue(incoming("m2", text="second", message_id="1.2", seconds=1, author=BEN))
    second = Utterance(speaker="U2", name=BEN.name, text="second", addressees=TO_BOT)
    assert await store.recent_talk(KEY, limit=9) == [by_ada("first"), second]
    turn = await store.coalesce(turn)  # both are answered together
    assert await store.recent_talk(KEY, limit=9) == [by_ada("first"), second]
    entries = (user_entry(turn.incoming), *map(user_entry, turn.coalesced), answer_entry(turn.id, "both", at(2)))
    await store.record(turn, settlement(*entries))
    told = [by_ada("first"), by_ben("second", to_bot=True), by_bot("both", "U1", "U2")]
    assert await store.recent_talk(KEY, limit=9) == told
    await store.close(turn)
    assert await store.recent_talk(KEY, limit=9) == told


async def test_corrections_and_what_was_deleted_were_not_said(store: AnyStore) -> None:
    await store.enqueue(incoming("m1", text="why?", message_id="1.1"))
    await answer(store, text="Because.")
    message = ThreadMessage(message_id="1.1", author=Person(id="U1", name="Ada"), text="how?", sent_at=at(0))
    await store.append_entries(KEY, [correction_entry(message, at(3))])
    assert await store.recent_talk(KEY, limit=9) == [by_ada("why?"), by_bot("Because.")]
    await store.enqueue(incoming("m2", text="never mind", message_id="1.2", seconds=4))
    await store.delete_messages(KEY, ["1.1", "1.2"])
    assert all("why" not in said.text and "mind" not in said.text for said in await store.recent_talk(KEY, limit=9))


async def test_long_texts_are_cut(store: AnyStore) -> None:
    await store.enqueue(incoming("m1", text="x" * 100_000, message_id="1.1"))
    assert 500 < len((await store.recent_talk(KEY, limit=9))[0].text) < 10_000
    await answer(store, text="y" * 100_000)
    assert all(500 < len(said.text) < 10_000 for said in await store.recent_talk(KEY, limit=9))
