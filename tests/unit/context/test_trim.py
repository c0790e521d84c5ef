import math
from bisect import bisect_left
from itertools import accumulate
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.context.trim import TURNS_FOR_ONE_PAUSE, TrimSchedule, excess_limit, notes_cost, overshoot, pause_limit
from bot.pricing import FREE_CARD, SEED_CARD

LIVELY = TrimSchedule(growth=350, overshoot=175, turns=10_000, pauses=0)
rhythms = st.builds(
    lambda growth, turns, share: TrimSchedule(
        growth=growth, overshoot=growth / 2, turns=turns, pauses=int(turns * share)
    ),
    st.floats(1, 10_000),
    st.integers(0, 1_000),
    st.floats(0, 1),
)
shares = st.floats(0.001, 1)
tokens = st.floats(0, 200_000)


def test_without_pauses_the_limit_is_the_lot_size_less_half_a_turn() -> None:
    limit = excess_limit(LIVELY, reread=8_000, usual=8_000, cached_share=0.2)
    assert limit == pytest.approx(math.sqrt(2 * 8_000 * 350 * 0.8 / 0.2) - 175, rel=0.01)


@pytest.mark.parametrize("burden", [1_000, 8_000, 70_000])
@pytest.mark.parametrize("turns_to_a_pause", [20, 50, 200])
def test_with_pauses_the_limit_is_near_the_exact_solution(burden: int, turns_to_a_pause: int) -> None:
    pauses = 10_000 // turns_to_a_pause
    rhythm = TrimSchedule(growth=350, overshoot=175, turns=10_000, pauses=pauses)
    limit = excess_limit(rhythm, reread=burden, usual=burden, cached_share=0.5) + 175
    chance = rhythm.pause_chance
    y = chance * limit / 350
    assert y - 1 + math.exp(-y) == pytest.approx(burden * chance**2 / 350, rel=0.1)


def test_the_chance_of_a_pause_begins_small_and_follows_the_conversation() -> None:
    assert TrimSchedule(growth=1, overshoot=0, turns=0, pauses=0).pause_chance == 1 / TURNS_FOR_ONE_PAUSE
    assert TrimSchedule(growth=1, overshoot=0, turns=1_000, pauses=500).pause_chance == pytest.approx(0.5, abs=0.01)


def test_like_turns_pass_a_level_by_half_of_one_and_unlike_ones_by_more() -> None:
    assert overshoot([300, 300, 300]) == 150
    assert overshoot([]) == 0
    levels = range(0, 200_000, 7)
    turns = [100, 100, 1_000]
    ends = list(accumulate(turns * 200))
    passed = [ends[bisect_left(ends, level)] - level for level in levels]
    assert fmean(passed) == pytest.approx(overshoot(turns), rel=0.01)


@given(rhythms, tokens, tokens)
def test_where_caching_saves_nothing_no_excess_is_worth_carrying(
    rhythm: TrimSchedule, reread: float, usual: float
) -> None:
    assert excess_limit(rhythm, reread=reread, usual=usual, cached_share=1) <= 0


@given(rhythms, tokens, tokens)
def test_where_cached_input_is_free_any_excess_is(rhythm: TrimSchedule, reread: float, usual: float) -> None:
    assert excess_limit(rhythm, reread=reread, usual=usual, cached_share=0) == math.inf


@given(rhythms, tokens, shares, shares)
def test_dearer_cached_input_lowers_the_limit(rhythm: TrimSchedule, usual: float, one: float, other: float) -> None:
    cheap, dear = sorted((one, other))
    limits = [excess_limit(rhythm, reread=usual, usual=usual, cached_share=share) for share in (cheap, dear)]
    assert limits[0] >= limits[1]


@given(rhythms, tokens, tokens, tokens, shares)
def test_less_to_read_again_lowers_the_limit(
    rhythm: TrimSchedule, one: float, other: float, usual: float, share: float
) -> None:
    limits = [excess_limit(rhythm, reread=reread, usual=usual, cached_share=share) for reread in sorted((one, other))]
    assert limits[0] <= limits[1]


# ---------------------------------------------------------------- notes

costs = st.floats(0, 20_000)


def limit_without_notes(
    rhythm: TrimSchedule, *, reread: float, usual: float, cached_share: float, notes: float = 0.0
) -> float:
    """The rule for trims that cost nothing but reading again."""
    assert notes == 0
    if cached_share <= 0:
        return math.inf
    burden = max(usual, 1.0) * max(0.0, 1 - cached_share) / cached_share
    ordinary = math.sqrt(2 * burden * rhythm.growth) + rhythm.pause_chance * burden / 3
    return ordinary * reread / max(usual, 1.0) - rhythm.overshoot


@given(rhythms, tokens, tokens, shares)
def test_without_notes_the_limit_is_that_of_reading_again(
    rhythm: TrimSchedule, reread: float, usual: float, share: float
) -> None:
    expected = limit_without_notes(rhythm, reread=reread, usual=usual, cached_share=share)
    assert excess_limit(rhythm, reread=reread, usual=usual, cached_share=share) == pytest.approx(expected, abs=1e-6)
    assert pause_limit(rhythm, notes=0) == 0


def test_with_notes_the_limit_is_the_lot_size_of_all_that_a_trim_costs() -> None:
    limit = excess_limit(LIVELY, reread=8_000, usual=8_000, cached_share=0.2, notes=5_000)
    assert limit == pytest.approx(math.sqrt(2 * 350 * (8_000 * 0.8 + 5_000) / 0.2) - 175, rel=0.01)
    assert pause_limit(LIVELY, notes=5_000) == pytest.approx(math.sqrt(2 * 350 * 5_000))


@given(rhythms, tokens, shares, costs, costs)
def test_dearer_notes_raise_both_limits(
    rhythm: TrimSchedule, usual: float, share: float, one: float, other: float
) -> None:
    cheap, dear = (
        excess_limit(rhythm, reread=usual, usual=usual, cached_share=share, notes=notes)
        for notes in sorted((one, other))
    )
    assert cheap <= dear + 1e-6
    assert pause_limit(rhythm, notes=min(one, other)) <= pause_limit(rhythm, notes=max(one, other))


@given(rhythms, tokens, costs)
def test_where_caching_saves_nothing_a_warm_moment_is_like_a_pause(
    rhythm: TrimSchedule, usual: float, notes: float
) -> None:
    warm = excess_limit(rhythm, reread=usual, usual=usual, cached_share=1, notes=notes)
    assert warm + rhythm.overshoot == pytest.approx(pause_limit(rhythm, notes=notes), abs=1e-6)


def test_notes_cost_what_their_request_reads_and_what_it_writes_at_the_price_of_output() -> None:
    seed = SEED_CARD.tiers[0]
    assert notes_cost(1_000, 500, seed) == pytest.approx(1_000 + 500 * 2.50 / 0.31)
    assert notes_cost(1_000, 500, FREE_CARD.tiers[0]) == 0
