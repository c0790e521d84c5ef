"""A message becomes a question when an edit adds what makes it one: once, and only while somebody waits for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.turns.inbox import ASKED_BY_EDIT
from bot.types import Outcome, Task, ThreadMessage
from tests.fakes import ADA, START, incoming
from tests.house import House, running


async def edited(house: House, text: str, *, number: int = 1, **facts: Any) -> Outcome:
    handled = await house.inbox.on_message_edited(incoming(text, number, **facts), at=START + timedelta(minutes=1))
    await house.settled()
    return handled.outcome


async def test_a_message_that_is_now_meant_for_the_bot_is_answered_once() -> None:
    async with running() as house:
        assert (await house.inbox.handle(incoming("a heron?", is_directed=False))).outcome is Outcome.IGNORED
        assert await edited(house, "a heron?", is_directed=False) is Outcome.IGNORED
        assert await edited(house, "a grey heron?") is Outcome.ANSWERING
        assert await edited(house, "a grey heron?") is Outcome.IGNORED
        assert (await house.inbox.handle(incoming("a grey heron?"))).outcome is Outcome.DUPLICATE
    assert [request.entries[-1].text.rpartition(": ")[2] for request in house.requests] == ["a grey heron?"]


async def test_a_message_that_was_context_is_asked_with_its_new_words() -> None:
    async with running() as house:
        await house.ask("one?", 1)
        await house.inbox.handle(incoming("thanks!", 2, is_directed=False))
        assert await edited(house, "thanks! and two?", number=2) is Outcome.ANSWERING
    assert house.requests[-1].entries[-1].text.endswith("thanks! and two?")


@pytest.mark.parametrize(
    "text", ["/set max_tokens 40", "!forget here", "help", "/nonsense", "/ask max_tokens=0 why?", " "]
)
async def test_an_edit_carries_out_no_command(text: str) -> None:
    async with running() as house:
        assert await edited(house, text) is Outcome.IGNORED
        assert await house.store.get_everywhere("max_tokens") == {}
    assert house.requests == []


@pytest.mark.parametrize("text", ["/ask why?", "summarise the attached PDF please", "usage of semicolons, please?"])
async def test_an_edit_asks_in_all_the_ways_in_which_a_question_is_asked(text: str) -> None:
    async with running() as house:
        assert await edited(house, text) is Outcome.ANSWERING
        (turn,) = house.store._turns.values()
    assert turn.incoming.task is Task.ANSWER


async def test_who_is_not_answered_is_not_answered_after_an_edit() -> None:
    async with running() as house:
        bot = incoming("why?", author=replace(ADA, is_bot=True))
        assert (await house.inbox.on_message_edited(bot, at=START)).outcome is Outcome.IGNORED
    assert house.requests == []


async def test_what_is_old_is_corrected_and_not_asked() -> None:
    async with running() as house:
        house.clock.advance((ASKED_BY_EDIT + timedelta(minutes=1)).total_seconds())
        assert await edited(house, "a heron?") is Outcome.IGNORED
    assert house.requests == []


async def test_what_was_read_with_its_thread_and_is_asked_by_an_edit_stays_in_later_requests() -> None:
    read = ThreadMessage(source_id="s0", author=ADA, text="a heron?", at=START)
    async with running(thread=(read,)) as house:
        await house.ask("one?", 1)
        assert await edited(house, "a grey heron?", number=0) is Outcome.ANSWERING
        await house.ask("and now?", 3)
    before, after = house.requests[-2:]
    assert before.entries[-1].text.endswith(": a grey heron?")
    assert after.entries[: len(before.entries)] == before.entries
