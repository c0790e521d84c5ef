"""Stream an answer in a task of its own, which a stop cancels alone."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from bot.access.metered_model import Bill, MeteredModel
from bot.context.request_builder import PreparedRequest
from bot.delivery.accumulator import AnswerAccumulator
from bot.errors import StreamCut
from bot.language import gettext, gettext_noop
from bot.ports import Clock, TurnStore
from bot.turns.attempt import Attempt
from bot.turns.error_messages import CUT_NOTICE
from bot.types import Conversation, Finish, ModelEvent, SearchStarted, Settlement, TextDelta, TurnState

logger = logging.getLogger(__name__)

BURST_NOTICE = gettext_noop("Answers {count} messages together.")


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
    composition: PreparedRequest
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
            async with aclosing(self.model.stream(self.composition.request, self.bill)) as events:
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
        composition, answer, now = self.composition, self.answer, self.clock()
        for notice in (*composition.notices, *self.model.notices(self.bill)):
            answer.note(notice)
        seconds = (now - self.attempt.started).total_seconds()
        footer = self.model.footer(self.bill, seconds=seconds, show_cost=composition.show_cost)
        draft = answer.draft("stopped" if stopped else "done", footer)
        exchange = composition.exchange(self.attempt.turn.id, answer.text, now, draft.sources)
        exchange = () if answer.finish is Finish.FILTERED else exchange
        return Settlement(
            state=TurnState.CANCELLED if stopped else TurnState.DONE,
            draft=draft,
            entries=exchange,
            conversation=self._remembered(kept=bool(exchange)),
            parameters=composition.parameter_texts,
            request=None if footer is None else composition.figures,
            sent_until=composition.sent_until,
        )

    def _remembered(self, *, kept: bool) -> Conversation | None:
        """Return the conversation after this request; what it tells of prices and the cache is learned."""
        usage = self.bill.usage
        if usage is None:
            return None
        self.model.observe(self.composition.observation(usage), self.bill)
        is_foreign = self.answer.has_searched or self.model.was_replaced(self.bill)
        return self.composition.after(usage, is_foreign=is_foreign, kept=kept)
