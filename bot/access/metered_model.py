"""Ask the model, or the one in its place, and enter each request in the ledger: before it is sent, while its answer
grows, and when it has ended.
"""

from __future__ import annotations

import logging
import operator
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from io import StringIO
from typing import Final

from bot.context.tokens import corrected, estimate
from bot.errors import ModelAccessDenied, ModelUnavailable, StorageError
from bot.intervals import has_passed
from bot.language import gettext, gettext_noop
from bot.ports import Clock, Ledger, Model, Rates
from bot.types import (
    Asker,
    Charge,
    Costs,
    CostSplit,
    Footer,
    ModelEvent,
    ModelRequest,
    Observation,
    Purpose,
    ReasoningDelta,
    RequestId,
    RequestNotBilled,
    RequestSent,
    SentRequest,
    TextDelta,
    TextWithdrawn,
    Turn,
    Usage,
    UsageReported,
)

logger = logging.getLogger(__name__)

# ------------------------------------------------------------ which model is asked


AWAY: Final = timedelta(minutes=1)
"""How long the first model is left alone after it failed; then one request tries it before the fallback."""

REPLACEABLE: Final = (ModelUnavailable, ModelAccessDenied)
"""Failures that another model is likely not to share; both are raised before any text."""

NOTICE: Final = gettext_noop("{first} is not answering right now, so {fallback} answered in its place.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedModel:
    """A model with its own prices."""

    model: Model
    rates: Rates


class ModelChoice:
    """The models of one process, and whether the first of them is away."""

    def __init__(self, first: PricedModel, fallback: PricedModel | None, *, clock: Clock) -> None:
        self.first = first
        self._fallback = fallback
        self._clock = clock
        self._away_until: datetime | None = None

    def order(self) -> Sequence[PricedModel]:
        """Return the models to ask for one request, each if the one before fails."""
        if self._fallback is None or self._away_until is None:
            return (self.first,)
        if self._clock() < self._away_until:
            return (self._fallback,)
        self._away_until = self._clock() + AWAY  # whoever asks meanwhile need not wait for what comes of this try
        return (self.first, self._fallback)

    def give_up(self, error: Exception) -> bool:
        """Leave the first model alone after a failure; return whether there is one to ask in its place from now on."""
        if self._fallback is None or self._away_until is not None or not isinstance(error, REPLACEABLE):
            return False
        self._away_until = self._clock() + AWAY
        logger.warning("%s is away; %s answers in its place", self.first.model.name, self._fallback.model.name)
        return True

    def note_words(self, asked: PricedModel) -> None:
        """Take in that a model answers: the first one is back with its first word."""
        if asked is self.first and self._away_until is not None:
            self._away_until = None
            logger.warning("%s is back", self.first.model.name)

    def notices(self, asked: PricedModel | None) -> Sequence[str]:
        """Return what people are told of an answer by this model."""
        if asked is None or asked is self.first:
            return ()
        return (gettext(NOTICE).format(first=self.first.model.name, fallback=asked.model.name),)


# ------------------------------------------------------------ what the ledger holds of it


PROGRESS: Final = timedelta(seconds=2)
"""How much of a stream the ledger may miss when its process is killed."""

USUAL_OUTPUT: Final = 1_000.0
"""Tokens of an answer, reasoning included, until there were some."""

LEARNING: Final = 0.1
"""How far one answer moves what is expected of the next."""


@dataclass(slots=True, kw_only=True)
class Bill:
    """Charges for the requests of one turn, made for one purpose.

    `ratio` corrects estimates, as that of the conversation; `cached` is what the cache probably holds of each prompt.
    `asker` takes turns with others. `asked` is the model that was asked last, `split` what all is paid for.
    """

    turn: Turn
    purpose: Purpose
    ratio: float = 1.0
    cached: int = 0
    asker: Asker | None = None
    charges: list[Charge] = field(default_factory=list)
    asked: PricedModel | None = None
    split: CostSplit = field(default_factory=CostSplit)

    @property
    def usage(self) -> Usage | None:
        """Return what all requests used, None where nothing is billed."""
        return reduce(operator.add, (charge.usage for charge in self.charges)) if self.charges else None

    @property
    def cost(self) -> Decimal:
        """Return what all requests cost, each priced by its own length."""
        return sum((charge.cost for charge in self.charges), Decimal(0))


@dataclass(slots=True, kw_only=True)
class _OpenRequest:
    """A request that was sent: what came of it so far, and when the ledger was last told.

    `announced` are the tokens that the model's client estimated for its prompt.
    """

    id: RequestId
    bill: Bill
    asked: PricedModel
    announced: int
    noted_at: datetime
    text: StringIO = field(default_factory=StringIO)
    reasoning: StringIO = field(default_factory=StringIO)
    counted: Usage | None = None
    first_byte_at: datetime | None = None
    first_text_at: datetime | None = None

    @property
    def usage(self) -> Usage:
        """Return what the provider counted, else an estimate of what it has to count by now."""
        told = self.counted
        if told is not None and not (told.estimated and told.input == self.announced):  # else nothing was counted
            return told
        reasoning = corrected(estimate(self.reasoning.getvalue()), self.bill.ratio)
        written = corrected(estimate(self.text.getvalue()), self.bill.ratio)
        unanswered = _unanswered(self.announced, self.bill)
        return unanswered + Usage(output=reasoning + written, reasoning=reasoning, requests=0)

    @property
    def charge(self) -> Charge:
        """Return what it comes to by now."""
        usage = self.usage
        cost = self.asked.rates.card().cost(usage)
        return Charge(usage=usage, cost=cost, first_byte_at=self.first_byte_at, first_text_at=self.first_text_at)


def _unanswered(announced: int, bill: Bill) -> Usage:
    """Return the usage of a request before the first word of its answer."""
    prompt = corrected(announced, bill.ratio)
    return Usage(input=prompt, cached=min(bill.cached, prompt), estimated=True)


class MeteredModel:
    """Asks a model, and keeps the ledger equal to what that is billed.

    A line stands in the ledger before its request is sent, so that a crash leaves it there as an estimate. While the
    model is away, `fallback` is asked, by its own prices.
    """

    def __init__(
        self, model: Model, ledger: Ledger, rates: Rates, *, clock: Clock, fallback: PricedModel | None = None
    ) -> None:
        self._first = PricedModel(model=model, rates=rates)
        self._choice = ModelChoice(self._first, fallback, clock=clock)
        self._ledger = ledger
        self._clock = clock
        self.give_up = self._choice.give_up
        self._usual_output = USUAL_OUTPUT
        self._has_doubted = False

    @property
    def name(self) -> str:
        """Return the model's name."""
        return self._first.model.name

    @property
    def context_tokens(self) -> int:
        """Return how many tokens a request and its answer may have together."""
        return self._first.model.context_tokens

    def greatest_cost(self, prompt: int, most: int) -> Decimal:
        """Return what a request of so many tokens costs with the longest answer that it allows."""
        return self._first.rates.card().cost(Usage(input=prompt, output=most))

    def footer(self, bill: Bill, *, seconds: float, show_cost: bool) -> Footer | None:
        """Return what all requests of a bill used and cost, each priced by its own length; None where nothing is."""
        if bill.usage is None:
            return None
        return Footer(
            model=(bill.asked or self._first).model.name,
            usage=bill.usage,
            cost=bill.cost,
            seconds=seconds,
            show_cost=show_cost,
            split=bill.split,
        )

    def notices(self, bill: Bill) -> Sequence[str]:
        """Return what people are told of the model that was asked."""
        return self._choice.notices(bill.asked)

    def was_replaced(self, bill: Bill) -> bool:
        """Return whether another model answered, which tells nothing of this one's tokens, prices and cache."""
        return bill.asked is not None and bill.asked is not self._first

    def observe(self, seen: Observation, bill: Bill) -> None:
        """Let the rates learn from an answered request."""
        if not self.was_replaced(bill):
            self._first.rates.observe(seen)

    async def stream(self, request: ModelRequest, bill: Bill) -> AsyncGenerator[ModelEvent, None]:
        """As `Model.stream`, with each request on `bill`. Raises `StorageError` before anything is sent as well."""
        *others, last = self._choice.order()
        for asked in others:
            try:
                async with aclosing(self._asked(asked, request, bill)) as events:
                    async for event in events:
                        yield event
            except REPLACEABLE as error:
                logger.info("%s is still away", asked.model.name, extra={"error": str(error)})
            else:
                return
        async with aclosing(self._asked(last, request, bill)) as events:
            async for event in events:
                yield event

    async def _asked(self, asked: PricedModel, request: ModelRequest, bill: Bill) -> AsyncGenerator[ModelEvent, None]:
        """Ask one model."""
        bill.asked = asked
        sent: _OpenRequest | None = None
        try:
            async with aclosing(asked.model.stream(replace(request, asker=bill.asker))) as events:
                async for event in events:
                    if isinstance(event, TextDelta | ReasoningDelta):
                        self._choice.note_words(asked)
                    sent = await self._noted(event, sent, bill, asked)
                    yield event
        finally:
            if sent is not None:  # stopped, cut off, or its end could not be stored
                await self._settle_late(sent)

    async def _noted(
        self, event: ModelEvent, sent: _OpenRequest | None, bill: Bill, asked: PricedModel
    ) -> _OpenRequest | None:
        """Take in what the stream tells of a request; return the one that is under way now."""
        match event:
            case RequestSent():
                return await self._open(event, bill, asked)
            case UsageReported(usage) if sent is not None:
                sent.counted = self._believable(usage, asked)
                await self._settle(sent)
                return None
            case RequestNotBilled() if sent is not None:
                await self._ledger.drop_request(sent.id)
                return None
            case TextDelta(text) if sent is not None:
                sent.text.write(text)
                sent.first_text_at = sent.first_text_at or self._clock()
                sent.first_byte_at = sent.first_byte_at or sent.first_text_at
                await self._note_progress(sent)
            case TextWithdrawn() if sent is not None:
                sent.reasoning.write(sent.text.getvalue())
                sent.text = StringIO()
            case ReasoningDelta(text) if sent is not None:
                sent.reasoning.write(text)
                sent.first_byte_at = sent.first_byte_at or self._clock()
                await self._note_progress(sent)
        return sent

    def _believable(self, usage: Usage, asked: PricedModel) -> Usage:
        """Return what was told without a cost that cannot be; the log says so once."""
        believed = asked.rates.card().believable(usage)
        if believed is not usage and not self._has_doubted:
            self._has_doubted = True
            logger.warning(
                "%s tells costs that cannot be; they are estimated instead",
                asked.model.name,
                extra={"told": str(usage.reported_cost)},
            )
        return believed

    async def _open(self, event: RequestSent, bill: Bill, asked: PricedModel) -> _OpenRequest:
        """Write a request ahead, with what it will probably cost: an answer as long as those before."""
        unanswered, card = _unanswered(event.tokens, bill), asked.rates.card()
        likely, most = (
            card.cost(unanswered + Usage(output=output, requests=0))
            for output in (min(round(self._usual_output), event.most), event.most)
        )
        request = SentRequest(
            turn=bill.turn,
            purpose=bill.purpose,
            model=asked.model.name,
            charge=Charge(usage=unanswered, cost=card.cost(unanswered)),
            costs=Costs(likely=likely, greatest=most),
        )
        id = await self._ledger.open_request(request)
        return _OpenRequest(id=id, bill=bill, asked=asked, announced=event.tokens, noted_at=self._clock())

    async def _note_progress(self, sent: _OpenRequest) -> None:
        now = self._clock()
        if has_passed(PROGRESS, since=sent.noted_at, now=now):
            sent.noted_at = now
            await self._ledger.note_progress(sent.id, sent.charge)

    async def _settle(self, sent: _OpenRequest) -> None:
        charge = sent.charge
        self._usual_output += LEARNING * (charge.usage.output - self._usual_output)
        await self._ledger.settle_request(sent.id, charge)
        sent.bill.charges.append(charge)
        sent.bill.split += sent.asked.rates.card().split(charge.usage)

    async def _settle_late(self, sent: _OpenRequest) -> None:
        try:
            await self._settle(sent)
        except StorageError as error:  # the line stays open, and is settled as it stands later
            logger.warning("request not settled", extra={"turn": sent.bill.turn.id, "error": str(error)})
