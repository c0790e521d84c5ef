"""Sign people in and out: what they prove themselves with, and what is kept and recorded of it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.web.frame.attempts import Attempts
from adapters.web.frame.identity import PLATFORM
from adapters.web.frame.origins import is_encrypted
from adapters.web.frame.sessions import LIFETIME, Session, Sessions
from adapters.web.frame.visitors import person_in
from adapters.web.roles import WebRole
from bot.errors import StorageError
from bot.one_time_secrets import OneTimeSecrets
from bot.ports import AdapterStateStore, AuditStore, Clock
from bot.types import AuditRecord, Person

logger = logging.getLogger(__name__)

LINK_LIFETIME: Final = timedelta(minutes=15)
SESSION_COOKIE: Final = "seedling_session"
SIGN_IN: Final = "sign-in"
SIGN_OUT: Final = "sign-out"
REFUSED: Final = "refused sign-in"


class SignInStore(AdapterStateStore, AuditStore, Protocol):
    """Store that keeps and records sign-ins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Identity that somebody has proven, and by what (`method`); `account` is "" where there is none behind it."""

    person: Person
    role: WebRole
    method: str
    account: str = ""


class SignIns:
    """Begins and ends sign-ins."""

    def __init__(self, store: SignInStore, clock: Clock, *, password: str | None, secret: str) -> None:
        self.sessions = Sessions(store, clock)
        self.attempts = Attempts(store, clock)
        self.links = OneTimeSecrets(
            store, clock, platform=PLATFORM, prefix="administrator-link/", lifetime=LINK_LIFETIME
        )
        self._audit = store
        self._clock = clock
        self.cookie_secret = secret
        self._password = password
        self._secret = secret.encode()

    @property
    def has_password(self) -> bool:
        """Return whether the installation has one password for its administrator."""
        return self._password is not None

    def is_password(self, given: str) -> bool:
        """Compare with the password of the installation, in constant time."""
        return self._password is not None and hmac.compare_digest(given.encode(), self._password.encode())

    def csrf_token(self, person: str, session: str) -> str:
        """Return what forms of this person in this sign-in carry."""
        return hmac.new(self._secret, f"csrf {person} {session}".encode(), hashlib.sha256).hexdigest()

    async def find(self, request: Request) -> tuple[Session, bool] | None:
        """Return the sign-in that a request belongs to, and whether its cookie is to be sent anew."""
        token = request.cookies.get(SESSION_COOKIE, "")
        found = await self.sessions.find(token) if token else None
        return None if found is None or not hmac.compare_digest(found[0].mark, self._mark(found[0].method)) else found

    async def begin(self, request: Request, proven: Proven, goal: str) -> Response:
        """Sign somebody in under a new token, end the sign-in before it, and go on to where they wanted."""
        if before := await self.find(request):
            await self.sessions.end(before[0].id)
        now = self._clock()
        session = Session(
            id="",
            person=proven.person,
            role=proven.role,
            method=proven.method,
            began=now,
            seen=now,
            address=address_of(request),
            agent=request.headers.get("user-agent", ""),
            account=proven.account,
            mark=self._mark(proven.method),
        )
        token = await self.sessions.begin(session)
        await self.note(SIGN_IN, proven.method, request, proven.person.id)
        response = RedirectResponse(goal, 303)
        keep_token(request, response, token)
        return response

    async def end(self, request: Request, session: str, person: str) -> Response:
        """Sign somebody out."""
        await self.sessions.end(session)
        await self.note(SIGN_OUT, "", request, person)
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(SESSION_COOKIE)
        return response

    async def refuse(self, request: Request, method: str, account: str = "", *, delay: float = 0) -> None:
        """Record a failed try, and let who keeps trying one account wait for `delay` seconds."""
        await self.note(REFUSED, method if not account else f"{method} of {account[:80]}", request)
        await asyncio.sleep(delay)

    async def note(self, action: str, what: str, request: Request, person: str = "") -> None:
        """Record what somebody did or tried; where the database is away, the log has it, and nobody is kept out."""
        address = address_of(request)
        record = AuditRecord(
            at=self._clock(),
            who=f"{PLATFORM}/{person or person_in(request.session) or '?'}",
            place=PLATFORM,
            action=action,
            what=what,
            after=address,
            via="web",
        )
        logger.info("%s", action, extra={"address": address, "what": what})
        try:
            await self._audit.record_audit(record)
        except StorageError as error:
            logger.warning("sign-in not recorded", extra={"action": action, "address": address, "error": str(error)})

    def _mark(self, method: str) -> str:
        """Return what makes sign-ins by the installation's password void once it is another one."""
        if method != PASSWORD:
            return ""
        return hmac.new(self._secret, f"password {self._password}".encode(), hashlib.sha256).hexdigest()


PASSWORD: Final = "password"  # noqa: S105 - the name of a method, not a password
PASSWORD_OF_ACCOUNT: Final = "password of an account"  # noqa: S105 - the same
LINK: Final = "administrator link"


def keep_token(request: Request, response: Response, token: str) -> None:
    """Let the browser keep a token: for this server alone, no script, and TLS alone if it came by it."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(LIFETIME.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=is_encrypted(request.scope),
    )


def address_of(request: Request) -> str:
    """Return where a request comes from."""
    return request.client.host if request.client else ""
