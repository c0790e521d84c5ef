from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.context_billing import Terms
from benchmarks.context_product import StoreKind
from benchmarks.context_replay import Comparison, as_texts, compare, main, row, terms_of
from benchmarks.context_traces import Trace, read_traces


def thread(turns: int, *, question: int = 60) -> Trace:
    """A message a minute, and a pause of an hour after each thirtieth."""
    at = [60.0 * turn + 3_600 * (turn // 30) for turn in range(turns)]
    answers = [200 + 37 * turn % 201 for turn in range(turns)]
    return Trace("thread", at, [question + turn % 7 for turn in range(turns)], answers)


NOTES_BEGINNING = 48  # tokens that all notes begin with, which the simulation takes for read again


def is_billed_as_simulated(found: Comparison) -> bool:
    """Whether the simulation's prices and cache, given the windows really sent, say what the account was billed."""
    return all(
        item.prompt == window.prompt and 0 <= item.cached - window.cached <= NOTES_BEGINNING
        for item, window in zip(found.billed, found.same_windows, strict=True)
    )


@pytest.mark.parametrize(
    ("store", "block"),
    [pytest.param("memory", 1, id="memory-exact-cache"), pytest.param("sqlite", 1_024, id="sqlite-cache-in-blocks")],
)
async def test_the_account_is_billed_what_the_simulation_predicts(store: StoreKind, block: int) -> None:
    found = await compare(thread(90), terms_of("economy", block=block), context="economy", store=store)
    assert is_billed_as_simulated(found)
    assert found.billing_ratio == pytest.approx(1, rel=5e-3)  # labels of what is condensed are counted otherwise
    assert any(later.first > earlier.first for earlier, later in zip(found.billed, found.billed[1:], strict=False))
    assert found.ratio == pytest.approx(1, abs=0.01)


async def test_on_recorded_traffic_the_bill_is_near_the_prediction(shared_data: Path) -> None:
    (whole,) = read_traces(shared_data / "traces" / "racket-2018.csv")
    trace = next(whole.pieces(250))
    found = await compare(trace, terms_of("economy"), context="economy", store="memory")
    assert is_billed_as_simulated(found)
    assert found.ratio == pytest.approx(1, abs=0.01)


async def test_a_policy_with_another_promise_would_be_noticed() -> None:
    dearer = Terms(floor=8_000, ratio=0.2, head=terms_of("economy").head, block=1_024)
    found = await compare(thread(90), dearer, context="economy", store="memory")
    assert found.ratio < 0.9
    assert is_billed_as_simulated(found)


def test_texts_have_the_sizes_of_the_trace() -> None:
    trace = replace(thread(40), answers=[300] * 40)
    traffic = as_texts(trace)
    assert traffic.counted.questions == trace.questions
    assert all(abs(got - asked) <= 2 for got, asked in zip(traffic.counted.answers, trace.answers, strict=True))
    assert len(set(as_texts(trace, even=True).questions)) < len(set(traffic.questions))


def test_without_traffic_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEEDLING_TEST_DATA", str(tmp_path))
    assert main([]) == 1
    assert "--trace" in capsys.readouterr().out


async def test_a_row_tells_both_costs() -> None:
    found = await compare(thread(5), terms_of("economy"), context="economy", store="memory")
    assert row(found, 1.0).startswith("| thread | 5 | 4,000 | 0.2 | 1,024 | 0.00")
