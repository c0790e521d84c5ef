"""One of several questions is deleted between the record of their answer and its close: the others are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.errors import PlatformRefused
from bot.types import Draft, Recorded, Settlement, TextDelta, Turn
from tests.fakes import KEY, incoming, words
from tests.house import House, running

SECRET = "hunter2"
BURST = 2
ECHO = words(f"You said {SECRET}")


def after_record(house: House, then: Callable[[], Awaitable[Any]]) -> None:
    """Let something happen once, as soon as the answer to the burst is recorded."""
    record, waiting = house.store.record, [then]

    async def recorded(turn: Turn, settlement: Settlement) -> Recorded:
        done = await record(turn, settlement)
        if turn.id == BURST and waiting:
            await waiting.pop()()
        return done

    house.store.record = recorded  # type: ignore[method-assign]  # the worst moment


async def ask_together(house: House, gate: asyncio.Event, *, secret: int = 3) -> None:
    """Ask three questions that wait for the answer to another; one of them, by number, tells the secret."""
    await house.inbox.handle(incoming("hello", 1))
    await house.platform.until(lambda: any(draft.text for draft in house.platform.shown.get("m1", [])))
    for number in (2, 3, 4):
        text = f"my password is {SECRET}" if number == secret else f"question {number}?"
        await house.inbox.handle(incoming(text, number))
    gate.set()


def kept(house: House) -> str:
    """All that is stored, and what people see in the end."""
    store = house.store
    seen = [drafts[-1] for drafts in house.platform.shown.values()]
    return str([store._entries, store._turns, store.settlements, store._conversations, seen, house.platform.finished])


def sent_last(house: House) -> list[str]:
    return [entry.text for entry in house.requests[-1].entries]


@pytest.mark.parametrize(
    ("deleted", "others", "withdrawn"),
    [pytest.param(3, (2, 4), [], id="one of them"), pytest.param(2, (3, 4), ["m2"], id="the first")],
)
async def test_the_others_are_answered_once_and_nothing_stays_of_what_was_deleted(
    deleted: int, others: tuple[int, ...], withdrawn: list[str]
) -> None:
    gate = asyncio.Event()
    async with running([TextDelta("one"), gate, *words(" two")], ECHO, words("to the others")) as house:
        after_record(house, lambda: house.inbox.on_message_deleted(KEY, f"s{deleted}"))
        await ask_together(house, gate, secret=deleted)
        await house.settled()
        assert house.platform.texts() == ["one two", "to the others"]
        assert house.platform.withdrawn == withdrawn
        asked = sent_last(house)
    assert [sum(f"question {number}?" in text for text in asked) for number in others] == [1, 1]
    assert SECRET not in str(asked) + kept(house)
    assert len(house.requests) == 3


async def test_who_takes_the_turn_over_answers_the_others() -> None:
    gate, recorded, never = asyncio.Event(), asyncio.Event(), asyncio.Event()
    async with running([TextDelta("one"), gate, *words(" two")], ECHO, words("to b and d")) as house:

        async def hang() -> None:
            recorded.set()
            await never.wait()

        after_record(house, hang)
        await ask_together(house, gate)
        await recorded.wait()
        dead = house.dispatcher
        house.open()
        await house.inbox.on_message_deleted(KEY, "s3")
        await house.settled()
        await dead.aclose(grace=0)
        assert house.platform.texts() == ["one two", "to b and d"]
        assert house.platform.withdrawn == []
    assert SECRET not in str(sent_last(house)) + kept(house)


async def test_an_answer_that_the_platform_refuses_is_not_told_with_what_was_deleted() -> None:
    gate = asyncio.Event()
    async with running([TextDelta("one"), gate, *words(" two")], ECHO, words("to b and d")) as house:

        def refuse(draft: Draft) -> PlatformRefused | None:
            return PlatformRefused("no") if draft.status == "done" and SECRET in draft.text else None

        house.platform.refuse = refuse
        after_record(house, lambda: house.inbox.on_message_deleted(KEY, "s3"))
        await ask_together(house, gate)
        await house.settled()
        assert house.platform.told == []
        assert house.platform.texts() == ["one two", "to b and d"]
    assert SECRET not in kept(house)
