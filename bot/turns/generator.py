"""Generate an answer; failures come back as values, and only storage errors are raised."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from bot.access.budget_text import degraded_text
from bot.access.budgets import degraded, scope_of, tightest, used_up
from bot.access.metered_model import Bill, MeteredModel
from bot.access.pace import asker_of
from bot.context.overflow import MOST_TRIES
from bot.context.request_builder import PreparedRequest, Refusal, RequestBuilder
from bot.delivery.accumulator import AnswerAccumulator
from bot.errors import (
    BotError,
    BudgetReached,
    ContextTooLong,
    ModelUnavailable,
    StorageError,
    StreamCut,
    TurnGivenUp,
)
from bot.language import gettext, gettext_noop
from bot.offload import offload
from bot.parameter_resolver import effective_parameters
from bot.ports import Clock, Store, TurnStore
from bot.summary.service import SummaryService
from bot.turns.claim import Attempt
from bot.turns.error_messages import CUT_NOTICE, user_message
from bot.turns.retries import Retry, next_retry
from bot.types import (
    Conversation,
    Draft,
    Finish,
    ModelEvent,
    Purpose,
    SearchStarted,
    Settlement,
    Task,
    TextDelta,
    TurnState,
)

logger = logging.getLogger(__name__)

BURST_NOTICE = gettext_noop("Answers {count} messages together.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Something was generated, to its end or until it was stopped; `prepared` is the request of an answer."""

    settlement: Settlement
    prepared: PreparedRequest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The turn was stopped before anything was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """There is no answer, and asking again would not help."""

    error: Exception


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtaken:
    """More was asked before anything was said: the answer is begun anew, and this one is paid all the same."""


