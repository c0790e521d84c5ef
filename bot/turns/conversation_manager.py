"""Answer turns: the facade over the room of turns, and the runner of one turn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

from bot.access.metered_model import MeteredModel, PricedModel
from bot.context.compaction import WAIT_SECONDS, Compactor, Sleep
from bot.context.request_builder import PreparedRequest, RequestBuilder, RequestOptions
from bot.delivery import Presenter
from bot.errors import ClaimLost, PlatformError, PlatformRefused
from bot.language import speaking
from bot.parameter_resolver import language_of
from bot.ports import Clock, Model, Platform, Rates, Store
from bot.summary.service import SummaryService
from bot.turns.asker_notices import AskerNotices
from bot.turns.claim import DEFAULT_TAKEOVER, Attempt, Checkpoint, Takeover, TakeoverTimes
from bot.turns.generator import Answered, Ended, Generator, Overtaken, PutOff
from bot.turns.retries import Retry
from bot.turns.undelivered import Undelivered
from bot.types import ConversationKey, Draft, Entrance, Incoming, Recorded, Settlement, Task, Turn, TurnId

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOptions(RequestOptions):
    """Options that differ between places where turns run: what requests may hold, how a takeover is timed, how the
    end of the cache is waited for and for how long notes, and which model is asked while the first is away.
    """

    takeover: TakeoverTimes = DEFAULT_TAKEOVER
    sleep: Sleep = asyncio.sleep
    notes_wait: float = WAIT_SECONDS
    fallback: PricedModel | None = None


class ConversationManager:
    """Answer turns, one at a time in each conversation; the dispatcher sees to that order."""

    def __init__(
        self,
        store: Store,
        model: Model,
        rates: Rates,
        platforms: Mapping[str, Platform],
        *,
        clock: Clock,
        options: TurnOptions = TurnOptions(),
    ) -> None:
        self._store = store
        self._platforms = platforms
        self._clock = clock
        metered = MeteredModel(model, store, rates, clock=clock, fallback=options.fallback)
        self._summariser = SummaryService(store, metered, rates, platforms, clock=clock)
        self._takeover = Takeover(store, platforms, options.takeover)
        builder = RequestBuilder(store, model, rates, platforms, clock=clock, options=options)
        self._compactor = Compactor(store, metered, clock=clock, sleep=options.sleep, wait_seconds=options.notes_wait)
        self._runner = TurnRunner(
            store,
            Generator(store, metered, builder=builder, summariser=self._summariser, clock=clock),
            self._compactor,
            takeover=self._takeover,
            undelivered=Undelivered(store, platforms, clock=clock, model=model.name),
            clock=clock,
        )
        self._attempts: dict[TurnId, Attempt] = {}
        self._notices = AskerNotices(store, platforms, clock=clock)

    async def answer(self, turn: Turn) -> None:
        """Run one claimed turn to its end, or put it off until the model may be back.

        Raises `StorageError` when the turn stays open, to be taken up again; `ClaimLost` among them says that
        another runner has it.
        """
        attempt = self._attempt(turn)
        self._attempts[turn.id] = attempt
        try:
            with speaking(await language_of(turn.incoming, self._store)):
                await self._runner.run(attempt)
                await self._notices.tell_done(turn)
        except ClaimLost:
            await self._takeover.give_way(turn, attempt.presenter)
            raise
        finally:
            del self._attempts[turn.id]

    async def settled(self) -> None:
        """Wait until no notes are being written."""
        await self._compactor.settled()

    async def aclose(self, *, patience: float = 0) -> None:
        """End what goes on between turns: notes that are being written may be finished within `patience` seconds."""
        await self._notices.aclose()
        await self._compactor.aclose(patience=patience)

    def interrupt(self, turns: Sequence[TurnId]) -> None:
        """End the generation of these turns at once; what is being posted already is left to finish."""
        for turn in turns:
            if attempt := self._attempts.get(turn):
                attempt.stop.set()

    def take_back(self, key: ConversationKey) -> None:
        """Show no more in a conversation that a question has come in which is gone."""
        self._notices.take_back(key)

    def add(self, incoming: Incoming) -> None:
        """Show that a stored question has come in, before any pause, and take it into the answer that is being made for
        its author, if nothing of that was said yet.
        """
        self._notices.acknowledge(incoming)
        for attempt in self._attempts.values():
            attempt.add(incoming)

    def note_said(self, said: Incoming) -> None:
        """Note what is said outside threads, which may be what others say after a question that is being answered."""
        if _may_add(said):
            for attempt in self._attempts.values():
                attempt.note_said(said)

    def addition(self, said: Incoming) -> Incoming | None:
        """Return what is `said` outside threads as an addition to a question that is being answered; None for none."""
        found = [attempt.as_addition(said) for attempt in self._attempts.values()] if _may_add(said) else []
        return next((item for item in reversed(found) if item is not None), None)

    async def check_may_summarise(self, incoming: Incoming) -> None:
        """Raise `InvalidInput` for those who may not read what they want summarised; asked again before it is read."""
        try:
            await self._summariser.check_access(incoming)
        except PlatformError as error:
            logger.warning("could not check access", extra={"conversation": str(incoming.key), "error": str(error)})

    def _attempt(self, turn: Turn) -> Attempt:
        """Return a claimed turn with a presenter that keeps a checkpoint and stops it when the answer is removed."""
        platform, stop = self._platforms[turn.incoming.key.platform], asyncio.Event()
        checkpoint = Checkpoint(self._store, turn, self._clock, stop=stop)
        presenter = Presenter(
            lambda: platform.open_reply(turn),
            min_update_interval=platform.min_update_interval,
            on_shown=checkpoint.note,
            before=checkpoint.check,
            on_removed=stop.set,
        )
        return Attempt(turn=turn, platform=platform, presenter=presenter, stop=stop, started=self._clock())


# ------------------------------------------------------------ one turn


LOOK_SECONDS: Final = 2.0
"""How long a question waits to be told whether its channel takes an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverable:
    """The last draft of a turn, recorded; beside it the request whose exchange is in the transcript now, if one is."""

    draft: Draft
    answered: PreparedRequest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The question was deleted, or its answer was taken away."""


class TurnRunner:
    """Run claimed turns to their end."""

    def __init__(
        self,
        store: Store,
        generator: Generator,
        compactor: Compactor,
        *,
        takeover: Takeover,
        undelivered: Undelivered,
        clock: Clock,
    ) -> None:
        self._store = store
        self._generator = generator
        self._compactor = compactor
        self._takeover = takeover
        self._undelivered = undelivered
        self._clock = clock

    async def run(self, attempt: Attempt) -> None:
        """Run a turn: see that it can be answered, generate and record, then deliver, put off or take back.

        Raises `StorageError` when the turn stays open.
        """
        turn, presenter = attempt.turn, attempt.presenter
        try:
            async with aclosing(presenter):
                await _begin(attempt)
                result = await self._generate_and_record(attempt)
        except PlatformError as error:
            await self._undelivered.settle(turn, presenter, None, error)
            return
        match result:
            case Deliverable():
                await self._deliver(attempt, result)
            case PutOff(retry=retry):
                await self._put_off(attempt, retry)
            case Withdrawn():
                await self._undelivered.take_back(turn, presenter)

    async def _deliver(self, attempt: Attempt, recorded: Deliverable) -> None:
        """Show what is recorded, let notes be written while people read, and close the turn."""
        turn, presenter, draft = attempt.turn, attempt.presenter, recorded.draft
        try:
            await presenter.finish(draft)
        except PlatformError as error:
            await self._undelivered.settle(turn, presenter, draft, error)
            return
        if recorded.answered is not None:
            self._compactor.begin(turn, recorded.answered)
        await self._takeover.show_over_latecomers(turn)
        if not await self._store.close(turn):
            await self._undelivered.follow_deletion(turn, presenter)
            return
        seconds = round((self._clock() - attempt.started).total_seconds(), 3)
        logger.info("turn closed", extra={**attempt.log_fields, "status": draft.status, "seconds": seconds})

    # ------------------------------------------------------------ generate and record

    async def _generate_and_record(self, attempt: Attempt) -> Deliverable | Withdrawn | PutOff:
        """Return what is to be shown, recorded before it is: after a crash it is only shown again."""
        turn = attempt.turn
        if turn.outcome is not None and turn.withdrawn:
            return Withdrawn()
        if turn.outcome is not None and turn.draft is not None:
            return Deliverable(draft=turn.draft)
        await self._compactor.wait(turn.incoming.key)
        while True:
            attempt = await self._gather(attempt)
            result = await self._generator.generate(attempt)
            if isinstance(result, PutOff):
                return result
            if isinstance(result, Overtaken):
                attempt.added.clear()
                attempt = replace(attempt, renewals=attempt.renewals + 1)
                continue
            settlement = self._generator.settlement(result)
            recorded = await self._record(attempt, settlement)
            if recorded.withdrawn:
                return Withdrawn()
            if not recorded.stale:
                return Deliverable(draft=settlement.draft, answered=_answered(result, recorded))
            attempt.stop.clear()  # what ended it was a deletion among what it is made from

    async def _gather(self, attempt: Attempt) -> Attempt:
        """Return the turn with the questions that came meanwhile and what was said before; a poison turn must not take
        others down with it.
        """
        turn = attempt.turn
        if turn.is_poison or turn.incoming.task is not Task.ANSWER:
            return attempt
        return replace(attempt, turn=await self._store.coalesce(turn))

    async def _record(self, attempt: Attempt, settlement: Settlement) -> Recorded:
        """Record how a turn ends, as withdrawn when somebody took its answer away while it was written."""
        if attempt.presenter.is_removed:
            await self._store.delete_answer(attempt.turn.id)
        return await self._store.record(attempt.turn, settlement)

    # ------------------------------------------------------------ afterwards

    async def _put_off(self, attempt: Attempt, retry: Retry) -> None:
        """Tell people that the question is kept, and hand it back to the queue until then."""
        turn, fields = attempt.turn, attempt.log_fields
        try:
            await attempt.presenter.pause(Draft(status="thinking", notices=(retry.notice,)))
        except PlatformError as error:
            logger.warning("draft not shown", extra={**fields, "error": str(error)})
        await self._store.reschedule(turn, retry.until)
        until = retry.until.isoformat()
        logger.info("turn postponed", extra={**fields, "retries": turn.retries + 1, "until": until})


def _may_add(said: Incoming) -> bool:
    return said.is_top_level and not said.is_direct and said.entrance is Entrance.MESSAGE


async def _begin(attempt: Attempt) -> None:
    """Show that a question is thought about. Raises `PlatformRefused` where an answer would not be taken."""
    if attempt.turn.outcome is None and not attempt.turn.withdrawn:
        if refusal := await _known_refusal(attempt):
            raise refusal
        attempt.presenter.submit(lambda: Draft(status="thinking"))


async def _known_refusal(attempt: Attempt) -> PlatformRefused | None:
    """Return why no answer could be shown; a look that fails, or takes too long, keeps nothing back."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await attempt.platform.known_refusal(attempt.turn)
    except (PlatformError, TimeoutError) as error:
        logger.info("could not check whether answers can be posted", extra={**attempt.log_fields, "error": str(error)})
        return None


def _answered(ended: Ended, recorded: Recorded) -> PreparedRequest | None:
    """Return the request whose exchange has entered the transcript; None when there is none."""
    if not isinstance(ended, Answered) or not ended.settlement.entries or recorded.conversation is None:
        return None
    return ended.prepared
