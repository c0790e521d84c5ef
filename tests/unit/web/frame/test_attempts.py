"""Who guesses is slowed, at however many processes, and nobody else is."""

from __future__ import annotations

import asyncio

import pytest

from adapters.web.frame.attempts import _ROW, LONGEST_SECONDS, REMEMBERED, TRIES, Attempts
from adapters.web.frame.identity import PLATFORM
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock


@pytest.mark.parametrize(
    ("guessing", "same", "other"),
    [
        pytest.param("10.0.0.1", "10.0.0.1", "10.0.0.2", id="ipv4"),
        pytest.param("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1", id="ipv6-has-a-network"),
        pytest.param("", "", "10.0.0.1", id="no-address"),
    ],
)
async def test_an_address_that_guessed_waits_a_minute(
    store: MemoryStore, clock: ManualClock, guessing: str, same: str, other: str
) -> None:
    here, there = Attempts(store, clock), Attempts(store, clock)
    for number in range(TRIES):
        assert await (here if number % 2 else there).begin(guessing, "ada")
    assert await here.begin(same, "ada") is None
    assert await there.begin(same, "ada") is None
    assert await here.begin(other, "ada")
    clock.advance(60)
    assert await there.begin(same, "ada")


async def test_guesses_at_once_are_no_more_than_one_after_another(store: MemoryStore, clock: ManualClock) -> None:
    processes = [Attempts(store, clock) for _ in range(3)]
    begun = await asyncio.gather(*(processes[number % 3].begin("10.0.0.1", "ada") for number in range(30)))
    assert sum(1 for item in begun if item is not None) == TRIES


async def test_who_signs_in_has_all_tries_again(store: MemoryStore, clock: ManualClock) -> None:
    attempts = Attempts(store, clock)
    for _ in range(3 * TRIES):
        begun = await attempts.begin("10.0.0.1", "ada")
        assert begun is not None
        assert begun[1] == 0
        await attempts.forgive(begun[0])


async def test_an_account_that_is_guessed_from_everywhere_is_slowed_and_never_refused(
    store: MemoryStore, clock: ManualClock
) -> None:
    attempts = Attempts(store, clock)
    delays = [await delay_of(attempts, f"10.0.0.{number}", "ada") for number in range(30)]
    assert (delays[0], delays[-1]) == (0, LONGEST_SECONDS)
    assert delays == sorted(delays)
    assert await delay_of(attempts, "10.0.1.1", "bob") == 0
    clock.advance(600)
    assert await delay_of(attempts, "10.0.0.1", "ada") == 0


async def delay_of(attempts: Attempts, address: str, account: str) -> float:
    begun = await attempts.begin(address, account)
    assert begun is not None
    return begun[1]


async def test_what_is_remembered_has_a_bound_and_no_words(store: MemoryStore, clock: ManualClock) -> None:
    attempts = Attempts(store, clock)
    for number in range(REMEMBERED + 10):
        await attempts.begin(str(number), "a password in the wrong field" * 80)
    kept = await store.get_state(PLATFORM, _ROW)
    assert kept is not None
    assert "password" not in kept
    assert len(kept) < 70 * REMEMBERED


async def test_a_row_that_cannot_be_read_keeps_nobody_out(store: MemoryStore, clock: ManualClock) -> None:
    await store.put_state(PLATFORM, _ROW, '{"not": ["a list"]')
    assert await Attempts(store, clock).begin("10.0.0.1", "ada")
