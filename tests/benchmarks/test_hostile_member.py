"""What one hostile member can spend in a day, by the defaults."""

from __future__ import annotations

from benchmarks.hostile_member import accepted_in_a_day, dearest, rows
from bot.access.budgets import DEFAULT_AMOUNT
from bot.parameters import PARAMETERS


def test_no_more_questions_are_accepted_than_an_hour_allows() -> None:
    assert accepted_in_a_day() == 24 * int(str(PARAMETERS["questions_per_hour"].default))


def test_the_first_budget_bounds_a_day_to_it_and_the_answers_under_way() -> None:
    *_, (_, _, bounded) = rows()
    assert bounded - DEFAULT_AMOUNT <= 2 * dearest() < 1
