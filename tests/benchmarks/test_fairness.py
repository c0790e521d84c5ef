"""Long answers of one member hold up nobody else, and people in channels of their own are served together."""

from __future__ import annotations

from benchmarks.fairness import THINKS, as_the_server_takes, beside_long_answers, in_channels_of_their_own, run

MOST_S = 2.0


def test_eight_long_answers_of_one_member_hold_up_nobody_else() -> None:
    idle, beside = run(beside_long_answers(0)), run(beside_long_answers(8))
    assert THINKS <= idle <= beside <= idle + MOST_S


def test_of_twenty_people_in_twenty_channels_most_wait_as_if_they_were_alone() -> None:
    middle, _ = run(in_channels_of_their_own(20))
    assert middle < THINKS + 0.2


def test_requests_at_once_halve_when_the_server_refuses() -> None:
    at_first, most, refused, at_the_end = run(as_the_server_takes(8, 40))
    assert (at_first, most) == (16, 8)
    assert refused > 0
    assert at_the_end <= most
