"""What somebody asked is theirs to stop, to ask again and to forget; administrators may do so for everybody."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.errors import InvalidInput, ModelRejected
from bot.turns.ownership import check_forget
from bot.types import FollowUp, Incoming, Outcome, Person, TurnState
from tests.fakes import ADA, KEY, incoming, words
from tests.house import House, running

NOW = datetime(2020, 1, 2, tzinfo=UTC)
EVE = Person(id="eve", name="Eve")
FORGETTING = ("/forget here", "/forget memory")


def test_nobody_is_an_administrator_of_whom_no_adapter_says_so() -> None:
    assert not Incoming(key=KEY, dedupe_key="d", author=ADA, text="?", sent_at=NOW).is_admin


# ---------------------------------------------------------------- stopping


@pytest.mark.parametrize("way", ["button", "command"])
async def test_only_who_asked_or_an_administrator_stops_an_answer(way: str) -> None:
    async def stop(house: House, number: int, by: Person, *, is_admin: bool = False) -> None:
        if way == "button":
            await house.inbox.stop(KEY, asked=incoming("", number, author=by, is_admin=is_admin))
        else:
            await house.inbox.handle(incoming("/stop", number, author=by, is_admin=is_admin))

    async with running([asyncio.Event()], [asyncio.Event()]) as house:
        await house.inbox.handle(incoming("Why?", 1))
        await house.asked(1)
        with pytest.raises(InvalidInput, match="Only the person who asked"):
            await stop(house, 2, EVE)
        await stop(house, 3, ADA)
        await house.settled()
        await house.inbox.handle(incoming("And how?", 4))
        await house.asked(2)
        await stop(house, 5, EVE, is_admin=True)
        await house.settled()
    assert [item.status for item in house.platform.finished.values()] == ["stopped"] * 2


async def test_who_waits_behind_others_takes_their_own_question_back_alone() -> None:
    first = asyncio.Event()
    async with running([first, *words("Because.")], words("Never.")) as house:
        await house.inbox.handle(incoming("Why?", 1))
        await house.asked(1)
        await house.inbox.handle(incoming("And me?", 2, author=EVE))
        assert (await house.inbox.stop(KEY, asked=incoming("", 3, author=EVE), stopped="yes")).text == "yes"
        first.set()
        await house.settled()
    states = [turn.state for number in (1, 2) if (turn := await house.store.get_turn(number))]
    assert states == [TurnState.DONE, TurnState.CANCELLED]
    assert len(house.requests) == 1


async def test_where_nothing_is_answered_nobody_is_told_of_others() -> None:
    async with running(words("Because.")) as house:
        await house.ask("Why?")
        stopped = await house.inbox.stop(KEY, asked=incoming("", 2, author=EVE), stopped="yes", idle="no")
        assert stopped.text == "no"


# ---------------------------------------------------------------- going on


@pytest.mark.parametrize("how", [FollowUp.REGENERATE, FollowUp.CONTINUE])
async def test_only_who_asked_or_an_administrator_goes_on_with_an_answer(how: FollowUp) -> None:
    async with running(words("Because."), words("So."), words("Well.")) as house:
        await house.ask("Why?")
        with pytest.raises(InvalidInput, match="Only the person who asked"):
            await house.inbox.follow_up(1, how, asked=incoming("", 21, author=EVE))
        assert len(house.requests) == 1
        handled = await house.inbox.follow_up(1, how, asked=incoming("", 22, author=replace(ADA, name="Ada L.")))
        await house.settled()
        assert handled.outcome is Outcome.ANSWERING
        second = await house.inbox.follow_up(2, how, asked=incoming("", 23, author=EVE, is_admin=True))
        await house.settled()
        assert second.outcome is Outcome.ANSWERING


async def test_what_failed_is_asked_again_by_its_asker_alone() -> None:
    async with running([ModelRejected("no")], words("Because.")) as house:
        await house.ask("Why?")
        with pytest.raises(InvalidInput, match="Only the person who asked"):
            await house.inbox.follow_up(1, FollowUp.RETRY, asked=incoming("", 24, author=EVE))
        await house.inbox.follow_up(1, FollowUp.RETRY, asked=incoming("", 25, author=ADA))
        await house.settled()
    assert house.store.settlements[2].state is TurnState.DONE


# ---------------------------------------------------------------- forgetting


@pytest.mark.parametrize("command", FORGETTING)
async def test_a_conversation_of_several_is_forgotten_by_an_administrator_alone(command: str) -> None:
    async with running(words("Because."), words("So.")) as house:
        await house.ask("Why?", 1)
        await house.ask("And me?", 2, author=EVE)
        for number, person in enumerate((ADA, EVE), 3):
            with pytest.raises(InvalidInput, match="Other people have written here as well"):
                await house.inbox.handle(incoming(command, number, author=person))
        assert await house.store.get_entries(KEY, start=0)
        handled = await house.inbox.handle(incoming(command, 5, author=EVE, is_admin=True))
    assert handled.outcome is Outcome.REPLIED


@pytest.mark.parametrize("command", FORGETTING)
async def test_who_only_wrote_where_others_asked_forgets_nothing_there(command: str) -> None:
    async with running(words("Because.")) as house:
        await house.ask("Why?", 1)
        with pytest.raises(InvalidInput, match="Other people"):
            await house.inbox.handle(incoming(command, 2, author=EVE))


async def test_ones_own_conversation_is_forgotten_by_oneself_also_a_second_time() -> None:
    async with running(words("Because."), words("So.")) as house:
        for number in (1, 3):
            await house.ask("Why?", number)
            handled = await house.inbox.handle(incoming("/forget here", number + 1))
            assert "Deleted" in handled.text
        assert not await house.store.get_entries(KEY, start=0)


def test_the_refusal_says_who_may_and_what_one_can_do_oneself() -> None:
    with pytest.raises(InvalidInput, match=r"an administrator.*`/forget me`"):
        check_forget(ADA, {ADA.id, EVE.id})
    check_forget(ADA, {ADA.id})
    check_forget(ADA, set())
