"""Turns that are put off, given up, taken over and stopped at awkward moments, on the in-memory store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from bot.errors import ModelUnavailable, PlatformError, StorageUnavailable, TurnGivenUp
from bot.turns.error_messages import user_message
from bot.types import MOST_CLAIMS, Draft, Settlement, TextDelta, Turn, TurnId, TurnState
from tests.fakes import KEY, RecordingPlatform, RecordingReply, incoming, settle, words
from tests.house import AT_ONCE, House, running


async def test_a_model_that_is_away_is_asked_again_in_the_same_message() -> None:
    async with running([ModelUnavailable("busy", retry_after=40)], words("fine"), words("also")) as house:
        await house.inbox.handle(incoming("first", 1))
        await house.platform.until(lambda: any(d.notices for d in house.platform.shown.get("m1", ())))
        await house.inbox.handle(incoming("second", 2, overrides={"max_tokens": "9"}))
        assert "Trying again in" in house.platform.shown["m1"][-1].notices[0]
        house.clock.advance(39)
        house.dispatcher.wake(KEY)
        await asyncio.sleep(0)
        assert len(house.requests) == 1
        house.clock.advance(40)
        house.dispatcher.wake(KEY)
        await house.settled()
    assert house.platform.texts() == ["fine", "also"]
    assert house.platform.finished["m1"].notices == ()


async def test_a_model_that_stays_away_fails_the_turn_and_the_conversation_goes_on() -> None:
    def told(house: House, times: int) -> bool:
        return sum(bool(draft.notices) for draft in house.platform.shown.get("m1", ())) == times

    away = ModelUnavailable("busy")
    async with running(*([away] for _ in range(4)), words("fine")) as house:
        await house.inbox.handle(incoming("first", 1))
        for retry in range(3):
            await house.platform.until(partial(told, house, retry + 1))
            house.clock.advance(100)
            house.dispatcher.wake(KEY)
        await house.settled()
        failed = house.store.settlements[1]
        done = await house.ask("second", 2)
    assert (failed.state, failed.draft.notices) == (TurnState.FAILED, (user_message(away),))
    assert done.state is TurnState.DONE


async def test_a_question_that_waits_for_the_model_can_be_stopped() -> None:
    async with running([ModelUnavailable("busy")]) as house:
        await house.inbox.handle(incoming("first", 1))
        await house.platform.until(lambda: any(d.notices for d in house.platform.shown.get("m1", ())))
        assert (await house.inbox.stop(KEY, asked=incoming("", 99), stopped="yes")).text == "yes"
        await house.settled()
    assert house.platform.finished["m1"].status == "stopped"
    assert len(house.requests) == 1


async def test_a_stop_that_this_process_was_not_told_of_is_noticed_with_the_next_progress() -> None:
    never = asyncio.Event()
    async with running([TextDelta("half"), never]) as house:
        stop = house.store.set_reply_ref

        async def set_reply_ref(turn: Turn, ref: str, messages: Sequence[str] = ()) -> bool:
            await house.store.request_stop(turn.incoming.key)
            return await stop(turn, ref, messages)

        house.store.set_reply_ref = set_reply_ref  # type: ignore[method-assign]  # a stop at the worst moment
        settlement = await house.ask("first", 1)
    assert settlement.state is TurnState.CANCELLED


async def test_a_turn_that_ends_its_runner_every_time_is_given_up() -> None:
    async with running(words("fine")) as house:
        await house.store.enqueue(incoming("first", 1))
        for _ in range(MOST_CLAIMS):
            assert await house.store.claim(KEY, worker="one that dies") is not None
        await house.ask("second", 2)
    assert house.store.settlements[1].state is TurnState.FAILED
    assert house.platform.finished["m1"].notices == (user_message(TurnGivenUp(9)),)
    assert house.platform.finished["m2"].text == "fine"


async def test_who_was_held_up_repairs_what_it_showed_over_the_answer_of_another() -> None:
    gate = asyncio.Event()
    async with running([TextDelta("stale"), gate, TextDelta(" words")]) as house:
        await house.inbox.handle(incoming("Why?", 1))
        await house.platform.until(lambda: any(d.text for drafts in house.platform.shown.values() for d in drafts))
        taken = await house.store.claim(KEY, worker="another")
        assert taken is not None
        answer = Draft(status="done", text="the other's answer")
        await settle(house.store, taken, Settlement(state=TurnState.DONE, draft=answer))
        gate.set()
        await house.dispatcher.aclose(grace=10)
    assert house.platform.shown["m1"][-1] == answer


@pytest.mark.parametrize("seconds", [0, 3], ids=["at-once", "when-a-draft-is-stored"])
async def test_who_was_held_up_shows_nothing_over_the_answer_of_another(seconds: int) -> None:
    gate = asyncio.Event()
    async with running([TextDelta("stale"), gate, TextDelta(" words")]) as house:
        await house.inbox.handle(incoming("Why?", 1))
        await house.platform.until(lambda: any(d.text for drafts in house.platform.shown.values() for d in drafts))
        taken = await house.store.claim(KEY, worker="another")
        assert taken is not None
        answer = Draft(status="done", text="the other's answer")
        await settle(house.store, taken, Settlement(state=TurnState.DONE, draft=answer))
        house.clock.advance(seconds)
        gate.set()
        await house.dispatcher.aclose(grace=10)
    assert "stale words" not in {draft.text for draft in house.platform.shown["m1"]}


async def test_an_interrupted_answer_is_shown_once_more_over_what_arrives_late() -> None:
    house = House(words("the whole answer"))
    await house.store.enqueue(incoming("why?"))
    ended = await house.store.claim(KEY, worker="one that ends here")
    assert ended is not None
    await house.store.set_reply_ref(ended, "m1")
    house.dispatcher.wake(KEY)
    await house.settled()
    (shown,) = house.platform.shown.values()
    assert [(draft.status, draft.text) for draft in shown[-2:]] == [("done", "the whole answer")] * 2
    await house.ask("and how?", 2)
    assert [draft.status for draft in house.platform.shown["m2"]].count("done") == 1


async def test_where_nothing_was_shown_before_nothing_can_arrive_late() -> None:
    house = House(words("the whole answer"))
    await house.store.enqueue(incoming("why?"))
    await house.store.claim(KEY, worker="one that ends here")
    house.dispatcher.wake(KEY)
    await house.settled()
    (shown,) = house.platform.shown.values()
    assert [draft.status for draft in shown].count("done") == 1


class HoldingUp(RecordingPlatform):
    """A platform where every runner posts a message of its own; the first one is held up `before` a step of that."""

    def __init__(self, before: str) -> None:
        super().__init__()
        self.before = before
        self.reached = asyncio.Event()
        self.goes_on = asyncio.Event()

    async def open_reply(self, turn: Turn) -> RecordingReply:
        await self.hold_up("asking")
        return HeldUpReply(self, turn.reply_ref or f"m{turn.id}-{turn.epoch}")

    async def hold_up(self, before: str) -> None:
        if before == self.before:
            self.reached.set()
            await self.goes_on.wait()


class HeldUpReply(RecordingReply):
    async def show(self, draft: Draft) -> str:
        assert isinstance(self._platform, HoldingUp)
        await self._platform.hold_up("posting")
        return await super().show(draft)


OTHERS = Draft(status="done", text="the other's answer")


async def held_up(before: str) -> tuple[House, HoldingUp, Turn]:
    """A house whose runner is held up, and the turn as another runner has it by then."""
    house, platform = House(words("mine")), HoldingUp(before)
    house.platform = platform
    house.open()
    await house.inbox.handle(incoming("Why?", 1))
    await platform.reached.wait()
    taken = await house.store.claim(KEY, worker="another")
    assert taken is not None
    return house, platform, taken


async def shown_by_another(house: House, taken: Turn, ref: str) -> None:
    """The other runner shows its answer in a message, and settles the turn."""
    house.platform.shown.setdefault(ref, []).append(OTHERS)
    await house.store.set_reply_ref(taken, ref)
    await settle(house.store, taken, Settlement(state=TurnState.DONE, draft=OTHERS))


async def let_go_on(house: House, platform: HoldingUp) -> None:
    platform.goes_on.set()
    await house.dispatcher.aclose(grace=10)


async def test_who_lost_its_turn_before_it_showed_anything_shows_nothing() -> None:
    house, platform, taken = await held_up("asking")
    await shown_by_another(house, taken, "theirs")
    await let_go_on(house, platform)
    assert {ref: set(drafts) for ref, drafts in platform.shown.items()} == {"theirs": {OTHERS}}
    assert platform.withdrawn == []


async def test_a_second_message_is_taken_back_and_the_answer_of_the_other_stands() -> None:
    house, platform, taken = await held_up("posting")
    await shown_by_another(house, taken, "theirs")
    await let_go_on(house, platform)
    assert platform.withdrawn == ["m1-1"]
    assert {ref: set(drafts) for ref, drafts in platform.shown.items()} == {"theirs": {OTHERS}}


async def test_a_second_message_is_taken_back_once_the_other_has_noted_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house, platform, taken = await held_up("posting")
    looked = house.store.get_turn
    looks = 0

    async def get_turn(id: TurnId) -> Turn | None:
        nonlocal looks
        looks += 1
        if looks == AT_ONCE.looks:
            await house.store.set_reply_ref(taken, "theirs")
        return await looked(id)

    monkeypatch.setattr(house.store, "get_turn", get_turn)
    await let_go_on(house, platform)
    assert platform.withdrawn == ["m1-1"]


async def test_a_second_message_is_taken_back_when_the_database_was_away(monkeypatch: pytest.MonkeyPatch) -> None:
    house, platform, taken = await held_up("posting")
    await shown_by_another(house, taken, "theirs")
    looked = house.store.get_turn
    failures = [StorageUnavailable("away")] * (AT_ONCE.looks - 1)

    async def get_turn(id: TurnId) -> Turn | None:
        if failures:
            raise failures.pop()
        return await looked(id)

    monkeypatch.setattr(house.store, "get_turn", get_turn)
    await let_go_on(house, platform)
    assert platform.withdrawn == ["m1-1"]


async def test_nothing_is_taken_back_when_both_runners_name_the_same_message() -> None:
    house, platform, taken = await held_up("posting")
    await shown_by_another(house, taken, "m1-1")
    await let_go_on(house, platform)
    assert platform.withdrawn == []
    assert platform.shown["m1-1"][-1] == OTHERS


async def test_nothing_is_taken_back_while_the_other_may_still_go_on_with_it() -> None:
    house, platform, _ = await held_up("posting")
    await let_go_on(house, platform)
    assert platform.withdrawn == []
    assert set(platform.shown) == {"m1-1"}


async def test_what_stands_beside_a_turn_that_ended_without_a_message_is_taken_back() -> None:
    house, platform, taken = await held_up("posting")
    await settle(house.store, taken, Settlement(state=TurnState.DONE, draft=OTHERS))
    await let_go_on(house, platform)
    assert platform.withdrawn == ["m1-1"]
    assert not platform.shown


async def test_a_platform_that_does_not_take_a_message_back_ends_no_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_self: RecordingReply, _keep: str) -> None:
        raise PlatformError("not now")

    house, platform, taken = await held_up("posting")
    await shown_by_another(house, taken, "theirs")
    monkeypatch.setattr(RecordingReply, "retract", refuse)
    await let_go_on(house, platform)
    assert platform.shown["theirs"] == [OTHERS, OTHERS]  # and it was still shown again
