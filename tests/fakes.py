"""Fakes of the core's ports: a model that gives prepared answers, a platform that remembers what people saw."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.access.control import AccessControl
from bot.commands.command import Services
from bot.context.tokens import estimate_entry, estimate_request
from bot.errors import BotError, PlatformError, PlatformRefused
from bot.ports import Clock, Platform, Store, TurnStore
from bot.pricing import SEED_CARD, RateCard
from bot.turns.conversation_manager import ConversationManager
from bot.types import (
    ConversationKey,
    Draft,
    Finish,
    Finished,
    Incoming,
    ModelEvent,
    ModelRequest,
    Observation,
    Person,
    Place,
    RequestNotBilled,
    RequestSent,
    Settlement,
    TextDelta,
    ThreadMessage,
    Turn,
    TurnState,
    Usage,
    UsageReported,
)

KEY = ConversationKey(platform="fake", workspace="w", channel="c", thread="t")
ADA = Person(id="u1", name="Ada")
PLACE = Place(platform="Fake", workspace="W", channel="#c")
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def services(
    store: Store, manager: ConversationManager, platforms: Mapping[str, Platform], *, clock: Clock, **others: Any
) -> Services:
    """Return what an inbox carries commands out with; `others` are its rates, times and charts."""
    may_summarise = manager.check_may_summarise
    access = AccessControl(store, platforms)
    told = {"rates": FixedRates(), **others}
    return Services(store=store, access=access, clock=clock, check_may_summarise=may_summarise, **told)


class ManualClock:
    """A clock that moves when told."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now
        self._sleepers: list[tuple[datetime, asyncio.Event]] = []

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        for until, woken in self._sleepers:
            if until <= self.now:
                woken.set()

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was moved that far."""
        sleeper = (self.now + timedelta(seconds=seconds), asyncio.Event())
        self._sleepers.append(sleeper)
        try:
            await sleeper[1].wait()
        finally:
            self._sleepers.remove(sleeper)


class FixedRates:
    """Rates of one card."""

    def __init__(self, card: RateCard = SEED_CARD) -> None:
        self._card = card
        self.observed: list[Observation] = []

    def card(self) -> RateCard:
        return self._card

    def observe(self, seen: Observation) -> None:
        self.observed.append(seen)


def running(question: Incoming) -> Turn:
    """The first turn of a store, under way."""
    return Turn(id=1, incoming=question, state=TurnState.RUNNING, epoch=1, attempt=1)


def sent(request: ModelRequest) -> RequestSent:
    """What a model says before it sends a request."""
    most = int(str(request.parameters.get("max_tokens", 4_096)))
    return RequestSent(tokens=estimate_request(request.system_prompt, map(estimate_entry, request.entries)), most=most)


def words(text: str, usage: Usage | None = None) -> list[ModelEvent]:
    """The events of a plain answer, a word at a time."""
    pieces = [TextDelta(piece) for piece in text.split(" ")]
    spaced = [TextDelta(f" {piece.text}") if index else piece for index, piece in enumerate(pieces)]
    return [*spaced, UsageReported(usage or Usage(input=100, output=len(pieces))), Finished(Finish.STOP)]


def asks_for_notes(request: ModelRequest) -> bool:
    """Whether a request asks for notes and no answer."""
    return bool(request.entries) and request.entries[-1].text.startswith("Update your notes")


class ScriptedModel:
    """A `Model` that gives prepared answers in turn and remembers what it was asked.

    A script may hold errors, raised where they stand, and asyncio events, waited for where they stand. Requests for
    notes have scripts of their own, `notes`; after these it writes numbered ones.
    """

    name = "scripted"
    context_tokens = 32_000

    def __init__(self, *scripts: Sequence[ModelEvent | BotError | asyncio.Event]) -> None:
        self.scripts = list(scripts)
        self.notes: list[Sequence[ModelEvent | BotError | asyncio.Event]] = []
        self.asked: list[ModelRequest] = []
        self.noted: list[ModelRequest] = []
        self.closed = 0

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        for_notes = asks_for_notes(request)
        (self.noted if for_notes else self.asked).append(request)
        scripts, usual = (self.notes, f"- notes {len(self.noted)}") if for_notes else (self.scripts, "fine")
        heard = False
        yield sent(request)
        try:
            for step in scripts.pop(0) if scripts else words(usual):
                if isinstance(step, BotError):
                    if not heard:
                        yield RequestNotBilled()
                    raise step
                if isinstance(step, asyncio.Event):
                    await step.wait()
                else:
                    heard = True
                    yield step
        finally:
            self.closed += 1


class RecordingPlatform:
    """A `Platform` in memory; `shown` holds, for each message, every draft that people saw, in order."""

    name = "fake"
    min_update_interval = 0.0

    def __init__(self, thread: Sequence[ThreadMessage] = ()) -> None:
        self.thread = list(thread)
        self.shown: dict[str, list[Draft]] = {}
        self.finished: dict[str, Draft] = {}
        self.withdrawn: list[str] = []
        self.refuse: Callable[[Draft], BotError | None] = lambda _draft: None
        self.refuse_plain: Callable[[Draft], BotError | None] | None = None
        self.refuse_telling: Callable[[Draft], BotError | None] = lambda _draft: None
        self.unwritable: PlatformError | None = None
        self.told: list[tuple[str, Draft]] = []
        self.finishings: list[tuple[Draft, bool]] = []
        self.place: Place | BotError = PLACE
        self.changed = asyncio.Condition()

    async def open_reply(self, turn: Turn) -> RecordingReply:
        return RecordingReply(self, turn.reply_ref or f"m{turn.id}")

    async def read_thread(self, key: ConversationKey, *, limit: int) -> Sequence[ThreadMessage]:
        return self.thread[-limit:]

    async def describe(self, key: ConversationKey) -> Place:
        if isinstance(self.place, BotError):
            raise self.place
        return self.place

    async def known_refusal(self, turn: Turn) -> PlatformRefused | None:
        if self.unwritable is None or isinstance(self.unwritable, PlatformRefused):
            return self.unwritable
        raise self.unwritable

    async def tell(self, asked: Incoming, draft: Draft) -> None:
        if error := self.refuse_telling(draft):
            raise error
        self.told.append((asked.author.id, draft))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something shown makes `condition` true."""
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(condition), 10)

    def texts(self) -> list[str]:
        """The finished texts, in the order in which their messages appeared."""
        return [self.finished[ref].text for ref in self.shown if ref in self.finished]


