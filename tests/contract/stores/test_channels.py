"""What a store promises of channels that people make and remove: so many each, and nothing left behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from decimal import Decimal

import pytest

from bot.errors import OthersWrote
from bot.parameter_resolver import scopes_of
from bot.turns.effects import RemoveChannel, SetParameters
from bot.types import (
    Attachment,
    Budget,
    BudgetScope,
    Channel,
    ConversationKey,
    Incoming,
    NewRule,
    NewSchedule,
    Period,
    Person,
    PlaceKind,
    PlaygroundFile,
    RuleKind,
    RulePlace,
    Subject,
    SubjectKind,
)
from tests.contract.stores.conftest import AnyStore
from tests.contract.stores.samples import ADA, CHANNELS, WORKSPACE, at, entry, incoming, message
from tests.fakes import ManualClock

KEY = ConversationKey(platform="local", workspace="W", channel="made", thread="")
THREAD = replace(KEY, thread="m")
MADE = Channel(workspace="W", id="made", name="made", maker=ADA.id)
EVE = Person(id="U9", name="Eve")
SECRET = "kept nowhere"


@pytest.fixture(autouse=True)
async def workspace(store: AnyStore) -> None:
    await store.put_workspace(WORKSPACE, CHANNELS, [ADA])
    await store.add_channel(MADE)


def asked(name: str, *, by: Person = ADA, seconds: float = 60) -> Incoming:
    return replace(incoming(name, key=KEY), author=by, sent_at=at(seconds))


async def remove(store: AnyStore, name: str = "away", *, maker: str = "", by: Person = ADA) -> bool:
    done = await store.carry_out(asked(name, by=by), RemoveChannel(key=KEY, maker=maker), lambda _: "")
    return done is not None


async def test_somebody_makes_so_many_channels_and_the_same_one_once(store: AnyStore) -> None:
    second = replace(MADE, id="second", name="second")
    assert await store.add_channel(second, most=2)
    assert await store.add_channel(replace(second, maker="U9"), most=0)  # it is there
    assert not await store.add_channel(replace(second, id="third"), most=2)
    assert await store.add_channel(replace(second, id="third", maker="U9"), most=2)
    found = {item.id: item.maker for item in await store.get_channels("W")}
    assert found == {"C1": "", "C2": "", "made": "U1", "second": "U1", "third": "U9"}


async def test_a_channel_that_is_removed_leaves_nothing_under_its_name(store: AnyStore, clock: ManualClock) -> None:
    file = PlaygroundFile(
        id="f", workspace="W", channel="made", author="U1", name="a", media_type="a/b", data=b"x", at=at(0)
    )
    await store.put_playground_file(file)
    await store.put_playground_file(replace(file, id="unsent"))
    posted = message("m", channel="made", text=SECRET, attachments=(Attachment(id="f", name="a"),))
    await store.enqueue(replace(incoming("q", key=THREAD, message_id="m", text=SECRET), posted=posted))
    await store.append_entries(THREAD, [entry("e", text=SECRET)])
    await store.put_setting(scopes_of(KEY)[1], "persona", SECRET)
    await store.carry_out(
        asked("set"), SetParameters(scope=scopes_of(THREAD)[2], values={"max_tokens": "9"}), lambda _: ""
    )
    everybody, here = Subject(kind=SubjectKind.EVERYBODY), RulePlace(kind=PlaceKind.CHANNEL, key="local/W/made")
    await store.add_rule(NewRule(kind=RuleKind.DENY, subject=everybody, place=here))
    scope = BudgetScope(platform="local", workspace="W", channel="made")
    await store.put_budget(Budget(scope=scope, period=Period.DAY, amount=Decimal(1), time_zone="UTC"))
    schedule = NewSchedule(
        key=KEY, author=ADA, at=time(8), weekday=None, time_zone="UTC", next_at=at(9_999), since=at(0)
    )
    await store.add_schedule(schedule)
    clock.advance(61)

    assert await remove(store)
    assert [item.id for item in await store.get_channels("W")] == ["C1", "C2"]
    assert await store.add_channel(MADE)
    assert list(await store.get_messages("W", "made", limit=9)) == []
    assert await store.get_playground_file("f") is None
    assert await store.get_playground_file("unsent") is None
    assert list(await store.get_entries(THREAD, start=0)) == []
    assert await store.get_settings(scopes_of(THREAD)[1:]) == {scope: {} for scope in scopes_of(THREAD)[1:]}
    assert await store.last_change("local", "U1", scopes_of(THREAD)) is None
    assert list(await store.rules_for(KEY)) == []
    assert list(await store.budget_uses()) == []
    assert await store.waiting(THREAD) is None
    assert [event.kind for event in await store.get_playground_events(0, limit=99) if event.channel == "made"] == [
        "place"  # the new one
    ]
    [record] = [item for item in await store.audit_trail(since=at(-9_999), limit=9) if item.action == "channel"]
    assert (record.who, record.place, record.what, record.after) == ("local/U1", "local/W/made", "made", "removed")


async def test_its_maker_removes_it_while_nobody_else_wrote_there(store: AnyStore) -> None:
    await store.put_messages(
        [message("1", channel="made"), message("2", channel="made", author=Person(id="B", name="Bot", is_bot=True))]
    )
    with pytest.raises(OthersWrote):
        await remove(store, "hers", maker=EVE.id, by=EVE)
    await store.put_messages([message("3", channel="made", author=EVE)])
    with pytest.raises(OthersWrote):
        await remove(store, "his", maker=ADA.id)
    assert len(await store.get_messages("W", "made", limit=9)) == 3
    await store.put_messages([replace(message("3", channel="made", author=EVE), author=ADA)])
    assert await remove(store, "his", maker=ADA.id)  # what was refused was not done
    assert [item.id for item in await store.get_channels("W")] == ["C1", "C2"]
