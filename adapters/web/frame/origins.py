"""Check from its headers that a request means this server and comes from one of its pages; set security headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from adapters.web.frame.routes import READ
from bot.settings import LOOPBACK_HOSTS

_HOST = re.compile(r"[\w.-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?")

_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' blob:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _POLICY.items()),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with less, forms would come from an unknown origin
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def accepts_host(host: str, *, only_loopback: bool) -> bool:
    """Return whether a request names this server as people do.

    With `only_loopback`, a page that rebinds its own name to this machine is turned away. Where people sign in it would
    be harmless: the session's cookie never goes to that name.
    """
    if _HOST.fullmatch(host) is None:
        return False
    return not only_loopback or _hostname(f"//{host}") in LOOPBACK_HOSTS


def is_from_elsewhere(method: str, headers: Mapping[str, str]) -> bool:
    """Return whether a page of another site sent a request, other than by a link that somebody followed.

    Browsers say so in `Sec-Fetch-Site`, and in `Origin` wherever a page may change something; what sends neither is no
    page and has nobody's cookies.
    """
    host = headers.get("host", "").lower()
    origin = headers.get("origin")
    if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
        return True
    if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return False
    return method not in READ or headers.get("sec-fetch-mode") != "navigate"


def is_encrypted(scope: Scope) -> bool:
    """Return whether it came by TLS, to us or to a proxy in front; who only claims so harms their own cookie alone."""
    forwarded = Headers(scope=scope).get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    return scope.get("scheme") in ("https", "wss") or forwarded == "https"


def _hostname(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
