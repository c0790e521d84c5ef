"""Set and remove budgets, one form for each."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.web.console.display_names import read_place
from adapters.web.console.formats import dollars
from adapters.web.console.operations import Console
from adapters.web.frame import Form, WebRole, page, read_form, render
from adapters.web.frame.identity import PLATFORM
from adapters.web.frame.routes import PageRoute
from bot.access.budget_text import name_of, read_amount, read_period
from bot.errors import ChangedMeanwhile, InvalidInput
from bot.language import gettext, gettext_noop
from bot.turns.effects import Expected, RemoveBudget, SetBudget
from bot.types import Budget, BudgetScope, BudgetUse, ConversationKey, Period

NONE: Final = "none"
NO_LIMIT: Final = "off"
MEANWHILE: Final = gettext_noop(
    "Somebody changed this meanwhile: it is {now} now, and was {before}. Look at it and save again."
)
INSTALLATION_KEY: Final = ConversationKey(platform=PLATFORM, workspace="", channel="", thread="")


class BudgetPages:
    """The form of one budget."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def routes(self) -> list[PageRoute]:
        """Return its addresses."""
        return [
            page("/console/spending/budget", self._show, needs=WebRole.ADMINISTRATOR),
            page("/console/spending/budget", self._save, methods=("POST",), needs=WebRole.ADMINISTRATOR),
        ]

    async def _show(self, request: Request) -> Response:
        asked = {name: request.query_params.get(name, "") for name in ("place", "person", "period")}
        form = Form(values={**asked, "period": asked["period"] or Period.DAY.value})
        try:
            use = await self._find(_scope(form), _period(form))
        except InvalidInput as error:
            form.errors["place"] = str(error)
            use = None
        amount = "" if use is None else "off" if use.budget.amount is None else f"{use.budget.amount:f}"
        return self._page(
            request, Form(values={**form.values, "amount": amount, "before": _shown(use)}, errors=form.errors)
        )

    async def _save(self, request: Request) -> Response:
        form = await read_form(request)
        try:
            scope, period = _scope(form), _period(form)
        except InvalidInput as error:
            form.errors["place"] = str(error)
            return self._page(request, form)
        use = await self._find(scope, period)
        try:
            change = self._change(form, scope, period, use)
            await self._console.change(request, change, INSTALLATION_KEY)
        except ChangedMeanwhile:
            now = _shown(await self._find(scope, period))
            form.errors["amount"] = gettext(MEANWHILE).format(now=_told(now), before=_told(form["before"]))
            return self._page(request, Form(values={**form.values, "before": now}, errors=form.errors))
        except InvalidInput as error:
            form.errors["amount"] = str(error)
            return self._page(request, form)
        return RedirectResponse("/console/spending#budgets", 303)

    def _change(
        self, form: Form, scope: BudgetScope, period: Period, use: BudgetUse | None
    ) -> SetBudget | RemoveBudget:
        if form["before"] != _shown(use):
            raise ChangedMeanwhile
        seen = Expected(use.budget if use else None)
        if form["remove"]:
            return RemoveBudget(scope=scope, period=period, expected=seen)
        amount = read_amount(form["amount"])
        zone = self._console.operations.time_zone
        budget = Budget(scope=scope, period=period, amount=amount, time_zone=zone)
        return SetBudget(budget=budget, expected=seen)

    async def _find(self, scope: BudgetScope, period: Period) -> BudgetUse | None:
        uses = await self._console.store.budget_uses()
        return next((use for use in uses if (use.budget.scope, use.budget.period) == (scope, period)), None)

    def _page(self, request: Request, form: Form) -> Response:
        known = form["before"] not in ("", NONE)
        title = ""
        if not form.errors.get("place"):
            title = name_of(_scope(form))
        return render(
            request,
            "console/budget.html",
            200 if form.is_valid else 422,
            form=form,
            title=title,
            is_known=known,
            time_zone=self._console.operations.time_zone,
        )


def _scope(form: Form) -> BudgetScope:
    """Return whose budget a form means. Raises `InvalidInput`."""
    key = read_place(form["place"])
    if (key.platform and not key.workspace) or key.thread or (form["person"] and not key.workspace):
        raise InvalidInput(gettext("Write a place as PLATFORM/WORKSPACE[/CHANNEL]; a person needs one too."))
    channel = "" if form["person"] else key.channel
    return BudgetScope(platform=key.platform, workspace=key.workspace, channel=channel, person=form["person"])


def _period(form: Form) -> Period:
    period = read_period(form["period"])
    if period is None:
        raise InvalidInput(gettext("A budget is for a day or a month."))
    return period


def _shown(use: BudgetUse | None) -> str:
    """Return what a form carries of the budget that it showed, the same in every language."""
    return NONE if use is None else NO_LIMIT if use.budget.amount is None else f"{use.budget.amount:f}"


def _told(shown: str) -> str:
    """Return the same for people, as far as it can be read."""
    if shown in (NONE, NO_LIMIT):
        return gettext("none") if shown == NONE else dollars(None)
    with suppress(InvalidOperation):
        return dollars(Decimal(shown))
    return shown
