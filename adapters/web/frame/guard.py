"""Check every request before any page sees it, and set the security headers of every response.

In this order, so that strangers learn nothing and leave nothing: the length of the address, the host name, the site
that it comes from, who it is, the address, the method, the role.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.web.frame.identity import Identity
from adapters.web.frame.origins import SECURITY_HEADERS, accepts_host, is_from_elsewhere
from adapters.web.frame.page_templates import Templates, tell
from adapters.web.frame.routes import READ, Found, find, is_overlong, is_plain
from adapters.web.frame.sessions import Session
from adapters.web.frame.sign_in import SESSION_COOKIE, SignIns, keep_token
from adapters.web.frame.visitors import keep_person, person_in
from adapters.web.roles import WebRole
from bot.errors import StorageError
from bot.language import gettext, gettext_noop
from bot.types import Person

SIGN_IN_PATH = "/sign-in"
ALIVE_PATH = "/healthz"
FOR_NOBODY = ("/static/", ALIVE_PATH)
"""How the addresses begin that are the same for everybody, and so need not know who asks."""

NOTHING_HERE = gettext_noop("There is nothing at this address.")
AWAY = gettext_noop("The database cannot be reached. Nothing is lost: try again in a moment.")


class GuardedFrame(Protocol):
    """Frame as the guard needs it: the sign-ins, the templates of its pages, and whom it lets in without one."""

    @property
    def sign_ins(self) -> SignIns: ...
    @property
    def templates(self) -> Templates: ...
    @property
    def is_open(self) -> bool: ...


class Guard:
    """ASGI middleware inside the visitors' cookies."""

    def __init__(self, app: ASGIApp, *, frame: GuardedFrame, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._frame = frame
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request; there are no sockets here."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.update(frame=self._frame, identity=_NOBODY)
        request = Request(scope, receive)
        outgoing = _Outgoing(send)
        refusal = _misdirected(scope, only_loopback=self._frame.is_open) or await self._enter(request, outgoing)
        await (refusal or self._app)(scope, receive, outgoing.send)

    async def _enter(self, request: Request, outgoing: _Outgoing) -> Response | None:
        """Find out who asks, and return the refusal of what they may not."""
        found = find(self._routes, request.scope) if is_plain(request.scope) else None
        try:
            is_for_nobody = request.url.path.startswith(FOR_NOBODY)  # and there while the database is away
            signed_in = None if is_for_nobody else await self._frame.sign_ins.find(request)
        except StorageError:
            return tell(request, 503, gettext("The database is away"), gettext(AWAY), Retry_After="5")
        if signed_in is not None and signed_in[1]:
            outgoing.token = request, request.cookies[SESSION_COOKIE]
        identity = self._identity(request, signed_in[0] if signed_in else None, keeps=found is not None and found.takes)
        request.scope["identity"] = identity
        if not identity.may(WebRole.MEMBER) and (found is None or found.needs > WebRole.STRANGER):
            return _ask_to_sign_in(request)
        return _not_here(request, found, identity)

    def _identity(self, request: Request, session: Session | None, *, keeps: bool) -> Identity:
        sign_ins = self._frame.sign_ins
        if session is not None:
            token = sign_ins.csrf_token(session.person.id, session.id)
            return Identity(person=session.person, role=session.role, session=session.id, csrf=token)
        if not self._frame.is_open:
            return Identity(person=Person(id="", name=""), role=WebRole.STRANGER, csrf=sign_ins.csrf_token("", ""))
        # Who comes to no page, or only looks whether it is there, gets no cookie.
        person = (
            keep_person(request.session)
            if keeps and request.method != "HEAD" and not request.url.path.startswith(FOR_NOBODY)
            else Person(id=person_in(request.session), name="")
        )
        return Identity(person=person, role=WebRole.MEMBER, csrf=sign_ins.csrf_token(person.id, ""))


_NOBODY = Identity(person=Person(id="", name=""), role=WebRole.STRANGER)


def _misdirected(scope: Scope, *, only_loopback: bool) -> Response | None:
    """Return the refusal of what does not mean this server or comes from elsewhere."""
    headers = Headers(scope=scope)
    if is_overlong(scope):
        return _refuse(414, gettext("This address is too long."))
    if not accepts_host(headers.get("host", ""), only_loopback=only_loopback):
        return _refuse(403, gettext("Seedling does not answer to that host name."))
    if is_from_elsewhere(scope["method"], headers):
        return _refuse(403, gettext("Requests from other sites are not accepted."))
    return None


def _refuse(status: int, why: str) -> Response:
    return PlainTextResponse(f"{why}\n", status)


def _ask_to_sign_in(request: Request) -> Response:
    if request.method in READ and "html" in request.headers.get("accept", ""):
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        goal = "" if wanted == "/" else f"?next={quote(wanted, safe='/')}"
        return RedirectResponse(SIGN_IN_PATH + goal, 303)
    return _refuse(401, gettext("Sign in first."))


def _not_here(request: Request, found: Found | None, identity: Identity) -> Response | None:
    if found is None:
        return tell(request, 404, gettext("Not found"), gettext(NOTHING_HERE))
    if not found.takes:
        allowed = ", ".join(sorted(found.methods))
        told = gettext("This address takes {methods}.").format(methods=allowed)
        return tell(request, 405, gettext("Not that way"), told, Allow=allowed)
    if not identity.may(found.needs):
        needed = gettext("This page is for people with the role {needed}; yours is {own}.")
        told = needed.format(needed=found.needs.title, own=identity.role.title)
        return tell(request, 403, gettext("Not yours to see"), told)
    return None


class SecurityHeaders:
    """ASGI middleware outside of everything: sets the headers of every response, of a failed one too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, guarded)


class _Outgoing:
    """Sends a sign-in's cookie anew where it was used for a while."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.token: tuple[Request, str] | None = None

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start" and self.token is not None:
            headers = MutableHeaders(scope=message)
            if "set-cookie" not in headers:
                renewed = Response()
                keep_token(self.token[0], renewed, self.token[1])
                headers.append("set-cookie", renewed.headers["set-cookie"])
        await self._send(message)
