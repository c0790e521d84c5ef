"""What people delete or edit while it waits, is answered, or was: nothing of it is asked, shown or remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import InvalidInput, ModelUnavailable, PlatformError
from bot.types import FollowUp, TextDelta, Turn, TurnState, Within
from tests.fakes import KEY, START, incoming, words
from tests.house import House, running

SECRET = "hunter2"
PLACE = Within(platform=KEY.platform, workspace=KEY.workspace, channel=KEY.channel)


async def edit(house: House, number: int, text: str, *, seconds: float = 60, **facts: Any) -> None:
    edited = incoming(text, number, **{"is_directed": False, **facts})
    await house.inbox.on_message_edited(edited, at=START + timedelta(seconds=seconds))


def sent(house: House, *, since: int = 0) -> str:
    return "\n".join(entry.text for request in house.requests[since:] for entry in request.entries)


async def in_mid_answer(house: House, text: str = f"my password is {SECRET}", number: int = 1) -> None:
    """Ask a question, and wait until its answer begins to be seen; it is the turn of that number."""
    await house.inbox.handle(incoming(text, number))
    await house.platform.until(lambda: any(draft.text for draft in house.platform.shown.get(f"m{number}", [])))


def held(gate: asyncio.Event) -> list[Any]:
    return [TextDelta(f"You said {SECRET}"), gate, *words(" and more")]


async def delete_message(house: House) -> None:
    await house.inbox.on_message_deleted(KEY, "s2")


async def delete_answer(house: House) -> None:
    while 2 not in house.store._messages_of:  # shown, but not yet noted
        await asyncio.sleep(0)
    await house.inbox.on_message_deleted(KEY, "m2")


async def delete_channel(house: House) -> None:
    house.clock.advance(60)
    await house.inbox.on_place_deleted(PLACE)


async def forget_here(house: House) -> None:
    await house.inbox.handle(incoming("/forget here", 90))


async def forget_me(house: House) -> None:
    await house.inbox.handle(incoming("/forget me", 90))


@pytest.mark.parametrize("how", [delete_message, delete_answer, delete_channel, forget_here, forget_me])
async def test_what_is_deleted_in_mid_answer_ends_it_and_leaves_nothing(
    how: Callable[[House], Awaitable[None]],
) -> None:
    never = asyncio.Event()
    async with running(words("first"), held(never), words("later")) as house:
        await house.ask("hello", 50)
        await in_mid_answer(house, number=2)
        await how(house)
        await house.settled()
        assert house.platform.withdrawn == ["m2"]
        assert house.model.closed == 2
        await house.ask("what did I say?", 100, sent_at=house.clock() + timedelta(seconds=200))
        assert (await house.store.recent_requests(KEY, limit=1))[0].figures.broken != ""
    assert SECRET not in sent(house, since=2)
    assert SECRET not in str([await house.store.get_entries(KEY, start=0), house.store._turns.values()])
    assert house.store.settlements[2].state is TurnState.CANCELLED
    assert [line.charge.usage.estimated for line in house.store.lines.values()] == [False, True, False]


async def test_a_question_deleted_while_it_waits_is_never_asked() -> None:
    gate = asyncio.Event()
    async with running([TextDelta("one"), gate, *words(" two")], words("later")) as house:
        await in_mid_answer(house, "hello")
        await house.inbox.handle(incoming(f"my password is {SECRET}", 2))
        await house.inbox.handle(incoming("and now?", 3))
        await house.inbox.on_message_deleted(KEY, "s2")
        gate.set()
        await house.settled()
    assert SECRET not in sent(house)
    assert house.platform.texts() == ["one two", "later"]


async def test_a_question_that_was_put_off_is_taken_back_with_its_placeholder() -> None:
    async with running([ModelUnavailable("down")], words("later")) as house:
        await house.inbox.handle(incoming(f"my password is {SECRET}", 1))
        await house.platform.until(lambda: any(d.notices for drafts in house.platform.shown.values() for d in drafts))
        await house.inbox.on_message_deleted(KEY, "s1")
        await house.settled()
        assert house.platform.withdrawn == ["m1"]
    assert len(house.requests) == 1


async def test_a_deletion_between_claim_and_request_is_not_too_late() -> None:
    async with running(words("never")) as house:
        coalesce = house.store.coalesce

        async def late(turn: Any) -> Any:
            gathered = await coalesce(turn)
            await house.store.delete_messages(KEY, ["s1"])
            return gathered

        house.store.coalesce = late  # type: ignore[method-assign]  # the worst moment
        await house.inbox.handle(incoming(f"my password is {SECRET}", 1))
        await house.settled()
    assert house.requests == []
    assert house.store.lines == {}


async def test_one_of_a_burst_is_deleted_and_the_others_are_answered_without_it() -> None:
    gate, never = asyncio.Event(), asyncio.Event()
    scripts = ([TextDelta("one"), gate, *words(" two")], held(never), words("to b and d"))
    async with running(*scripts) as house:
        await in_mid_answer(house, "hello", 1)
        for number, text in ((2, "b?"), (3, f"my password is {SECRET}"), (4, "d?")):
            await house.inbox.handle(incoming(text, number))
        gate.set()
        await house.platform.until(lambda: any(SECRET in d.text for d in house.platform.shown.get("m2", [])))
        await house.inbox.on_message_deleted(KEY, "s3")
        await house.settled()
        assert house.platform.texts() == ["one two", "to b and d"]
        assert house.platform.withdrawn == []
        asked = [entry.text for entry in house.requests[2].entries]
    assert SECRET not in sent(house, since=2)
    assert any("b?" in item for item in asked)
    assert any("d?" in item for item in asked)
    assert [line.charge.usage.estimated for line in house.store.lines.values()] == [False, True, False]


async def test_the_first_of_a_burst_is_deleted_and_the_others_get_an_answer_of_their_own() -> None:
    gate, never = asyncio.Event(), asyncio.Event()
    async with running([TextDelta("one"), gate, *words(" two")], held(never), words("to c and d")) as house:
        await in_mid_answer(house, "hello", 1)
        for number, text in ((2, f"my password is {SECRET}"), (3, "c?"), (4, "d?")):
            await house.inbox.handle(incoming(text, number))
        gate.set()
        await house.platform.until(lambda: any(SECRET in d.text for d in house.platform.shown.get("m2", [])))
        await house.inbox.on_message_deleted(KEY, "s2")
        await house.settled()
        assert house.platform.withdrawn == ["m2"]
        assert house.platform.texts() == ["one two", "to c and d"]
    assert SECRET not in sent(house, since=2)


async def test_a_deletion_while_the_whole_answer_is_being_shown_takes_it_back() -> None:
    async with running(words("fine"), words("later")) as house:
        close = house.store.close

        async def late(turn: Turn, **facts: Any) -> bool:
            await house.inbox.on_message_deleted(KEY, "s1")
            return await close(turn, **facts)

        house.store.close = late  # type: ignore[method-assign]  # the worst moment
        await house.inbox.handle(incoming(f"my password is {SECRET}", 1))
        await house.settled()
        assert house.platform.withdrawn == ["m1"]
        house.store.close = close  # type: ignore[method-assign]  # as it was
        await house.ask("and now?", 2)
    assert SECRET not in sent(house, since=1)


async def test_a_retraction_that_the_platform_refuses_is_tried_again() -> None:
    never = asyncio.Event()
    async with running(held(never)) as house:
        await in_mid_answer(house)
        reply = type(await house.platform.open_reply(await house.store.get_turn(1)))  # type: ignore[arg-type]
        retract, refusals = reply.retract, [PlatformError("away")]

        async def away(self: Any, keep: str) -> None:
            if refusals:
                raise refusals.pop()
            await retract(self, keep)

        reply.retract = away  # type: ignore[method-assign]  # a platform that is away once
        try:
            await house.inbox.on_message_deleted(KEY, "s1")
            while refusals:
                await asyncio.sleep(0)
            house.clock.advance(60)
            house.dispatcher.wake(KEY)
            await house.settled()
        finally:
            reply.retract = retract  # type: ignore[method-assign]  # as it was
        assert house.platform.withdrawn == ["m1"]


async def test_what_was_deleted_cannot_be_asked_again() -> None:
    async with running(words("one")) as house:
        await house.ask(f"my password is {SECRET}", 1)
        await house.inbox.on_message_deleted(KEY, "s1")
        for number, how in enumerate(FollowUp, start=100):
            with pytest.raises(InvalidInput):
                await house.inbox.follow_up(1, how, asked=incoming("", number))


async def test_a_deletion_elsewhere_in_the_channel_leaves_an_answer_alone() -> None:
    gate = asyncio.Event()
    async with running(held(gate)) as house:
        await in_mid_answer(house)
        assert not (await house.inbox.on_message_deleted(KEY, "somebody else's")).interrupted
        gate.set()
        await house.settled()
    assert house.store.settlements[1].state is TurnState.DONE


# ---------------------------------------------------------------- edits


async def test_an_edit_of_a_question_that_waits_changes_what_is_asked() -> None:
    gate = asyncio.Event()
    async with running([TextDelta("one"), gate, *words(" two")], words("later")) as house:
        await in_mid_answer(house, "hello")
        await house.inbox.handle(incoming("cats?", 2))
        await edit(house, 2, "/ask dogs?")
        gate.set()
        await house.settled()
    assert "dogs?" in house.requests[1].entries[-1].text
    assert "cats?" not in sent(house)
    assert "/ask" not in sent(house)


async def test_an_edit_in_mid_answer_is_known_to_the_next_request() -> None:
    gate = asyncio.Event()
    async with running([TextDelta("one"), gate, *words(" two")], words("later"), words("last")) as house:
        await in_mid_answer(house, "cats?")
        await edit(house, 1, "dogs?")
        gate.set()
        await house.settled()
        await house.ask("and now?", 2)
        await house.ask("and then?", 3)
    first, second, third = ([entry.text for entry in request.entries] for request in house.requests)
    assert "cats?" in first[-1]
    assert [("dogs?" in item) for item in second] == [False, False, True, False]
    assert third[: len(second)] == second
