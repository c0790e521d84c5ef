"""Memory: what is about to leave the window is condensed in the background, told, and forgotten when asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import count, pairwise

import pytest

from bot.context.condensed_notes import SYSTEM_PROMPT
from bot.context.system_prompt import notes_message
from bot.context.tokens import estimate
from bot.errors import InvalidInput, ModelUnavailable, Refused, StreamCut
from bot.types import Finish, Finished, ModelRequest, TextDelta, Usage
from tests.fakes import KEY, incoming, words
from tests.house import House, running

LONG = "word " * 1000  # about 1,250 tokens
UNTOLD = Usage(estimated=True)


async def talk(house: House, *, turns: int) -> None:
    """A thread of long questions under the smallest floor."""
    await house.inbox.handle(incoming("/set context economy", 10_000))
    for number in range(1, turns + 1):
        house.model.scripts = house.model.scripts or [words(f"answer {number}", UNTOLD)]
        await house.ask(f"{number}: {LONG}", number)
        await house.noted()
        house.clock.advance(1)


def told_in(request: ModelRequest) -> str:
    return "\n".join(entry.text for entry in request.entries)


def questions_in(request: ModelRequest) -> list[int]:
    """The numbers of the long questions that a request carries, in its entries or to be condensed."""
    return [n for n in range(100) if f": {n}: word" in told_in(request)]


async def test_notes_are_a_request_of_their_own_with_what_leaves_and_the_old_notes() -> None:
    async with running() as house:
        await talk(house, turns=30)
    first, second = house.model.noted[:2]
    assert first.system_prompt == SYSTEM_PROMPT
    assert len(first.entries) == 1
    assert second.entries[0] == notes_message("- notes 1")[0]
    assert len(second.entries) == 2
    for name in ("enable_thinking", "enable_web_search", "enable_caching"):
        assert first.parameters[name] is False
    assert int(str(first.parameters["max_tokens"])) <= 250
    assert questions_in(first)[-1] + 1 == questions_in(second)[0]


async def test_what_was_said_is_always_in_view_or_in_notes() -> None:
    async with running() as house:
        await talk(house, turns=30)
        records = await house.store.recent_requests(KEY, limit=100)
    written = 0
    for number, request in enumerate(house.requests, 1):
        while f"- notes {written + 1}" in told_in(request):
            written += 1
        noted = {n for made in house.model.noted[:written] for n in questions_in(made)}
        assert noted | set(questions_in(request)) == set(range(1, number + 1))
    assert written >= 2
    assert {record.figures.broken for record in records} == {"first", "trim", ""}


async def test_after_a_pause_the_notes_are_there_and_the_window_is_cut() -> None:
    async with running() as house:
        await talk(house, turns=6)
        assert not house.model.noted
        await house.pause(700)
        assert len(house.model.noted) == 1
        await house.ask("back again", 50)
        await house.ask("and now?", 51)
        records = await house.store.recent_requests(KEY, limit=100)
    back, after = house.requests[-2:]
    assert back.entries[0] == notes_message("- notes 1")[0]
    assert after.entries[: len(back.entries)] == back.entries
    assert [record.figures.broken for record in records[-2:]] == ["cold", ""]


async def test_a_question_waits_for_notes_and_not_for_long() -> None:
    gate = asyncio.Event()
    async with running() as house:
        house.options = replace(house.options, notes_wait=0.05)
        house.open()
        house.model.notes = [[gate, *words("- late")]]
        await house.inbox.handle(incoming("/set context economy", 999))
        for number in range(1, 13):
            house.model.scripts = [words("fine", UNTOLD)]
            await house.ask(f"{number}: {LONG}", number)
        assert len(house.model.noted) == 1
        assert questions_in(house.requests[-1]) == list(range(1, 13))
        gate.set()
        await house.noted()
        await house.ask("next", 50)
    assert "- late" in told_in(house.requests[-1])
    assert 1 not in questions_in(house.requests[-1])


async def test_notes_that_come_while_the_next_answer_is_written_are_kept() -> None:
    gate, answering = asyncio.Event(), asyncio.Event()
    async with running() as house:
        house.options = replace(house.options, notes_wait=0.05)
        house.open()
        await talk(house, turns=6)
        house.model.notes = [[gate, *words("- late")]]
        before = len(house.model.noted)
        house.clock.advance(700)
        await house.notes_asked(before + 1)
        house.model.scripts = [[answering, *words("fine", UNTOLD)]]
        await house.inbox.handle(incoming(f"7: {LONG}", 7))
        await house.asked(7)
        gate.set()
        await house.noted()
        answering.set()
        await house.settled()
        await house.ask("next", 50)
        records = await house.store.recent_requests(KEY, limit=2)
    assert "- late" in told_in(house.requests[-1])
    assert [record.figures.broken for record in records] == ["", "trim"]


@pytest.mark.parametrize(
    "failing",
    [
        [ModelUnavailable("away")],
        [TextDelta("- half"), StreamCut("cut")],
        words(""),
        [Finished(Finish.FILTERED)],
    ],
    ids=["away", "cut", "empty", "filtered"],
)
async def test_what_could_not_be_condensed_stays_in_view_and_goes_with_the_next_notes(failing: list[object]) -> None:
    async with running() as house:
        house.model.notes = [failing]  # type: ignore[list-item]  # events and errors
        await talk(house, turns=14)
    first, second = house.model.noted[:2]
    assert questions_in(second)[0] == questions_in(first)[0] == 1
    unnoted = [request for request in house.requests if "- notes" not in told_in(request)]
    assert len(unnoted) > questions_in(first)[-1]
    assert all(questions_in(request)[0] == 1 for request in unnoted)


async def test_what_the_model_refuses_again_and_again_is_left_out_in_the_end() -> None:
    async with running() as house:
        house.model.notes = [[Refused("no")] for _ in range(3)]
        await talk(house, turns=16)
        records = await house.store.recent_requests(KEY, limit=100)
    tries = [questions_in(request) for request in house.model.noted[:4]]
    assert tries[0][0] == tries[1][0] == tries[2][0] == 1
    assert len(tries[2]) < len(tries[1]) <= len(tries[0]) + 1
    assert tries[3][0] == tries[2][-1] + 1
    assert "trim" in {record.figures.broken for record in records}


async def test_what_had_to_leave_a_full_window_waits_for_the_next_notes() -> None:
    async with running() as house:
        house.model.context_tokens = 16_000
        house.model.notes = [[ModelUnavailable("away")] for _ in range(8)]
        await talk(house, turns=12)
        failed = len(house.model.noted)
        assert questions_in(house.requests[-1])[0] > 1
        assert "are still to be written" in await told(house, "/show context")
        house.model.notes = []
        await house.ask("next", 50)
        await house.noted()
        noted = [questions_in(request) for request in house.model.noted[failed:]]
        await house.ask("and now?", 51)
        assert "are still to be written" not in await told(house, "/show context")
    assert {n for numbers in noted for n in numbers} | set(questions_in(house.requests[-1])) == set(range(1, 13))
    assert all(before[-1] + 1 == after[0] for before, after in pairwise(noted))


async def test_notes_survive_a_kill_between_an_answer_and_its_notes() -> None:
    async with running() as house:
        house.model.notes = [[asyncio.Event()]]  # never written
        await house.inbox.handle(incoming("/set context economy", 999))
        for number in range(1, 20):
            house.model.scripts = [words("fine", UNTOLD)]
            await house.ask(f"{number}: {LONG}", number)
            await asyncio.sleep(0.01)
            if house.model.noted:
                break
        await house.aclose()
        house.open()
        await house.ask("again", 50)
        await house.noted()
        await house.ask("and now?", 51)
    lost, made = map(questions_in, house.model.noted)
    assert set(lost) <= set(made)
    assert "- notes 2" in told_in(house.requests[-1])


async def test_memory_can_be_switched_off() -> None:
    async with running() as house:
        await house.inbox.handle(incoming("/set memory no", 99))
        await talk(house, turns=30)
        await house.pause(700)
    assert not house.model.noted
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
    async with running() as house:
        assert "There are no notes" in await told(house, "/show memory")
        await talk(house, turns=30)
        memory = f"- notes {len(house.model.noted)}"
        shown = await told(house, "/show memory")
        assert memory in shown
        assert f"about {estimate(memory)} tokens long:" in shown
        assert "are deleted" in await told(house, "/forget memory")
        assert "There are no notes" in await told(house, "/show memory")
        await house.ask("still there?", 700)
    assert not any(memory in entry.text for entry in house.requests[-1].entries)
    assert (await house.store.recent_requests(KEY, limit=1))[0].figures.broken == "head changed"


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
    async with running() as house:
        await talk(house, turns=30)
        house.model.scripts = [[gate, *words("late")]]
        await house.inbox.handle(incoming("one more", 500))
        await house.asked(31)
        await told(house, "/forget memory")
        gate.set()
        await house.settled()
        await house.noted()
        assert "There are no notes" in await told(house, "/show memory")


async def test_notes_on_a_deleted_message_are_made_anew_without_it_and_its_answer() -> None:
    async with running(words("The code is 7788.", UNTOLD)) as house:
        await talk(house, turns=14)
        assert "7788" in told_in(house.model.noted[0])
        await house.inbox.on_message_deleted(KEY, "s1")
        await house.ask("hello", 50)
        await house.noted()
        await house.ask("hello", 51)
    anew = house.model.noted[-1]
    assert "7788" not in told_in(anew)
    assert len(anew.entries) == 1
    assert questions_in(anew)[0] == 2
    assert f"- notes {len(house.model.noted)}" in told_in(house.requests[-1])
