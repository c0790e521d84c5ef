"""What a store of the playground's workspaces promises."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.errors import StorageError
from bot.types import (
    Attachment,
    Channel,
    ConversationKey,
    Draft,
    Footer,
    Person,
    PlaygroundEvent,
    PlaygroundFile,
    Usage,
    Workspace,
)
from tests.contract.stores.conftest import AnyStore
from tests.contract.stores.samples import ADA, CHANNELS, GENERAL, WORDS, WORKSPACE, at, message
from tests.fakes import ManualClock

KEY_OF_PLAYGROUND = ConversationKey(platform="local", workspace="W", channel="C1", thread="")


@pytest.fixture(autouse=True)
async def workspace(store: AnyStore) -> None:
    await store.put_workspace(WORKSPACE, CHANNELS, [ADA])


async def test_workspaces_come_by_name(store: AnyStore) -> None:
    zoo, attic = Workspace(id="A", name="Zoo"), Workspace(id="Z", name="Attic")
    await store.put_workspace(zoo, [], [])
    await store.put_workspace(attic, [], [])
    assert await store.get_workspaces() == [attic, WORKSPACE, zoo]


async def test_channels_come_by_name_and_direct_ones_last(store: AnyStore) -> None:
    direct = Channel(workspace="W", id="D1", name="Ada", direct=True)
    upper = Channel(workspace="W", id="C0", name="Zebra")
    await store.put_workspace(WORKSPACE, [direct, upper], [])
    assert await store.get_channels("W") == [upper, *CHANNELS, direct]
    assert await store.get_channels("nowhere") == []


async def test_people_come_by_name(store: AnyStore) -> None:
    bob, bot = Person(id="U0", name="Bob"), Person(id="B1", name="Éloïse", is_bot=True)
    await store.put_workspace(WORKSPACE, [], [bot, bob])
    assert await store.get_people("W") == [ADA, bob, bot]
    assert await store.get_people("nowhere") == []


async def test_what_has_the_same_id_is_replaced_and_the_rest_stays(store: AnyStore) -> None:
    await store.put_messages([message("1")])
    renamed = replace(GENERAL, name="zzz", topic="")
    await store.put_workspace(Workspace(id="W", name="Park"), [renamed], [Person(id="U1", name="Ada L.")])
    assert await store.get_workspaces() == [Workspace(id="W", name="Park")]
    assert await store.get_channels("W") == [CHANNELS[1], renamed]
    assert await store.get_people("W") == [Person(id="U1", name="Ada L.")]
    assert await store.get_message("W", "C1", "1") == message("1")


async def test_a_message_comes_back_as_it_went_in(store: AnyStore) -> None:
    footer = Footer(model="m", usage=Usage(input=3), cost=Decimal("0.000010"), seconds=0.25)
    sent = message(
        "1",
        text=WORDS,
        author=Person(id="B", name=WORDS, is_bot=True),
        attachments=(Attachment(id="F", name="n"),),
        answer=Draft(status="done", text=WORDS, footer=footer),
    )
    assert await store.put_messages([sent]) == 1
    assert await store.get_message("W", "C1", "1") == sent
    assert await store.get_messages("W", "C1", limit=1) == [sent]


async def test_there_is_no_message_where_there_is_none(store: AnyStore) -> None:
    await store.put_messages([message("1")])
    assert await store.get_message("W", "C1", "2") is None
    assert await store.get_message("W", "C2", "1") is None
    assert await store.get_message("V", "C1", "1") is None
    assert await store.get_messages("W", "C2", limit=5) == []
    assert await store.get_thread("W", "C1", "1", limit=5) == []


async def test_only_new_messages_are_counted(store: AnyStore) -> None:
    assert await store.put_messages([]) == 0
    assert await store.put_messages([message("1"), message("2")]) == 2
    assert await store.put_messages([message("2", text="changed"), message("3"), message("3", text="last")]) == 1
    texts = [item.text for item in await store.get_messages("W", "C1", limit=5)]
    assert texts == ["text 1", "changed", "last"]


async def test_a_message_needs_its_channel(store: AnyStore) -> None:
    with pytest.raises(StorageError, match="no channel 'nowhere'"):
        await store.put_messages([message("1"), message("2", channel="nowhere")])
    assert await store.get_message("W", "C1", "1") is None


async def test_the_newest_messages_come_oldest_first(store: AnyStore) -> None:
    await store.put_messages([message(str(number), seconds=number) for number in (3, 1, 2)])
    assert [item.id for item in await store.get_messages("W", "C1", limit=2)] == ["2", "3"]
    assert [item.id for item in await store.get_messages("W", "C1", limit=9)] == ["1", "2", "3"]
    assert await store.get_messages("W", "C1", limit=0) == []


async def test_messages_of_the_same_time_come_by_id(store: AnyStore) -> None:
    await store.put_messages([message(id) for id in ("b", "B", "a", "10", "9", "é")])
    assert [item.id for item in await store.get_messages("W", "C1", limit=9)] == ["10", "9", "B", "a", "b", "é"]


async def test_pages_together_are_the_channel(store: AnyStore) -> None:
    ids = [f"{number:03}" for number in range(25)]
    shuffled = random.Random(7).sample(ids, len(ids))
    await store.put_messages([message(id, seconds=int(id) // 3) for id in shuffled])
    seen: list[str] = []
    before = None
    while page := await store.get_messages("W", "C1", before=before, limit=4):
        seen = [item.id for item in page] + seen
        before = page[0]
    assert seen == ids


async def test_a_thread_is_apart_from_its_channel(store: AnyStore) -> None:
    replies = [message(f"r{number}", seconds=number, thread="root") for number in range(1, 5)]
    await store.put_messages([message("root"), *replies, message("next", seconds=2)])
    assert [item.id for item in await store.get_messages("W", "C1", limit=9)] == ["root", "next"]
    assert await store.get_thread("W", "C1", "root", limit=9) == replies
    assert await store.get_thread("W", "C1", "root", limit=2) == replies[2:]
    assert await store.get_thread("W", "C1", "root", before=replies[2], limit=2) == replies[:2]


async def test_a_root_tells_its_replies(store: AnyStore) -> None:
    await store.put_messages([message("root"), message("a", seconds=9, thread="root")])
    await store.put_messages([message("b", seconds=5, thread="root")])
    root = await store.get_message("W", "C1", "root")
    assert root == replace(message("root"), replies=2, last_reply_at=at(9))
    assert await store.get_messages("W", "C1", limit=9) == [root]


async def test_replies_that_came_before_their_root_count(store: AnyStore) -> None:
    await store.put_messages([message("a", seconds=1, thread="root")])
    await store.put_messages([message("root")])
    assert await store.get_message("W", "C1", "root") == replace(message("root"), replies=1, last_reply_at=at(1))


async def test_changing_a_root_keeps_its_replies(store: AnyStore) -> None:
    await store.put_messages([message("root"), message("a", seconds=1, thread="root")])
    await store.put_messages([message("root", text="edited", replies=77)])
    root = await store.get_message("W", "C1", "root")
    assert root == replace(message("root", text="edited"), replies=1, last_reply_at=at(1))


async def test_a_reply_that_moves_is_counted_where_it_is(store: AnyStore) -> None:
    await store.put_messages([message("one"), message("two"), message("a", seconds=1, thread="one")])
    await store.put_messages([message("a", seconds=1, thread="two")])
    assert await store.get_message("W", "C1", "one") == message("one")
    assert await store.get_message("W", "C1", "two") == replace(message("two"), replies=1, last_reply_at=at(1))


async def test_threads_of_the_same_name_in_other_channels_are_apart(store: AnyStore) -> None:
    await store.put_messages([message("root"), message("root", channel="C2")])
    await store.put_messages([message("a", thread="root", channel="C2", seconds=1)])
    assert await store.get_message("W", "C1", "root") == message("root")
    assert await store.get_thread("W", "C1", "root", limit=9) == []


async def test_a_whole_export_is_stored_at_once(store: AnyStore) -> None:
    export = [
        message(str(number), seconds=number, thread=str(number - number % 10) if number % 10 else "")
        for number in range(2_050)
    ]
    assert await store.put_messages(export) == 2_050
    assert await store.put_messages(export) == 0
    roots = await store.get_messages("W", "C1", limit=2_050)
    assert len(roots) == 205
    assert {root.replies for root in roots} == {9}
    assert roots[-1].last_reply_at == at(2_049)


async def _kinds(store: AnyStore, after: int = 0) -> list[tuple[str, str, bool, bool]]:
    events = await store.get_playground_events(after, limit=1000)
    return [(event.kind, event.message, event.is_new, event.is_open) for event in events]


async def test_pages_hear_of_what_is_stored_changed_and_deleted(store: AnyStore) -> None:
    _, start = await store.get_playground_positions()
    await store.put_messages([message("1"), message("2", answer=Draft(status="writing", text="so"))])
    await store.put_messages([message("2", answer=Draft(status="done", text="so it is"))])
    await store.delete_messages(KEY_OF_PLAYGROUND, ["1"])
    assert await _kinds(store, start) == [
        ("message", "1", True, False),
        ("message", "2", True, True),
        ("message", "2", False, False),
        ("message", "1", False, False),
    ]
    await store.forget_conversation(replace(KEY_OF_PLAYGROUND, thread="2"))
    assert (await _kinds(store, start))[-1] == ("place", "", False, False)
    await store.put_messages([message(str(number)) for number in range(150)])
    assert (await _kinds(store, start))[-1] == ("place", "", False, False), "an import is read anew as a whole"


async def test_what_is_pruned_leaves_the_newest_position(store: AnyStore, clock: ManualClock) -> None:
    draft = Draft(status="writing", text="lo", notices=("n",))
    step = PlaygroundEvent(kind="answer", workspace="W", channel="C1", message="1", draft=draft, text_from=3)
    await store.add_playground_events([step, step])
    _, newest = await store.get_playground_positions()
    assert await store.get_playground_events(newest - 1, limit=5) == [replace(step, position=newest)]
    clock.advance(3600)
    await store.prune_playground_events(clock())
    assert await store.get_playground_positions() == (newest, newest)
    await store.add_playground_events([step])
    assert await store.get_playground_positions() == (newest, newest + 1)


async def test_words_of_a_deleted_message_leave_the_events_too(store: AnyStore) -> None:
    await store.put_messages([message("1", text="secret")])
    draft = Draft(status="writing", text="You said secret")
    await store.add_playground_events(
        [PlaygroundEvent(kind="private", workspace="W", channel="C1", person="U1", draft=draft)]
    )
    await store.delete_messages(KEY_OF_PLAYGROUND, ["1"])
    assert [event for event in await store.get_playground_events(0, limit=100) if event.draft] == []


async def test_files_go_with_their_message(store: AnyStore, clock: ManualClock) -> None:
    file = PlaygroundFile(
        id="F1", workspace="W", channel="C1", author="U1", name="a.png", media_type="image/png", data=b"\0x", at=clock()
    )
    await store.put_playground_file(file)
    assert await store.get_playground_file("F1") == file
    await store.put_messages([message("1", attachments=(Attachment(id="F1", name="a.png"),))])
    await store.delete_messages(KEY_OF_PLAYGROUND, ["1"])
    assert await store.get_playground_file("F1") is None


async def test_later_messages_are_read_forward(store: AnyStore) -> None:
    await store.put_messages([message(str(number), seconds=number) for number in range(6)])
    first = await store.get_message("W", "C1", "0")
    found = await store.get_messages("W", "C1", after=first, limit=3)
    assert [item.id for item in found] == ["1", "2", "3"]


async def test_messages_are_found_by_their_words(store: AnyStore) -> None:
    texts = ["A Pump leaks", "the pump", "50% of pumps", "leaks"]
    await store.put_messages([message(str(number), text=text, seconds=number) for number, text in enumerate(texts)])
    places = [("W", "C1")]
    assert [item.id for item in await store.search_messages(places, ["pump"], limit=2)] == ["2", "1"]
    assert [item.id for item in await store.search_messages(places, ["LEAKS", "pump"], limit=9)] == ["0"]
    assert [item.id for item in await store.search_messages(places, ["0%"], limit=9)] == ["2"]
    assert await store.search_messages([], ["pump"], limit=9) == []
