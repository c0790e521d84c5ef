"""Ask the model for summaries, once more where it fails."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from bot.access.metered_model import Bill, MeteredModel
from bot.context.tokens import estimate_entry, estimate_request, own_tokens, updated_ratio
from bot.delivery.accumulator import AnswerAccumulator
from bot.errors import (
    BudgetReached,
    ContextTooLong,
    ModelAccessDenied,
    ModelError,
    ModelUnavailable,
    Refused,
    StreamCut,
)
from bot.summary.parse_output import ParsedOutput, read_form
from bot.summary.prompts import SYSTEM_PROMPT, room_for
from bot.types import Entry, Finish, Footer, ModelRequest, ParameterValue

logger = logging.getLogger(__name__)

AT_ONCE: Final = 3  # requests of one summary side by side; the client keeps the provider's limits per minute

# Condensing needs no reasoning, nothing is asked twice, and nothing is to be looked up.
APART: Mapping[str, ParameterValue] = {"enable_thinking": False, "enable_caching": False, "enable_web_search": False}


@dataclass(slots=True)
class TokenRatio:
    """Ratio of the model's tokens to estimated ones, learned from each request: parts must not cross a tier."""

    ratio: float = 1.0

    def learn(self, estimated: int, actual: int | None) -> None:
        """Take in what the provider counted; None teaches nothing."""
        if actual is not None:
            self.ratio = updated_ratio(self.ratio, estimated=estimated, actual=actual)


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryModel:
    """Asks for summaries on one bill."""

    model: MeteredModel
    bill: Bill
    gauge: TokenRatio = field(default_factory=TokenRatio)

    def footer(self, *, seconds: float, show_cost: bool) -> Footer | None:
        """Return what all requests used and cost, None where there were none."""
        return self.model.footer(self.bill, seconds=seconds, show_cost=show_cost)

    @property
    def notices(self) -> Sequence[str]:
        """Return what people are told of the model that was asked."""
        return self.model.notices(self.bill)

    async def ask(self, entry: Entry, *, points: int) -> ParsedOutput:
        """Return what the model says. Raises `ModelError`, and `Refused` when its filter stops it.

        What breaks off in the middle is of no use here, so that it counts as no answer.
        """
        most = room_for(points)
        self.bill.ratio = self.gauge.ratio
        request = ModelRequest(system_prompt=SYSTEM_PROMPT, entries=(entry,), parameters={**APART, "max_tokens": most})
        answer, estimated = AnswerAccumulator(), estimate_request(SYSTEM_PROMPT, (estimate_entry(entry),))
        try:
            async with aclosing(self.model.stream(request, self.bill)) as events:
                async for event in events:
                    answer.add(event)
        except StreamCut as error:
            raise ModelUnavailable(str(error)) from error
        finally:
            counted = own_tokens(request, answer.reported, searched=answer.has_searched)
            self.gauge.learn(estimated, counted)
        if answer.finish is Finish.FILTERED:
            raise Refused("the model's filter stopped a summary")
        said = read_form(answer.text, is_cut=answer.finish is Finish.LENGTH)
        if not said.points:
            raise ModelError("the model wrote no points")
        return said

    async def insist(self, entry: Entry, *, points: int) -> ParsedOutput:
        """As `ask`, once more where that may help."""
        try:
            return await self.ask(entry, points=points)
        except (ModelAccessDenied, ContextTooLong, BudgetReached):
            raise
        except ModelError as error:
            logger.info("retrying a part of a summary", extra={"error": type(error).__name__})
            return await self.ask(entry, points=points)
