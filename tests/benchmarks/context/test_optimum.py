"""The clairvoyant optimum is a true lower bound: no sequence of windows that keeps the floor costs less."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.context_billing import Account, Terms, Windows, optimum
from benchmarks.context_policies import BY_NAME, seedling
from benchmarks.context_report import bills
from benchmarks.context_traces import Trace
from tests.examples import examples

TURNS = 5

tokens = st.integers(1, 30)
traces = st.lists(st.tuples(st.sampled_from([1.0, 700.0]), tokens, tokens), min_size=1, max_size=TURNS).map(
    lambda rows: Trace(
        "any",
        [sum(gap for gap, _, _ in rows[: n + 1]) for n in range(len(rows))],
        [asked for _, asked, _ in rows],
        [answered for _, _, answered in rows],
    )
)
terms = st.builds(
    Terms,
    floor=st.integers(1, 120),
    ratio=st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.9, 1.0]),
    head=st.integers(1, 60),
    shortest_prefix=st.just(1),
    notes=st.sampled_from([0, 0, 1, 5, 20]),
    output=st.sampled_from([0.5, 2.0, 8.0]),
    instruction=st.integers(0, 20),
)


def cost(account: Account, firsts: Sequence[int]) -> float:
    return sum(request.cost for request in bills(account, firsts) if request is not None)


def cheapest(account: Account) -> float:
    """The least cost over every sequence of beginnings, forward or backward, that keeps the floor in view, and over
    every way in which notes reach at least so far, and at most to the present.
    """
    choices = [
        [2 * n for n in range(turn + 1) if _keeps_floor(account, 2 * n, turn)] for turn in range(len(account.trace))
    ]
    noted = list(reaches(len(choices))) if account.terms.notes else []
    return min(
        cost(account, Windows(firsts, reached))
        for firsts in product(*choices)
        for reached in noted or [firsts]
        if all(first <= until for first, until in zip(firsts, reached, strict=True))
    )


def reaches(turns: int) -> Iterator[tuple[int, ...]]:
    """Yield every way in which notes may reach further from turn to turn."""
    if turns == 0:
        yield ()
        return
    for earlier in reaches(turns - 1):
        for until in range(max(earlier, default=0), 2 * turns - 1, 2):
            yield (*earlier, until)


def _keeps_floor(account: Account, first: int, turn: int) -> bool:
    return first == 0 or account.visible(first, turn) >= account.terms.floor


@examples(200)
@given(traces, terms)
def test_nothing_is_cheaper_than_the_optimum_and_the_optimum_exists(trace: Trace, terms: Terms) -> None:
    account = Account(trace, terms)
    firsts = optimum(account)
    assert all(_keeps_floor(account, first, turn) for turn, first in enumerate(firsts))
    assert math.isclose(cost(account, firsts), cheapest(account), rel_tol=1e-9)


@given(traces, terms)
def test_no_policy_that_keeps_the_floor_is_cheaper(trace: Trace, terms: Terms) -> None:
    account = Account(trace, terms)
    best = cost(account, optimum(account))
    for name in (
        "Seedling",
        "Seedling, notes uncounted",
        "sliding by tokens",
        "retention 0.8",
        "retention 0.5",
        "prune only when cold",
    ):
        firsts = BY_NAME[name](account)
        assert all(_keeps_floor(account, first, turn) for turn, first in enumerate(firsts)), name
        assert cost(account, firsts) >= best * (1 - 1e-9), name


def moves(places: Sequence[int]) -> int:
    return sum(earlier != later for earlier, later in pairwise(places))


@pytest.mark.parametrize("choose", [optimum, seedling])
def test_a_thread_without_pauses_is_trimmed_now_and_then_and_notes_serve_more_than_one_trim(
    choose: Callable[[Account], Windows],
) -> None:
    trace = Trace("steady", [60.0 * n for n in range(200)], [50] * 200, [300] * 200)
    windows = choose(Account(trace, Terms(floor=8_000, ratio=0.5, notes=500)))
    assert 3 < moves(windows.noted) <= moves(windows) / 2 < 20


@pytest.mark.parametrize("choose", [optimum, seedling])
def test_after_pauses_the_window_slides_and_notes_are_made_now_and_then(
    choose: Callable[[Account], Windows],
) -> None:
    trace = Trace("daily", [86_400.0 * n for n in range(60)], [50] * 60, [300] * 60)
    windows = choose(Account(trace, Terms(floor=2_000, ratio=0.2, notes=500)))
    assert moves(choose(Account(trace, Terms(floor=2_000, ratio=0.2)))) == 53  # each turn that leaves more than that
    assert 5 < moves(windows.noted) < 15
    assert 40 < moves(windows) < 53


@pytest.mark.parametrize(
    ("gap", "same_first", "prompt", "cached"),
    [
        pytest.param(60, True, 600 + 1_000 + 300 + 40, 1_600, id="warm-and-continued"),
        pytest.param(60, False, 600 + 40, 0, id="warm-and-cut-with-a-short-head"),
        pytest.param(601, True, 600 + 1_000 + 300 + 40, 0, id="cold"),
    ],
)
def test_a_request_is_billed_by_what_it_shares_with_the_one_before(
    gap: float, same_first: bool, prompt: int, cached: int
) -> None:
    account = Account(Trace("two", [0.0, gap], [1_000, 40], [300, 300]), Terms(floor=1, ratio=0.1))
    request = account.bill(1, 0 if same_first else 2, 0)
    assert (request.prompt, request.cached) == (prompt, cached)
    assert request.cost == pytest.approx(prompt - cached + 0.1 * cached)


def test_blocks_and_the_price_boundary_are_billed() -> None:
    account = Account(Trace("two", [0.0, 1.0], [130_000, 40], [300, 300]), Terms(floor=1, ratio=0.5, block=1_024))
    request = account.bill(1, 0, 0)
    assert request.cached == 130_600 // 1_024 * 1_024
    assert request.cost == pytest.approx(2 * (request.prompt - request.cached + 0.5 * request.cached))


def test_notes_are_billed_apart_and_carried_from_then_on() -> None:
    terms = Terms(floor=1, ratio=0.1, head=600, notes=500, instruction=150, output=8.0)
    account = Account(Trace("three", [0.0, 60.0, 120.0], [1_000, 40, 40], [300, 300, 300]), terms)
    first, second, third = (request for request in bills(account, [0, 2, 4]) if request is not None)
    assert (first.prompt, first.cost) == (1_600, 1_600)
    assert second.cost == second.prompt + 150 + 1_300 + 500 * 8  # the first notes know no older ones
    assert second.prompt == 600 + 500 + 40
    assert third.cost == third.prompt + 500 + 150 + 340 + 500 * 8
