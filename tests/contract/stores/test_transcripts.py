"""What a store of transcripts promises."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bot.types import Condensation, Conversation, Entry, Media, NewEntry, StoredEntry
from tests.contract.stores.conftest import AnyStore
from tests.contract.stores.samples import KEY, OTHER, WORDS, at, entry, incoming, picture, remembered, settlement
from tests.fakes import settle


async def test_a_new_conversation_is_empty(store: AnyStore) -> None:
    assert await store.get_conversation(KEY) is None
    assert await store.get_entries(KEY, start=0) == []


async def test_accepting_a_question_does_not_start_the_transcript(store: AnyStore) -> None:
    await store.enqueue(incoming("m1"))
    assert await store.get_conversation(KEY) is None


async def test_the_first_entry_creates_the_conversation(store: AnyStore) -> None:
    await store.append_entries(KEY, [entry("a")])
    assert await store.get_conversation(KEY) == Conversation()
    assert await store.get_conversation(OTHER) is None


async def test_appending_nothing_changes_nothing(store: AnyStore) -> None:
    assert await store.append_entries(KEY, []) == []
    assert await store.get_conversation(KEY) is None


async def test_entries_come_back_byte_for_byte(store: AnyStore) -> None:
    answer = NewEntry(id="x", entry=Entry(role="assistant", text=WORDS), tokens=0, at=at(0.000001))
    new = (entry("a", text=f"  {WORDS}  \r\n", media=(picture(b"\x00\xff"),)), answer)
    expected = [
        StoredEntry(id=item.id, entry=item.entry, tokens=item.tokens, at=item.at, author=item.author,
                    message_id=item.message_id, position=position)
        for position, item in enumerate(new)
    ]  # fmt: skip
    assert await store.append_entries(KEY, new) == expected
    assert await store.get_entries(KEY, start=0) == expected


async def test_positions_grow_by_one_in_each_conversation(store: AnyStore) -> None:
    await store.append_entries(KEY, [entry("a"), entry("b")])
    await store.append_entries(OTHER, [entry("a")])
    added = await store.append_entries(KEY, [entry("c")])
    assert [item.position for item in added] == [2]
    assert [item.position for item in await store.get_entries(KEY, start=0)] == [0, 1, 2]
    assert [item.position for item in await store.get_entries(OTHER, start=0)] == [0]


async def test_only_what_is_new_is_appended(store: AnyStore) -> None:
    await store.append_entries(KEY, [entry("a"), entry("b")])
    added = await store.append_entries(KEY, [entry("b", text="changed"), entry("c"), entry("a"), entry("d")])
    assert [(item.id, item.position) for item in added] == [("c", 2), ("d", 3)]
    texts = [item.entry.text for item in await store.get_entries(KEY, start=0)]
    assert texts == ["text a", "text b", "text c", "text d"]


async def test_of_equal_ids_in_one_go_the_first_is_appended(store: AnyStore) -> None:
    added = await store.append_entries(KEY, [entry("a", text="one"), entry("b"), entry("a", text="two")])
    assert [item.entry.text for item in added] == ["one", "text b"]
    assert await store.get_entries(KEY, start=0) == added


async def test_a_window_is_read_from_its_start(store: AnyStore) -> None:
    await store.append_entries(KEY, [entry(str(number), media=(picture(bytes([number])),)) for number in range(5)])
    window = await store.get_entries(KEY, start=3)
    assert [(item.id, item.entry.media[0].data) for item in window] == [("3", b"\x03"), ("4", b"\x04")]
    assert await store.get_entries(KEY, start=5) == []


async def test_media_keep_their_order_and_the_same_bytes_may_be_used_again(store: AnyStore) -> None:
    media = (
        picture(b"two"),
        picture(b"one", name="other.png"),
        Media(kind="document", media_type="application/pdf", name="a.pdf", data=b"one", tokens=5),
        picture(b"two"),
    )
    await store.append_entries(KEY, [entry("a", media=media)])
    await store.append_entries(OTHER, [entry("b", media=media[1:])])
    assert (await store.get_entries(KEY, start=0))[0].entry.media == media
    assert (await store.get_entries(OTHER, start=0))[0].entry.media == media[1:]


async def test_the_time_of_an_entry_must_be_aware(store: AnyStore) -> None:
    naive = replace(entry("b"), at=datetime(2026, 1, 5))  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="aware"):
        await store.append_entries(KEY, [entry("a"), naive])
    assert await store.get_entries(KEY, start=0) == []
    assert await store.get_conversation(KEY) is None


async def test_what_is_remembered_is_replaced_as_a_whole(store: AnyStore) -> None:
    for conversation in (remembered(), remembered(last_request_at=None, window_start=9)):
        await store.enqueue(incoming(f"m{conversation.window_start}"))
        turn = await store.claim(KEY, worker="w1")
        assert turn is not None
        await settle(store, turn, settlement(conversation=conversation))
        assert await store.get_conversation(KEY) == conversation


async def test_appending_keeps_what_is_remembered(store: AnyStore) -> None:
    await store.enqueue(incoming("m1"))
    turn = await store.claim(KEY, worker="w1")
    assert turn is not None
    await settle(store, turn, settlement(entry("a"), conversation=remembered()))
    await store.append_entries(KEY, [entry("b")])
    assert await store.get_conversation(KEY) == remembered()


async def test_entries_appended_at_once_all_get_a_place(store: AnyStore) -> None:
    await asyncio.gather(*(store.append_entries(KEY, [entry(str(number % 10))]) for number in range(30)))
    entries = await store.get_entries(KEY, start=0)
    assert [item.position for item in entries] == list(range(10))
    assert {item.id for item in entries} == {str(number) for number in range(10)}


# ---------------------------------------------------------------- forgetting and remembering


async def test_the_entries_of_a_message_are_removed_and_their_places_never_used_again(store: AnyStore) -> None:
    kept, gone = entry("kept"), entry("gone", media=(picture(b"1"),))
    correction = replace(entry("correction"), message_id=gone.message_id)
    await store.append_entries(KEY, [kept, gone, correction])
    assert (await store.delete_messages(KEY, [gone.message_id])).entries == 2
    assert (await store.delete_messages(KEY, [gone.message_id])).entries == 0
    await store.append_entries(KEY, [entry("next")])
    left = await store.get_entries(KEY, start=0)
    assert [(item.id, item.position) for item in left] == [(kept.id, 0), (entry("next").id, 3)]


async def test_entries_without_a_source_are_never_removed_by_it(store: AnyStore) -> None:
    await store.append_entries(KEY, [replace(entry("answer"), message_id="")])
    assert (await store.delete_messages(KEY, [""])).entries == 0


async def test_media_that_another_entry_uses_stay(store: AnyStore) -> None:
    gone, kept = entry("gone", media=(picture(b"1"),)), entry("kept", media=(picture(b"1"),))
    await store.append_entries(KEY, [gone, kept])
    await store.delete_messages(KEY, [gone.message_id])
    (left,) = await store.get_entries(KEY, start=0)
    assert left.entry.media == kept.entry.media


async def test_a_conversation_is_remembered_as_it_was_saved(store: AnyStore) -> None:
    await store.append_entries(KEY, [entry("a")])
    await store.save_conversation(KEY, remembered(memory=WORDS))
    assert await store.get_conversation(KEY) == remembered(memory=WORDS)
    assert len(await store.get_entries(KEY, start=0)) == 1


def condensed(begin: int, until: int, notes: str = "notes", **changes: Any) -> Condensation:
    return replace(Condensation(revision=0, begin=begin, until=until, notes=notes), **changes)


async def test_notes_are_recorded_once(store: AnyStore) -> None:
    await store.enqueue(incoming("m1"))
    turn = await store.claim(KEY, worker="w")
    assert turn is not None
    await store.record(turn, settlement(entry("q"), conversation=remembered(memory="", window_start=0)))
    await store.close(turn)
    for _ in range(2):
        await store.record_memory(turn, condensed(0, 1))
    await store.record_memory(turn, condensed(0, 2, "of another process, and too late"))
    conversation = await store.get_conversation(KEY)
    assert conversation is not None
    assert (conversation.memory, conversation.condensed_until, conversation.prompt_digest) == ("notes", 1, "trim")
    await store.record_memory(turn, condensed(1, 2, "more"))
    conversation = await store.get_conversation(KEY)
    assert conversation is not None
    assert (conversation.memory, conversation.condensed_until) == ("more", 2)


async def test_notes_that_come_while_an_answer_is_written_are_kept(store: AnyStore) -> None:
    await store.append_entries(KEY, [entry("old")])
    await store.save_conversation(KEY, before := remembered(memory="", window_start=0))
    await store.enqueue(incoming("m1"))
    turn = await store.claim(KEY, worker="w")
    assert turn is not None
    await store.record_memory(turn, condensed(0, 1))
    await store.record(turn, settlement(entry("q"), conversation=before))
    conversation = await store.get_conversation(KEY)
    assert conversation is not None
    assert (conversation.memory, conversation.condensed_until, conversation.prompt_digest) == ("notes", 1, "trim")


async def test_what_is_condensed_in_vain_is_left_out_in_the_end(store: AnyStore) -> None:
    await store.append_entries(KEY, [entry("old")])
    await store.save_conversation(KEY, remembered(memory="before", window_start=0))
    await store.enqueue(incoming("m1"))
    turn = await store.claim(KEY, worker="w")
    assert turn is not None
    reached = []
    for in_vain in (False, True, True, True):
        await store.record_memory(turn, condensed(0, 1, "", in_vain=in_vain))
        conversation = await store.get_conversation(KEY)
        assert conversation is not None
        assert conversation.memory == "before"
        reached.append((conversation.condensed_until, conversation.condensed_in_vain))
    assert reached == [(0, 0), (0, 1), (0, 2), (1, 0)]


async def test_what_is_appended_while_an_answer_is_written_comes_behind_it(store: AnyStore) -> None:
    await store.append_entries(KEY, [entry("a"), entry("b")])
    await store.enqueue(incoming("m1"))
    turn = await store.claim(KEY, worker="w")
    assert turn is not None
    await store.append_entries(KEY, [entry("correction"), entry("another")])
    await store.record(turn, settlement(entry("q"), entry("answer"), sent_until=2))
    await store.append_entries(KEY, [entry("last")])
    entries = await store.get_entries(KEY, start=0)
    names = ("a", "b", "q", "answer", "correction", "another", "last")
    assert [item.id for item in entries] == [entry(name).id for name in names]
    positions = [item.position for item in entries]
    assert positions == sorted(set(positions))
