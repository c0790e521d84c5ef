"""A question that is edited after its answer can be answered again as it reads then, for who asked it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import InvalidInput, ModelRejected
from bot.turns.followups import UNDER_WAY
from bot.turns.inbox import ASKED_BY_EDIT
from bot.types import FollowUp, Incoming, Outcome, Turn, TurnId
from tests.fakes import ADA, START, incoming, words
from tests.house import House, running


async def edited(house: House, text: str, *, number: int = 1, minutes: int = 1, **facts: Any) -> TurnId | None:
    message = incoming(text, number, **facts)
    handled = await house.inbox.on_message_edited(message, at=START + timedelta(minutes=minutes))
    await house.settled()
    return handled.answered


async def answered(house: House, text: str) -> Turn:
    """The first question, once it is answered."""
    await house.ask(text, 1)
    turn = await house.store.get_turn(1)
    assert turn is not None
    return turn


def pressed(number: int, **facts: Any) -> Incoming:
    """A press of Ada, who asked, on a button."""
    return incoming("", 90 + number, **{"message_id": "", **facts})


async def again(house: House, turn: TurnId, number: int, **facts: Any) -> Outcome:
    outcome = (await house.inbox.follow_up(turn, FollowUp.CORRECT, asked=pressed(number, **facts))).outcome
    await house.settled()
    return outcome


async def test_it_is_asked_again_in_its_own_message_with_its_new_words() -> None:
    async with running(words("Grey."), words("White.")) as house:
        first = await answered(house, "a heron?")
        assert await edited(house, "an egret?") == first.id
        assert await again(house, first.id, 1) is Outcome.ANSWERING
        second = await house.store.get_turn(2)
    assert second is not None
    assert second.reply_ref == first.reply_ref
    sent = [entry.text for entry in house.requests[-1].entries]
    assert sent[-1].endswith("as it reads now: an egret?")
    assert "Ada corrected the message" in sent[-2]


async def test_one_edit_is_answered_once_and_the_next_one_again() -> None:
    async with running(words("One."), words("Two."), words("Three.")) as house:
        first = await answered(house, "one?")
        await edited(house, "two?")
        assert await again(house, first.id, 1) is Outcome.ANSWERING
        assert await again(house, first.id, 1) is Outcome.DUPLICATE
        with pytest.raises(InvalidInput, match=UNDER_WAY):
            await again(house, first.id, 2)
        assert await edited(house, "three?", minutes=2) == first.id
        assert await again(house, first.id, 3) is Outcome.ANSWERING
    assert [request.entries[-1].text.rpartition(": ")[2] for request in house.requests] == ["one?", "two?", "three?"]


async def test_its_further_answers_go_with_the_question() -> None:
    async with running(words("One."), words("Two."), words("Three.")) as house:
        first = await answered(house, "one?")
        for number, text in enumerate(["two?", "three?"], start=1):
            await edited(house, text, minutes=number)
            await again(house, first.id, number)
        await house.inbox.on_message_deleted(first.incoming.key, first.incoming.message_id)
        await house.settled()
        turns = [await house.store.get_turn(id) for id in (1, 2, 3)]
    assert [turn.incoming.text for turn in turns if turn is not None] == ["", "", ""]


@pytest.mark.parametrize("by", [replace(ADA, id="b", name="Ben"), replace(ADA, id="x", is_bot=True)])
async def test_nobody_else_is_offered_it(by: Any) -> None:
    async with running(words("One.")) as house:
        first = await answered(house, "one?")
        assert await edited(house, "two?", author=by) is None
        with pytest.raises(InvalidInput):
            await again(house, first.id, 1, author=replace(ADA, id="b", name="Ben"))
    assert len(house.requests) == 1


async def test_what_failed_was_never_asked_or_is_old_is_not_offered() -> None:
    async with running([ModelRejected("no")], words("Two.")) as house:
        await house.ask("one?", 1)
        assert await edited(house, "one, please?") is None
        assert await edited(house, "a heron?", number=5, is_directed=False) is None
        await house.ask("two?", 2)
        house.clock.advance((ASKED_BY_EDIT + timedelta(minutes=1)).total_seconds())
        assert await edited(house, "two, please?", number=2) is None
