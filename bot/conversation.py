"""The story of one turn: parameters, context, the model's stream, the visible reply, and the settling of it all."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime

from bot.answer import Answer
from bot.composer import Composer, Composition, Refusal
from bot.condenser import Condenser
from bot.context.shortening import MOST_TRIES
from bot.delivery import Presenter
from bot.errors import (
    BotError,
    ClaimLost,
    ContextTooLong,
    ModelUnavailable,
    PlatformError,
    StorageError,
    StreamCut,
    TurnGivenUp,
)
from bot.failures import CUT_NOTICE, apology
from bot.files import Files
from bot.giving_way import GivingWay
from bot.offload import offload
from bot.parameter_resolver import effective_parameters
from bot.parameters import Effective
from bot.ports import Clock, Model, Platform, Rates, Store
from bot.progress import Progress
from bot.retries import Retry, is_poison, next_retry
from bot.summary.summariser import Summariser
from bot.types import (
    Conversation,
    Draft,
    Finish,
    Footer,
    Incoming,
    ModelRequest,
    ReplyStatus,
    Settlement,
    Task,
    Turn,
    TurnId,
    TurnState,
    takes_others,
)
from bot.undelivered import Undelivered

logger = logging.getLogger(__name__)

BURST_NOTICE = "Answers {count} messages together."

Exchange = tuple[Composition, Conversation]
"""What was asked in an answered turn, and the conversation as it is remembered since."""


class ConversationManager:
    """Answers turns, one at a time in each conversation; the dispatcher sees to that order."""

    def __init__(
        self,
        store: Store,
        model: Model,
        rates: Rates,
        platforms: Mapping[str, Platform],
        *,
        clock: Clock,
        files: Files | None = None,
    ) -> None:
        self._store = store
        self._model = model
        self._rates = rates
        self._platforms = platforms
        self._clock = clock
        self._composer = Composer(store, model, rates, platforms, clock=clock, files=files)
        self._condenser = Condenser(store, model, rates, clock=clock)
        self._summariser = Summariser(store, model, rates, platforms, clock=clock)
        self._giving_way = GivingWay(store, platforms)
        self._undelivered = Undelivered(store, platforms, clock=clock, model=model.name)
        self._stops: dict[TurnId, asyncio.Event] = {}

    def interrupt(self, turns: Sequence[TurnId]) -> None:
        """End the generation of these turns at once; what is being posted already is left to finish."""
        for turn in turns:
            if stop := self._stops.get(turn):
                stop.set()

    async def check_may_summarise(self, incoming: Incoming) -> None:
        """Raise `InvalidInput` for those who may not read what they want summarised; asked again before it is read."""
        try:
            await self._summariser.check_access(incoming)
        except PlatformError as error:
            logger.warning("access not known yet", extra={"conversation": str(incoming.key), "error": str(error)})

    async def answer(self, turn: Turn) -> None:
        """Run one claimed turn to its end, or put it off until the model may be back.

        Raises `StorageError` when the turn stays open, to be taken up again; `ClaimLost` among them says that
        another runner has it.
        """
        self._stops[turn.id] = asyncio.Event()
        try:
            presenter = self._presenter(turn)
            try:
                await self._answer(turn, presenter)
            except ClaimLost:
                await self._giving_way.give_way(turn, presenter)
                raise
        finally:
            del self._stops[turn.id]

    async def _answer(self, turn: Turn, presenter: Presenter) -> None:
        started = self._clock()
        draft = None if turn.outcome is None else turn.draft
        try:
            async with aclosing(presenter):
                if turn.outcome is None and not turn.withdrawn:
                    await self._platform(turn).check_writable(turn)
                    presenter.offer(lambda: Draft(status="thinking"))
                try:
                    draft, exchange = await self._recorded(turn, presenter, started)
                except _PutOff as later:
                    await self._put_off(turn, later.retry, presenter)
                    return
                if draft is None:
                    await self._undelivered.take_back(turn, presenter)
                    return
                await presenter.finish(draft)
        except PlatformError as error:
            await self._undelivered.settle(turn, presenter, draft, error)
            return
        if exchange is not None:
            await self._remember(turn, *exchange)
        await self._giving_way.show_over_latecomers(turn)
        if not await self._store.close(turn):  # its question was deleted since
            await self._undelivered.take_back(turn, presenter)
            return
        seconds = round((self._clock() - started).total_seconds(), 3)
        logger.info("turn closed", extra=_ids(turn) | {"status": draft.status, "seconds": seconds})

    async def _recorded(
        self, turn: Turn, presenter: Presenter, started: datetime
    ) -> tuple[Draft | None, Exchange | None]:
        """Return the last draft of the turn, stored before it is shown: after a crash it is only shown again.

        None for a turn that was withdrawn. Beside it the exchange that has entered the transcript, if one has.
        """
        if turn.outcome is not None and (turn.withdrawn or turn.draft is not None):
            return None if turn.withdrawn else turn.draft, None
        while True:
            if not is_poison(turn) and takes_others(turn.incoming):  # a poison turn must not take others down with it
                turn = await self._store.gather(turn)
            settlement, composition = await self._outcome(turn, presenter, started)
            if presenter.is_removed:
                await self._store.delete_answer(turn.id)
            recorded = await self._store.record(turn, settlement)
            if not recorded.stale:
                break
            self._stops[turn.id].clear()  # what ended it was a deletion among what it is made from
        if recorded.withdrawn:
            return None, None
        if composition is None or recorded.conversation is None or not settlement.entries:
            return settlement.draft, None
        was_cut = recorded.conversation.revision != composition.view.conversation.revision
        return settlement.draft, None if was_cut else (composition, recorded.conversation)

    async def _put_off(self, turn: Turn, retry: Retry, presenter: Presenter) -> None:
        """Tell people that the question is kept, and hand it back to the queue until then."""
        try:
            await presenter.leave(Draft(status="thinking", notices=(retry.notice,)))
        except PlatformError as error:
            logger.warning("draft not shown", extra=_ids(turn) | {"error": str(error)})
        await self._store.postpone(turn, retry.until)
        logger.info("turn put off", extra=_ids(turn) | {"retries": turn.retries + 1, "until": retry.until.isoformat()})

    async def _remember(self, turn: Turn, composition: Composition, conversation: Conversation) -> None:
        """Condense what leaves the view, while people read the answer."""
        condensed = await self._condenser.condense(turn, composition, conversation)
        if condensed is not None:
            await self._store.record_memory(turn, condensed)

    # ------------------------------------------------------------ the visible reply

    def _presenter(self, turn: Turn) -> Presenter:
        platform, stop = self._platform(turn), self._stops[turn.id]
        progress = Progress(self._store, turn, self._clock, stop=stop)
        return Presenter(
            lambda: platform.open_reply(turn),
            pace=platform.pace,
            on_shown=progress.note,
            before=progress.ask,
            on_removed=stop.set,
        )

    def _platform(self, turn: Turn) -> Platform:
        return self._platforms[turn.incoming.key.platform]

    # ------------------------------------------------------------ the answer

    async def _outcome(
        self, turn: Turn, presenter: Presenter, started: datetime
    ) -> tuple[Settlement, Composition | None]:
        """How the turn ends, and what was asked; only storage trouble and bugs of a platform come out of it."""
        if turn.stop:
            return _stopped(self._model.name), None
        if is_poison(turn):
            logger.error("turn given up", extra=_ids(turn))
            return _failed(self._model.name, TurnGivenUp(turn.attempt)), None
        try:
            if turn.incoming.task is Task.SUMMARY:
                return await self._summarise(turn, presenter), None
            return await self._answered(turn, presenter, started)
        except StorageError:
            raise
        except _StoppedBefore:
            return _stopped(self._model.name), None
        except ModelUnavailable as error:
            retry = next_retry(turn.retries, error.retry_after, self._clock(), chance=random.random())  # noqa: S311 - spreads load
            if retry is not None:
                raise _PutOff(retry) from error
            logger.warning("turn failed", extra=_ids(turn) | {"error": str(error)})
            failure: Exception = error
        except BotError as error:
            logger.warning("turn failed", extra=_ids(turn) | {"error": str(error)})
            failure = error
        except Exception as error:
            logger.exception("a bug failed a turn", extra=_ids(turn))
            failure = error
        return _failed(self._model.name, failure), None

    async def _answered(self, turn: Turn, presenter: Presenter, started: datetime) -> tuple[Settlement, Composition]:
        """The answer to a question, and what was asked."""
        effective = await effective_parameters(turn.incoming, self._store)
        composition, answer, was_stopped = await self._ask(turn, effective, presenter)
        for notice in composition.notices:
            answer.note(notice)
        return self._conclude(turn, composition, answer, stopped=was_stopped, started=started), composition

    async def _ask(
        self, turn: Turn, effective: Mapping[str, Effective], presenter: Presenter
    ) -> tuple[Composition, Answer, bool]:
        """Compose the request and generate; what the server finds too long is asked anew with less of the past.

        Raises `QuestionTooLong` when only the question is left, and `ContextTooLong` after `MOST_TRIES`.
        """
        refused: Refusal | None = None
        for _ in range(MOST_TRIES):
            composition = await self._composer.compose(turn, effective, refused)
            try:
                return composition, *await self._generate(turn, composition, presenter)
            except ContextTooLong as error:
                logger.info("request too long", extra=_ids(turn) | {"tokens": composition.window.tokens})
                refused = Refusal(composition=composition, error=error)
        assert refused is not None  # noqa: S101 - for the type checker: there is at least one try
        raise refused.error

    async def _generate(self, turn: Turn, composition: Composition, presenter: Presenter) -> tuple[Answer, bool]:
        """The answer, and whether a person stopped it."""
        answer = Answer(addresses=await offload(composition.characters, composition.find_addresses))
        if turn.burst:
            answer.note(BURST_NOTICE.format(count=1 + len(turn.burst)))
        try:
            return answer, await self._is_stopped(turn, self._consume(composition.request, answer, presenter))
        except StreamCut as error:
            logger.warning("stream cut", extra=_ids(turn) | {"error": str(error)})
            answer.note(CUT_NOTICE)
            answer.is_cut = True
        return answer, False

    async def _is_stopped(self, turn: Turn, work: Coroutine[None, None, None]) -> bool:
        """Do `work` in a task of its own, so that a person stops it alone; whether somebody did.

        Raises `_StoppedBefore` when it is not to be begun: what was deleted is not sent any more.
        """
        if self._stops[turn.id].is_set() or await self._store.check_claim(turn):
            work.close()
            raise _StoppedBefore
        generation = asyncio.create_task(work, name=f"generation {turn.id}")
        stop = asyncio.create_task(self._stops[turn.id].wait(), name=f"stop of {turn.id}")
        try:
            await asyncio.wait((generation, stop), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            if not generation.done():
                generation.cancel()
                await asyncio.wait((generation,))
        if generation.cancelled():
            return True
        generation.result()
        return False

    async def _summarise(self, turn: Turn, presenter: Presenter) -> Settlement:
        """The summary of a channel or thread; as with answers, only its making is stopped."""
        summary = self._summariser.begin(turn, presenter)
        return summary.settlement(stopped=await self._is_stopped(turn, summary.run()))

    async def _consume(self, request: ModelRequest, answer: Answer, presenter: Presenter) -> None:
        async with aclosing(self._model.stream(request)) as events:
            async for event in events:
                answer.add(event)
                presenter.offer(answer.draft)

    # ------------------------------------------------------------ the settling

    def _conclude(
        self, turn: Turn, composition: Composition, answer: Answer, *, stopped: bool, started: datetime
    ) -> Settlement:
        now = self._clock()
        usage = answer.usage(composition.window.tokens)
        cost = self._rates.card().cost(usage)
        footer = Footer(
            model=self._model.name,
            usage=usage,
            cost=cost,
            seconds=(now - started).total_seconds(),
            show_cost=composition.show_cost,
        )
        status: ReplyStatus = "stopped" if stopped else "done"
        return Settlement(
            state=TurnState.CANCELLED if stopped else TurnState.DONE,
            draft=answer.draft(status, footer),
            model=self._model.name,
            entries=() if answer.finish is Finish.FILTERED else composition.exchange(turn.id, answer.text, now),
            conversation=composition.after(usage, searched=answer.has_searched),
            usage=usage,
            cost=cost,
            parameters=composition.parameter_texts,
            request=composition.figures,
        )


class _StoppedBefore(Exception):
    """The turn was stopped before anything was asked."""


class _PutOff(Exception):
    """The turn is to be tried again later."""

    def __init__(self, retry: Retry) -> None:
        super().__init__(retry.notice)
        self.retry = retry


def _stopped(model: str) -> Settlement:
    return Settlement(state=TurnState.CANCELLED, draft=Draft(status="stopped"), model=model)


def _failed(model: str, error: BaseException) -> Settlement:
    draft = Draft(status="failed", text="", notices=(apology(error),))
    return Settlement(state=TurnState.FAILED, draft=draft, model=model, error=f"{type(error).__name__}: {error}")


def _ids(turn: Turn) -> dict[str, object]:
    return {"turn": turn.id, "conversation": str(turn.incoming.key), "epoch": turn.epoch, "attempt": turn.attempt}
