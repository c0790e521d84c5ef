"""What may have changed while nobody listened is looked at once, and what goes wrong there keeps no answer away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import PlatformError, StorageUnavailable
from bot.turns import missed_changes
from bot.turns.missed_changes import MissedChanges, note_listening
from bot.types import ConversationKey
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock, incoming
from tests.quiet_bot import QuietBot

KEY = incoming("", 1).key
OTHER = replace(KEY, thread="another")


class Reader:
    """Notes what it is asked to look at, and then does what it is given."""

    def __init__(self) -> None:
        self.asked: list[tuple[ConversationKey, list[str]]] = []
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def follow_changes(self, bot: Any, key: ConversationKey, messages: Sequence[str]) -> None:
        self.asked.append((key, list(messages)))
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error


async def left_open(*keys: ConversationKey) -> MemoryStore:
    store = MemoryStore(clock=ManualClock())
    for number, key in enumerate(keys):
        await store.enqueue(replace(incoming("one?", number), key=key, message_id=f"s-{number}"))
    return store


def missed(reader: Any, store: MemoryStore, **options: Any) -> MissedChanges:
    return MissedChanges(QuietBot(), store, {KEY.platform: reader}, **options)


async def test_only_what_was_open_at_the_start_is_looked_at_and_once() -> None:
    reader, store = Reader(), await left_open(KEY)
    looking = missed(reader, store)
    await looking.begin()
    await store.enqueue(replace(incoming("two?", 9), key=OTHER, message_id="s-9"))
    for key in (KEY, OTHER, KEY):
        await looking.follow(key)
    assert reader.asked == [(KEY, ["s-0"])]


async def test_what_is_no_message_and_a_platform_that_cannot_tell_are_left_alone() -> None:
    reader, store = Reader(), MemoryStore(clock=ManualClock())
    await store.enqueue(replace(incoming("by a command", 1), message_id=""))
    for platform in (reader, object()):
        looking = missed(platform, store)
        await looking.begin()
        await looking.follow(KEY)
    assert not reader.asked


async def test_a_listener_that_comes_or_goes_elsewhere_is_a_reason_to_look_again() -> None:
    reader, store = Reader(), await left_open(KEY)
    looking = missed(reader, store, are_apart=True)
    await looking.begin()
    await looking.follow(KEY)
    await store.enqueue(replace(incoming("two?", 9), key=OTHER, message_id="s-9"))
    await looking.follow(OTHER)
    await note_listening(store, KEY.platform)
    for key in (OTHER, KEY, OTHER):
        await looking.follow(key)
    assert [key for key, _ in reader.asked] == [KEY, OTHER, KEY]


@pytest.mark.parametrize("error", [PlatformError("away"), KeyError("a bug")])
async def test_a_platform_that_is_away_keeps_no_answer_away(error: Exception) -> None:
    reader, store = Reader(), await left_open(KEY)
    looking = missed(reader, store)
    await looking.begin()
    reader.error = error
    for _ in range(2):
        await looking.follow(KEY)
    assert len(reader.asked) == 1


async def test_one_that_makes_us_wait_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missed_changes, "LOOK_SECONDS", 0.01)
    reader, store = Reader(), await left_open(KEY)
    looking = missed(reader, store)
    await looking.begin()
    reader.gate = asyncio.Event()
    await looking.follow(KEY)
    assert len(reader.asked) == 1


async def test_what_could_not_be_stored_is_looked_at_again() -> None:
    reader, store = Reader(), await left_open(KEY)
    looking = missed(reader, store)
    await looking.begin()
    reader.error = StorageUnavailable("away")
    with pytest.raises(StorageUnavailable):
        await looking.follow(KEY)
    reader.error = None
    await looking.follow(KEY)
    assert len(reader.asked) == 2
