"""A thread with the embedded model: what its server has read once, it does not read again."""

from __future__ import annotations

from itertools import pairwise

import pytest

from adapters.local import LocalServer
from benchmarks.context_local import Reading, cached_share, oldest_in_view, read_by_product, table
from bot.context.transcript import answer_entry, user_entry
from bot.types import StoredEntry, ThreadMessage, Usage
from tests.fakes import ADA, START

QUESTIONS = [f"What do people in a harbour do about the {subject}, and why?" for subject in ("tide", "ropes", "boats")]


def transcript(turns: int) -> list[StoredEntry]:
    """Exchanges of about 30 and 10 tokens."""
    entries = []
    for turn in range(turns):
        message = ThreadMessage(message_id=f"{turn}", author=ADA, text="word " * 16, sent_at=START)
        entries += [user_entry(message), answer_entry(turn, "word " * 5, START)]
    return [
        StoredEntry(id=new.id, entry=new.entry, tokens=new.tokens, at=new.at, position=position)
        for position, new in enumerate(entries)
    ]


@pytest.mark.local_model
async def test_each_request_of_a_thread_finds_the_one_before_in_the_cache(local_model: LocalServer) -> None:
    readings, entries = await read_by_product(local_model, QUESTIONS, answer_tokens=4)
    assert len(entries) == 2 * len(QUESTIONS)
    for earlier, later in pairwise(readings):
        assert later.usage.cached >= earlier.usage.input
        assert later.usage.input > later.usage.cached
    assert cached_share(readings[1:]) > 0.8


def test_a_sliding_window_keeps_whole_exchanges_within_its_size() -> None:
    entries = transcript(10)
    window = sum(entry.tokens for entry in entries[4:9])
    assert oldest_in_view(entries, 4, window) == 4
    assert oldest_in_view(entries, 4, window - 1) == 6
    assert oldest_in_view(entries, 4, 10_000) == 0
    assert oldest_in_view(entries, 4, 0) == 8


def test_the_table_compares_the_waits_since_the_window_slides() -> None:
    ours = [Reading(usage=Usage(input=100 * turn, cached=90 * turn), seconds=0.5) for turn in (1, 2, 3)]
    sliding = [Reading(usage=Usage(input=100, cached=10), seconds=1.0 * turn) for turn in (1, 2, 3)]
    text = table(ours, sliding, slides_from=1)
    assert "| 3 | 300 | 270 | 0.50 | 100 | 10 | 3.00 | 6.0 |" in text
    assert "90.0%, sliding 10.0%" in text
    assert "(turn 2): 0.50 s, sliding 2.50 s" in text
    assert "never had to slide" in table(ours, sliding, slides_from=3)
