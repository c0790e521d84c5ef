"""Generate an answer; failures come back as values, and only storage errors are raised."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, replace

from bot.access.budget_text import degraded_text
from bot.access.budgets import degraded, scope_of, tightest, used_up
from bot.access.metered_model import Bill, MeteredModel
from bot.access.pace import asker_of
from bot.context.overflow import MOST_TRIES
from bot.context.request_builder import PreparedRequest, Refusal, RequestBuilder
from bot.delivery.accumulator import AnswerAccumulator
from bot.errors import BotError, BudgetReached, ContextTooLong, ModelUnavailable, StorageError, TurnGivenUp
from bot.offload import offload
from bot.parameter_resolver import effective_parameters
from bot.ports import Clock, Store
from bot.summary.service import SummaryService
from bot.turns.attempt import Attempt
from bot.turns.error_messages import user_message
from bot.turns.generation import AnswerGeneration, Generation, wait_or_cancel
from bot.turns.retries import Retry, is_poison, next_retry
from bot.types import Draft, Purpose, Settlement, Task, TurnState

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Something was generated, to its end or until it was stopped; `composition` is the request of an answer."""

    settlement: Settlement
    composition: PreparedRequest | None = None


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
        composer: RequestBuilder,
        summariser: SummaryService,
        clock: Clock,
    ) -> None:
        self._store = store
        self._model = model
        self._composer = composer
        self._summariser = summariser
        self._clock = clock

    async def generate(self, attempt: Attempt) -> Ended | Overtaken | PutOff:
        """Return what came of a turn. Raises `StorageError`."""
        turn = attempt.turn
        if turn.stop:
            return Stopped()
        if is_poison(turn):
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
        composing and the model raise.
        """
        await self._check_budgets(attempt)
        effective = await effective_parameters(attempt.turn.incoming, self._store)
        refused: Refusal | None = None
        for _ in range(MOST_TRIES):
            composition = await self._composer.compose(attempt.turn, effective, refused, attempt.tell)
            composition = await self._affordable(attempt, composition)
            try:
                return await self._run(attempt, await self._begun(attempt, composition), composition)
            except ContextTooLong as error:
                extra = {**attempt.log_fields, "tokens": composition.window.tokens}
                logger.info("request too long", extra=extra)
                refused = Refusal(composition=composition, error=error)
        assert refused is not None  # noqa: S101 - for the type checker: there is at least one try
        raise refused.error

    async def _check_budgets(self, attempt: Attempt) -> None:
        """Raise `BudgetReached` where nothing is left, before files are read for a question and sounds transcribed."""
        incoming = attempt.turn.incoming
        spent = used_up(await self._store.budget_uses(scope_of(incoming.key, incoming.author)))
        if spent is not None and self._model.greatest_cost(1, 1):
            raise BudgetReached(spent)

    async def _affordable(self, attempt: Attempt, composition: PreparedRequest) -> PreparedRequest:
        """Return a request as budgets leave it: near a cap it costs less, and people are told."""
        incoming = attempt.turn.incoming
        uses = await self._store.budget_uses(scope_of(incoming.key, incoming.author))
        greatest = self._model.greatest_cost(composition.window.tokens, composition.limits.reserved)
        found = tightest(uses, greatest)
        if found is None:
            return composition
        use, step = found
        if step > use.step:
            await self._store.note_budget_step(use, step)
        request = degraded(composition.request, step)
        return replace(composition, request=request, notices=(*composition.notices, degraded_text(use, step)))

    async def _begun(self, attempt: Attempt, composition: PreparedRequest) -> AnswerGeneration:
        """Return the generation of an answer, which may link to the addresses that people wrote."""
        addresses = await offload(composition.characters, composition.find_addresses)
        return AnswerGeneration(
            attempt=attempt,
            composition=composition,
            answer=AnswerAccumulator(addresses=addresses),
            bill=Bill(
                turn=attempt.turn,
                purpose=Purpose.ANSWER,
                ratio=composition.view.conversation.token_ratio,
                cached=composition.window.cached,
                asker=asker_of(attempt.turn, composition.parameters),
            ),
            model=self._model,
            store=self._store,
            clock=self._clock,
        )

    async def _run(
        self, attempt: Attempt, generation: Generation, composition: PreparedRequest | None = None
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
        return Answered(settlement=generation.settlement(stopped=was_cancelled), composition=composition)
