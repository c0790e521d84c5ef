"""Whatever reads texts of people or of the model takes linear time, whatever the text is made of.

Work is compared, not measured: a text of twice the length must not take more than 2.5 times as long. Both are timed in
turns by the thread's own clock, and the best of several times counts, so that a busy machine does not matter.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from functools import cache, partial

import pytest

from bot.delivery import Splitter
from tests.pathological import PATTERNS
from tests.text_readers import READERS, Read

LENGTHS = (2_000, 4_000, 8_000, 16_000)  # the longer ones where a shorter one looks as if it were not linear
MOST = 2.5  # times as long for a text of twice the length
LIKELY = 2.2  # as far as which one time of each is enough
ROUNDS = 6  # of timing, at most
NOTHING = 0.000_7  # seconds, below which there is nothing to compare
PORTIONS = 5  # of the patterns: no test takes long on a busy machine


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    """Keep the garbage collector, whose time is not that of the text, out of the measurements."""
    gc.disable()
    yield
    gc.enable()


@cache
def text(pattern: str, length: int) -> str:
    return PATTERNS[pattern](length)


def seconds(read: Read, text: str) -> float:
    begun = time.thread_time()
    read(text)
    return time.thread_time() - begun


def growth_at(read: Read, make: Callable[[int], str], length: int) -> float:
    """How many times as long a text of twice the length takes, by the best times of both; 0.0 for next to nothing."""
    once, twice = make(length), make(2 * length)
    first = second = float("inf")
    for count in range(1, ROUNDS + 1):
        second = min(second, seconds(read, twice))
        if second < NOTHING:
            return 0.0
        first = min(first, seconds(read, once))
        if second <= (MOST if count > 1 else LIKELY) * first:
            break
    return second / first


def growth(read: Read, make: Callable[[int], str]) -> float:
    """The least growth at any of the lengths: what is not linear is it at all of them."""
    found = float("inf")
    for length in LENGTHS:
        found = min(found, growth_at(read, make, length))
        if found <= MOST:
            break
    return found


@pytest.mark.parametrize("portion", range(PORTIONS))
@pytest.mark.parametrize(
    "read", [pytest.param(read, id=f"{group}: {name}") for group in READERS for name, read in READERS[group].items()]
)
def test_twice_the_text_is_at_most_two_and_a_half_times_the_work(read: Read, portion: int) -> None:
    names = list(PATTERNS)[portion::PORTIONS]
    found = {name: growth(read, partial(text, name)) for name in names}
    assert {name: round(times, 1) for name, times in found.items() if times > MOST} == {}


@pytest.mark.parametrize("pattern", ["words", "different-lines", "fence-unclosed-long", "table-long", "one-word"])
def test_an_answer_that_grows_is_not_divided_from_its_beginning_for_each_showing(pattern: str) -> None:
    """What is settled is not looked at anew: showing the second half costs about what showing the first one does."""

    def shown(whole: str) -> None:
        splitter = Splitter(limit=120)
        for end in range(0, len(whole), 100):
            splitter.split(whole[:end])

    assert growth(shown, PATTERNS[pattern]) <= MOST


def test_what_is_not_linear_is_noticed() -> None:
    def quadratic(text: str) -> int:
        return sum(text[at:].count("a") for at in range(0, len(text), 2))

    assert growth(quadratic, lambda length: "a" * length) > MOST
    assert growth(lambda text: sorted(text * 50), lambda length: "ab" * (length // 2)) <= MOST
