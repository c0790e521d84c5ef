"""What people add to a question before the first word of its answer is answered with it, in one answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.turns.claim import MOST_RENEWALS
from bot.turns.generator import BURST_NOTICE
from bot.types import Incoming, Outcome, Person, ReasoningDelta, SearchStarted, Task, TextDelta, TurnState, Usage
from tests.fakes import KEY, incoming, words
from tests.house import House, running

BOB = Person(id="U9", name="Bob")


def held() -> tuple[asyncio.Event, list[Any]]:
    """Return an event, and an answer that is thought about until it is set."""
    gate = asyncio.Event()
    return gate, [ReasoningDelta("hm"), gate, *words("too early", Usage(input=10, output=1))]


async def ask(house: House, text: str, number: int, **changes: Any) -> None:
    await house.inbox.handle(incoming(text, number, **changes))


def asked_in(house: House, request: int) -> list[str]:
    entries = house.requests[request].entries
    return [entry.text.partition(": ")[2] for entry in entries if entry.role == "user"]


async def test_what_is_added_before_the_first_word_is_asked_together_and_the_prefix_stays() -> None:
    _, thinking = held()
    async with running(thinking, words("all of it")) as house:
        await ask(house, "first", 1)
        await house.asked(1)
        await ask(house, "second", 2)
        await house.settled()
    assert asked_in(house, 1) == ["first", "second"]
    first, second = house.requests
    assert second.entries[: len(first.entries)] == first.entries
    assert house.platform.texts() == ["all of it"]
    assert house.platform.finished["m1"].notices == (BURST_NOTICE.format(count=2),)


def outside(text: str, number: int, **changes: Any) -> Incoming:
    """Something said outside threads: it would begin one of its own."""
    told = {"key": replace(KEY, thread=f"s{number}"), "is_top_level": True, "is_directed": False}
    return incoming(text, number, **(told | changes))


async def test_what_its_author_adds_outside_threads_belongs_to_the_question_asked_there() -> None:
    _, thinking = held()
    async with running(thinking, words("both")) as house:
        await house.inbox.handle(outside("why?", 1, is_directed=True))
        await house.asked(1)
        handled = await house.inbox.handle(outside("I mean on Linux", 2))
        assert (handled.outcome, handled.key) == (Outcome.ANSWERING, replace(KEY, thread="s1"))
        await house.settled()
    assert asked_in(house, 1) == ["why?", "I mean on Linux"]
    assert house.platform.texts() == ["both"]


ELSEWHERE = replace(KEY, channel="C9", thread="s3")


@pytest.mark.parametrize(
    "said",
    [
        pytest.param([outside("me too", 3, author=BOB)], id="somebody-else"),
        pytest.param([outside("it broke", 2, author=BOB), outside("did you restart it?", 3)], id="an-answer-to-them"),
        pytest.param([outside("lunch?", 3, addressees=frozenset({"U9"}))], id="to-somebody"),
        pytest.param([outside("I mean on Linux", 3, key=ELSEWHERE)], id="another-channel"),
        pytest.param([outside("thanks!", 3)], id="thanks"),
        pytest.param([outside("!deploy", 3)], id="another-bots-command"),
    ],
)
async def test_what_else_is_said_outside_threads_belongs_to_no_question(said: list[Incoming]) -> None:
    gate, thinking = held()
    async with running(thinking) as house:
        await house.inbox.handle(outside("why?", 1, is_directed=True))
        await house.asked(1)
        assert [(await house.inbox.handle(item)).outcome for item in said] == [Outcome.IGNORED] * len(said)
        gate.set()
        await house.settled()
    assert len(house.requests) == 1


async def test_to_ask_whether_something_is_an_addition_changes_nothing() -> None:
    gate, thinking = held()
    async with running(thinking) as house:
        await house.inbox.handle(outside("why?", 1, is_directed=True))
        await house.asked(1)
        others, own = outside("it broke", 2, author=BOB), outside("I mean on Linux", 3)
        assert [house.manager.addition(said) is not None for said in (others, own)] == [False, True]
        house.manager.note_said(others)
        assert house.manager.addition(own) is None
        gate.set()
        await house.settled()


async def test_what_is_said_outside_threads_after_the_first_word_belongs_to_no_question() -> None:
    gate = asyncio.Event()
    async with running([TextDelta("Since"), gate, *words(" then.")]) as house:
        await house.inbox.handle(outside("why?", 1, is_directed=True))
        await shown(house, "Since")
        assert (await house.inbox.handle(outside("I mean on Linux", 2))).outcome is Outcome.IGNORED
        gate.set()
        await house.settled()
    assert len(house.requests) == 1


async def test_the_request_that_was_given_up_is_in_the_ledger() -> None:
    _, thinking = held()
    async with running(thinking, words("both", Usage(input=20, output=2))) as house:
        await ask(house, "first", 1)
        await house.asked(1)
        await ask(house, "second", 2)
        await house.settled()
    dropped, kept = (line.charge.usage for line in house.store.lines.values())
    assert dropped.estimated
    assert dropped.input > 0
    assert kept == Usage(input=20, output=2)
    assert len(house.store.settlements) == 1


async def test_what_comes_after_the_first_word_is_the_next_question() -> None:
    gate = asyncio.Event()
    async with running([TextDelta("one"), gate, *words(" two")], words("next")) as house:
        await ask(house, "first", 1)
        await shown(house, "one")
        await ask(house, "second", 2)
        gate.set()
        await house.settled()
    assert house.platform.texts() == ["one two", "next"]
    assert len(house.requests) == 2


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"author": BOB}, id="somebody else"),
        pytest.param({"private": True}, id="private"),
        pytest.param({"overrides": {"max_tokens": "50"}}, id="parameters of its own"),
    ],
)
async def test_what_is_not_of_the_same_kind_is_a_question_of_its_own(changes: dict[str, Any]) -> None:
    gate, thinking = held()
    async with running(thinking, words("its own")) as house:
        await ask(house, "first", 1)
        await house.asked(1)
        await ask(house, "other", 2, **changes)
        gate.set()
        await house.settled()
    assert asked_in(house, 0) == ["first"]
    assert len(house.requests) == 2


async def test_a_question_that_another_process_took_down_is_found_at_the_first_word() -> None:
    gate, thinking = held()
    async with running(thinking, words("both")) as house:
        await ask(house, "first", 1)
        await house.asked(1)
        await house.store.enqueue(incoming("second", 2))  # nobody here is told
        gate.set()
        await house.settled()
    assert asked_in(house, 1) == ["first", "second"]
    assert house.platform.texts() == ["both"]


async def test_once_it_has_searched_it_is_not_begun_anew_since_searches_are_paid() -> None:
    gate = asyncio.Event()
    async with running([SearchStarted("herons"), gate, *words("found")], words("next")) as house:
        await ask(house, "first", 1)
        await house.asked(1)
        await asyncio.sleep(0)
        await ask(house, "second", 2)
        gate.set()
        await house.settled()
    assert house.platform.texts() == ["found", "next"]


async def test_somebody_who_never_stops_adding_is_answered_all_the_same() -> None:
    thinking = [held() for _ in range(MOST_RENEWALS + 1)]
    async with running(*(script for _, script in thinking), words("the rest")) as house:
        for number in range(1, MOST_RENEWALS + 3):
            await ask(house, f"number {number}", number)
            await house.asked(min(number, MOST_RENEWALS + 1))
        thinking[-1][0].set()
        await house.settled()
    assert sum(line.charge.usage.estimated for line in house.store.lines.values()) == MOST_RENEWALS
    assert house.platform.texts() == ["too early", "the rest"]


async def test_a_stop_wins_over_what_was_added() -> None:
    _, thinking = held()
    async with running(thinking) as house:
        await ask(house, "first", 1)
        await house.asked(1)
        await ask(house, "/stop", 2)
        await house.settled()
    assert [item.state for item in house.store.settlements.values()] == [TurnState.CANCELLED]


async def test_a_summary_is_not_begun_anew() -> None:
    gate, thinking = held()
    async with running(thinking, words("fine")) as house:
        await ask(house, "first", 1)
        await house.asked(1)
        await ask(house, "today", 2, task=Task.SUMMARY)
        gate.set()
        await house.settled()
    assert asked_in(house, 0) == ["first"]
    assert not any(line.charge.usage.estimated for line in house.store.lines.values())


async def shown(house: House, text: str) -> None:
    """Wait until people have seen a text."""
    async with asyncio.timeout(10):
        while not any(draft.text == text for drafts in house.platform.shown.values() for draft in drafts):
            await asyncio.sleep(0)
