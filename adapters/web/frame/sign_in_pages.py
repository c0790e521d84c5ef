"""The pages on which people sign in and out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.web.frame.accounts import Account, Accounts
from adapters.web.frame.forms import Form, read_form
from adapters.web.frame.guard import NOTHING_HERE, SIGN_IN_PATH
from adapters.web.frame.identity import identity_of
from adapters.web.frame.openid import CALLBACK_PATH, OPENID, OPENID_PATH, Provider
from adapters.web.frame.page_templates import render, tell
from adapters.web.frame.routes import PageRoute, local_path, page
from adapters.web.frame.sign_in import LINK, PASSWORD, PASSWORD_OF_ACCOUNT, Proven, SignIns, address_of
from adapters.web.frame.visitors import keep_person
from adapters.web.roles import WebRole
from bot.language import gettext, gettext_noop
from bot.types import Person

LINK_PATH: Final = "/sign-in/link"
ADMINISTRATOR: Final = "Administrator"
GOAL: Final = "goal"

PROVIDER_AWAY = gettext_noop("The sign-in service does not answer. Try again in a moment.")
PROVIDER_REFUSED = gettext_noop("The sign-in service did not say who you are. Try again.")
NO_ACCOUNT = gettext_noop("You have no account here. An administrator can add one under your email address.")
LINK_OVER = gettext_noop("This link was used already, or is too old. Start Seedling again: it prints a new one.")
TOO_MANY = gettext_noop("Too many attempts from here. Wait a minute.")
WRONG = gettext_noop("That is not right. Look at the name and the password.")


class SignInPages:
    """The forms of sign-in."""

    def __init__(self, sign_ins: SignIns, accounts: Accounts, openid: Provider | None) -> None:
        self._sign_ins = sign_ins
        self._accounts = accounts
        self._openid = openid

    def routes(self) -> Sequence[PageRoute]:
        """Return their addresses."""
        return [
            page(SIGN_IN_PATH, self._show, needs=WebRole.STRANGER),
            page(SIGN_IN_PATH, self._enter, methods=("POST",), needs=WebRole.STRANGER),
            page(OPENID_PATH, self._go_to_provider, needs=WebRole.STRANGER),
            page(CALLBACK_PATH, self._come_back, needs=WebRole.STRANGER),
            page(f"{LINK_PATH}/{{secret}}", self._open_link, needs=WebRole.STRANGER),
            page("/sign-out", self._leave, methods=("POST",)),
        ]

    async def _show(self, request: Request) -> Response:
        goal = local_path(request.query_params.get("next"))
        if identity_of(request).session:
            return RedirectResponse(goal, 303)
        return await self._form(request, Form(values={"next": goal}))

    async def _enter(self, request: Request) -> Response:
        form = await read_form(request)
        goal = local_path(form["next"])
        begun = await self._sign_ins.attempts.begin(address_of(request), form["name"])
        if begun is None:
            return await self._form(request, _refused(form, goal, TOO_MANY), 429)
        attempt, delay = begun
        proven = await self._prove(request, form)
        if proven is not None:
            await self._sign_ins.attempts.forgive(attempt)
            return await self._sign_ins.begin(request, proven, goal)
        await self._sign_ins.refuse(request, PASSWORD, form["name"], delay=delay)
        return await self._form(request, _refused(form, goal, WRONG), 403)

    async def _prove(self, request: Request, form: Form) -> Proven | None:
        if form["name"]:
            account = await self._accounts.verify(form["name"], form["password"])
            return None if account is None else _owner(account)
        if not self._sign_ins.is_password(form["password"]):
            return None
        return Proven(person=_administrator(request), role=WebRole.ADMINISTRATOR, method=PASSWORD)

    async def _go_to_provider(self, request: Request) -> Response:
        if self._openid is None:
            return tell(request, 404, gettext("Not found"), gettext(NOTHING_HERE))
        request.session[GOAL] = local_path(request.query_params.get("next"))
        return await self._openid.send_there(request) or tell(
            request, 502, gettext("That did not work"), gettext(PROVIDER_AWAY)
        )

    async def _come_back(self, request: Request) -> Response:
        if self._openid is None:
            return tell(request, 404, gettext("Not found"), gettext(NOTHING_HERE))
        goal = local_path(request.session.pop(GOAL, "/"))
        proven, name = await self._openid.prove(request)
        if proven is not None:
            return await self._sign_ins.begin(request, proven, goal)
        await self._sign_ins.attempts.begin(address_of(request), name)
        await self._sign_ins.refuse(request, OPENID, name)
        return tell(request, 403, gettext("Not signed in"), gettext(NO_ACCOUNT if name else PROVIDER_REFUSED))

    async def _open_link(self, request: Request) -> Response:
        if request.method == "HEAD":  # looking whether it is there must not use it up
            return Response()
        begun = await self._sign_ins.attempts.begin(address_of(request), "")
        if begun is None:
            return tell(request, 429, gettext("Wait a minute"), gettext(TOO_MANY))
        if not await self._sign_ins.links.use_up(request.path_params["secret"]):
            await self._sign_ins.refuse(request, LINK)
            return tell(request, 403, gettext("This link is over"), gettext(LINK_OVER))
        await self._sign_ins.attempts.forgive(begun[0])
        proven = Proven(person=_administrator(request), role=WebRole.ADMINISTRATOR, method=LINK)
        return await self._sign_ins.begin(request, proven, local_path(request.query_params.get("next")))

    async def _leave(self, request: Request) -> Response:
        await read_form(request)
        identity = identity_of(request)
        return await self._sign_ins.end(request, identity.session, identity.person.id)

    async def _form(self, request: Request, form: Form, status: int = 200) -> Response:
        return render(
            request,
            "frame/sign_in.html",
            status,
            form=form,
            has_password=self._sign_ins.has_password,
            has_accounts=any(account.digest for account in await self._accounts.list()),
            provider=f"{OPENID_PATH}?{urlencode({'next': form['next']})}" if self._openid is not None else "",
        )


def _refused(form: Form, goal: str, why: str) -> Form:
    return Form(values={"next": goal, "name": form["name"]}, errors={"password": gettext(why)})


def _owner(account: Account) -> Proven:
    """Return who has shown to be the owner of an account."""
    person = Person(id=account.name, name=account.name.partition("@")[0])
    return Proven(person=person, role=account.role, method=PASSWORD_OF_ACCOUNT, account=account.name)


def _administrator(request: Request) -> Person:
    """Return who somebody is that has shown to be the administrator: the person of their browser."""
    person = keep_person(request.session)
    return Person(id=person.id, name=person.name or ADMINISTRATOR)
