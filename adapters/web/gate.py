"""Check every request and socket of the playground before anything else sees it.

In this order, so that strangers learn nothing and leave nothing: the length of the address, the host name, the origin,
the password, the address, the method. Only then does NiceGUI hear of it.
"""

from __future__ import annotations

import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.web.routes import LOGIN_PATH, READ, Route, Routes, is_overlong, parts_of
from adapters.web.security import AccessRules, is_host, security_headers
from adapters.web.visitors import keep_person

SESSION_SECONDS = 30 * 24 * 3600


class Sessions:
    """ASGI middleware: signed sessions in a cookie that no script sees, and that is for TLS alone if it came by it."""

    def __init__(self, app: ASGIApp, *, secret: str) -> None:
        self._plain, self._secure = (
            SessionMiddleware(
                app,
                secret_key=secret,
                session_cookie="seedling",
                same_site="lax",
                max_age=SESSION_SECONDS,
                https_only=https_only,
            )
            for https_only in (False, True)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the session of one request, and write it with the response when it has changed."""
        sessions = self._secure if scope["type"] != "lifespan" and _is_encrypted(scope) else self._plain
        await sessions(scope, receive, send)


def _is_encrypted(scope: Scope) -> bool:
    """Return whether it came by TLS, to us or to a proxy in front; who only claims so harms their own cookie alone."""
    forwarded = Headers(scope=scope).get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    return scope.get("scheme") in ("https", "wss") or forwarded == "https"


class Gate:
    """ASGI middleware inside the session: turns away what is refused, and sets the headers of every response."""

    def __init__(self, app: ASGIApp, *, rules: AccessRules, routes: Routes) -> None:
        self._app = app
        self._rules = rules
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request or socket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        parts = parts_of(scope)
        route = self._routes.find(parts)
        refusal = self._refusal(scope, route)
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send, refusal)
            return
        page = _Page(send, host=Headers(scope=scope).get("host", ""))
        if refusal is not None or route is None or parts is None:
            await (refusal or _not_found())(scope, receive, page.send)
            return
        if route.is_page and scope["method"] == "HEAD":
            await Response(media_type="text/html")(scope, receive, page.send)
            return
        if route.is_page:
            keep_person(scope["session"])
        method = "GET" if scope["method"] == "HEAD" else scope["method"]  # the server leaves the body out
        inside = {**scope, "method": method, "path": "/" + "/".join(parts), "root_path": ""}
        await self._app(inside, receive, page.send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send, refusal: Response | None) -> None:
        if refusal is None:
            await self._app(scope, receive, send)
        elif "websocket.http.response" in scope.get("extensions", {}):
            await refusal(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _refusal(self, scope: Scope, route: Route | None) -> Response | None:
        if is_overlong(scope):
            return PlainTextResponse("This address is too long.\n", 414)
        return self._stranger(scope, route) or _misdirected(scope, route)

    def _stranger(self, scope: Scope, route: Route | None) -> Response | None:
        """Return the refusal of who may not come in."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._rules.accepts_host(host):
            return PlainTextResponse("This playground does not answer to that host name.\n", 403)
        is_socket = scope["type"] == "websocket" or (route is not None and route.is_socket)
        crosses = is_socket or scope["method"] not in READ
        if crosses and not self._rules.accepts_origin(headers.get("origin"), host):
            return PlainTextResponse("Requests from other sites are not accepted.\n", 403)
        if (route is not None and route.is_open) or self._rules.lets_in(scope["session"]):
            return None
        if scope["type"] == "http" and scope["method"] in READ and "html" in headers.get("accept", ""):
            return RedirectResponse(LOGIN_PATH, 303)
        return PlainTextResponse("The password is needed.\n", 401)


def _misdirected(scope: Scope, route: Route | None) -> Response | None:
    """Return the refusal of what is not there, or is not done that way."""
    if route is None or (scope["type"] == "websocket" and not route.is_socket):
        return _not_found()
    if scope["type"] == "http" and scope["method"] not in route.methods:
        allowed = ", ".join(sorted(route.methods))
        return PlainTextResponse(f"This address takes {allowed}.\n", 405, {"Allow": allowed})
    return None


def _not_found() -> Response:
    return PlainTextResponse("There is nothing at this address. The playground begins at /\n", 404)


class _Page:
    """Sets the headers of one response; the scripts of an HTML page get the nonce that lets them run."""

    def __init__(self, send: Send, *, host: str) -> None:
        self._send = send
        self._host = host if is_host(host) else ""
        self._nonce = secrets.token_urlsafe(16)
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Pass a message on; the parts of an HTML page are held back until it is whole."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in security_headers(self._nonce, self._host).items():
                headers[name] = value
            if headers.get("content-type", "").startswith("text/html"):
                self._start = message
                return
            await self._send(message)
        elif self._start is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._flush(self._start)
        else:
            await self._send(message)

    async def _flush(self, start: Message) -> None:
        body = self._body.replace(b"<script", b'<script nonce="' + self._nonce.encode() + b'"')
        MutableHeaders(scope=start)["content-length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})
