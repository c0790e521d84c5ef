"""Who may reach the playground: host names, origins, the password, and the headers of every answer.

The checks stand in front of everything, sockets included.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.settings import LOOPBACK_HOSTS

LOGIN_PATH = "/login"
OPEN_PATHS = frozenset({LOGIN_PATH, "/assets/base.css", "/assets/login.css", "/assets/icon.svg"})
TRIES = 5
TRIES_WINDOW = timedelta(minutes=1)

_HOST = re.compile(r"[\w.-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """Decides on a request from its headers and session alone."""

    loopback: bool
    password: str | None
    secret: str

    @property
    def pass_mark(self) -> str:
        """What a session carries after the password was given; another password makes it void."""
        return hmac.new(self.secret.encode(), (self.password or "").encode(), hashlib.sha256).hexdigest()

    def accepts_host(self, host: str) -> bool:
        """Whether a request names this server as people do.

        A page that rebinds its own name to this machine is turned away; with a password it is harmless, since
        the session's cookie never goes to that name.
        """
        if not _HOST.fullmatch(host):
            return False
        return not self.loopback or self.password is not None or _hostname(f"//{host}") in LOOPBACK_HOSTS

    def accepts_origin(self, origin: str | None, host: str) -> bool:
        """Whether a page of this server sent the request; one without an origin is no page."""
        return origin is None or origin.lower() in (f"http://{host.lower()}", f"https://{host.lower()}")

    def is_password(self, given: str) -> bool:
        """Compare in constant time."""
        return self.password is not None and hmac.compare_digest(given.encode(), self.password.encode())

    def lets_in(self, session: Mapping[str, object]) -> bool:
        """Whether this session has given the password, where one is needed."""
        return self.password is None or hmac.compare_digest(
            str(session.get("pass", "")).encode(), self.pass_mark.encode()
        )


class TryLimit:
    """At most a few wrong passwords a minute from one address, and ten times as many from all together."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._failures: deque[tuple[datetime, str]] = deque()

    def allows(self, address: str) -> bool:
        """Whether this address may try now."""
        while self._failures and self._failures[0][0] <= self._clock() - TRIES_WINDOW:
            self._failures.popleft()
        own = sum(1 for _, each in self._failures if each == address)
        return own < TRIES and len(self._failures) < 10 * TRIES

    def note_failure(self, address: str) -> None:
        """Remember a wrong password."""
        self._failures.append((self._clock(), address))


def _hostname(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


# ---------------------------------------------------------------- the gate


class Gate:
    """ASGI middleware inside the session: turns away what the rules refuse, and sets the headers of what passes."""

    def __init__(self, app: ASGIApp, *, rules: AccessRules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request or socket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if scope["type"] == "websocket":
            if refusal is None:
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
            return
        page = _Page(send, host=Headers(scope=scope).get("host", ""))
        await (refusal or self._app)(scope, receive, page.send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._rules.accepts_host(host):
            return PlainTextResponse("This playground does not answer to that host name.\n", 403)
        crosses = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS or "_nicegui_ws" in scope["path"]
        if crosses and not self._rules.accepts_origin(headers.get("origin"), host):
            return PlainTextResponse("Requests from other sites are not taken.\n", 403)
        if scope["path"] in OPEN_PATHS or self._rules.lets_in(scope["session"]):
            return None
        if scope["type"] == "http" and scope["method"] in _SAFE_METHODS and "html" in headers.get("accept", ""):
            return RedirectResponse(LOGIN_PATH, 303)
        return PlainTextResponse("The password is needed.\n", 401)


class _Page:
    """Sets the headers of one response; the scripts of an HTML page get the nonce that lets them run."""

    def __init__(self, send: Send, *, host: str) -> None:
        self._send = send
        self._host = host if _HOST.fullmatch(host) else ""
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


def security_headers(nonce: str, host: str) -> Mapping[str, str]:
    """The headers of every response. NiceGUI compiles templates (unsafe-eval) and styles elements (unsafe-inline)."""
    policy = {
        "default-src": "'none'",
        "script-src": f"'self' 'nonce-{nonce}' 'unsafe-eval'",
        "style-src": "'self' 'unsafe-inline'",
        "font-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": f"'self' ws://{host} wss://{host}" if host else "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",  # with less, forms would come from an unknown origin
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
