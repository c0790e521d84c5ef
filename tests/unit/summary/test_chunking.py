"""Parts at natural breaks."""

from __future__ import annotations

from itertools import chain
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.summary.chunking import divide, size
from bot.summary.numbered_lines import NumberedLine, numbered
from tests.unit.summary.channel import said

UTC = ZoneInfo("UTC")


def lines_of(*minutes: float, replies: int = 0, words: int = 5) -> list[list[NumberedLine]]:
    """Messages at these minutes, each with so many replies."""
    text = "word " * words
    blocks = []
    for index, minute in enumerate(minutes):
        root = said(f"m{index}", text, minutes=minute)
        answers = [said(f"m{index}-{reply}", text, minutes=minute, thread=root.message_id) for reply in range(replies)]
        blocks.append((root, *answers))
    return numbered(blocks, UTC)


def test_what_fits_is_one_part() -> None:
    blocks = lines_of(*range(10))
    assert divide(blocks, size(list(chain.from_iterable(blocks)))) == [list(chain.from_iterable(blocks))]
    assert divide([], 100) == []


def test_a_part_ends_at_the_longest_pause_near_its_goal() -> None:
    minutes = [*range(9), *range(200, 211)]  # nine messages, a long pause, eleven
    blocks = lines_of(*minutes)
    room = int(size(list(chain.from_iterable(blocks))) * 0.6)
    parts = divide(blocks, room)
    assert [len(part) for part in parts] == [9, 11]


def test_a_night_is_a_longer_pause_than_a_break_of_the_same_length() -> None:
    midnight = 15 * 60  # minutes count from nine
    blocks = lines_of(*(midnight - 30 + 45 * (step - 9) for step in range(20)))
    parts = divide(blocks, int(size(list(chain.from_iterable(blocks))) * 0.62))
    assert [len(part) for part in parts] == [10, 10]


def test_a_thread_stays_together_where_it_fits() -> None:
    blocks = lines_of(0, 1, 2, 3, replies=4)
    one = size(blocks[0])
    parts = divide(blocks, int(one * 2.5))
    for part in parts:
        assert len(part) % 5 == 0


@given(
    st.lists(st.tuples(st.floats(0, 10_000), st.integers(0, 4), st.integers(1, 60)), min_size=1, max_size=30),
    st.integers(60, 600),
)
def test_nothing_is_lost_or_doubled_and_no_part_is_too_long(shape: list[tuple[float, int, int]], room: int) -> None:
    blocks = [lines_of(minute, replies=replies, words=words)[0] for minute, replies, words in sorted(shape)]
    parts = divide(blocks, room)
    assert list(chain.from_iterable(parts)) == list(chain.from_iterable(blocks))
    assert all(parts)
    for part in parts:
        assert size(part) <= room or len(part) == 1
