"""A message becomes a question when an edit adds what makes it one: once, and only while somebody waits for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.context.new_entries import ANSWER_NOW, WHICH
from bot.turns.inbox import ASKED_BY_EDIT
from bot.types import Entrance, Incoming, Outcome, Person, Task, ThreadMessage
from tests.fakes import ADA, KEY, START, incoming
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


def pointing(number: int) -> str:
    """What points to one of several messages of a minute."""
    return ANSWER_NOW.format(which=WHICH.format(number=number))


async def asked_after_context(house: House, *said: Incoming) -> None:
    """Messages that are sent as context with a question."""
    await house.ask("one?", 1)
    for message in said:
        await house.inbox.handle(replace(message, is_directed=False))
    await house.ask("two?", 5)


def sent(house: House) -> str:
    return "\n".join(entry.text for entry in house.requests[-1].entries)


async def test_what_was_sent_as_context_and_is_asked_by_an_edit_stands_once_more_only_as_corrected() -> None:
    async with running() as house:
        await asked_after_context(house, incoming("thanks!", 2))
        assert await edited(house, "thanks! and why?", number=2) is Outcome.ANSWERING
        asked = house.requests[-1].entries[-1].text
        await house.ask("and now?", 6)
        before, after = house.requests[-2:]
        talk = [item.text for item in await house.store.recent_talk(KEY, limit=32)]
    assert talk == ["one?", "fine", "thanks!", "two?", "fine", "fine", "and now?", "fine"]
    assert asked == f"[Mon 2026-01-05 09:00 UTC] Ada: {pointing(2)}"
    assert [sent(house).count(text) for text in ("thanks!", "thanks! and why?")] == [2, 1]
    assert after.entries[: len(before.entries)] == before.entries


async def test_what_was_sent_as_context_and_is_asked_by_a_reaction_stands_once() -> None:
    async with running() as house:
        context = incoming("thanks!", 2)
        await asked_after_context(house, context)
        reaction = incoming("", 7, entrance=Entrance.REACTION, message_id="", author=Person(id="u2", name="Ben"))
        assert (await house.inbox.on_reaction(context, asked=reaction)).outcome is Outcome.ANSWERING
        await house.settled()
    assert house.requests[-1].entries[-1].text == f"[Mon 2026-01-05 09:00 UTC] Ada: {pointing(2)}"
    assert sent(house).count("thanks!") == 1


async def test_what_reads_otherwise_when_it_is_asked_is_asked_in_full() -> None:
    async with running() as house:
        await asked_after_context(house, incoming("thanks!", 2))
        reaction = incoming("", 7, entrance=Entrance.REACTION, message_id="")
        await house.inbox.on_reaction(incoming("thanks! herons stand on one leg", 2), asked=reaction)
        await house.settled()
        assert house.requests[-1].entries[-1].text.endswith("thanks! herons stand on one leg")
        await house.ask("and now?", 8)
    before, after = house.requests[-2:]
    assert after.entries[: len(before.entries)] == before.entries


async def test_what_was_read_with_its_thread_and_is_asked_by_an_edit_stays_in_later_requests() -> None:
    read = ThreadMessage(message_id="s0", author=ADA, text="a heron?", sent_at=START)
    async with running(thread=(read,)) as house:
        await house.ask("one?", 1)
        assert await edited(house, "a grey heron?", number=0) is Outcome.ANSWERING
        await house.ask("and now?", 3)
    before, after = house.requests[-2:]
    assert before.entries[-1].text == f"[Mon 2026-01-05 09:00 UTC] Ada: {pointing(1)}"
    assert "".join(entry.text for entry in before.entries).count("a grey heron?") == 1
    assert after.entries[: len(before.entries)] == before.entries
