"""The time of the database goes on whatever happens to the clock of this machine."""

from __future__ import annotations

from datetime import timedelta

from storage.clock import DatabaseClock
from tests.fakes import START


class Stopwatch:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_it_goes_on_from_what_the_server_told_halfway_between_question_and_answer() -> None:
    watch = Stopwatch()
    clock = DatabaseClock(watch)
    asked_at = watch.seconds
    watch.seconds += 2
    clock.note(START, asked_at=asked_at)
    assert clock() == START + timedelta(seconds=1)
    watch.seconds += 60
    assert clock() == START + timedelta(seconds=61)
