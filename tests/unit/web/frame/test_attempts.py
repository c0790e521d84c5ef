"""Who guesses is slowed, and nobody else is."""

from __future__ import annotations

import pytest

from adapters.web.frame.attempts import LONGEST_SECONDS, REMEMBERED, TRIES, Attempts
from tests.fakes import ManualClock


@pytest.mark.parametrize(
    ("guessing", "same", "other"),
    [
        pytest.param("10.0.0.1", "10.0.0.1", "10.0.0.2", id="ipv4"),
        pytest.param("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1", id="ipv6-has-a-network"),
        pytest.param("", "", "10.0.0.1", id="no-address"),
    ],
)
def test_an_address_that_guessed_waits_a_minute(clock: ManualClock, guessing: str, same: str, other: str) -> None:
    attempts = Attempts(clock)
    for _ in range(TRIES):
        assert attempts.allows(same)
        attempts.note_failure(guessing, "ada")
    assert not attempts.allows(same)
    assert attempts.allows(other)
    clock.advance(60)
    assert attempts.allows(same)


def test_an_account_that_is_guessed_from_everywhere_is_slowed_and_never_refused(clock: ManualClock) -> None:
    attempts = Attempts(clock)
    assert attempts.delay("ada") == 0
    for number in range(500):
        attempts.note_failure(f"10.0.{number // 250}.{number % 250}", "ada")
    assert attempts.delay("ada") == LONGEST_SECONDS
    assert attempts.delay("bob") == 0
    assert attempts.allows("192.168.0.1")
    clock.advance(600)
    assert attempts.delay("ada") == 0


def test_what_is_remembered_of_guesses_has_a_bound(clock: ManualClock) -> None:
    attempts = Attempts(clock)
    for number in range(REMEMBERED + 100):
        attempts.note_failure(str(number), "x" * 80)
    assert len(attempts._failures) == REMEMBERED