class RecordingReply:
    def __init__(self, platform: RecordingPlatform, ref: str) -> None:
        self._platform = platform
        self._ref = ref
        self._plain = False

    async def show(self, draft: Draft) -> str:
        refuse = (self._plain and self._platform.refuse_plain) or self._platform.refuse
        if error := refuse(draft):
            raise error
        async with self._platform.changed:
            self._platform.shown.setdefault(self._ref, []).append(draft)
            self._platform.changed.notify_all()
        return self._ref

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:
        self._platform.finishings.append((draft, plain))
        self._plain = plain
        await self.show(draft)
        async with self._platform.changed:
            self._platform.finished[self._ref] = draft
            self._platform.changed.notify_all()
        return self._ref

    @property
    def messages(self) -> tuple[str, ...]:
        return (self._ref,)

    async def retract(self, keep: str) -> None:
        if self._ref != keep and self._platform.shown.pop(self._ref, None) is not None:
            self._platform.finished.pop(self._ref, None)
            self._platform.withdrawn.append(self._ref)


def incoming(text: str, number: int = 1, **changes: Any) -> Incoming:
    """A question of Ada in the thread `KEY`."""
    asked = Incoming(
        key=KEY,
        dedupe_key=f"e{number}",
        author=ADA,
        text=text,
        sent_at=START + timedelta(seconds=number),
        message_id=f"s{number}",
    )
    return replace(asked, **changes)


async def settle(store: TurnStore, turn: Turn, settlement: Settlement) -> None:
    """Record a turn and close it, as after its answer was shown."""
    await store.record(turn, settlement)
    await store.close(turn)
