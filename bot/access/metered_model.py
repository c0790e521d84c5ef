"""Enter each request to the model in the ledger: before it is sent, while its answer grows, and when it has ended."""

from __future__ import annotations

import logging
import operator
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import reduce
from io import StringIO
from typing import Final

from bot.context.tokens import corrected, estimate
from bot.errors import StorageError
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

PROGRESS_SECONDS: Final = 2.0
"""How much of a stream the ledger may miss when its process is killed."""

USUAL_OUTPUT: Final = 1_000.0
"""Tokens of an answer, reasoning included, until there were some."""

LEARNING: Final = 0.1
"""How far one answer moves what is expected of the next."""


@dataclass(slots=True, kw_only=True)
class Bill:
    """Charges for the requests of one turn, made for one purpose.

    `ratio` corrects estimates, as that of the conversation; `cached` is what the cache probably holds of each prompt.
    `asker` takes turns with others.
    """

    turn: Turn
    purpose: Purpose
    ratio: float = 1.0
    cached: int = 0
    asker: Asker | None = None
    charges: list[Charge] = field(default_factory=list)

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


def _unanswered(announced: int, bill: Bill) -> Usage:
    """Return the usage of a request before the first word of its answer."""
    prompt = corrected(announced, bill.ratio)
    return Usage(input=prompt, cached=min(bill.cached, prompt), estimated=True)


class MeteredModel:
    """Asks a model, and keeps the ledger equal to what that is billed.

    A line stands in the ledger before its request is sent, so that a crash leaves it there as an estimate.
    """

    def __init__(self, model: Model, ledger: Ledger, rates: Rates, *, clock: Clock) -> None:
        self._model = model
        self._ledger = ledger
        self._rates = rates
        self._clock = clock
        self._usual_output = USUAL_OUTPUT

    @property
    def name(self) -> str:
        """Return the model's name."""
        return self._model.name

    @property
    def context_tokens(self) -> int:
        """Return how many tokens a request and its answer may have together."""
        return self._model.context_tokens

    def greatest_cost(self, prompt: int, most: int) -> Decimal:
        """Return what a request of so many tokens costs with the longest answer that it allows."""
        return self._rates.card().cost(Usage(input=prompt, output=most))

    def footer(self, bill: Bill, *, seconds: float, show_cost: bool) -> Footer | None:
        """Return what all requests of a bill used and cost, each priced by its own length; None where nothing is."""
        if bill.usage is None:
            return None
        card = self._rates.card()
        split = sum((card.split(charge.usage) for charge in bill.charges), CostSplit())
        return Footer(
            model=self.name, usage=bill.usage, cost=bill.cost, seconds=seconds, show_cost=show_cost, split=split
        )

    def observe(self, seen: Observation) -> None:
        """Let the rates learn from an answered request."""
        self._rates.observe(seen)

    async def stream(self, request: ModelRequest, bill: Bill) -> AsyncGenerator[ModelEvent, None]:
        """As `Model.stream`, with each request on `bill`. Raises `StorageError` before anything is sent as well."""
        sent: _OpenRequest | None = None
        try:
            async with aclosing(self._model.stream(replace(request, asker=bill.asker))) as events:
                async for event in events:
                    sent = await self._noted(event, sent, bill)
                    yield event
        finally:
            if sent is not None:  # stopped, cut off, or its end could not be stored
                await self._settle_late(sent)

    async def _noted(self, event: ModelEvent, sent: _OpenRequest | None, bill: Bill) -> _OpenRequest | None:
        """Take in what the stream tells of a request; return the one that is under way now."""
        match event:
            case RequestSent():
                return await self._open(event, bill)
            case UsageReported(usage) if sent is not None:
                sent.counted = usage
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

    async def _open(self, event: RequestSent, bill: Bill) -> _OpenRequest:
        """Write a request ahead, with what it will probably cost: an answer as long as those before."""
        unanswered = _unanswered(event.tokens, bill)
        likely, most = (
            self._rates.card().cost(unanswered + Usage(output=output, requests=0))
            for output in (min(round(self._usual_output), event.most), event.most)
        )
        request = SentRequest(
            turn=bill.turn,
            purpose=bill.purpose,
            model=self.name,
            charge=self._charge(unanswered),
            costs=Costs(likely=likely, greatest=most),
        )
        id = await self._ledger.open_request(request)
        return _OpenRequest(id=id, bill=bill, announced=event.tokens, noted_at=self._clock())

    async def _note_progress(self, sent: _OpenRequest) -> None:
        now = self._clock()
        if (now - sent.noted_at).total_seconds() >= PROGRESS_SECONDS:
            sent.noted_at = now
            await self._ledger.note_progress(sent.id, self._charge_of(sent))

    async def _settle(self, sent: _OpenRequest) -> None:
        charge = self._charge_of(sent)
        self._usual_output += LEARNING * (charge.usage.output - self._usual_output)
        await self._ledger.settle_request(sent.id, charge)
        sent.bill.charges.append(charge)

    async def _settle_late(self, sent: _OpenRequest) -> None:
        try:
            await self._settle(sent)
        except StorageError as error:  # the line stays open, and is settled as it stands later
            logger.warning("request not settled", extra={"turn": sent.bill.turn.id, "error": str(error)})

    def _charge_of(self, sent: _OpenRequest) -> Charge:
        charge = self._charge(sent.usage)
        return replace(charge, first_byte_at=sent.first_byte_at, first_text_at=sent.first_text_at)

    def _charge(self, usage: Usage) -> Charge:
        return Charge(usage=usage, cost=self._rates.card().cost(usage))
