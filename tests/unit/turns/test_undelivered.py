"""Answers that a platform does not take: told to the asker alone, shown later, or taken away, and nobody is held up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import AccessRevoked, BotError, ModelUnavailable, PlatformError, PlatformRefused, ReplyRemoved
from bot.turns.error_messages import NOT_IN_TIME, not_posted
from bot.turns.retries import ACCESS_HOLDS, RETRY_SECONDS, SHOW_SECONDS
from bot.types import Draft, Person, TextDelta, TurnState
from tests.fakes import ADA, KEY, incoming, words
from tests.house import House, put_off, running

LOCKED = PlatformRefused("refused: locked", reason="the thread is locked")
SENTENCE = not_posted(LOCKED.reason)
AWAY = PlatformError("connection broke")


def when(error: BotError, holds: Callable[[Draft], bool] = lambda _: True) -> Callable[[Draft], BotError | None]:
    return lambda draft: error if holds(draft) else None


async def state_of(house: House, id: int) -> TurnState:
    turn = await house.store.get_turn(id)
    assert turn is not None
    return turn.state


# ---------------------------------------------------------------- refused for good


async def test_what_is_refused_for_good_is_tried_once_in_the_plainest_form() -> None:
    async with running(words("fine")) as house:
        house.platform.refuse, house.platform.refuse_plain = when(LOCKED), lambda _: None
        await house.ask("first")
    assert [plain for _, plain in house.platform.finishings] == [False, True]
    assert house.platform.texts() == ["fine"]
    assert house.platform.told == []
    assert await state_of(house, 1) is TurnState.DONE


async def test_what_is_refused_in_both_forms_is_told_to_the_asker_alone_and_ends() -> None:
    async with running(words("fine"), words("next")) as house:
        house.platform.refuse = when(LOCKED, lambda draft: draft.text != "next")
        await house.ask("first", 1)
        await house.ask("second", 2)
    assert [(who, draft.text) for who, draft in house.platform.told] == [(ADA.id, f"{SENTENCE}\n\nfine")]
    assert [plain for draft, plain in house.platform.finishings if draft.text == "fine"] == [False, True]
    assert house.store.errors == {1: "PlatformRefused: refused: locked"}
    assert house.platform.texts() == ["next"]
    assert len(house.requests) == 2


async def test_what_is_refused_as_a_draft_is_not_shown_again_before_the_end() -> None:
    shown: list[str] = []

    def refuse(draft: Draft) -> BotError:
        shown.append(draft.status)
        return LOCKED

    gate = asyncio.Event()
    async with running([TextDelta("one "), gate, *words("two three")]) as house:
        house.platform.refuse = refuse
        await house.inbox.handle(incoming("first", 1))
        await house.asked(1)
        for _ in range(50):
            await asyncio.sleep(0)
        gate.set()
        await house.settled()
    assert shown == ["thinking", "done", "done"]


async def test_a_stub_that_cannot_be_changed_is_taken_back() -> None:
    gate = asyncio.Event()
    async with running([TextDelta("half "), gate, *words("and whole")]) as house:
        house.platform.refuse = when(LOCKED, lambda draft: draft.status == "done")
        await house.inbox.handle(incoming("first", 1))
        await house.platform.until(lambda: bool(house.platform.shown))
        gate.set()
        await house.settled()
    assert house.platform.withdrawn == ["m1"]
    assert house.platform.shown == {}


async def test_everybody_whose_question_was_answered_together_is_told() -> None:
    bob = Person(id="u2", name="Bob")
    async with running(words("fine")) as house:
        house.platform.refuse = when(LOCKED)
        for number, author in enumerate((ADA, bob, ADA), start=1):
            await house.store.enqueue(incoming(f"question {number}", number, author=author))
        house.dispatcher.wake(KEY)
        await house.settled()
    assert sorted(who for who, _ in house.platform.told) == [ADA.id, bob.id]


async def test_an_answer_that_is_refused_in_private_too_leaves_at_least_the_sentence() -> None:
    async with running(words("a bad word")) as house:
        house.platform.refuse = when(LOCKED)
        house.platform.refuse_telling = when(LOCKED, lambda draft: "bad word" in draft.text)
        await house.ask("first")
    assert [draft.text for _, draft in house.platform.told] == [SENTENCE]


async def test_who_can_be_told_in_no_way_holds_up_nobody() -> None:
    async with running(words("fine"), words("next")) as house:
        house.platform.refuse = house.platform.refuse_telling = when(LOCKED, lambda draft: "next" not in draft.text)
        await house.ask("first", 1)
        await house.ask("second", 2)
    assert house.platform.told == []
    assert house.platform.texts() == ["next"]


async def test_a_telling_that_may_pass_is_tried_again_later_without_asking_the_model() -> None:
    async with running(words("fine")) as house:
        house.platform.refuse, house.platform.refuse_telling = when(LOCKED), when(AWAY)
        await house.inbox.handle(incoming("first", 1))
        await put_off(house, 1)
        house.platform.refuse_telling = lambda _: None
        await house.settled()
    assert [draft.text for _, draft in house.platform.told] == [f"{SENTENCE}\n\nfine"]
    assert len(house.requests) == 1


async def test_an_apology_that_is_refused_is_told_alone() -> None:
    async with running([PlatformError("nothing to read")]) as house:
        house.platform.refuse = when(LOCKED)
        settlement = await house.ask("first")
    (told,) = house.platform.told
    assert told[1].text == f"{SENTENCE}\n\n{settlement.draft.notices[0]}"


async def test_whoever_stopped_an_answer_without_text_is_told_nothing() -> None:
    gate = asyncio.Event()
    async with running([gate]) as house:
        house.platform.refuse = when(LOCKED)
        await house.inbox.handle(incoming("first", 1))
        await house.asked(1)
        await house.inbox.stop(KEY, asked=incoming("", 2))
        await house.settled()
    assert house.platform.told == []


# ---------------------------------------------------------------- known beforehand


async def test_where_no_answer_can_be_shown_the_model_is_not_asked() -> None:
    async with running(words("never")) as house:
        house.platform.unwritable = PlatformRefused("no", reason="I lack the permission “Send Messages” there")
        await house.inbox.handle(incoming("first", 1))
        await house.settled()
    assert house.requests == []
    assert house.platform.finishings == []
    assert [draft.text for _, draft in house.platform.told] == [
        "I could not post my answer: I lack the permission “Send Messages” there."
    ]
    assert await state_of(house, 1) is TurnState.FAILED


async def test_a_look_beforehand_that_fails_keeps_no_answer_back() -> None:
    async with running(words("fine")) as house:
        house.platform.unwritable = AWAY
        await house.ask("first")
    assert house.platform.finished["m1"].text == "fine"


# ---------------------------------------------------------------- taken away by somebody


async def test_an_answer_that_is_deleted_while_it_grows_ends_at_once_and_is_not_remembered() -> None:
    gone = asyncio.Event()
    async with running([TextDelta("half "), gone, *words("never seen")], words("next")) as house:
        house.platform.refuse = when(ReplyRemoved("gone"), lambda draft: "half" in draft.text)
        await house.inbox.handle(incoming("first", 1))
        await house.settled()  # although the model never goes on
        await house.ask("second", 2)
    assert await state_of(house, 1) is TurnState.CANCELLED
    assert house.store.settlements[1].draft == Draft(status="stopped")
    assert [line.charge.usage.estimated for line in house.store.lines.values()] == [True, False]
    assert "half" not in str(house.requests[1])
    assert house.platform.texts() == ["next"]
    assert house.platform.told == []


async def test_an_answer_that_is_deleted_at_its_very_end_is_not_posted_again() -> None:
    async with running(words("fine"), words("next")) as house:
        house.platform.refuse = when(ReplyRemoved("gone"), lambda draft: draft.text == "fine")
        await house.ask("first", 1)
        await house.ask("second", 2)
    assert await state_of(house, 1) is TurnState.CANCELLED
    assert [draft.text for draft, _ in house.platform.finishings].count("fine") <= 1
    assert house.platform.texts() == ["next"]


# ---------------------------------------------------------------- shown later


async def test_a_platform_that_is_away_every_time_fails_the_turn_and_tries_to_tell() -> None:
    async with running(words("fine")) as house:
        house.platform.refuse = when(PlatformError("away"))
        await house.inbox.handle(incoming("first", 1))
        for times in range(len(SHOW_SECONDS)):
            await put_off(house, times + 1)
        await house.settled()
    assert house.store.errors == {1: "PlatformError: away"}
    assert not house.platform.finished
    assert [draft.text for _, draft in house.platform.told] == [f"{not_posted(NOT_IN_TIME)}\n\nfine"]
    assert len(house.requests) == 1  # the model was asked once


REVOKED = AccessRevoked("the token is of no use", reason="my access was removed")


async def test_a_question_waits_for_a_platform_that_no_longer_accepts_the_bot() -> None:
    async with running(words("fine")) as house:
        house.platform.refuse = when(REVOKED)
        await house.inbox.handle(incoming("first", 1, sent_at=house.clock()))
        for times in range(len(SHOW_SECONDS) + 2):
            await put_off(house, times + 1)
        house.platform.refuse = lambda _draft: None
        await house.settled()
    assert house.platform.texts() == ["fine"]
    assert house.store.errors == {}
    assert len(house.requests) == 1


async def test_nobody_waits_for_that_longer_than_an_hour() -> None:
    async with running(words("fine")) as house:
        house.platform.refuse = when(REVOKED)
        await house.inbox.handle(incoming("first", 1, sent_at=house.clock()))
        await put_off(house, 1)
        house.clock.advance(ACCESS_HOLDS.total_seconds())
        house.dispatcher.wake(KEY)
        await house.settled()
    assert list(house.store.errors) == [1]


async def test_an_answer_that_the_platform_did_not_take_is_shown_later() -> None:
    async with running(words("fine")) as house:
        house.platform.refuse = when(AWAY)
        await house.inbox.handle(incoming("first", 1))
        await put_off(house, 1)
        house.platform.refuse = lambda _draft: None
        await house.settled()
    assert [draft.text for draft in house.platform.finished.values()] == ["fine"]
    assert len(house.requests) == 1


@pytest.mark.parametrize("hiccups", range(1, len(SHOW_SECONDS) + 1))
async def test_retries_of_the_model_leave_the_showing_its_own(hiccups: int) -> None:
    away: list[Any] = [[ModelUnavailable("away")]] * len(RETRY_SECONDS)
    async with running(*away, words("paid for")) as house:
        house.platform.refuse = when(AWAY, lambda draft: draft.text == "paid for")
        await house.inbox.handle(incoming("first", 1))
        for times in range(len(RETRY_SECONDS) + hiccups):
            await put_off(house, times + 1)
            if times == len(RETRY_SECONDS) + hiccups - 1:
                house.platform.refuse = lambda _: None
        await house.settled()
    assert house.platform.texts() == ["paid for"]
    assert house.store.errors == {}
    assert len(house.requests) == len(RETRY_SECONDS) + 1


async def test_an_answer_that_is_shown_later_keeps_its_place_before_the_next_question() -> None:
    async with running(words("one"), words("two")) as house:
        house.platform.refuse = when(AWAY, lambda draft: draft.text == "one")
        await house.inbox.handle(incoming("first", 1))
        async with asyncio.timeout(10):
            while (turn := await house.store.get_turn(1)) is None or not turn.showings:
                await asyncio.sleep(0)
        await house.inbox.handle(incoming("second", 2))
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(house.requests) == 1
        house.platform.refuse = lambda _: None
        house.clock.now += timedelta(seconds=SHOW_SECONDS[0])
        house.dispatcher.wake(KEY)
        await house.settled()
    assert house.platform.texts() == ["one", "two"]
