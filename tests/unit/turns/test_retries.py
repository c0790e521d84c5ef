"""When turns are tried again and given up: pure decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.turns.retries import LONGEST_WAIT_SECONDS, RETRY_SECONDS, next_retry
from bot.types import MOST_CLAIMS, Turn, TurnState, Waiting
from tests.fakes import START, incoming

TURN = Turn(id=1, incoming=incoming("why?"), state=TurnState.RUNNING, epoch=1, attempt=1)


def at(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_a_turn_waits_longer_each_time_and_then_fails() -> None:
    waits = [next_retry(number, None, START, chance=0) for number in range(len(RETRY_SECONDS) + 1)]
    assert [wait and (wait.until - START).total_seconds() for wait in waits] == [*RETRY_SECONDS, None]


@given(
    st.integers(0, len(RETRY_SECONDS) - 1),
    st.none() | st.floats(0, LONGEST_WAIT_SECONDS),
    st.floats(0, 1, exclude_max=True),
)
def test_the_servers_wish_is_never_undercut(retries: int, wish: float | None, chance: float) -> None:
    retry = next_retry(retries, wish, START, chance=chance)
    assert retry is not None
    seconds = (retry.until - START).total_seconds()
    assert max(wish or 0, RETRY_SECONDS[retries]) - 1e-6 <= seconds <= LONGEST_WAIT_SECONDS * 1.25


def test_a_server_that_asks_for_too_long_a_wait_fails_the_turn_at_once() -> None:
    assert next_retry(0, LONGEST_WAIT_SECONDS + 1, START, chance=0) is None


@pytest.mark.parametrize(
    ("turn", "poison"),
    [
        pytest.param(replace(TURN, attempt=MOST_CLAIMS), False, id="the-last-claim"),
        pytest.param(replace(TURN, attempt=MOST_CLAIMS + 1), True, id="one-more"),
        pytest.param(replace(TURN, attempt=MOST_CLAIMS + 3, retries=3), False, id="retries-do-not-count"),
        pytest.param(replace(TURN, attempt=99, outcome=TurnState.DONE), False, id="the-answer-is-there"),
    ],
)
def test_a_turn_is_given_up_when_it_never_comes_to_an_outcome(turn: Turn, poison: bool) -> None:
    assert turn.is_poison is poison


AHEAD = START + at(20)


@pytest.mark.parametrize(
    ("waiting", "pause", "seconds"),
    [
        pytest.param(Waiting(first_accepted_at=START, last_accepted_at=START), 0, 0, id="no-pause"),
        pytest.param(Waiting(first_accepted_at=START, last_accepted_at=START), 2, 1, id="a-pause"),
        pytest.param(Waiting(first_accepted_at=START, last_accepted_at=START + at(1)), 2, 2, id="the-newest-counts"),
        pytest.param(Waiting(first_accepted_at=START - at(7), last_accepted_at=START + at(1)), 2, 0, id="not-for-ever"),
        pytest.param(
            Waiting(first_accepted_at=START, last_accepted_at=START, not_before=START + at(9)), 2, 8, id="put-off"
        ),
        pytest.param(Waiting(first_accepted_at=AHEAD, last_accepted_at=AHEAD), 0, 0, id="accepted-by-a-clock-ahead"),
        pytest.param(Waiting(first_accepted_at=AHEAD, last_accepted_at=AHEAD), 2, 0, id="a-clock-ahead-and-a-pause"),
        pytest.param(
            Waiting(first_accepted_at=START, last_accepted_at=START, not_before=START + at(3_605)),
            2,
            1,
            id="put-off-before-the-clock-was-set-back",
        ),
    ],
)
def test_a_turn_is_due_after_the_pause(waiting: Waiting, pause: float, seconds: float) -> None:
    assert waiting.seconds_until_due(START + at(1), pause=pause) == seconds
