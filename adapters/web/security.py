"""Check who may reach the playground: host names, origins, password, administrator; set security headers."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.settings import LOOPBACK_HOSTS

TRIES = 5
TRIES_WINDOW = timedelta(minutes=1)

_HOST = re.compile(r"[\w.-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """Decides on a request from its headers and session alone."""

    loopback: bool
    password: str | None
    secret: str

    @property
    def pass_mark(self) -> str:
        """Return what a session carries after the password was given; another password makes it void."""
        return hmac.new(self.secret.encode(), (self.password or "").encode(), hashlib.sha256).hexdigest()

    @property
    def administrator_mark(self) -> str:
        """Return what a session carries after a one-time link was opened; another password makes it void as well."""
        return hmac.new(self.secret.encode(), f"administrator {self.pass_mark}".encode(), hashlib.sha256).hexdigest()

    def accepts_host(self, host: str) -> bool:
        """Return whether a request names this server as people do.

        A page that rebinds its own name to this machine is turned away; with a password it is harmless, since
        the session's cookie never goes to that name.
        """
        if not is_host(host):
            return False
        return not self.loopback or self.password is not None or _hostname(f"//{host}") in LOOPBACK_HOSTS

    def accepts_origin(self, origin: str | None, host: str) -> bool:
        """Return whether a page of this server sent the request; one without an origin is no page."""
        return origin is None or origin.lower() in (f"http://{host.lower()}", f"https://{host.lower()}")

    def is_password(self, given: str) -> bool:
        """Compare in constant time."""
        return self.password is not None and hmac.compare_digest(given.encode(), self.password.encode())

    def lets_in(self, session: Mapping[str, object]) -> bool:
        """Return whether this session has given the password, where one is needed."""
        return self.password is None or _is_mark(session.get("pass"), self.pass_mark)

    def is_admin(self, session: Mapping[str, object]) -> bool:
        """Return whether this session has opened a one-time link."""
        return self.lets_in(session) and _is_mark(session.get("administrator"), self.administrator_mark)


class TryLimit:
    """At most a few wrong passwords a minute from one address, and ten times as many from all together."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._failures: deque[tuple[datetime, str]] = deque()

    def allows(self, address: str) -> bool:
        """Return whether this address may try now."""
        while self._failures and self._failures[0][0] <= self._clock() - TRIES_WINDOW:
            self._failures.popleft()
        own = sum(1 for _, item in self._failures if item == address)
        return own < TRIES and len(self._failures) < 10 * TRIES

    def note_failure(self, address: str) -> None:
        """Remember a wrong password."""
        self._failures.append((self._clock(), address))


def is_host(name: str) -> bool:
    """Return whether a Host header can be the name of a machine, with or without a port."""
    return _HOST.fullmatch(name) is not None


def _is_mark(given: object, mark: str) -> bool:
    return hmac.compare_digest(str(given or "").encode(), mark.encode())


def _hostname(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def security_headers(nonce: str, host: str) -> Mapping[str, str]:
    """Return the headers of every response. NiceGUI compiles templates (unsafe-eval) and styles elements
    (unsafe-inline).
    """
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
