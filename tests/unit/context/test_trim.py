import math
from bisect import bisect_left
from itertools import accumulate
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.context.view import TURNS_FOR_ONE_PAUSE, TrimSchedule, overshoot
from bot.context.window import excess_limit, notes_cost, notes_delay
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


def test_notes_wait_until_another_turn_costs_more_to_carry_than_it_saves() -> None:
    carried_share, growth, notes = 0.2, LIVELY.growth, 4_000
    held = 6_000
    delay = notes_delay(LIVELY, notes=notes, condensed=held, carried_share=carried_share)
    cost = [  # for each token: notes with what they delay, carried for as many turns as that takes
        (notes + carried_share * excess**2 / (2 * growth)) / (held - delay + excess) for excess in range(0, 6_000, 10)
    ]
    assert 10 * cost.index(min(cost)) == pytest.approx(delay, rel=0.15)


@given(rhythms, shares, costs, costs, st.integers(1, 100_000))
def test_dearer_notes_wait_longer_and_free_ones_not_at_all(
    rhythm: TrimSchedule, share: float, one: float, other: float, condensed: int
) -> None:
    free, cheap, dear = (
        notes_delay(rhythm, notes=notes, condensed=condensed, carried_share=share)
        for notes in (0, *sorted((one, other)))
    )
    assert free == 0
    assert cheap <= dear
    assert notes_delay(rhythm, notes=dear, condensed=condensed, carried_share=1) <= dear * rhythm.growth


def test_where_carrying_is_free_notes_that_cost_something_wait_for_ever() -> None:
    assert notes_delay(LIVELY, notes=1, condensed=100, carried_share=0) == math.inf
    assert notes_delay(LIVELY, notes=0, condensed=100, carried_share=0) == 0


def test_notes_cost_what_their_request_reads_and_what_it_writes_at_the_price_of_output() -> None:
    seed = SEED_CARD.tiers[0]
    assert notes_cost(1_000, 500, seed) == pytest.approx(1_000 + 500 * 2.50 / 0.31)
    assert notes_cost(1_000, 500, FREE_CARD.tiers[0]) == 0
