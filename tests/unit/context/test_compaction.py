"""Memory: what trims take out of view is condensed, told, and forgotten when asked."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

from bot.context.compaction import NOTES_TITLE
from bot.context.system_prompt import notes_message
from bot.errors import InvalidInput, ModelUnavailable
from bot.types import ModelEvent, TurnState, Usage
from tests.fakes import KEY, incoming, words
from tests.house import House, running

LONG = "word " * 1000  # about 1,250 tokens
UNTOLD = Usage(estimated=True)


async def talk(house: House, *, turns: int, pause: float = 1) -> None:
    """A thread of long questions under the smallest floor, `pause` seconds apart."""
    await house.inbox.handle(incoming("/set context economy", 0))
    for number in range(1, turns + 1):
        await house.ask(f"{number}: {LONG}", number)
        house.clock.advance(pause)


def scripts_of_notes(turns: int) -> list[list[ModelEvent]]:
    return [words(f"answer {number}", UNTOLD) for number in range(2 * turns)]


async def test_a_coming_trim_is_condensed_from_the_unchanged_prefix_and_stands_behind_the_system_prompt() -> None:
    async with running(*scripts_of_notes(40)) as house:
        await talk(house, turns=30)
    condensed = [
        condensation for condensation in house.store.condensations.values() if condensation.conversation.memory
    ]
    assert condensed
    notes = next(request for request in house.requests if "Update your notes" in request.entries[-1].text)
    index = house.requests.index(notes)
    before, after = house.requests[index - 1], house.requests[index + 1]
    assert notes.head == before.head
    assert notes.entries[: len(before.entries)] == before.entries
    assert after.head == before.head
    assert after.entries[0] == notes_message(condensed[0].conversation.memory)[0]
    assert after.entries[1] != before.entries[0]
    records = await house.store.recent_requests(KEY, limit=100)
    assert [record.figures.broken for record in records].count("trim") == len(house.store.condensations)
    assert {record.figures.broken for record in records} == {"first", "trim", ""}


async def test_after_a_cold_trim_the_notes_are_appended_and_break_nothing() -> None:
    async with running(*scripts_of_notes(20)) as house:
        await talk(house, turns=8)
        house.clock.advance(3600)
        await house.ask("back again", 50)
        await house.ask("and now?", 51)
    (notes,) = (request for request in house.requests if "Update your notes" in request.entries[-1].text)
    assert len(notes.entries) == 1
    back, after = (request for request in house.requests[-3:] if request is not notes)
    assert back.entries[-1].text.endswith("back again")
    assert after.entries[: len(back.entries)] == back.entries
    assert any(NOTES_TITLE in entry.text for entry in after.entries)


async def test_a_memory_that_cannot_be_written_leaves_the_trim_and_says_why() -> None:
    async with running(
        *(words(str(n), UNTOLD) for n in range(8)), words("x", UNTOLD), [ModelUnavailable("away")]
    ) as house:
        await talk(house, turns=8)
        house.clock.advance(3600)
        settlement = await house.ask("back again", 50)
    assert settlement.state is TurnState.DONE
    (error,) = house.store.errors.values()
    assert "notes not written" in error


async def test_memory_can_be_switched_off() -> None:
    async with running() as house:
        await house.inbox.handle(incoming("/set memory no", 99))
        await talk(house, turns=30)
    assert not house.store.condensations
    assert len(house.requests) == 30


# ---------------------------------------------------------------- told and forgotten


NUMBERS = count(900)


async def told(house: House, text: str) -> str:
    return (await house.inbox.handle(incoming(text, next(NUMBERS)))).text


async def test_the_context_is_told_with_the_providers_own_counts() -> None:
    usage = Usage(input=1234, cached=1000, output=5)
    async with running(words("one", usage), words("two", usage)) as house:
        assert "Nothing has been sent to the model from here yet." in await told(house, "/show context")
        await house.ask("first", 1)
        assert "The last request could not use the cache of the one before: it was the first" in await told(
            house, "/show context"
        )
        await house.ask("second", 2)
        text = await told(house, "/show context")
    assert "**context** is `normal` (default)" in text
    assert "**3 messages**: 1,234 tokens, 1,000 of them from the cache" in text
    assert "The request 1 before the last could not use the cache" in text


async def test_notes_are_told_and_forgotten() -> None:
    async with running(*scripts_of_notes(40)) as house:
        assert "There are no notes" in await told(house, "/show memory")
        await talk(house, turns=30)
        (memory,) = {condensation.conversation.memory for condensation in list(house.store.condensations.values())[-1:]}
        assert memory in await told(house, "/show memory")
        assert "are deleted" in await told(house, "/forget memory")
        assert "There are no notes" in await told(house, "/show memory")
        await house.ask("still there?", 700)
    assert not any(memory in entry.text for entry in house.requests[-1].entries)
    assert (await house.store.recent_requests(KEY, limit=1))[0].figures.broken == "head changed"


async def test_appended_notes_are_told_and_forgotten_too() -> None:
    async with running(*scripts_of_notes(20)) as house:
        await talk(house, turns=8)
        house.clock.advance(3600)
        await house.ask("back again", 50)
        assert "answer 9" in await told(house, "/show memory")
        await told(house, "/forget memory")
        assert "There are no notes" in await told(house, "/show memory")
        await house.ask("and now?", 51)
    assert not any(NOTES_TITLE in entry.text for entry in house.requests[-1].entries)
    assert (await house.store.recent_requests(KEY, limit=1))[0].figures.broken == "deleted"


async def test_forgetting_needs_to_be_told_what() -> None:
    async with running() as house:
        with pytest.raises(InvalidInput, match="Usage: `/forget memory\\|here\\|me`"):
            await told(house, "/forget everything")
        assert "no notes to forget" in await told(house, "/forget memory")


# ---------------------------------------------------------------- while an answer is being written


async def test_a_message_deleted_while_an_answer_is_written_breaks_the_next_prefix() -> None:
    gate = asyncio.Event()
    async with running(words("one"), [gate, *words("two")], words("three")) as house:
        await house.ask("first", 1)
        await house.inbox.handle(incoming("second", 2))
        await house.asked(2)
        await house.inbox.on_message_deleted(KEY, "s1")
        gate.set()
        await house.settled()
        await house.ask("third", 3)
    assert all("first" not in entry.text for entry in house.requests[-1].entries)
    assert (await house.store.recent_requests(KEY, limit=1))[0].figures.broken == "deleted"


async def test_notes_forgotten_while_an_answer_is_written_stay_forgotten() -> None:
    gate = asyncio.Event()
    async with running(*scripts_of_notes(40)) as house:
        await talk(house, turns=30)
        house.model.scripts = [[gate, *words("late")], *scripts_of_notes(3)]
        await house.inbox.handle(incoming("one more", 500))
        await house.asked(len(house.requests) + 1)
        await told(house, "/forget memory")
        gate.set()
        await house.settled()
        assert "There are no notes" in await told(house, "/show memory")
