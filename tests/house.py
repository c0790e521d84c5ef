"""A whole core over fakes, from the front door to the settled ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from typing import Any

from bot.access.metered_model import Bill, MeteredModel
from bot.access.pace import QuestionPace
from bot.ports import Model
from bot.turns.claim import TakeoverTimes
from bot.turns.conversation_manager import ConversationManager, TurnOptions
from bot.turns.dispatcher import Dispatcher
from bot.turns.inbox import Inbox
from bot.types import ModelRequest, Outcome, Purpose, Settlement, ThreadMessage, TurnId, TurnState
from storage.in_memory.store import MemoryStore
from tests.fakes import KEY, FixedRates, ManualClock, RecordingPlatform, ScriptedModel, incoming, services

AT_ONCE = TakeoverTimes(late=0, between=0)
"""Nothing is on its way for seconds in tests, so that nobody has to wait for it."""


LOOKS_AT_ONCE = 1_000
REST_SECONDS = 0.002


async def rest(looked: int) -> None:
    """Let others go on after a look in vain: at once, as over fakes, and later for a while, as over a real model."""
    await asyncio.sleep(0 if looked < LOOKS_AT_ONCE else REST_SECONDS)


class CrashedStore(MemoryStore):
    """A store that can forget that a turn was closed."""

    def reopen(self, turn: TurnId) -> None:
        self._turns[turn] = replace(self._turns[turn], state=TurnState.RUNNING)


class NoPace(QuestionPace):
    """Lets people ask as fast as tests do, whose clock stands still."""

    def note(self, *_: object) -> None:
        """Count nothing."""


class House:
    """A whole core over fakes; `ask` waits until the turn is settled."""

    options = TurnOptions(takeover=AT_ONCE)

    def __init__(self, *scripts: object, thread: tuple[ThreadMessage, ...] = ()) -> None:
        self.clock = ManualClock()
        self.store = CrashedStore(clock=self.clock)
        self.model = ScriptedModel(*scripts)  # type: ignore[arg-type]  # lists of events and errors
        self.platform = RecordingPlatform(thread)
        self.patience = 60.0
        self.open()

    def open(self) -> None:
        platforms = {self.platform.name: self.platform}
        options = replace(self.options, sleep=self.clock.sleep)
        self.manager = ConversationManager(
            self.store, self.model, FixedRates(), platforms, clock=self.clock, options=options
        )
        self.dispatcher = Dispatcher(self.store, self.manager.answer, worker="w", clock=self.clock)
        carried_out = services(self.store, self.manager, platforms, clock=self.clock)
        self.inbox = Inbox(self.manager, self.dispatcher, carried_out)
        self.inbox._pace = NoPace()

    async def aclose(self) -> None:
        """End as a process does: answers are finished, notes that are being written are not."""
        await self.dispatcher.aclose(grace=10)
        await self.manager.aclose()

    async def pause(self, seconds: float) -> None:
        """Let time pass, and what is done when the cache has expired be done."""
        self.clock.advance(seconds)
        for _ in range(3):  # until whoever slept has woken
            await asyncio.sleep(0)
        await self.noted()

    async def noted(self) -> None:
        """Wait until no notes are being written."""
        async with asyncio.timeout(self.patience):
            await self.manager.settled()

    async def ask(self, text: str, number: int = 1, **changes: Any) -> Settlement:
        handled = await self.inbox.handle(incoming(text, number, **changes))
        assert handled.outcome is Outcome.ANSWERING
        await self.settled()
        return self.store.settlements[max(self.store.settlements)]

    async def asked(self, times: int) -> None:
        """Wait until the model has been asked so often."""
        async with asyncio.timeout(self.patience):
            for looked in count():
                if len(self.model.asked) >= times:
                    break
                await rest(looked)

    async def notes_asked(self, times: int) -> None:
        """Wait until the model has been asked for notes so often."""
        async with asyncio.timeout(self.patience):
            while len(self.model.noted) < times:
                await asyncio.sleep(0)

    async def settled(self) -> None:
        async with asyncio.timeout(self.patience):
            for looked in count():
                if not await self.store.open_conversations():
                    break
                await rest(looked)

    @property
    def requests(self) -> list[ModelRequest]:
        return self.model.asked


async def metered(model: Model, purpose: Purpose) -> tuple[MeteredModel, Bill]:
    """A model whose requests go to a ledger in memory, and the bill of a turn there."""
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    await store.enqueue(incoming("Why?"))
    turn = await store.claim(KEY, worker="w")
    assert turn is not None
    return MeteredModel(model, store, FixedRates(), clock=clock), Bill(turn=turn, purpose=purpose)


@asynccontextmanager
async def running(*scripts: object, thread: tuple[ThreadMessage, ...] = ()) -> AsyncIterator[House]:
    house = House(*scripts, thread=thread)
    yield house
    await house.aclose()


async def put_off(house: House, times: int) -> None:
    """Wait until the first turn was put off so often, and let its time come."""
    async with asyncio.timeout(house.patience):
        while (turn := await house.store.get_turn(1)) is None or turn.put_off < times:
            await asyncio.sleep(0)
    house.clock.advance(100)
    house.dispatcher.wake(KEY)
