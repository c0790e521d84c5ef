"""A message that no platform keeps is stored in one transaction with what comes of it, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import StorageError
from bot.parameter_resolver import scopes_of
from bot.turns.effects import Nothing, SetParameters
from bot.types import ChannelMessage, ConversationKey, Edit, Incoming, Task
from tests.contract.stores.conftest import AnyStore
from tests.contract.stores.samples import ADA, CHANNELS, WORKSPACE, at, entry, incoming, message

KEY = ConversationKey(platform="local", workspace="W", channel="C1", thread="m")
CHANNEL = scopes_of(KEY)[1]
CHANGE = SetParameters(scope=CHANNEL, values={"max_tokens": "9"})


@pytest.fixture(autouse=True)
async def workspace(store: AnyStore) -> None:
    await store.put_workspace(WORKSPACE, CHANNELS, [ADA])


def asked(*, channel: str = "C1", **changes: Any) -> Incoming:
    posted = message("m", channel=channel)
    return replace(incoming("m", key=KEY, message_id="m"), posted=posted, **changes)


async def stands(store: AnyStore) -> list[ChannelMessage]:
    return list(await store.get_messages("W", "C1", limit=10))


async def heard(store: AnyStore) -> int:
    return sum(event.message == "m" for event in await store.get_playground_events(0, limit=100))


@pytest.mark.parametrize("task", [Task.ANSWER, Task.CONTEXT])
async def test_a_question_brings_its_message_once(store: AnyStore, task: Task) -> None:
    assert await store.enqueue(asked(task=task)) is not None
    assert await store.enqueue(asked(task=task)) is None
    assert await stands(store) == [message("m")]
    assert await heard(store) == 1


async def test_a_command_brings_its_message_once(store: AnyStore) -> None:
    assert await store.carry_out(asked(), Nothing(), lambda _: "no") is not None
    assert await store.carry_out(asked(), Nothing(), lambda _: "no") is None
    assert await stands(store) == [message("m")]
    assert await heard(store) == 1


async def test_nothing_comes_of_what_cannot_be_stored(store: AnyStore) -> None:
    lost = asked(channel="nowhere")
    with pytest.raises(StorageError):
        await store.enqueue(lost)
    with pytest.raises(StorageError):
        await store.carry_out(lost, CHANGE, str)
    assert await store.turn_of(lost) is None
    assert await store.get_settings([CHANNEL]) == {CHANNEL: {}}
    assert await store.carry_out(asked(), CHANGE, str) is not None
    assert await store.enqueue(asked()) is not None


async def test_an_edit_brings_its_message_where_it_counts(store: AnyStore) -> None:
    await store.enqueue(asked())

    def edit(text: str, seconds: float) -> Edit:
        posted, correction = message("m", text=text), replace(entry(text), at=at(seconds))
        return Edit(message_id="m", text=text, at=at(seconds), correction=correction, posted=posted)

    await store.edit_message(KEY, edit("newest", 20))
    await store.edit_message(KEY, edit("overtaken", 10))
    assert [item.text for item in await stands(store)] == ["newest"]
    [turn] = [await store.claim(KEY, worker="w")]
    assert turn is not None
    assert turn.incoming.text == "newest"
    assert turn.incoming.sent_at < at(0) + timedelta(seconds=1)
