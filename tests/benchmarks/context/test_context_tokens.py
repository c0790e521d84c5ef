from pathlib import Path
from statistics import median

import pytest

from adapters.local import LocalServer
from benchmarks.context_tokens import measure_errors, read_answers, read_threads, table
from bot.context.tokens import SAFETY_MARGIN


@pytest.mark.local_model
async def test_estimates_meet_the_counts_of_the_embedded_model(local_model: LocalServer, shared_data: Path) -> None:
    threads = [thread[:10] for thread in read_threads(shared_data)[:12]]
    errors = await measure_errors(local_model.base_url, threads, read_answers(shared_data))
    after_three = [error for turn, found in errors.items() if turn >= 3 for error in found]
    assert median(map(abs, after_three)) < 0.10
    settled = [error for turn, found in errors.items() if turn >= 6 for error in found]
    assert min(settled) > -SAFETY_MARGIN


def test_errors_are_told_by_how_much_was_learnt() -> None:
    text = table({0: [0.2, -0.3], 3: [0.05, -0.12]})
    assert "| 0 | 2 | 25.0% | 30.0% | 20.0% |" in text
    assert text.endswith("After three counts: median 8.5%; 1 of 2 below the margin.")
