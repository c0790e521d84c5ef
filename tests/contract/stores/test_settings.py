"""What a store of settings promises."""

from __future__ import annotations

from bot.parameter_resolver import scopes_of
from bot.parameters import Scope
from tests.contract.stores.conftest import AnyStore
from tests.contract.stores.samples import KEY, WORDS

WORKSPACE, CHANNEL, CONVERSATION = scopes_of(KEY)


async def test_a_scope_without_values_maps_to_nothing(store: AnyStore) -> None:
    assert await store.get_settings([WORKSPACE, CHANNEL]) == {WORKSPACE: {}, CHANNEL: {}}
    assert await store.get_settings([]) == {}


async def test_a_value_is_not_taken_for_that_of_another_kind_of_scope_with_the_same_key(store: AnyStore) -> None:
    crossed = Scope(kind=WORKSPACE.kind, key=CHANNEL.key)
    await store.put_setting(crossed, "persona", WORDS)
    assert await store.get_settings([WORKSPACE, CHANNEL]) == {WORKSPACE: {}, CHANNEL: {}}
    assert await store.get_settings([crossed, CHANNEL]) == {crossed: {"persona": WORDS}, CHANNEL: {}}


async def test_values_come_back_by_scope_and_name(store: AnyStore) -> None:
    await store.put_setting(WORKSPACE, "persona", WORDS)
    await store.put_setting(CHANNEL, "max_tokens", "17")
    await store.put_setting(CHANNEL, "stop", "a,b")
    await store.put_setting(CONVERSATION, "max_tokens", "18")
    assert await store.get_settings([CHANNEL, WORKSPACE]) == {
        WORKSPACE: {"persona": WORDS},
        CHANNEL: {"max_tokens": "17", "stop": "a,b"},
    }


async def test_kinds_of_scopes_with_the_same_key_are_apart(store: AnyStore) -> None:
    await store.put_setting(WORKSPACE, "memory", "no")
    alike = Scope(kind="channel", key=WORKSPACE.key)
    assert await store.get_settings([alike]) == {alike: {}}


async def test_a_value_replaces_the_one_before(store: AnyStore) -> None:
    await store.put_setting(CHANNEL, "memory", "no")
    await store.put_setting(CHANNEL, "memory", "yes")
    assert await store.get_settings([CHANNEL]) == {CHANNEL: {"memory": "yes"}}


async def test_an_empty_value_is_a_value(store: AnyStore) -> None:
    await store.put_setting(CHANNEL, "persona", "")
    assert await store.get_settings([CHANNEL]) == {CHANNEL: {"persona": ""}}
    assert await store.remove_setting(CHANNEL, "persona")


async def test_the_values_of_one_parameter_are_found_everywhere(store: AnyStore) -> None:
    await store.put_setting(WORKSPACE, "retention", "30")
    await store.put_setting(CHANNEL, "retention", "0")
    await store.put_setting(CHANNEL, "memory", "no")
    assert await store.get_everywhere("retention") == {WORKSPACE: "30", CHANNEL: "0"}
    assert await store.get_everywhere("persona") == {}


async def test_removing_tells_whether_there_was_a_value(store: AnyStore) -> None:
    await store.put_setting(CHANNEL, "memory", "no")
    assert not await store.remove_setting(WORKSPACE, "memory")
    assert await store.remove_setting(CHANNEL, "memory")
    assert not await store.remove_setting(CHANNEL, "memory")
    assert await store.get_settings([CHANNEL]) == {CHANNEL: {}}
