"""A question is shown as accepted before anything that its answer waits for: the pause, the queue, a slow platform.

The clock stands still meanwhile, so what is seen is seen 0 s after the question was accepted.
"""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import PlatformError
from bot.ports import Acknowledging
from bot.turns.dispatcher import Dispatcher, DispatchTimes
from bot.types import ConversationKey, Incoming, Outcome, Person, TurnState
from tests.fakes import START, RecordingPlatform, incoming, words
from tests.house import House


class ShowingPlatform(RecordingPlatform):
    """Notes, for each sign of life, which question it is of and what else had happened by then."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house
        self.signs: list[tuple[str, int, int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: PlatformError | None = None

    async def acknowledge(self, asked: Incoming) -> None:
        self.signs.append((asked.text, len(self.house.model.asked), len(self.shown)))
        await self.gate.wait()
        if self.error is not None:
            raise self.error

    async def take_back(self, key: ConversationKey) -> None:
        raise AssertionError(key)


def showing(*scripts: object, pause: float = 0.0) -> tuple[House, ShowingPlatform]:
    house = House(*scripts)
    house.platform = platform = ShowingPlatform(house)
    house.open()
    house.dispatcher = Dispatcher(
        house.store, house.manager.answer, worker="w", clock=house.clock, times=DispatchTimes(pause=pause)
    )
    house.inbox._dispatcher = house.dispatcher
    return house, platform


async def seen(platform: ShowingPlatform, signs: int) -> None:
    async with asyncio.timeout(10):
        while len(platform.signs) < signs:
            await asyncio.sleep(0)


async def test_the_sign_of_life_comes_before_the_pause_in_which_people_may_add() -> None:
    house, platform = showing(words("never"), pause=3_600)
    assert isinstance(platform, Acknowledging)
    handled = await house.inbox.handle(incoming("Why?"))
    await seen(platform, 1)
    assert handled.outcome is Outcome.ANSWERING
    assert platform.signs == [("Why?", 0, 0)]
    assert house.clock() == START
    turn = await house.store.get_turn(1)
    assert turn is not None
    assert turn.state is TurnState.QUEUED
    await house.aclose()


async def test_the_sign_of_life_comes_before_the_queue() -> None:
    gate = asyncio.Event()
    house, platform = showing([gate, *words("first")], words("second"))
    await house.inbox.handle(incoming("first?", 1))
    await house.asked(1)
    await house.inbox.handle(incoming("second?", 2, author=Person(id="U9", name="Bob")))
    await seen(platform, 2)
    assert platform.signs[1] == ("second?", 1, len(platform.shown)), "only the first question was sent to the model"
    assert house.clock() == START
    gate.set()
    await house.settled()
    assert platform.texts() == ["first", "second"]
    await house.aclose()


@pytest.mark.parametrize("error", [None, PlatformError("not now")])
async def test_a_sign_of_life_holds_nothing_up(error: PlatformError | None) -> None:
    house, platform = showing(words("an answer"))
    platform.error = error
    if error is None:
        platform.gate.clear()
    await house.ask("Why?")
    assert platform.texts() == ["an answer"]
    await house.aclose()
