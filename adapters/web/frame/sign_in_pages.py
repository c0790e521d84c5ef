"""The pages on which people sign in and out."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.web.frame.forms import Form, read_form
from adapters.web.frame.guard import SIGN_IN_PATH
from adapters.web.frame.identity import Role, identity_of
from adapters.web.frame.rendering import THEMES, render, tell
from adapters.web.frame.routing import PageRoute, local_path, page
from adapters.web.frame.sign_in import LINK, PASSWORD, Proven, SignIns, address_of
from adapters.web.frame.visitors import keep_person
from bot.types import Person

LINK_PATH = "/sign-in/link"
ADMINISTRATOR = "Administrator"

LINK_OVER = "This link was used already, or is too old. Start Seedling again: it prints a new one."
TOO_MANY = "Too many attempts from here. Wait a minute."
WRONG = "That is not right. Look at the name and the password."


class SignInPages:
    """The forms of sign-in."""

    def __init__(self, sign_ins: SignIns) -> None:
        self._sign_ins = sign_ins

    def routes(self) -> Sequence[PageRoute]:
        """Return their addresses."""
        return [
            page(SIGN_IN_PATH, self._show, needs=Role.STRANGER),
            page(SIGN_IN_PATH, self._enter, methods=("POST",), needs=Role.STRANGER),
            page(f"{LINK_PATH}/{{secret}}", self._open_link, needs=Role.STRANGER),
            page("/sign-out", self._leave, methods=("POST",)),
            page("/theme", self._choose_theme, methods=("POST",), needs=Role.STRANGER),
        ]

    async def _show(self, request: Request) -> Response:
        goal = local_path(request.query_params.get("next"))
        if identity_of(request).session:
            return RedirectResponse(goal, 303)
        return self._form(request, Form(values={"next": goal}))

    async def _enter(self, request: Request) -> Response:
        form = await read_form(request)
        goal = local_path(form["next"])
        if not self._sign_ins.attempts.allows(address_of(request)):
            return self._form(request, Form(values={"next": goal}, errors={"password": TOO_MANY}), 429)
        proven = await self._prove(request, form)
        if proven is not None:
            return await self._sign_ins.begin(request, proven, goal)
        await self._sign_ins.refuse(request, PASSWORD, form["name"])
        return self._form(request, Form(values={"next": goal}, errors={"password": WRONG}), 403)

    async def _prove(self, request: Request, form: Form) -> Proven | None:
        if not self._sign_ins.is_password(form["password"]):
            return None
        return Proven(person=_administrator(request), role=Role.ADMINISTRATOR, method=PASSWORD)

    async def _open_link(self, request: Request) -> Response:
        if request.method == "HEAD":  # looking whether it is there must not use it up
            return Response()
        if not self._sign_ins.attempts.allows(address_of(request)):
            return tell(request, 429, "Wait a minute", TOO_MANY)
        if not await self._sign_ins.links.use_up(request.path_params["secret"]):
            await self._sign_ins.refuse(request, LINK)
            return tell(request, 403, "This link is over", LINK_OVER)
        proven = Proven(person=_administrator(request), role=Role.ADMINISTRATOR, method=LINK)
        return await self._sign_ins.begin(request, proven, local_path(request.query_params.get("next")))

    async def _leave(self, request: Request) -> Response:
        await read_form(request)
        identity = identity_of(request)
        return await self._sign_ins.end(request, identity.session, identity.person.id)

    async def _choose_theme(self, request: Request) -> Response:
        form = await read_form(request)
        response = RedirectResponse(local_path(form["next"]), 303)
        if form["theme"] in THEMES:
            response.set_cookie("seedling_theme", form["theme"], max_age=365 * 24 * 3600, samesite="lax")
        return response

    def _form(self, request: Request, form: Form, status: int = 200) -> Response:
        return render(request, "frame/sign_in.html", status, form=form, has_password=self._sign_ins.has_password)


def _administrator(request: Request) -> Person:
    """Return who somebody is that has shown to be the administrator: the person of their browser."""
    person = keep_person(request.session)
    return Person(id=person.id, name=person.name or ADMINISTRATOR)
