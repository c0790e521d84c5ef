"""Run one turn: generate and record, show, let notes be written, close."""

from __future__ import annotations

import logging
from contextlib import aclosing
from dataclasses import dataclass, replace

from bot.context.compaction import Compactor
from bot.context.request_builder import PreparedRequest
from bot.errors import PlatformError
from bot.ports import Clock, Store
from bot.turns.claim import Attempt, Takeover
from bot.turns.generator import Answered, Ended, Generator, Overtaken, PutOff
from bot.turns.retries import Retry, is_poison
from bot.turns.undelivered import Undelivered
from bot.types import Draft, Recorded, Settlement, Task

logger = logging.getLogger(__name__)


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
        if is_poison(turn) or turn.incoming.task is not Task.ANSWER:
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


async def _begin(attempt: Attempt) -> None:
    """Show that a question is thought about. Raises `PlatformError` where an answer would not be taken."""
    if attempt.turn.outcome is None and not attempt.turn.withdrawn:
        await attempt.platform.check_writable(attempt.turn)
        attempt.presenter.submit(lambda: Draft(status="thinking"))


def _answered(ended: Ended, recorded: Recorded) -> PreparedRequest | None:
    """Return the request whose exchange has entered the transcript; None when there is none."""
    if not isinstance(ended, Answered) or not ended.settlement.entries or recorded.conversation is None:
        return None
    return ended.composition
