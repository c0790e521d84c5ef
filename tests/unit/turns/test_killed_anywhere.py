"""Processes that are killed or held up at any call of the store or the model answer each question once, and what they
send follows the rules of the transcript, by the verdict of the crash harness."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from benchmarks.crash.history import Asked, History, Request, sections
from benchmarks.crash.verdicts import contradicting_request
from bot.parameters import Scope
from bot.pricing import SEED_CARD
from bot.turns.conversation_manager import ConversationManager
from bot.turns.dispatcher import Dispatcher
from bot.turns.inbox import Inbox
from bot.types import Finish, Finished, Incoming, ModelEvent, ModelRequest, TextDelta, Usage, UsageReported
from tests.emulators.seed.answers import CALL, called
from tests.fakes import ADA, KEY, FixedRates, asks_for_notes, incoming, sent, services
from tests.house import House, NoPace
from tests.unit.turns.test_bursts import BOB

OFTEN = 0.008
"""The chance with which a process ends at one call, of dozens for a question."""

CARDS = (SEED_CARD, replace(SEED_CARD, cached_share=Decimal("0.5")))
"""Processes may have learned different prices, and so trim at different moments."""


class Life:
    """Life of a process: it may end before or after each call, and a process that was held up may go on."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._often = OFTEN
        self._goes_on = asyncio.Event()
        self.has_ended = False

    async def may_end(self) -> None:
        if not self.has_ended and self._chance.random() < self._often:
            self.has_ended = True
        if self.has_ended:
            await self._goes_on.wait()

    def resume(self) -> None:
        self.has_ended, self._often = False, 0.0
        self._goes_on.set()


class MortalStore:
    """A store whose calls a process may not live to make, or to see the end of.

    Who was held up has lost its job in the queue, and gets no turn.
    """

    def __init__(self, house: MortalHouse, life: Life) -> None:
        self._house = house
        self._store = house.store
        self._life = life

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if not inspect.iscoroutinefunction(method):
            return method

        async def call(*given: Any, **named: Any) -> Any:
            await self._life.may_end()
            if name == "claim" and self._life is not self._house.lives[-1]:
                await asyncio.Event().wait()
            result = await method(*given, **named)
            await self._life.may_end()
            return result

        return call


class MortalModel:
    """A model that gives each question that was not answered its answer, and writes down what it is sent."""

    name = "scripted"
    context_tokens = 32_000

    def __init__(self, house: MortalHouse, life: Life) -> None:
        self._house = house
        self._life = life

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        yield sent(request)
        await self._life.may_end()  # between the line in the ledger and the request
        answer = "- notes" if asks_for_notes(request) else self._house.answer(request, self._life)
        half, usage = len(answer) // 2, Usage(input=len(str(request.entries)) // 4, output=len(answer) // 4)
        for event in (TextDelta(answer[:half]), TextDelta(answer[half:]), UsageReported(usage), Finished(Finish.STOP)):
            await self._life.may_end()
            yield event


class MortalHouse(House):
    """A core whose processes end; the next one goes on with what is stored."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.lives: list[Life] = []
        self.sent: list[Request] = []
        self.late: list[float] = []
        self.questions: list[Asked] = []
        super().__init__()

    def open(self) -> None:
        life = Life(self.chance)
        self.lives.append(life)
        store: Any = MortalStore(self, life)
        model, platforms = MortalModel(self, life), {self.platform.name: self.platform}
        options = replace(self.options, sleep=self.clock.sleep)
        rates = FixedRates(self.chance.choice(CARDS))
        self.manager = ConversationManager(store, model, rates, platforms, clock=self.clock, options=options)
        self.dispatcher = Dispatcher(store, self.manager.answer, worker="w", clock=self.clock)
        self.inbox = Inbox(self.manager, self.dispatcher, services(store, self.manager, platforms, clock=self.clock))
        self.inbox._pace = NoPace()

    def answer(self, request: ModelRequest, life: Life) -> str:
        messages = [(entry.role, entry.text) for entry in request.entries]
        told = Request(at=self.clock().timestamp(), messages=[("system", request.system_prompt), *messages])
        self.sent.append(told)
        if life is not self.lives[-1]:
            self.late.append(told.at)
        counts = dict(pair for _, text in reversed(messages) for pair in CALL.findall(text))
        return "\n\n".join(
            called(name, int(counts[name])) for name in sorted(told.asked, key=lambda name: int(name[1:]))
        )

    async def hear(self) -> None:
        """Somebody asks; a platform tells of it until it is taken."""
        number, count = len(self.questions), self.chance.choice((20, 120, 350))
        name = f"q{number}"
        said = called(name, count).partition(": ")[2]
        self.questions.append(Asked(name=name, place="c", at=self.clock().timestamp(), expected=[said]))
        self.clock.advance(1)
        text = f"call {name}, {count} words{' word' * self.chance.choice((0, 300))}"
        asked = incoming(text, number, author=self.chance.choice((ADA, BOB)), sent_at=self.clock())
        while not await self._is_taken(asked):
            self._go_on()

    async def _is_taken(self, asked: Incoming) -> bool:
        telling = asyncio.create_task(self.inbox.handle(asked))
        while not telling.done() and not self.lives[-1].has_ended:
            await asyncio.sleep(0)
        return telling.done()

    def _go_on(self) -> None:
        """Start another process; one that was only held up may go on beside it."""
        self.open()
        self.dispatcher.wake(KEY)
        if self.chance.random() < 0.3:
            self.chance.choice(self.lives[:-1]).resume()

    async def until_done(self) -> None:
        while await self.store.open_conversations():
            if self.lives[-1].has_ended:
                self._go_on()
            self.dispatcher.wake(KEY)  # as the sweep does: what who was held up has stored is told nobody
            await asyncio.sleep(0)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """At the end every process goes on, so that it can end."""
        before = asyncio.all_tasks()
        try:
            yield
        finally:
            for life in self.lives:
                life.resume()
            tasks = asyncio.all_tasks() - before
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def live(self, questions: int) -> None:
        await self.store.put_setting(Scope(kind="workspace", key=KEY.workspace_key), "context", "economy")
        while len(self.questions) < questions:
            for _ in range(self.chance.choice((1, 1, 1, 3))):
                await self.hear()
            await self.until_done()
            self.clock.advance(self.chance.choice((2, 30, 700)))


@pytest.mark.parametrize("seed", [3, 20, 25])
async def test_each_question_is_answered_once_and_each_request_extends_the_one_before(seed: int) -> None:
    house = MortalHouse(seed)
    async with house.running(), asyncio.timeout(house.patience):
        await house.live(30)
        entries = await house.store.get_entries(KEY, start=0)
        history = History(asked=house.questions, requests=list(house.sent), resumed=list(house.late))
    assert contradicting_request(history) == []
    answered = [name for entry in entries if entry.entry.role == "assistant" for name in sections(entry.entry.text)]
    assert answered == [asked.name for asked in house.questions]
    assert len(house.lives) > 3
