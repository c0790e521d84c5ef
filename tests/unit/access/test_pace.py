"""Who asks faster than they may is told when to ask again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.access.pace import QuestionPace
from bot.errors import InvalidInput
from bot.parameter_resolver import effective_parameters
from bot.types import Entrance, FollowUp, Outcome, Person, Task
from tests.fakes import KEY, START, incoming
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


def test_what_comes_late_counts_when_it_was_asked() -> None:
    pace = QuestionPace()
    for number in reversed(range(20)):  # one every ten seconds, the newest first
        pace.note(incoming("Why?", number), {}, START + timedelta(seconds=10 * number))
    with_more = START + timedelta(seconds=95)
    for number in range(20, 24):
        pace.note(incoming("Why?", number), {}, with_more)
    with pytest.raises(InvalidInput, match="within a minute"):
        pace.note(incoming("Why?", 24), {}, with_more)


async def test_what_is_read_after_a_gap_is_taken_though_it_is_read_within_a_second() -> None:
    async with running() as house:
        house.inbox._pace = QuestionPace()
        for number in range(1, 12):
            asked = incoming("Why?", number, sent_at=START - timedelta(minutes=number))
            assert (await house.inbox.handle(asked)).outcome is Outcome.ANSWERING
        for number in range(20, 29):
            await house.inbox.handle(incoming("Why?", number, sent_at=START - timedelta(minutes=11)))
        with pytest.raises(InvalidInput, match="asked 10 questions within a minute"):
            await house.inbox.handle(incoming("Why?", 29, sent_at=START - timedelta(minutes=11)))


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


async def test_what_is_asked_by_a_button_or_a_reaction_counts_for_who_does_it() -> None:
    async with running() as house:
        await house.ask("Why?", 1)
        house.inbox._pace = QuestionPace()
        await house.inbox.handle(incoming("/set workspace questions_per_minute 2", 9, is_admin=True))
        bob = Person(id="u2", name="Bob")
        for number in (10, 11, 12):
            message = incoming("A heron?", number, key=replace(KEY, thread=f"t{number}"))
            press = incoming("", 20 + number, author=bob, entrance=Entrance.REACTION, key=message.key)
            await house.inbox.on_reaction(message, asked=press)
        assert {turn.incoming.message_id for turn in house.store._turns.values()} == {"s1", "s10", "s11"}
        for number, shown in enumerate((1, 1, 4)):  # the same twice is one question
            press = incoming("", 40 + number, entrance=Entrance.BUTTON)
            await house.inbox.follow_up(shown, FollowUp.REGENERATE, asked=press)
            await house.settled()
        with pytest.raises(InvalidInput, match="asked 2 questions within a minute"):
            await house.inbox.follow_up(5, FollowUp.REGENERATE, asked=incoming("", 50, entrance=Entrance.BUTTON))


async def test_an_edit_that_asks_too_much_is_passed_over_and_stays_context() -> None:
    async with running() as house:
        house.inbox._pace = QuestionPace()
        await house.inbox.handle(incoming("/set workspace questions_per_minute 1", 9, is_admin=True))
        await house.ask("Why?", 1)
        await house.inbox.handle(incoming("thanks!", 2, is_directed=False))
        edited = await house.inbox.on_message_edited(incoming("thanks! and two?", 2), at=START + timedelta(minutes=1))
        assert edited.outcome is Outcome.IGNORED
        (kept,) = (turn.incoming for turn in house.store._turns.values() if turn.incoming.task is Task.CONTEXT)
    assert kept.text == "thanks! and two?"
