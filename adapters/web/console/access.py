"""Who may sign in, who may use the bot, and who did what."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.web.console.display_names import read_place
from adapters.web.console.formats import csv_response
from adapters.web.console.operations import Console
from adapters.web.frame import Form, WebRole, identity_of, page, read_form, render
from adapters.web.frame.accounts import plain_account
from adapters.web.frame.identity import PLATFORM
from adapters.web.frame.routes import PageRoute
from adapters.web.roles import GIVEN_ROLES
from bot.access.control import AccessControl
from bot.access.rule_text import rule_text
from bot.access.rule_words import GRAMMAR
from bot.commands.access import decide
from bot.errors import InvalidInput
from bot.language import gettext, gettext_noop, number
from bot.turns.effects import RemoveRule
from bot.types import AuditRecord, ConversationKey

AUDIT_DAYS: Final = 30
MOST_DAYS: Final = 3_650
AUDIT_ROWS: Final = 200
EXPORTED_ROWS: Final = 100_000
LAST_WAY_IN: Final = gettext_noop(
    "This is the only account of an administrator, so nobody could change it back. Make somebody else one first."
)
RULE_HELP: Final = gettext_noop("As behind /access: {grammar}. People and groups are named by person:ID and group:ID.")


class AccessPages:
    """Accounts, sign-ins, rules, and the audit trail."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._control = AccessControl(console.store, {})

    def routes(self) -> list[PageRoute]:
        """Return their addresses."""
        posted = (
            ("accounts", self._put_account),
            ("accounts/remove", self._remove_account),
            ("sign-ins/end", self._end_sign_in),
            ("rules", self._add_rule),
            ("rules/remove", self._remove_rule),
        )
        return [
            page("/console/access", self._show, needs=WebRole.ADMINISTRATOR),
            page("/console/audit", self._trail, needs=WebRole.ADMINISTRATOR),
            page("/console/audit.{kind}", self._export, needs=WebRole.ADMINISTRATOR),
            *(
                page(f"/console/access/{path}", handler, methods=("POST",), needs=WebRole.ADMINISTRATOR)
                for path, handler in posted
            ),
        ]

    async def _show(self, request: Request) -> Response:
        return await self._page(request)

    async def _page(self, request: Request, *, account: Form | None = None, rule: Form | None = None) -> Response:
        frame, store = self._console.frame, self._console.store
        accounts, sessions, rules = await asyncio.gather(
            frame.accounts.list(), frame.sign_ins.sessions.list(), store.rules_within("")
        )
        now = self._console.clock()
        forms = [form for form in (account, rule) if form is not None]
        return render(
            request,
            "console/access.html",
            200 if all(form.is_valid for form in forms) else 422,
            accounts=accounts,
            sessions=[session for session in sessions if not session.is_over(now)],
            rules=[(item, rule_text(item)) for item in rules],
            roles=[(role.word, role.title) for role in GIVEN_ROLES],
            account=account or Form(values={"role": WebRole.MEMBER.word}),
            rule=rule or Form(),
            rule_help=gettext(RULE_HELP).format(grammar=GRAMMAR),
            now=now,
        )

    # ------------------------------------------------------------ accounts and sign-ins

    async def _put_account(self, request: Request) -> Response:
        form = await read_form(request)
        accounts, role = self._console.frame.accounts, WebRole.__members__.get(form["role"].upper(), WebRole.STRANGER)
        before = await accounts.find(form["name"])
        if role is not WebRole.ADMINISTRATOR and await self._is_last_way_in(form["name"]):
            form.errors["role"] = gettext(LAST_WAY_IN)
            return await self._page(request, account=form)
        try:
            account = await accounts.put(form["name"], role, form["password"] or None)
        except InvalidInput as error:
            form.errors["password" if "password" in str(error) else "name"] = str(error)
            return await self._page(request, account=form)
        # Its sign-ins have the role of before, and stand on the password of before.
        await self._console.frame.sign_ins.sessions.end_of(account.name)
        word = before.role.word if before else ""
        await self._console.record(request, "account", account.name, before=word, after=role.word)
        return _back("accounts")

    async def _is_last_way_in(self, name: str) -> bool:
        """Return whether an account is the only one of an administrator, and there is no password besides."""
        frame = self._console.frame
        administrators = [item.name for item in await frame.accounts.list() if item.role is WebRole.ADMINISTRATOR]
        return administrators == [plain_account(name)] and not frame.sign_ins.has_password

    async def _remove_account(self, request: Request) -> Response:
        name = (await read_form(request))["name"]
        found = await self._console.frame.accounts.find(name)
        if found is not None and await self._is_last_way_in(name):
            values = {"name": found.name, "role": found.role.word}
            return await self._page(request, account=Form(values=values, errors={"role": gettext(LAST_WAY_IN)}))
        if found is not None and await self._console.frame.accounts.remove(name):
            await self._console.frame.sign_ins.sessions.end_of(found.name)
            await self._console.record(request, "account", found.name, before=found.role.word)
        return _back("accounts")

    async def _end_sign_in(self, request: Request) -> Response:
        id = (await read_form(request))["id"]
        sessions = self._console.frame.sign_ins.sessions
        whose = next((item.person.id for item in await sessions.list() if item.id == id), "")
        if await sessions.end(id):
            await self._console.record(request, "end of sign-in", f"{PLATFORM}/{whose}")
        return RedirectResponse("/sign-in", 303) if id == identity_of(request).session else _back("sign-ins")

    # ------------------------------------------------------------ rules

    async def _add_rule(self, request: Request) -> Response:
        form = await read_form(request)
        try:
            place = read_place(form["place"])
            asked = self._console.asked(request, place)
            effect = await decide(form["words"], asked, self._console.store, self._control)
        except InvalidInput as error:
            form.errors["words"] = str(error)
            return await self._page(request, rule=form)
        await self._console.store.carry_out(asked, effect.change, effect.tell)
        await self._console.store.mark_answered(asked.key.platform, asked.dedupe_key)
        return _back("rules")

    async def _remove_rule(self, request: Request) -> Response:
        id = (await read_form(request))["id"]
        if id.isdecimal() and len(id) < 19:
            everywhere = ConversationKey(platform="", workspace="", channel="", thread="")
            await self._console.change(request, RemoveRule(id=int(id)), everywhere)
        return _back("rules")

    # ------------------------------------------------------------ the audit trail

    async def _trail(self, request: Request) -> Response:
        form, records = await self._records(request, AUDIT_ROWS)
        return render(
            request,
            "console/audit.html",
            200 if form.is_valid else 422,
            form=form,
            records=list(reversed(records)),
            most=AUDIT_ROWS,
            query=request.url.query,
        )

    async def _export(self, request: Request) -> Response:
        _, records = await self._records(request, EXPORTED_ROWS)
        rows = [{**asdict(record), "at": record.at.isoformat()} for record in records]
        if request.path_params["kind"] == "csv":
            header = ("at", "who", "place", "action", "what", "before", "after", "via")
            return csv_response("seedling-audit.csv", header, [[row[name] for name in header] for row in rows])
        lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        disposition = {"Content-Disposition": 'attachment; filename="seedling-audit.jsonl"'}
        return Response(lines, media_type="application/jsonl", headers=disposition)

    async def _records(self, request: Request, limit: int) -> tuple[Form, Sequence[AuditRecord]]:
        form = Form(values={"days": str(AUDIT_DAYS), **request.query_params})
        days = int(form["days"]) if form["days"].isdecimal() and len(form["days"]) < 6 else 0
        if not 1 <= days <= MOST_DAYS:
            form.errors["days"] = gettext("Give a number of days from 1 to {most}.").format(most=number(MOST_DAYS))
            days = AUDIT_DAYS
        since = self._console.clock() - timedelta(days=days)
        records = await self._console.store.audit_trail(since=since, who=form["who"], within=form["place"], limit=limit)
        return form, [record for record in records if form["action"] in ("", record.action)]


def _back(part: str) -> Response:
    return RedirectResponse(f"/console/access#{part}", 303)
