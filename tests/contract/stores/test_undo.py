"""The last change of a setting can be undone, once, by who made it, unless somebody changed it since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import count

from bot.parameter_resolver import scopes_of
from bot.parameters import Scope, SettingChange
from bot.turns.effects import UNDONE_WITHIN, SetParameters, UndoChange
from tests.contract.stores.conftest import AnyStore
from tests.contract.stores.samples import ADA, KEY, incoming
from tests.fakes import ManualClock

WORKSPACE, CHANNEL, THREAD = scopes_of(KEY)
NUMBERS = count()


async def change(store: AnyStore, scope: Scope, **values: str | None) -> None:
    done = await store.carry_out(incoming(f"set {next(NUMBERS)}"), SetParameters(scope=scope, values=values), str)
    assert done is not None


async def last(store: AnyStore) -> SettingChange | None:
    return await store.last_change("slack", ADA.id, scopes_of(KEY))


async def undo(store: AnyStore, what: SettingChange | None) -> bool:
    assert what is not None
    undone = UndoChange(platform="slack", person=ADA.id, change=what)
    done = await store.carry_out(incoming(f"undo {next(NUMBERS)}"), undone, str)
    assert done is not None
    return done.result


async def values(store: AnyStore, scope: Scope = CHANNEL) -> Mapping[str, str]:
    return (await store.get_settings([scope]))[scope]


async def test_what_was_changed_last_is_as_before_once(store: AnyStore, clock: ManualClock) -> None:
    await change(store, CHANNEL, context="long", max_tokens="7", persona="an owl")
    clock.advance(1)
    await change(store, CHANNEL, context="short", max_tokens=None, persona="an owl", memory="no")
    made = await last(store)
    assert made is not None
    assert made.before == {"context": "long", "max_tokens": "7", "memory": None}
    assert await undo(store, made)
    assert await values(store) == {"context": "long", "max_tokens": "7", "persona": "an owl"}
    assert not await undo(store, made)
    assert await last(store) is None


async def test_the_newest_of_the_scopes_here_comes_first_and_others_are_not_ours(
    store: AnyStore, clock: ManualClock
) -> None:
    for scope in (THREAD, CHANNEL, Scope(kind="channel", key="slack/T1/C9")):
        clock.advance(1)
        await change(store, scope, context="long")
    made = await last(store)
    assert made is not None
    assert made.scope == CHANNEL
    assert await undo(store, made)
    made = await last(store)
    assert made is not None
    assert made.scope == THREAD
    for platform, person in (("slack", "U9"), ("discord", ADA.id)):
        assert await store.last_change(platform, person, scopes_of(KEY)) is None


async def test_what_is_otherwise_by_now_stays(store: AnyStore) -> None:
    await change(store, CHANNEL, context="long", memory="no")
    made = await last(store)
    await store.put_setting(CHANNEL, "memory", "yes")
    assert not await undo(store, made)
    assert await values(store) == {"context": "long", "memory": "yes"}


async def test_the_trail_tells_what_was_undone(store: AnyStore, clock: ManualClock) -> None:
    await change(store, CHANNEL, context="long")
    made = await last(store)
    await undo(store, made)
    await undo(store, made)
    trail = await store.audit_trail(since=clock() - timedelta(days=1), limit=9)
    assert [(item.what, item.before, item.after) for item in trail] == [
        ("context", "", "long"),
        ("context", "long", ""),
    ]


async def test_what_changes_nothing_cannot_be_undone_and_old_changes_are_dropped(
    store: AnyStore, clock: ManualClock
) -> None:
    await store.put_setting(CHANNEL, "context", "long")
    await change(store, CHANNEL, context="long", memory=None)
    assert await last(store) is None
    await change(store, CHANNEL, context="short")
    clock.advance(UNDONE_WITHIN.total_seconds())
    assert await last(store) is None
    await change(store, THREAD, context="short")
    await store.forget_person("slack", ADA.id)
    assert await last(store) is None
