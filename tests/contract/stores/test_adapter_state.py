"""What a store of adapters' state promises."""

from __future__ import annotations

import asyncio

from tests.contract.stores.conftest import AnyStore
from tests.contract.stores.samples import WORDS


async def test_what_was_never_put_is_not_there(store: AnyStore) -> None:
    assert await store.get_state("slack", "seen") is None
    assert await store.list_state("slack") == {}


async def test_a_value_comes_back_and_is_replaced(store: AnyStore) -> None:
    await store.put_state("slack", "seen", WORDS)
    assert await store.get_state("slack", "seen") == WORDS
    await store.put_state("slack", "seen", "2")
    assert await store.get_state("slack", "seen") == "2"
    assert await store.get_state("discord", "seen") is None


async def test_values_are_listed_by_prefix_in_order(store: AnyStore) -> None:
    for name in ("team_b", "team_a", "Team_c", "teamXa", "other"):
        await store.put_state("slack", name, name.upper())
    await store.put_state("discord", "team_z", "")
    assert list((await store.list_state("slack", prefix="team_")).items()) == [
        ("team_a", "TEAM_A"),
        ("team_b", "TEAM_B"),
    ]


async def test_a_prefix_is_meant_literally(store: AnyStore) -> None:
    for name in ("100%", "100%/é", "100%🌱", "1000", "100", "a", "A"):
        await store.put_state("slack", name, "x")
    assert list(await store.list_state("slack", prefix="100%")) == ["100%", "100%/é", "100%🌱"]
    assert list(await store.list_state("slack", prefix="a")) == ["a"]
    assert len(await store.list_state("slack")) == 7


async def test_a_swap_happens_only_from_what_is_there(store: AnyStore) -> None:
    assert await store.swap_state("slack", "a", before=None, after="1")
    assert not await store.swap_state("slack", "a", before=None, after="2")
    assert not await store.swap_state("slack", "a", before="2", after="3")
    assert await store.swap_state("slack", "a", before="1", after="2")
    assert await store.get_state("slack", "a") == "2"
    assert await store.swap_state("slack", "a", before="2", after=None)
    assert await store.get_state("slack", "a") is None
    assert not await store.swap_state("slack", "a", before="2", after=None)
    assert await store.swap_state("slack", "a", before=None, after=None)


async def test_of_many_swaps_at_once_one_succeeds(store: AnyStore) -> None:
    swaps = (store.swap_state("slack", "a", before=None, after=str(number)) for number in range(8))
    assert sum(await asyncio.gather(*swaps)) == 1
