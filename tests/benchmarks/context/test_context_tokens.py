from pathlib import Path
from statistics import median

import pytest

from adapters.local import LocalServer
from benchmarks.context_tokens import (
    class_table,
    count_classes,
    measure_errors,
    read_answers,
    read_threads,
    relative_error,
    table,
)
from benchmarks.text_classes import SCRIPTS, texts
from bot.context.condensed_notes import bounded
from bot.context.system_prompt import system_prompt
from bot.context.tokens import ENTRY_OVERHEAD, SAFETY_MARGIN, estimate, estimate_request
from bot.context.view import WindowLimits
from bot.pricing import FREE_CARD


@pytest.mark.local_model
async def test_estimates_meet_the_counts_of_the_embedded_model(local_model: LocalServer, shared_data: Path) -> None:
    threads = [thread[:10] for thread in read_threads(shared_data)[:12]]
    errors = await measure_errors(local_model.base_url, threads, read_answers(shared_data))
    after_three = [error for turn, found in errors.items() if turn >= 3 for error in found]
    assert median(map(abs, after_three)) < 0.10
    settled = [error for turn, found in errors.items() if turn >= 6 for error in found]
    assert min(settled) > -SAFETY_MARGIN


# An English vocabulary spells out what larger ones have words for.
SPELT_OUT = SCRIPTS.keys() - {"Thai", "Hindi", "Arabic", "Greek"}


@pytest.mark.local_model
async def test_no_class_of_text_is_estimated_far_too_low_and_prose_not_too_high(
    local_model: LocalServer, shared_data: Path
) -> None:
    chat = [message.text for thread in read_threads(shared_data)[:40] for message in thread]
    classes = texts(read_answers(shared_data), chat)
    counts = await count_classes(local_model.base_url, classes)
    errors = {name: relative_error(expected=estimate(text), actual=counts[name]) for name, text in classes.items()}
    assert {name: error for name, error in errors.items() if error < -0.15 and name not in SPELT_OUT} == {}
    assert errors["prose"] <= 0.15


def test_the_estimate_of_each_class_is_told() -> None:
    counts = {"small": {"digits": 100}, "large": {"digits": 30}}
    assert class_table({"digits": "7" * 90}, counts).splitlines()[::2] == [
        "| class | small | large |",
        "| digits | -10% | +200% |",
    ]


def test_errors_are_told_by_how_much_was_learnt() -> None:
    text = table({0: [0.2, -0.3], 3: [0.05, -0.12]})
    assert "| 0 | 2 | 25.0% | 30.0% | 20.0% |" in text
    assert text.endswith("After three counts: median 8.5%; 1 of 2 below the margin.")


@pytest.mark.local_model
async def test_a_first_request_at_the_limit_is_accepted_for_every_class(
    local_model: LocalServer, shared_data: Path
) -> None:
    limits = WindowLimits(context_tokens=16_384, max_tokens=1_024, card=FREE_CARD)
    room = limits.prompt - estimate_request(system_prompt(None), [ENTRY_OVERHEAD])
    chat = [message.text for thread in read_threads(shared_data)[:40] for message in thread]
    classes = {name: text for name, text in texts(read_answers(shared_data), chat).items() if name not in SPELT_OUT}
    asked = {name: bounded(text * (6 * room // len(text) + 1), room) for name, text in classes.items()}
    assert all(estimate(text) > 0.97 * room for text in asked.values())
    counts = dict(await count_classes(local_model.base_url, {**asked, "system prompt": system_prompt(None)}))
    taken = limits.context_tokens - limits.reserved - counts.pop("system prompt") - ENTRY_OVERHEAD
    assert {name: tokens for name, tokens in counts.items() if tokens > taken} == {}


@pytest.mark.parametrize(
    ("expected", "actual", "error"),
    [
        pytest.param(90, 100, -0.1, id="too-low"),
        pytest.param(110, 100, 0.1, id="too-high"),
        pytest.param(5, 0, 0.0, id="no-truth"),
    ],
)
def test_the_error_is_a_share_of_the_truth(expected: int, actual: int, error: float) -> None:
    assert relative_error(expected=expected, actual=actual) == pytest.approx(error)
