"""Who asks faster than they may is told when to ask again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.access.pace import QuestionPace
from bot.errors import InvalidInput
from bot.parameter_resolver import effective_parameters
from bot.types import Outcome, Person
from tests.fakes import START, incoming
from tests.house import running

HOURLY = {"questions_per_minute": 1_000, "questions_per_hour": 3}


def test_so_many_a_minute_and_the_next_one_later() -> None:
    pace = QuestionPace()
    for number in range(10):
        pace.note(incoming("Why?", number), {}, START + timedelta(seconds=number))
    with pytest.raises(InvalidInput, match=r"asked 10 questions within a minute.*ask again in 35 seconds\."):
        pace.note(incoming("Why?", 10), {}, START + timedelta(seconds=25))
    pace.note(incoming("Why?", 9), {}, START + timedelta(seconds=25))  # delivered again
    bob = replace(incoming("Why?", 11), author=Person(id="u2", name="Bob"))
    pace.note(bob, {}, START + timedelta(seconds=25))
    pace.note(incoming("Why?", 10), {}, START + timedelta(seconds=60))


def test_so_many_an_hour_as_it_is_set() -> None:
    pace = QuestionPace()
    for number in range(3):
        pace.note(incoming("Why?", number), HOURLY, START + timedelta(minutes=number))
    with pytest.raises(InvalidInput, match=r"asked 3 questions within an hour.*ask again in 57 minutes\."):
        pace.note(incoming("Why?", 3), HOURLY, START + timedelta(minutes=3))
    pace.note(incoming("Why?", 3), HOURLY, START + timedelta(minutes=60))


async def test_nobody_lifts_a_bound_for_one_answer() -> None:
    async with running() as house:
        with pytest.raises(InvalidInput, match="cannot be given for one answer"):
            await house.inbox.handle(incoming("/ask questions_per_minute=1000 Why?", 1))
        effective = await effective_parameters(
            incoming("Why?", overrides={"answers_per_person": "100", "max_tokens": "5"}), house.store
        )
    assert (effective["answers_per_person"].value, effective["max_tokens"].value) == (2, 5)


async def test_the_one_too_many_is_told_alone_and_not_stored() -> None:
    async with running() as house:
        house.inbox._pace = QuestionPace()
        await house.inbox.handle(incoming("/set workspace questions_per_minute 2", 9, is_admin=True))
        for number in (1, 2):
            assert (await house.inbox.handle(incoming("Why?", number))).outcome is Outcome.ANSWERING
        with pytest.raises(InvalidInput, match="asked 2 questions within a minute"):
            await house.inbox.handle(incoming("Why?", 3))
        await house.settled()
        figures = await house.store.queue_figures()
    assert figures.done == 2