Ended = Answered | Stopped | Failed
"""What a turn ends with; otherwise it is put off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutOff:
    """The model is away, and is asked again later."""

    retry: Retry


class Generator:
    """Generate what turns ask for: answers, and summaries of channels and threads."""

    def __init__(
        self,
        store: Store,
        model: MeteredModel,
        *,
        builder: RequestBuilder,
        summariser: SummaryService,
        clock: Clock,
    ) -> None:
        self._store = store
        self._model = model
        self._builder = builder
        self._summariser = summariser
        self._clock = clock

    async def generate(self, attempt: Attempt) -> Ended | Overtaken | PutOff:
        """Return what came of a turn. Raises `StorageError`."""
        turn = attempt.turn
        if turn.stop:
            return Stopped()
        if turn.is_poison:
            logger.error("turn given up", extra=attempt.log_fields)
            return Failed(error=TurnGivenUp(turn.attempt))
        try:
            if turn.incoming.task is Task.SUMMARY:
                return await self._run(attempt, self._summariser.begin(turn, attempt.presenter))
            return await self._answer(attempt)
        except StorageError:
            raise
        except BotError as error:
            return await self._after_error(attempt, error)
        except Exception as error:
            logger.exception("a bug failed a turn", extra=attempt.log_fields)
            return Failed(error=error)

    def settlement(self, ended: Ended) -> Settlement:
        """Return how a turn ends with what came of it."""
        match ended:
            case Answered(settlement=settlement):
                return settlement
            case Stopped():
                return Settlement(state=TurnState.CANCELLED, draft=Draft(status="stopped"))
            case Failed(error=error):
                return Settlement(
                    state=TurnState.FAILED,
                    draft=Draft(status="failed", notices=(user_message(error),)),
                    error=f"{type(error).__name__}: {error}",
                )

    async def _after_error(self, attempt: Attempt, error: BotError) -> Ended | Overtaken | PutOff:
        """Return what an error comes to: a model that is away is asked again, as long as people may wait for it, and
        then the one in its place.
        """
        if isinstance(error, ModelUnavailable):
            chance = random.random()  # noqa: S311 - spreads load
            retry = next_retry(attempt.turn.retries, error.retry_after, self._clock(), chance=chance)
            if retry is not None:
                return PutOff(retry=retry)
        if self._model.give_up(error):
            return await self.generate(attempt)
        logger.warning("turn failed", extra={**attempt.log_fields, "error": str(error)})
        return Failed(error=error)

    async def _answer(self, attempt: Attempt) -> Answered | Overtaken | Stopped:
        """Answer a question; a request that the server finds too long is made anew with less of the past.

        Raises `QuestionTooLong` when only the question is left, `ContextTooLong` after `MOST_TRIES`, and what the
        building and the model raise.
        """
        await self._check_budgets(attempt)
        effective = await effective_parameters(attempt.turn.incoming, self._store)
        refused: Refusal | None = None
        for _ in range(MOST_TRIES):
            prepared = await self._builder.build(attempt.turn, effective, refused, attempt.show_progress)
            prepared = await self._affordable(attempt, prepared)
            try:
                return await self._run(attempt, await self._begun(attempt, prepared), prepared)
            except ContextTooLong as error:
                extra = {**attempt.log_fields, "tokens": prepared.window.tokens}
                logger.info("request too long", extra=extra)
                refused = Refusal(prepared=prepared, error=error)
        assert refused is not None  # noqa: S101 - for the type checker: there is at least one try
        raise refused.error

    async def _check_budgets(self, attempt: Attempt) -> None:
        """Raise `BudgetReached` where nothing is left, before files are read for a question and sounds transcribed."""
        incoming = attempt.turn.incoming
        spent = used_up(await self._store.budget_uses(scope_of(incoming.key, incoming.author)))
        if spent is not None and self._model.greatest_cost(1, 1):
            raise BudgetReached(spent)

    async def _affordable(self, attempt: Attempt, prepared: PreparedRequest) -> PreparedRequest:
        """Return a request as budgets leave it: near a cap it costs less, and people are told."""
        incoming = attempt.turn.incoming
        uses = await self._store.budget_uses(scope_of(incoming.key, incoming.author))
        greatest = self._model.greatest_cost(prepared.window.tokens, prepared.limits.reserved)
        found = tightest(uses, greatest)
        if found is None:
            return prepared
        use, step = found
        if step > use.step:
            await self._store.note_budget_step(use, step)
        request = degraded(prepared.request, step)
        return replace(prepared, request=request, notices=(*prepared.notices, degraded_text(use, step)))

    async def _begun(self, attempt: Attempt, prepared: PreparedRequest) -> AnswerGeneration:
        """Return the generation of an answer, which may link to the addresses that people wrote."""
        addresses = await offload(prepared.characters, prepared.find_addresses)
        return AnswerGeneration(
            attempt=attempt,
            prepared=prepared,
            answer=AnswerAccumulator(addresses=addresses),
            bill=Bill(
                turn=attempt.turn,
                purpose=Purpose.ANSWER,
                ratio=prepared.view.conversation.token_ratio,
                cached=prepared.window.cached,
                asker=asker_of(attempt.turn, prepared.parameters),
            ),
            model=self._model,
            store=self._store,
            clock=self._clock,
        )

    async def _run(
        self, attempt: Attempt, generation: Generation, prepared: PreparedRequest | None = None
    ) -> Answered | Overtaken | Stopped:
        """Run a generation in a task of its own, so that a person stops it alone. Raises what the generation raises.

        What is stopped already is not begun: what was deleted is not sent any more.
        """
        if attempt.stop.is_set() or await self._store.check_claim(attempt.turn):
            return Stopped()
        task = asyncio.create_task(generation.run(), name=f"generation {attempt.turn.id}")
        await wait_or_cancel(task, attempt.stop, *((attempt.added,) if attempt.takes_more else ()))
        was_cancelled = task.cancelled()
        if not was_cancelled:
            task.result()
        was_stopped = was_cancelled and attempt.stop.is_set()
        if attempt.added.is_set() and attempt.takes_more and not was_stopped:
            return Overtaken()
        return Answered(settlement=generation.settlement(stopped=was_cancelled), prepared=prepared)


# ------------------------------------------------------------ the stream, in a task of its own


class Generation(Protocol):
    """An answer or a summary in the making: run once, to its end or until it is cancelled, then settled."""

    async def run(self) -> None:
        """Generate it, and offer drafts of it while it grows. Raises `BotError`."""
        ...

    def settlement(self, *, stopped: bool) -> Settlement:
        """Return how the turn ends; `stopped` says that a person ended `run` in the middle."""
        ...


async def wait_or_cancel(task: asyncio.Task[None], *stops: asyncio.Event) -> None:
    """Wait until `task` has ended by itself; cancel it when one of `stops` is set, or whoever waits is cancelled."""
    waits = [asyncio.create_task(stop.wait(), name=f"stop of {task.get_name()}") for stop in stops]
    try:
        await asyncio.wait((task, *waits), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait((task,))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerGeneration:
    """The generation of an answer to a question; `answer` grows with the model's stream."""

    attempt: Attempt
    prepared: PreparedRequest
    answer: AnswerAccumulator
    bill: Bill
    model: MeteredModel
    store: TurnStore
    clock: Clock

    async def run(self) -> None:
        """Stream the answer to its end; one that the server cuts is kept as far as it came. Raises `BotError`."""
        if burst := self.attempt.turn.coalesced:
            self.answer.note(gettext(BURST_NOTICE).format(count=1 + len(burst)))
        try:
            async with aclosing(self.model.stream(self.prepared.request, self.bill)) as events:
                async for event in events:
                    if await self._is_overtaken(event):
                        return
                    self.answer.add(event)
                    self.attempt.presenter.submit(self.answer.draft)
        except StreamCut as error:
            logger.warning("stream interrupted", extra={**self.attempt.log_fields, "error": str(error)})
            self.answer.note(gettext(CUT_NOTICE))
            self.answer.is_cut = True

    async def _is_overtaken(self, event: ModelEvent) -> bool:
        """Return whether more was asked before the first word, or the first search, which would be paid once more.

        Asked of the store at that moment, since another process may have taken it down.
        """
        attempt = self.attempt
        if attempt.has_begun.is_set() or not isinstance(event, TextDelta | SearchStarted):
            return False
        if attempt.takes_more and (attempt.added.is_set() or await self.store.was_added_to(attempt.turn)):
            attempt.added.set()
            return True
        attempt.has_begun.set()
        return False

    def settlement(self, *, stopped: bool) -> Settlement:
        """Return the answer with what it used and cost, and the exchange that enters the transcript.

        Of what was stopped before it was sent, nothing is remembered.
        """
        prepared, answer, now = self.prepared, self.answer, self.clock()
        for notice in (*prepared.notices, *self.model.notices(self.bill)):
            answer.note(notice)
        seconds = (now - self.attempt.started).total_seconds()
        footer = self.model.footer(self.bill, seconds=seconds, show_cost=prepared.show_cost)
        draft = answer.draft("stopped" if stopped else "done", footer)
        exchange = prepared.exchange(self.attempt.turn.id, answer.text, now, draft.sources)
        exchange = () if answer.finish is Finish.FILTERED else exchange
        return Settlement(
            state=TurnState.CANCELLED if stopped else TurnState.DONE,
            draft=draft,
            entries=exchange,
            conversation=self._remembered(kept=bool(exchange)),
            parameters=prepared.parameter_texts,
            request=None if footer is None else prepared.figures,
            sent_until=prepared.sent_until,
        )

    def _remembered(self, *, kept: bool) -> Conversation | None:
        """Return the conversation after this request; what it tells of prices and the cache is learned."""
        usage = self.bill.usage
        if usage is None:
            return None
        self.model.observe(self.prepared.observation(usage), self.bill)
        is_foreign = self.answer.has_searched or self.model.was_replaced(self.bill)
        return self.prepared.after(usage, is_foreign=is_foreign, kept=kept)
