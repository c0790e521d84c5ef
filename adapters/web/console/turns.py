"""Questions and answers: a list without words, one turn whole, and what can be done with it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.web.console.display_names import names_for
from adapters.web.console.formats import word
from adapters.web.console.operations import Console
from adapters.web.console.overview import fix_for
from adapters.web.frame import Form, WebRole, identity_of, page, read_form, render
from adapters.web.frame.page_templates import tell
from adapters.web.frame.routes import PageRoute
from bot.commands.context_report import BREAKS
from bot.errors import InvalidInput
from bot.language import gettext, gettext_noop
from bot.types import OPEN_STATES, FollowUp, Outcome, TurnFilter, TurnReport, TurnState

ROWS: Final = 50
LONGEST_ID: Final = 18
SHOWN_STATES: Final = (
    TurnState.QUEUED,
    TurnState.RUNNING,
    TurnState.DONE,
    TurnState.FAILED,
    TurnState.CANCELLED,
)
GONE: Final = gettext_noop("There is no such question any more.")
DONE: Final = {
    "retry": gettext_noop("It is asked again."),
    "stop": gettext_noop("It is stopped."),
    "forget": gettext_noop("The conversation is forgotten."),
}


class TurnPages:
    """The list, one turn, its words, and the actions on it."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def routes(self) -> list[PageRoute]:
        """Return their addresses."""
        return [
            page("/console/turns", self._list, needs=WebRole.VIEWER),
            page("/console/turns/{id}", self._show, needs=WebRole.VIEWER),
            page("/console/turns/{id}/words", self._words, methods=("POST",), needs=WebRole.OPERATOR),
            page("/console/turns/{id}/{action}", self._act, methods=("POST",), needs=WebRole.OPERATOR),
        ]

    async def _list(self, request: Request) -> Response:
        form = Form(values=dict(request.query_params))
        which = _filter(form)
        lines = await self._console.store.turns(which, limit=ROWS + 1)
        names = await names_for(
            self._console.store, places={f"{line.key.workspace_key}/{line.key.channel}" for line in lines[:ROWS]}
        )
        older = request.url.include_query_params(before=lines[ROWS - 1].id) if len(lines) > ROWS else None
        return render(
            request,
            "console/turns.html",
            200 if form.is_valid else 422,
            form=form,
            lines=lines[:ROWS],
            names=names,
            states=[("", gettext("every state")), *((state.value, word(state.value)) for state in SHOWN_STATES)],
            older=f"?{older.query}" if older is not None else "",
            now=self._console.clock(),
        )

    async def _show(self, request: Request) -> Response:
        report = await self._report(request)
        return _gone(request) if report is None else await self._page(request, report)

    async def _words(self, request: Request) -> Response:
        """Show what was asked and said, and record who read it."""
        await read_form(request)
        report = await self._report(request)
        if report is None:
            return _gone(request)
        await self._console.record(request, "read", f"turn {report.turn.id}", place=str(report.turn.incoming.key))
        return await self._page(request, report, with_words=True)

    async def _act(self, request: Request) -> Response:
        action = request.path_params["action"]
        await read_form(request)
        report = await self._report(request)
        if report is None or action not in DONE:
            return _gone(request)
        try:
            await self._carry_out(request, report, action)
        except InvalidInput as error:
            return await self._page(request, report, error=str(error))
        return RedirectResponse(f"/console/turns/{report.turn.id}?done={action}", 303)

    async def _carry_out(self, request: Request, report: TurnReport, action: str) -> None:
        """Do what a button says, through the same door as on the platforms. Raises `InvalidInput`."""
        key, bot = report.turn.incoming.key, self._console.bot
        asked = self._console.asked(request, key, "/forget here" if action == "forget" else "")
        if action == "retry":
            handled = await bot.follow_up(report.turn.id, FollowUp.RETRY, asked=asked)
        elif action == "stop":
            handled = await bot.stop(key, asked=asked)
        else:
            handled = await bot.handle(asked)
        await bot.mark_answered(asked)
        if action != "forget":  # which is recorded with its change
            await self._console.record(request, action, f"turn {report.turn.id}", place=str(key))
        if handled.outcome is Outcome.REPLIED and handled.text and action == "retry":
            raise InvalidInput(handled.text)

    async def _report(self, request: Request) -> TurnReport | None:
        id = request.path_params["id"]
        if not id.isdecimal() or len(id) > LONGEST_ID:
            return None
        return await self._console.store.turn_report(int(id))

    async def _page(
        self, request: Request, report: TurnReport, *, with_words: bool = False, error: str = ""
    ) -> Response:
        incoming = report.turn.incoming
        place = f"{incoming.key.workspace_key}/{incoming.key.channel}"
        person = f"{incoming.key.platform}/{incoming.author.id}"
        names, effective = await asyncio.gather(
            names_for(self._console.store, people=[person], places=[place]),
            self._console.bot.get_parameters(incoming.key),
        )
        return render(
            request,
            "console/turn.html",
            422 if error else 200,
            report=report,
            turn=report.turn,
            person=person,
            place=place,
            names=names,
            steps=steps_of(report),
            broken=gettext(BREAKS.get(report.figures.broken, report.figures.broken)) if report.figures else "",  # type: ignore[call-overload]  # text of the same enumeration
            origins={name: item.origin for name, item in effective.items()},
            with_words=with_words,
            may_read=identity_of(request).may(WebRole.OPERATOR),
            is_open=report.turn.state in OPEN_STATES,
            fix=fix_for(report.error),
            error=error,
            done=gettext(DONE.get(request.query_params.get("done", ""), "")),
        )


def steps_of(report: TurnReport) -> Mapping[str, float]:
    """Return how many seconds after the question each step came, by its name, in order; those that are known."""
    first = report.requests[0] if report.requests else None
    answers = [line.charge for line in report.requests]
    moments: Mapping[str, datetime | None] = {
        gettext_noop("taken from the queue"): report.turn.claimed_at,
        gettext_noop("request sent"): first.at if first else None,
        gettext_noop("first byte"): next((charge.first_byte_at for charge in answers if charge.first_byte_at), None),
        gettext_noop("first word of the text"): next(
            (charge.first_text_at for charge in answers if charge.first_text_at), None
        ),
        gettext_noop("first visible"): report.shown_at,
        gettext_noop("recorded"): report.recorded_at,
        gettext_noop("ended"): report.ended_at,
    }
    return {name: (at - report.accepted_at).total_seconds() for name, at in moments.items() if at is not None}


def _filter(form: Form) -> TurnFilter:
    before, state = form["before"], form["state"]
    if state and state not in set(TurnState):
        form.errors["state"] = gettext("There is no such state.")
        state = ""
    return TurnFilter(
        state=TurnState(state) if state else None,
        person=form["person"],
        place=form["place"],
        before=int(before) if before.isdecimal() and len(before) <= LONGEST_ID else None,
    )


def _gone(request: Request) -> Response:
    return tell(request, 404, gettext("Not found"), gettext(GONE))
