"""The first page: what works, what is spent, what went wrong last."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from adapters.web.console.display_names import names_for
from adapters.web.console.operations import Console
from adapters.web.frame import WebRole, page, read_form, render
from adapters.web.frame.page_templates import Templates
from adapters.web.frame.routes import PageRoute
from bot.language import gettext, gettext_noop
from bot.types import INSTALLATION, DaySpending

LOOK_BACK: Final = timedelta(days=7)
ERRORS: Final = 8

FIXES: Final[Sequence[tuple[str, str]]] = (
    ("credit|balance|402", gettext_noop("Add credits to the account of the model's provider.")),
    ("api key|unauthor|401|403", gettext_noop("Put the account's key into SEED_API_KEY and start again.")),
    ("budget", gettext_noop("Raise the budget under Spending, or wait until its period ends.")),
    (
        "rate limit|429|busy",
        gettext_noop("The provider slows us down; it passes. Ask for higher limits if it comes often."),
    ),
    (
        "timed? ?out|unavailable|connect|5\\d\\d",
        gettext_noop("The provider or the network was away; Retry repeats the question."),
    ),
    ("database|locked|disk", gettext_noop("See that the database runs and that its disk has room.")),
    (
        "context|too long",
        gettext_noop("The question was longer than the model reads; a smaller file or fewer messages fit."),
    ),
)
"""What to do about an error, by words in it; the first that fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Spending of today and of this month, in UTC."""

    today: Decimal
    month: Decimal


class OverviewPages:
    """The overview, and the examination that its button begins."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def routes(self) -> list[PageRoute]:
        """Return their addresses."""
        return [
            page("/console", self._show, needs=WebRole.VIEWER),
            page("/console/examination", self._examine, methods=("POST",), needs=WebRole.OPERATOR),
        ]

    async def _show(self, request: Request) -> Response:
        console, store = self._console, self._console.store
        today = console.today()
        lights, days, budgets, queue, failed = await asyncio.gather(
            console.operations.lights(),
            store.spending_by_day(since=today.replace(day=1), until=today + timedelta(days=1)),
            store.budget_uses(INSTALLATION),
            store.queue_figures(),
            store.failed_turns(since=console.clock() - LOOK_BACK, limit=ERRORS),
        )
        names = await names_for(store, places={f"{line.key.workspace_key}/{line.key.channel}" for line in failed})
        return render(
            request,
            "console/overview.html",
            lights=lights,
            spent=spent_of(days, today),
            budgets=budgets,
            queue=queue,
            now=console.clock(),
            failed=[(line, fix_for(line.error)) for line in failed],
            names=names,
            version=console.operations.version,
        )

    async def _examine(self, request: Request) -> Response:
        """Show each row of `seedling doctor` as it is found: the page grows, without a script."""
        await read_form(request)
        return StreamingResponse(
            self._rows(request),
            media_type="text/html",
            headers={"Cache-Control": "no-store", "Content-Encoding": "identity"},  # held back by no compression
        )

    async def _rows(self, request: Request) -> AsyncIterator[str]:
        templates: Templates = request.scope["frame"].templates
        whole = templates.html(request, "console/examination.html")
        head, _, foot = whole.partition("<!-- rows -->")
        yield head
        row = templates.environment.get_template("console/check.html")
        async for check in self._console.operations.examine():
            yield row.render(check=check)
        yield foot


def spent_of(days: Sequence[DaySpending], today: date) -> Spent:
    """Return the sums of the days of this month."""
    return Spent(
        today=sum((item.spent.cost for item in days if item.day == today), Decimal(0)),
        month=sum((item.spent.cost for item in days), Decimal(0)),
    )


def fix_for(error: str) -> str:
    """Return what an operator can do about an error, "" where nobody knows."""
    return next((gettext(fix) for sign, fix in FIXES if re.search(sign, error, re.IGNORECASE)), "")
